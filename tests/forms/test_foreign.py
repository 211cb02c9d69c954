"""Letterheads and terms that others made: they look as they did, and bring nothing along but their looks."""

import pickle
import time
from dataclasses import replace

import pypdfium2
import pytest
from pypdf import generic as g
from reportlab.lib.pagesizes import A4, LETTER

from sfsync import config
from sfsync.errors import SetupError
from sfsync.forms import blueprint as order_forms
from sfsync.forms.design import Design
from sfsync.forms.pdf import flatten
from sfsync.forms.render import render
from sfsync.forms.template.template import Template
from tests.forms.pdfs import changed, opened, pdf, says, whole
from tests.forms.sample import lines, opportunity, order_form, shipped

BODY = """<form title="x"><p>Ours</p>{more}
<footer><p>Page <page/> of <pages/></p></footer>
<footer on="appended"><p>Terms, page <page/> of <pages/></p></footer></form>"""


@pytest.fixture
def design(tmp_path):
    def make(*, terms: bytes | None = None, letterhead: bytes | None = None, more: str = "") -> Design:
        (tmp_path / "form.xml").write_text(BODY.format(more=more))
        return Design(
            Template.load(tmp_path / "form.xml"),
            appendices={"terms.pdf": flatten.read(terms, "terms.pdf")} if terms else {},
            letterhead=flatten.read(letterhead, "letterhead.pdf") if letterhead else None,
        )

    return make


def pages(design: Design, terms: str = "terms.pdf") -> list[str]:
    made = render(order_form({"Name": "n"}, terms=terms), design)
    found = [page.extract_text() for page in opened(made.content).pages]
    assert made.pages == len(found)
    return found


def looks(content: bytes, page: int = 0) -> bytes:
    return pypdfium2.PdfDocument(content)[page].render(scale=1).to_pil().tobytes()


def test_appended_pages_follow_and_are_counted_and_numbered(design):
    terms = pdf(says("Terms one"), says("Terms two"))
    first, second, third = pages(design(terms=terms))
    assert (first.split(), second.split("\n")[-1], third.split("\n")[-1]) == (
        ["Ours", "Page", "1", "of", "3"], "Terms, page 2 of 3", "Terms, page 3 of 3",
    )  # fmt: skip
    assert "Terms one" in second
    assert pages(design(terms=terms), terms="") == ["Ours\nPage 1 of 1"]


def turned(angle: int, **boxes: tuple[float, ...]):
    def draw(canvas):
        for name, box in boxes.items():
            getattr(canvas, f"set{name}Box")(box)
        canvas.setPageRotation(angle)
        canvas.setFont("Helvetica", 20)
        canvas.drawString(120, 150, "Right side up")
        canvas.rect(110, 110, 220, 130)

    return draw


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (100, 100, 400, 500)])
def test_an_appended_page_looks_as_it_did_turned_and_cropped(design, angle, crop):
    terms = pdf(turned(angle, **({"Crop": crop} if crop else {})), size=LETTER)
    bare = replace(design(terms=terms), template=shipped().template)
    made = render(order_form(opportunity(lines(1)), terms="terms.pdf"), bare)
    assert looks(made.content, made.pages - 1) == looks(terms)


def test_links_of_appended_pages_lead_where_they_led(design):
    def linked(canvas):
        canvas.linkURL("https://terms.example/a(b)", (10, 20, 110, 40))
        canvas.bookmarkPage("here")

    terms = changed(pdf(linked, says("two")), link_to_second_page)
    made = opened(render_with(design(terms=terms)))
    annotations = [a.get_object() for a in made.pages[1]["/Annots"]]
    assert annotations[0]["/A"]["/URI"] == "https://terms.example/a(b)"
    assert annotations[0]["/Rect"] == [10, 20, 110, 40]
    assert annotations[1]["/Dest"][0] == made.pages[2].indirect_reference


