"""Legal's own PDF: every field filled from the Opportunity, flat, and never a cut."""

import pickle
import time
from dataclasses import replace

import pypdfium2
import pytest
from pypdf import generic as g

from docs import legal_form
from sfsync import config
from sfsync.errors import RecordIncomplete, SetupError
from sfsync.forms import blueprint as order_forms
from sfsync.forms.design import Design
from sfsync.forms.legal import PdfForm
from sfsync.forms.pdf import flatten
from sfsync.forms.render import render
from tests.forms.pdfs import SHIPPED_LEGAL, changed, opened, pdf, says, shipped_legal, whole
from tests.forms.sample import account, line, lines, opportunity, order_form

PLAIN = {"borderWidth": 0, "borderColor": None, "fillColor": None, "textColor": None, "forceBorder": False}


def drawn(canvas):
    """A form with a field of each kind, and two rows."""
    form = canvas.acroForm
    form.textfield(name="customer", x=50, y=700, width=120, height=14, fontSize=10, value="Jane Doe", **PLAIN)
    form.textfield(
        name="notes", x=50, y=600, width=120, height=60, fontSize=10, fieldFlags="multiline", maxlen=2000, **PLAIN
    )
    form.checkbox(name="agreed", x=50, y=550, size=12)
    form.radio(name="plan", value="gold", selected=True, x=50, y=520, size=12)
    form.radio(name="plan", value="silver", selected=False, x=90, y=520, size=12)
    form.choice(name="region", value="EMEA", options=[("Europe", "EMEA"), ("America", "AMER")], x=50, y=480, width=90)
    for row in (1, 2):
        form.textfield(name=f"product_{row}", x=50, y=450 - 20 * row, width=240, height=14, fontSize=10, **PLAIN)


FORM = pdf(drawn)
FILL = {
    "customer": "Opportunity.Account.Name",
    "notes": "Opportunity.Description",
    "agreed": "Opportunity.Agreed__c",
    "plan": "Opportunity.Plan__c",
    "region": "Opportunity.Region__c",
    "product_{n}": "line.Product2.Name",
}
VALUES = {
    "Account": {"Name": "Acme"}, "Description": "Two lines\nof notes", "Agreed__c": True, "Plan__c": "silver",
    "Region__c": "EMEA", "OpportunityLineItems": (line(0),),
}  # fmt: skip
LABELS = {"Account.Name": "Account: Account Name", "Plan__c": "Opportunity: Plan"}


def load(content: bytes = FORM, **fill: str | None) -> PdfForm:
    whole_fill = {k: v for k, v in {**FILL, **fill}.items() if v is not None}
    return PdfForm.load(content, "templates/legal.pdf", whole_fill, lambda key: f"sfsync.yaml:{key}")


def made(legal: PdfForm | None = None, **changes):
    form = order_form({**VALUES, **changes}, labels=LABELS)
    return render(form, Design(legal or load()))


def text_of(content: bytes) -> list[str]:
    return opened(content).pages[0].extract_text().split("\n")


def at(content: bytes, *box: float, page: int = 0) -> set[tuple[int, ...]]:
    """The colours within a rectangle, in points from the page's lower left corner."""
    image = pypdfium2.PdfDocument(content)[page].render(scale=2).to_pil().convert("RGB")
    x0, y0, x1, y1 = (round(2 * side) for side in box)
    return set(image.crop((x0, image.height - y1, x1, image.height - y0)).get_flattened_data())


def is_ticked(content: bytes, x: float, y: float) -> bool:
    return any(sum(colour) < 200 for colour in at(content, x + 3, y + 3, x + 4.5, y + 4.5))


def test_values_stand_in_their_fields_and_the_fields_are_gone():
    content = made().content
    assert text_of(content) == ["Acme", "Two lines", "of notes", "Europe", "Platform Enterprise, named user"]
    everything = whole(content)
    assert not [word for word in ("AcroForm", "Widget", "Jane Doe") if word in everything]


def test_a_box_is_ticked_where_it_is_true_and_a_choice_where_it_is_named():
    ticked, clear = made().content, made(Agreed__c=False, Plan__c=None).content
    assert [is_ticked(ticked, x, y) for x, y in ((50, 550), (50, 520), (90, 520))] == [True, False, True]
    assert [is_ticked(clear, x, y) for x, y in ((50, 550), (50, 520), (90, 520))] == [False, False, False]


def test_a_filled_form_is_the_same_bytes_in_another_process():
    design = Design(load())
    form = order_form(VALUES)
    assert render(form, pickle.loads(pickle.dumps(design))).content == render(form, design).content


