"""E-signing tools find each place to sign once, where it is, and nobody sees the marks."""

import re
from io import BytesIO

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from sfsync.errors import RecordIncomplete
from sfsync.forms.design import Design
from sfsync.forms.page.theme import Theme
from sfsync.forms.render import render
from sfsync.forms.template.esign import anchors, text_tags
from sfsync.forms.template.template import Template
from tests.forms.sample import account, lines, opportunity, order_form, shipped

TAGS = [
    "{{Sig1_es_:signer1:signature}}", "{{Dte1_es_:signer1:date}}", "{{Sig2_es_:signer2:signature}}",
    "{{Dte2_es_:signer2:date}}", "{{N2_es_:signer2:fullname}}", "{{Ttl2_es_:signer2:title}}",
]  # fmt: skip
ANCHORS = [
    "/customer-signature/", "/customer-date/",
    "/supplier-signature/", "/supplier-date/", "/supplier-name/", "/supplier-title/",
]  # fmt: skip


@pytest.fixture(scope="module")
def content() -> bytes:
    return render(order_form(opportunity(lines(12))), shipped()).content


def signed(tmp_path, signatures, theme=None, **values) -> bytes:
    (tmp_path / "form.xml").write_text(f'<form title="x"><p>{{{{ Opportunity.Name }}}}</p>{signatures}</form>')
    design = Design(Template.load(tmp_path / "form.xml"), theme or Theme())
    return render(order_form({"Name": "n"} | values), design).content


def pypdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def boxes(content: bytes, mark: str) -> list[tuple[float, float, float, float]]:
    """Left, bottom, right and top of each occurrence, as pdfium finds it."""
    found = []
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            text = page.get_textpage()
            search = text.search(mark, match_case=True)
            while hit := search.get_next():
                corners = [text.get_charbox(n) for n in range(hit[0], hit[0] + hit[1])]
                found.append((corners[0][0], min(c[1] for c in corners), corners[-1][2], max(c[3] for c in corners)))
    return found


@pytest.mark.parametrize("mark", [*TAGS, *ANCHORS])
def test_both_readers_find_each_mark_once_and_in_one_piece(content, mark):
    assert pypdf_text(content).count(mark) == 1
    assert len(boxes(content, mark)) == 1


def test_a_line_that_is_filled_already_has_no_mark(content):
    text = pypdf_text(content)
    assert "/customer-name/" not in text
    assert "{{N1_es_" not in text


def test_marks_stand_on_the_line_of_their_signer_and_within_it(content):
    (label, *_), second = boxes(content, "Signature"), boxes(content, "Signature")[1]
    for role, number, (left, _, _, top) in (("customer", 1, label), ("supplier", 2, second)):
        for mark in (anchors(role)["signature"], text_tags(number)["signature"]):
            (found,) = boxes(content, mark)
            assert found[0] == pytest.approx(left, abs=1.5)
            assert top < found[1] < top + 30
    assert boxes(content, "{{Sig1_es_:signer1:signature}}")[0][2] < boxes(content, "{{Dte1_es_:signer1:date}}")[0][0]


def test_marks_are_in_the_papers_colour(content):
    shown = [page.get_contents().get_data().decode("latin-1") for page in PdfReader(BytesIO(content)).pages]
    drawn = next(page for page in shown if "customer-signature" in page)
    before = drawn[: drawn.index("customer-signature")]
    assert re.findall(r"([\d. ]+) rg", before)[-1].strip() == "1 1 1"


@pytest.mark.parametrize(
    ("tools", "docusign", "acrobat"),
    [("docusign", 2, 0), ("acrobat", 0, 2), ("docusign acrobat", 2, 2), ("none", 0, 0)],
)
def test_marks_are_for_the_tools_that_are_named(tmp_path, tools, docusign, acrobat):
    sign = '<sign role="a" party="A" name="n" title="t"/>'
    text = pypdf_text(signed(tmp_path, f'<signatures esign="{tools}">{sign}</signatures>'))
    assert (text.count("/a-"), text.count("_es_")) == (docusign, acrobat)


def test_who_signs_on_paper_has_no_mark(tmp_path):
    text = pypdf_text(signed(tmp_path, '<signatures><sign party="A"/></signatures>'))
    assert "_es_" not in text
    assert "/" not in text


def test_a_long_role_on_a_narrow_page_is_not_wrapped(tmp_path):
    role = "a-very-long-role-of-some"
    theme = Theme(page=(300.0, 500.0))
    text = pypdf_text(signed(tmp_path, f'<signatures><sign role="{role}" party="A"/></signatures>', theme))
    assert all(text.count(mark) == 1 for mark in (*anchors(role).values(), *text_tags(1).values()))


_ROLES = st.from_regex(r"[a-z][a-z0-9-]{0,23}", fullmatch=True)


@given(st.lists(_ROLES, min_size=1, max_size=6, unique=True))
def test_no_mark_stands_within_another(roles):
    marks = [mark for number, role in enumerate(roles, 1)
             for mark in (*anchors(role).values(), *text_tags(number).values())]  # fmt: skip
    assert not any(one in other for one in marks for other in marks if one is not other)


@pytest.mark.parametrize(
    "name", ["/customer-date/ Ltd", "{{Sig1_es_:signer1:signature}}", "{{Sig9_es_:signer2:signature}}", "{{x_es_:a}}"]
)
def test_a_name_that_reads_like_a_mark_goes_back_to_the_rep(name):
    with pytest.raises(RecordIncomplete, match="marks where to sign"):
        render(order_form(opportunity(lines(1), Account=account(Name=name))), shipped())


def test_braces_in_a_name_are_no_mark():
    assert render(order_form(opportunity(lines(1), Account=account(Name="{{ 7*7 }} Ltd"))), shipped()).pages
