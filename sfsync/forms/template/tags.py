"""The tags of a template: what each is for, holds and says. `make docs` draws docs/templates.md from here."""

from collections.abc import Mapping
from typing import Any

from sfsync.errors import did_you_mean
from sfsync.forms.template.markup import (
    COUNT,
    FLAG,
    LANGUAGE,
    LENGTH,
    NAME,
    PLACE,
    ROLE,
    SHARES,
    SIDE,
    SIDES,
    TEXT,
    TOOLS,
    Attribute,
    Tag,
    Wrong,
    choice,
)
from sfsync.forms.text.bidi import unmarked

_INLINE = frozenset({"b", "i", "small", "br", "page", "pages"})
_BLOCKS = frozenset({"h", "p", "fields", "img", "space", "rule"})
_PARTS = frozenset({"columns", "table", "totals", "terms", "signatures"})
_ALIGN = Attribute(SIDE, "To which side the text leans.", "left")
_BOLD = Attribute(FLAG, "Whether its text is bold.", "no")
_RUNNING = Attribute(
    choice("every", "first", "later", "appended"),
    "On which pages it stands; `appended`: on those of the terms.",
    "every",
)

TAGS: Mapping[str, Tag] = {
    "form": Tag(
        "The whole document. How it looks is said in the settings, under `theme:`.",
        _BLOCKS | _PARTS | {"header", "footer", "pagebreak", "keep"},
        {
            "title": Attribute(TEXT, "The PDF's title, which readers show above it.", None),
            "author": Attribute(TEXT, "The PDF's author.", "the company's name"),
            "subject": Attribute(TEXT, "The PDF's subject.", "the form's name"),
            "lang": Attribute(LANGUAGE, "The language of the template's own words.", "that of the settings' `locale`"),
        },
        example='<form title="Order Form">\n  <p>Thank you for your order.</p>\n</form>',
    ),
    "header": Tag(
        "Stands at the top of pages; what follows begins below it.",
        _BLOCKS | {"columns"},
        {"on": _RUNNING},
        example='<header>\n  <columns widths="3 1">\n    <column><p><b>Order Form</b> for Burlington</p></column>\n'
        '    <column align="right"><p muted="yes">006-1</p></column>\n  </columns>\n  <rule/>\n</header>',
    ),
    "footer": Tag(
        "Stands at the foot of pages.",
        _BLOCKS | {"columns"},
        {"on": _RUNNING},
        example='<footer>\n  <rule/>\n  <p align="right" muted="yes">Page <page/> of <pages/></p>\n</footer>',
    ),
    "keep": Tag(
        "What stands in it is kept on one page, where it fits on one.",
        _BLOCKS | _PARTS,
        example="<keep>\n  <h>Special terms</h>\n  <p>Never parted from their heading.</p>\n</keep>",
    ),
    "columns": Tag(
        "Puts blocks side by side.",
        frozenset({"column"}),
        {
            "widths": Attribute(SHARES, "How wide they are, relative to each other.", "all alike"),
            "valign": Attribute(choice("top", "middle", "bottom"), "Where the lower ones stand.", "top"),
        },
        example='<columns widths="2 1">\n  <column><p><b>Burlington Textiles</b><br/>Burlington, NC</p></column>\n'
        "  <column><p>Net 30 days</p></column>\n</columns>",
    ),
    "column": Tag(
        "One of the columns.",
        _BLOCKS,
        {"align": _ALIGN},
        example='<columns>\n  <column><p>left</p></column>\n  <column align="right"><p>right</p></column>\n</columns>',
    ),
    "h": Tag(
        "A heading. It stays with what follows.",
        _INLINE,
        {
            "level": Attribute(choice("1", "2", "3"), "1 for the title, 2 for a section, 3 for a label.", "2"),
            "align": _ALIGN,
        },
        text=True,
        example='<h level="1">ORDER FORM</h>\n<h>Products and services</h>\n<h level="3">CUSTOMER</h>',
    ),
    "p": Tag(
        "A paragraph. An empty line in it is left out, so that an address may lack a street.",
        _INLINE,
        {
            "align": _ALIGN,
            "size": Attribute(LENGTH, "The size of its letters.", "the theme's"),
            "muted": Attribute(FLAG, "Whether it steps back, in grey.", "no"),
        },
        text=True,
        example='<p>All prices in <b>US dollars</b>.</p>\n<p muted="yes" size="7pt">Excluding sales tax.</p>',
    ),
    "fields": Tag(
        "A tinted band of labels and values.",
        frozenset({"field"}),
        {"columns": Attribute(COUNT, "How many stand beside each other.", "all")},
        example='<fields columns="3">\n  <field label="Date">November 23, 2026</field>\n'
        '  <field label="Currency">USD</field>\n  <field label="PO number"></field>\n</fields>',
    ),
    "field": Tag(
        "One label and its value; a dash where the value is empty.",
        _INLINE,
        {"label": Attribute(TEXT, "What it is.", None)},
        text=True,
        example='<fields>\n  <field label="Billing">Annually <small>in advance</small></field>\n</fields>',
    ),
    "table": Tag(
        "Line items. Its head is repeated on each page, and a row is torn only where it is very tall.",
        frozenset({"head", "row", "group"}),
        {
            "widths": Attribute(SHARES, "How wide its columns are, relative to each other.", None),
            "align": Attribute(SIDES, "To which side each column leans.", "all left"),
            "sum": Attribute(COUNT, "Which column holds the amounts; a form whose sums disagree is not made.", "none"),
        },
        example='<table widths="5 2 2" align="left right right">\n'
        "  <head><td>Product</td><td>Quantity</td><td>Amount</td></head>\n"
        "  <row><td>Platform Enterprise</td><td>20</td><td>$3,600.00</td></row>\n"
        "  <row><td>Onboarding</td><td>1</td><td>$4,500.00</td></row>\n</table>",
    ),
    "head": Tag(
        "The table's heads, one `<td>` for each column.",
        frozenset({"td"}),
        example='<table widths="3 1" align="left right">\n  <head><td>Product</td><td>Amount</td></head>\n'
        "  <row><td>Onboarding</td><td>$4,500.00</td></row>\n</table>",
    ),
    "row": Tag(
        "A row, one `<td>` for each column.",
        frozenset({"td"}),
        {"bold": _BOLD, "counts": Attribute(FLAG, "Whether its amount is summed, where the table sums.", "yes")},
        example='<table widths="3 1" align="left right">\n  <row><td>Onboarding</td><td>$4,500.00</td></row>\n'
        '  <row bold="yes"><td>Due now</td><td>$4,500.00</td></row>\n</table>',
    ),
    "group": Tag(
        "Rows under a heading, with a subtotal. Neither is parted from its rows; a single group needs neither.",
        frozenset({"row"}),
        {
            "label": Attribute(TEXT, "The heading.", "no heading"),
            "total": Attribute(TEXT, "The sum, as it is printed.", "no subtotal"),
            "total-label": Attribute(TEXT, "What stands before the sum.", "Subtotal"),
        },
        example='<table widths="3 1" align="left right">\n'
        '  <group label="Software" total="$3,600.00" total-label="Subtotal Software">\n'
        "    <row><td>Platform Enterprise</td><td>$3,600.00</td></row>\n  </group>\n"
        '  <group label="Services" total="$4,500.00" total-label="Subtotal Services">\n'
        "    <row><td>Onboarding</td><td>$4,500.00</td></row>\n  </group>\n</table>",
    ),
    "td": Tag(
        "A cell.",
        _INLINE,
        {
            "align": Attribute(SIDE, "To which side it leans.", "as the last of its columns"),
            "span": Attribute(COUNT, "How many columns it fills.", "1"),
        },
        text=True,
        example='<table widths="2 1 1" align="left right right">\n'
        "  <row><td>Onboarding</td><td>5 days</td><td>$4,500.00</td></row>\n"
        '  <row><td span="3" align="left">Dates are agreed after signature.</td></row>\n</table>',
    ),
    "totals": Tag(
        "Sums at the right. They stay on one page, with the last row above them.",
        frozenset({"total"}),
        example='<totals>\n  <total label="Subtotal">$8,100.00</total>\n  <total label="Tax">$0.00</total>\n'
        '  <total label="Total" strong="yes">$8,100.00</total>\n</totals>',
    ),
    "total": Tag(
        "One sum.",
        _INLINE,
        {
            "label": Attribute(TEXT, "What it is.", None),
            "strong": Attribute(FLAG, "Whether it stands out.", "no"),
            "kind": Attribute(
                choice("lines", "one-time", "recurring", "discount", "tax", "total"),
                "What it is, so that it is compared: one-time and recurring are the lines, and the total is the lines "
                "less discount with tax.",
                "compared with nothing",
            ),
        },
        text=True,
        example='<totals>\n  <total label="Total (USD)" strong="yes">$8,100.00</total>\n</totals>',
    ),
    "terms": Tag(
        "Clauses in columns, which flow from page to page.",
        frozenset({"p"}),
        {
            "columns": Attribute(COUNT, "How many columns.", "1"),
            "size": Attribute(LENGTH, "The size of its letters.", "a little smaller than the text"),
        },
        example='<terms columns="2" size="7pt">\n'
        "  <p><b>1. Term.</b> Twelve months from the date of the last signature.</p>\n"
        "  <p><b>2. Fees.</b> Due within 30 days of the invoice.</p>\n</terms>",
    ),
    "signatures": Tag(
        "Where people sign, two beside each other. No block is torn.",
        frozenset({"sign"}),
        {
            "labels": Attribute(TEXT, "Other words for the four lines.", "Signature|Name|Title|Date"),
            "esign": Attribute(TOOLS, "For which e-signing tools places are marked.", "docusign acrobat"),
        },
        example='<signatures>\n  <sign role="customer" party="Burlington Textiles" name="Jack Rogers" title="VP"/>\n'
        '  <sign role="supplier" party="Northwind Cloud"/>\n</signatures>',
    ),
    "sign": Tag(
        "One signer. With a role, e-signing tools find the lines by themselves: marks in the paper's colour name it.",
        says={
            "party": Attribute(TEXT, "For whom is signed.", None),
            "role": Attribute(ROLE, "Who signs, for e-signing tools; each role once.", "signed on paper"),
            "name": Attribute(TEXT, "The signer's name.", "left open"),
            "title": Attribute(TEXT, "The signer's title.", "left open"),
        },
        example='<signatures labels="Unterschrift|Name|Titel|Datum">\n  <sign party="Burlington Textiles"/>\n'
        "</signatures>",
    ),
    "img": Tag(
        "A picture from the templates folder, PNG or JPEG. An empty name prints nothing.",
        says={
            "src": Attribute(NAME, "The file's name.", None),
            "width": Attribute(LENGTH, "How wide.", "by its height"),
            "height": Attribute(LENGTH, "How high.", "by its width"),
            "align": _ALIGN,
        },
        example='<img src="northwind.png" height="8mm"/>',
    ),
    "rule": Tag("A thin line across.", example="<p>above</p>\n<rule/>\n<p>below</p>"),
    "space": Tag(
        "Empty space.",
        says={"height": Attribute(LENGTH, "How high.", None)},
        example='<p>above</p>\n<space height="6mm"/>\n<p>below</p>',
    ),
    "pagebreak": Tag("What follows begins a page.", example="<p>page 1</p>\n<pagebreak/>\n<p>page 2</p>"),
    "b": Tag("Bold.", _INLINE, text=True, example="<p>Net <b>30 days</b></p>"),
    "i": Tag("Italic.", _INLINE, text=True, example="<p>The <i>Agreement</i> means both documents.</p>"),
    "small": Tag("Smaller and grey.", _INLINE, text=True, example="<p>Jack Rogers <small>VP, Facilities</small></p>"),
    "br": Tag("The next line.", example="<p>525 Lexington Avenue<br/>Burlington</p>"),
    "page": Tag("This page's number; in a header or footer.", example="<footer>\n  <p>Page <page/></p>\n</footer>"),
    "pages": Tag(
        "How many pages there are; in a header or footer.",
        example="<footer>\n  <p>Page <page/> of <pages/></p>\n</footer>",
    ),
}


def read(name: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    """The attributes as values; raises Wrong for the first that does not fit, naming it."""
    return {key: read_one(name, key, value) for key, value in attributes.items() if key != PLACE}


def read_one(name: str, key: str, value: str) -> Any:
    says = TAGS[name].says
    if key not in says:
        known = did_you_mean(key, says) or (f"It knows {', '.join(says)}." if says else "It knows none.")
        raise Wrong(f"<{name}> has no attribute {key}. {known}")
    try:
        kind = says[key].kind
        return kind.read(value if kind is TEXT else unmarked(value))
    except ValueError as wrong:
        raise Wrong(f'{key}="…" of <{name}>: {wrong}') from None


def miscounted(name: str, filled: int, columns: int) -> tuple[str, str]:
    """What is said of a row that has not as many cells as its table has columns."""
    return (
        f"This <{name}> fills {filled} columns, and the table has {columns}.",
        'Add or remove a <td>, or let one span several: <td span="2">.',
    )