def test_the_org_is_asked_for_what_the_fields_print_each_with_its_place():
    asked = {path.path: path.where for path in load().paths}
    assert asked["Account.Name"] == "sfsync.yaml:customer"
    assert asked["OpportunityLineItems.Product2.Name"] == "sfsync.yaml:product_{n}"
    assert set(asked) == {
        "Account.Name", "Description", "Agreed__c", "Plan__c", "Region__c", "OpportunityLineItems.Product2.Name",
    }  # fmt: skip


def test_a_long_name_shrinks_and_one_that_would_be_too_small_is_sent_back():
    assert "Acme International Holdings" in text_of(made(Account={"Name": "Acme International Holdings"}).content)
    with pytest.raises(RecordIncomplete) as refusal:
        made(Account={"Name": "Acme " * 20})
    assert str(refusal.value) == (
        "• 'Acme Acme Acme Acme Acme Acme Acme Acme…' is too long for the form. Shorten it. "
        "(Account: Account Name; field 'customer' of the form)"
    )


def test_a_long_note_wraps_then_shrinks_and_is_sent_back_whole_before_it_is_cut():
    note = "word " * 40
    assert sum(text.count("word") for text in text_of(made(Description=note).content)) == 40
    with pytest.raises(RecordIncomplete, match="is too long for the form"):
        made(Description="word " * 200)


def test_more_products_than_the_form_has_rows_are_no_form():
    assert text_of(made(OpportunityLineItems=lines(2)).content)[-1].startswith("Integration connector")
    with pytest.raises(RecordIncomplete, match="room for 2 products, and there are 3"):
        made(OpportunityLineItems=lines(3))


def test_everything_that_does_not_fit_is_named_at_once():
    with pytest.raises(RecordIncomplete) as refusal:
        made(Account={"Name": "x" * 200}, Plan__c="bronze", OpportunityLineItems=lines(3))
    assert len(str(refusal.value).split("\n")) == 3


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"Plan__c": "bronze"}, r"'bronze' is none of the form's choices: gold, silver.*Opportunity: Plan"),
        ({"Region__c": "APAC"}, "'APAC' is none of the form's choices: Europe, America"),
        ({"Agreed__c": "perhaps"}, "'perhaps' is none of the form's choices: Yes"),
    ],
)
def test_a_value_that_is_no_choice_of_the_form_is_sent_back(values, said):
    with pytest.raises(RecordIncomplete, match=said):
        made(**values)


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        ({"customer": None}, "legal.pdf: The text field 'customer' is not filled. Add it under fill:"),
        ({"plan": None}, "legal.pdf: The group of radio buttons 'plan' is not filled."),
        (
            {"custmer": "Opportunity.Name"},
            "yaml:custmer: templates/legal.pdf has no field 'custmer'. Did you mean cust",
        ),
        ({"net_{n}": "line.TotalPrice"}, "yaml:net_{n}: templates/legal.pdf has no field 'net_{n}'"),
        ({"customer": "Opportunity.Name | mony"}, "yaml:customer: There is no filter mony"),
        ({"customer": "line.Quantity"}, "yaml:customer: line is not known here"),
        ({"customer": "{{ Opportunity.Name }}"}, "yaml:customer: It is written without braces."),
        ({"customer": "Opportunity.Name +"}, "yaml:customer: "),
        ({"customer": "Opportunity.Account"}, ""),
    ],
)
def test_mistakes_in_the_mapping_are_found_before_there_is_data(fill, said):
    if not said:  # only the org can tell that Account is no field
        assert load(**fill)
        return
    with pytest.raises(SetupError) as refusal:
        load(**fill)
    assert said.lower() in str(refusal.value).lower()


def test_rows_that_are_not_counted_from_one_are_named():
    def gapped(canvas):
        for row in (1, 3):
            canvas.acroForm.textfield(name=f"product_{row}", x=50, y=400 - 20 * row, **PLAIN)

    with pytest.raises(SetupError, match="are not numbered 1, 2, 3 and so on"):
        PdfForm.load(pdf(gapped), "legal.pdf", {"product_{n}": "line.Quantity"}, str)


@pytest.mark.parametrize(
    ("plan", "said"),
    [('"bronze"', "'bronze' is none of the form's choices"), ("true", "The choices of 'plan' are gold, silver, and")],
)
def test_what_no_record_can_mend_is_for_the_admin(plan, said):
    with pytest.raises(SetupError, match=f"yaml:plan: {said}"):
        made(load(plan=plan))