def link_to_second_page(writer):
    link = g.DictionaryObject({
        g.NameObject("/Type"): g.NameObject("/Annot"), g.NameObject("/Subtype"): g.NameObject("/Link"),
        g.NameObject("/Rect"): g.ArrayObject(map(g.NumberObject, (10, 50, 110, 70))),
        g.NameObject("/Dest"): g.ArrayObject([writer.pages[1].indirect_reference, g.NameObject("/Fit")]),
    })  # fmt: skip
    writer.pages[0]["/Annots"].append(writer._add_object(link))


def render_with(design: Design) -> bytes:
    return render(order_form({"Name": "n"}, terms="terms.pdf"), design).content


def test_scripts_actions_attachments_and_forms_stay_behind(design):
    def trap(writer):
        script = g.DictionaryObject({g.NameObject("/JS"): g.TextStringObject("app.alert('boo')")})
        named = g.DictionaryObject({g.NameObject("/Names"): g.ArrayObject([g.TextStringObject("a"), script])})
        writer.root_object[g.NameObject("/Names")] = g.DictionaryObject({g.NameObject("/JavaScript"): named})
        writer.add_attachment("secret.txt", b"hidden")
        action = g.DictionaryObject({
            g.NameObject("/S"): g.NameObject("/Launch"), g.NameObject("/F"): g.TextStringObject("calc.exe"),
        })  # fmt: skip
        writer.pages[0][g.NameObject("/AA")] = g.DictionaryObject({g.NameObject("/O"): action})
        writer.root_object[g.NameObject("/OpenAction")] = action

    def drawn(canvas):
        canvas.drawString(60, 700, "Terms")
        for address in ("file:///etc/passwd", "javascript:alert(1)"):
            canvas.linkURL(address, (0, 0, 100, 100))
        canvas.acroForm.textfield(name="a", value="", x=60, y=600)

    trapped = changed(pdf(drawn), trap)
    assert "calc.exe" in whole(trapped)
    made = whole(render_with(design(terms=trapped, letterhead=trapped)))
    assert not [w for w in ("boo", "hidden", "calc", "passwd", "javascript", "JS", "AcroForm", "Launch") if w in made]


def test_a_letterhead_lies_under_the_first_page_and_its_last_page_under_the_others(design):
    letterhead = pdf(says("Head one", y=20), says("Head two", y=20))
    more = "<pagebreak/><p>b</p><pagebreak/><p>c</p>"
    found = pages(design(letterhead=letterhead, more=more), terms="")
    assert [[word in page for page in found] for word in ("Head one", "Head two")] == [[1, 0, 0], [0, 1, 1]]
    single = pages(design(letterhead=pdf(says("Head one", y=20)), more=more), terms="")
    assert ["Head one" in page for page in single] == [1, 1, 1]


def test_a_letterhead_of_another_size_is_refused_with_the_forms_line(design):
    with pytest.raises(SetupError, match=r"form.xml:1:1: The pages of letterhead.pdf have another size"):
        pages(design(letterhead=pdf(says("x"), size=LETTER)), terms="")


def test_files_of_others_go_to_another_process_and_give_the_same_bytes(design):
    whole_design = design(terms=pdf(says("a"), says("b")), letterhead=pdf(says("c")))
    assert render_with(pickle.loads(pickle.dumps(whole_design))) == render_with(whole_design)


def test_another_letterhead_or_other_terms_are_another_design(design):
    marks = {
        design().fingerprint, design(terms=pdf(says("a"))).fingerprint, design(terms=pdf(says("b"))).fingerprint,
        design(letterhead=pdf(says("a"))).fingerprint,
    }  # fmt: skip
    assert len(marks) == 4


def encrypted(writer):
    writer.encrypt("", "owner")


def signed(writer):
    writer.root_object[g.NameObject("/AcroForm")] = g.DictionaryObject({
        g.NameObject("/SigFlags"): g.NumberObject(3), g.NameObject("/Fields"): g.ArrayObject(),
    })  # fmt: skip


def hiding(writer):
    off = g.DictionaryObject({g.NameObject("/OFF"): g.ArrayObject([g.NumberObject(1)])})
    writer.root_object[g.NameObject("/OCProperties")] = g.DictionaryObject({g.NameObject("/D"): off})