def test_fields_that_differ_in_their_number_alone_are_one_mistake_with_one_remedy():
    with pytest.raises(SetupError) as refusal:
        load(**{"product_{n}": None})
    assert str(refusal.value) == (
        "templates/legal.pdf: 2 fields, 'product_1' to 'product_2', are not filled. "
        'Add "product_{n}": line.Product2.Name under fill:, if each is for a product; if not, one by one.'
    )


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_text_stands_upright_in_its_field_on_a_turned_and_cropped_page(angle):
    def turned(canvas):
        canvas.setCropBox((40, 40, 440, 540))
        canvas.setPageRotation(angle)
        canvas.acroForm.textfield(name="a", x=140, y=240, width=100, height=100, fontSize=20, **PLAIN)

    legal = PdfForm.load(pdf(turned), "legal.pdf", {"a": "Opportunity.Name"}, str)
    page = opened(render(order_form({"Name": "upright"}), Design(legal)).content).pages[0]
    wide, high = (400, 500) if angle in (0, 180) else (500, 400)
    assert (page.mediabox.width, page.mediabox.height) == (wide, high)
    places = []
    page.extract_text(visitor_text=lambda text, _cm, tm, *_: places.append(tm) if "upright" in text else None)
    [[a, b, c, d, x, y]] = places
    left, bottom = {0: (100, 200), 90: (200, 200), 180: (200, 200), 270: (200, 100)}[angle]
    assert (a, b, c, d) == (1, 0, 0, 1)
    assert left <= x < left + 30
    assert bottom + 30 < y < bottom + 70


def test_a_comb_has_a_letter_in_each_cell_and_takes_no_more():
    def combed(canvas):
        canvas.acroForm.textfield(name="a", x=100, y=500, width=100, height=20, maxlen=5, fieldFlags="comb", **PLAIN)

    legal = PdfForm.load(pdf(combed), "legal.pdf", {"a": "Opportunity.Name"}, str)
    content = render(order_form({"Name": "12345"}), Design(legal)).content
    columns = [any(sum(c) < 300 for c in at(content, 100 + 20 * n, 500, 120 + 20 * n, 520)) for n in range(5)]
    assert columns == [True] * 5
    with pytest.raises(RecordIncomplete, match="'123456' has 6 characters, and the form takes 5"):
        render(order_form({"Name": "123456"}), Design(legal))


@pytest.mark.parametrize(("width", "size"), [(3, 10), (1, 0), (100, 100_000)])
def test_a_field_that_is_too_narrow_or_its_text_too_large_holds_nothing_up(width, size):
    def odd(canvas):
        canvas.acroForm.textfield(
            name="a", x=100, y=500, width=width, height=20, fieldFlags="multiline", maxlen=0, **PLAIN
        )

    def enlarge(writer):
        writer.pages[0]["/Annots"][0].get_object()[g.NameObject("/DA")] = g.TextStringObject(f"/Helv {size} Tf")

    legal = PdfForm.load(changed(pdf(odd), enlarge), "legal.pdf", {"a": "Opportunity.Name"}, str)
    began = time.monotonic()
    with pytest.raises((RecordIncomplete, SetupError), match=r"too narrow|too long"):
        render(order_form({"Name": "word " * 1000}), Design(legal))
    assert time.monotonic() - began < 5


def test_a_field_keeps_its_ground_and_border():
    framed = pdf(lambda c: c.acroForm.textfield(name="a", x=100, y=500, width=100, height=20, borderStyle="solid"))
    legal = PdfForm.load(framed, "legal.pdf", {"a": '""'}, str)
    assert len(at(render(order_form({"Name": "n"}), Design(legal)).content, 95, 495, 205, 525)) > 2


def test_a_form_signed_by_docusign_holds_its_anchor_once():
    signing = changed(FORM, lambda writer: as_signature(writer, "notes"))
    content = made(load(signing, notes='"/customer-signature/"')).content
    assert "".join(text_of(content)).count("/customer-signature/") == 1
    with pytest.raises(RecordIncomplete, match="marks where to sign"):
        made(load(signing, notes='"/sig/"'), Account={"Name": "/sig/"})


def as_signature(writer, name):
    for annotation in writer.pages[0]["/Annots"]:
        if annotation.get_object().get("/T") == name:
            annotation.get_object()[g.NameObject("/FT")] = g.NameObject("/Sig")
            annotation.get_object().pop("/V", None)


def scripted(writer):
    action = g.DictionaryObject({g.NameObject("/S"): g.NameObject("/JavaScript"), g.NameObject("/JS"): g.NullObject()})
    writer.pages[0]["/Annots"][0].get_object()[g.NameObject("/AA")] = g.DictionaryObject({g.NameObject("/K"): action})


def xfa(writer):
    form = g.DictionaryObject({g.NameObject("/XFA"): g.ArrayObject(), g.NameObject("/Fields"): g.ArrayObject()})
    writer.root_object[g.NameObject("/AcroForm")] = form


def endless(writer):
    field = writer.pages[0]["/Annots"][0]
    field.get_object()[g.NameObject("/Parent")] = field


BAD = {
    "runs scripts": changed(FORM, scripted),
    "XFA form": changed(FORM, xfa),
    "no fields to fill": pdf(says("x")),
    "encrypted": changed(FORM, lambda writer: writer.encrypt("", "owner")),
    "not a PDF": b"hello",
    "damaged": b"%PDF-1.4 and then nothing of it",
    "has no field|is not filled": changed(FORM, endless),
}


@pytest.mark.parametrize("said", BAD)
def test_a_form_that_cannot_be_filled_is_refused_at_once(said):
    began = time.monotonic()
    with pytest.raises(SetupError, match=said):
        load(BAD[said])
    assert time.monotonic() - began < 5


def test_terms_follow_legals_pages():
    design = replace(Design(load()), appendices={"t.pdf": flatten.read(pdf(says("Terms")), "t.pdf")})
    made_with_terms = render(order_form(VALUES, terms="t.pdf"), design)
    assert [page.extract_text()[:5] for page in opened(made_with_terms.content).pages] == ["Acme\n", "Terms"]


SETTINGS = """\
company: {{name: Northwind}}
order_forms:
  - name: Legal
    stage: Order Form
    template: {template}
    fill:
      customer: Opportunity.Name
"""


@pytest.mark.parametrize(
    ("template", "said"),
    [("form.xml", "sfsync.yaml:6: fill: is for a fillable PDF"), ("legal.pdf", "legal.pdf: The text field 'notes'")],
)
def test_the_settings_name_form_and_fields(tmp_path, template, said):
    (tmp_path / "legal.pdf").write_bytes(FORM)
    (tmp_path / "form.xml").write_text('<form title="x"><p>x</p></form>')
    (tmp_path / "sfsync.yaml").write_text(SETTINGS.format(template=template))
    with pytest.raises(SetupError) as refusal:
        order_forms.load(config.load(tmp_path / "sfsync.yaml"))
    assert said in str(refusal.value)


def test_the_shipped_form_is_what_its_script_makes():
    assert SHIPPED_LEGAL.read_bytes() == legal_form.drawn()


def test_the_shipped_form_looks_filled_on_the_sample():
    legal = shipped_legal()
    form = order_form(opportunity(lines(8), Account=account(Name="Burlington → Ελλάς GmbH & Co")))
    content = render(form, Design(legal)).content
    text = opened(content).pages[0].extract_text()
    assert legal.room == 8
    assert all(word in text for word in ("Burlington → Ελλάς GmbH & Co", "$61,066.00", "$25,362.00", "December 18"))
    assert all(text.count(f"/{party}-signature/") == 1 for party in ("customer", "supplier"))


def test_reportlab_is_not_needed_to_make_legals_form():
    """A field that ReportLab did not make: no appearance, no border, only what the standard asks for."""
    field = g.DictionaryObject({
        g.NameObject("/Type"): g.NameObject("/Annot"), g.NameObject("/Subtype"): g.NameObject("/Widget"),
        g.NameObject("/FT"): g.NameObject("/Tx"), g.NameObject("/T"): g.TextStringObject("a"),
        g.NameObject("/Rect"): g.ArrayObject(map(g.NumberObject, (50, 500, 150, 520))),
    })  # fmt: skip

    def add(writer):
        writer.pages[0][g.NameObject("/Annots")] = g.ArrayObject([writer._add_object(field)])
        writer.root_object[g.NameObject("/AcroForm")] = g.DictionaryObject({
            g.NameObject("/DA"): g.TextStringObject("/Helv 0 Tf 0 0 1 rg"),
        })  # fmt: skip

    legal = PdfForm.load(changed(pdf(says("x")), add), "legal.pdf", {"a": "Opportunity.Name"}, str)
    content = render(order_form({"Name": "Acme"}), Design(legal)).content
    assert "Acme" in text_of(content)
    assert any(blue > 200 > red for red, _, blue in at(content, 50, 500, 150, 520))