def stamped(writer):
    stamp = g.DictionaryObject({
        g.NameObject("/Subtype"): g.NameObject("/Stamp"),
        g.NameObject("/Rect"): g.ArrayObject(map(g.NumberObject, (0, 0, 9, 9))),
    })  # fmt: skip
    writer.pages[0][g.NameObject("/Annots")] = g.ArrayObject([stamp])


def inflated(writer):
    """A hundred streams for one page, of 15 MB each once they are unpacked."""
    bomb = g.StreamObject()
    bomb.set_data(b" " * 15_000_000)
    reference = writer._add_object(bomb.flate_encode())
    writer.pages[0][g.NameObject("/Contents")] = g.ArrayObject([reference] * 100)


def inflated_alone(writer):
    inflated(writer)
    bomb = g.StreamObject()
    bomb.set_data(b" " * 30_000_000)
    writer.pages[0][g.NameObject("/Contents")] = g.ArrayObject([writer._add_object(bomb.flate_encode())] * 2)


def sprawling(writer):
    many = {g.NameObject(f"/X{n}"): writer._add_object(g.DictionaryObject()) for n in range(21_000)}
    writer.pages[0][g.NameObject("/Resources")] = g.DictionaryObject(
        {g.NameObject("/XObject"): g.DictionaryObject(many)}
    )


def going_round(writer):
    tree = writer.root_object["/Pages"]
    tree["/Kids"].append(tree.indirect_reference)


def postscript(writer):
    program = g.StreamObject()
    program[g.NameObject("/Subtype")] = g.NameObject("/PS")
    resources = g.DictionaryObject({g.NameObject("/XObject"): g.DictionaryObject({g.NameObject("/P"): program})})
    writer.pages[0][g.NameObject("/Resources")] = resources


ONE = pdf(says("Terms"))
BAD = {
    "This is not a PDF": b"GIF89a",
    "The PDF is damaged": b"%PDF-1.7\n" + b"0" * 500,
    "damaged|0 pages": ONE[:700],
    "The PDF has 11 MB; 10 are the most": b"%PDF-1.7\n" + b" " * 11_000_000,
    "The PDF has 101 pages": pdf(*[says("x")] * 101),
    "The PDF is encrypted": changed(ONE, encrypted),
    "The PDF is signed": changed(ONE, signed),
    "hidden layers": changed(ONE, hiding),
    "page 1: There is a comment or stamp .Stamp.": changed(ONE, stamped),
    "a field with a value": pdf(lambda c: c.acroForm.textfield(name="a", value="Acme", x=60, y=600)),
    "a page is too large": changed(ONE, inflated),
    "[Ll]imit": changed(ONE, inflated_alone),
    "The PDF is too intricate": changed(ONE, sprawling),
    "damaged|pages": changed(ONE, going_round),
    "PostScript": changed(ONE, postscript),
}


@pytest.mark.parametrize("said", BAD)
def test_a_file_that_cannot_be_flattened_is_refused_at_once(said):
    began = time.monotonic()
    with pytest.raises(SetupError, match=said) as refusal:
        flatten.read(BAD[said], "terms.pdf")
    assert refusal.value.where.startswith("terms.pdf")
    assert refusal.value.remedy
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", ["../secret.pdf", "/etc/hostname", "link.pdf"])
def test_no_file_outside_the_templates_folder_is_read(tmp_path, name):
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "secret.pdf").write_bytes(ONE)
    (folder / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    (folder / "form.xml").write_text('<form title="x"><p>x</p></form>')
    settings = f"company: {{name: N}}\norder_forms: [{{name: S, stage: S, template: form.xml, letterhead: {name}}}]\n"
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sfsync.yaml").write_text(settings)
    with pytest.raises(SetupError, match=r"sfsync.yaml:2: .* lies outside the templates folder"):
        order_forms.load(config.load(tmp_path / "config" / "sfsync.yaml"))


def test_the_size_of_a_letterhead_may_differ_by_a_hair(design):
    assert pages(design(letterhead=pdf(says("x"), size=(A4[0] + 0.4, A4[1]))), terms="")
