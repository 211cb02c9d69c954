"""Draws the pictures of the docs: each tag's example, as a form prints it, and each form that comes with sfsync.

`make docs` runs it.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
from PIL import Image, ImageChops, ImageOps

from sfsync import config as configs
from sfsync import preview, samples, shipped
from sfsync.forms import blueprint as order_forms
from sfsync.forms.design import Design
from sfsync.forms.page.theme import Theme
from sfsync.forms.render import render
from sfsync.forms.template.docs import as_form
from sfsync.forms.template.tags import TAGS
from sfsync.forms.template.template import Template
from sfsync.records import OrderForm

FOLDER = Path(__file__).parent / "pictures" / "tags"
FORMS = Path(__file__).parent / "pictures" / "forms"
EXAMPLES = shipped.HOME / "config" / "examples.yaml"
#: points
_PAGE, _SMALL_PAGE, _MARGINS = (330.0, 190.0), (150.0, 140.0), (8.0, 8.0, 8.0, 8.0)
#: pixels for each point
_SCALE, _FORM_SCALE = 2.0, 1.25
#: pixels of white around
_BORDER = 14
_SHADES = 32


def picture(tag: str) -> Image.Image:
    """The example of a tag, page beside page, without the white around it."""
    pages = list(_pages(_pdf(tag), _SCALE))
    return ImageOps.expand(_cropped(pages[0]), _BORDER, "white") if len(pages) == 1 else _beside(pages)


def shipped_forms() -> Iterator[tuple[str, Image.Image]]:
    """Each form of config/examples.yaml on the usual sample: (file name, its pages beside each other)."""
    config = configs.load(EXAMPLES)
    blueprints = order_forms.load(config)
    for blueprint in blueprints:
        found = preview.of_sample(config, blueprints, form=blueprint.settings.name)
        pages = _pages(render(found.form, blueprint.design).content, _FORM_SCALE)
        yield f"{Path(blueprint.settings.template).stem}.png", _beside(list(pages))


def _beside(pages: Sequence[Image.Image]) -> Image.Image:
    pages = [ImageOps.expand(page, 1, "#d9dee4") for page in pages]
    wide = sum(page.width for page in pages) + _BORDER * (len(pages) + 1)
    sheet = Image.new("RGB", (wide, pages[0].height + 2 * _BORDER), "white")
    for number, page in enumerate(pages):
        sheet.paste(page, (_BORDER + number * (page.width + _BORDER), _BORDER))
    return sheet


def saved(image: Image.Image) -> bytes:
    """As a small PNG."""
    out = BytesIO()
    image.quantize(_SHADES, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _pdf(tag: str) -> bytes:
    with TemporaryDirectory() as folder:
        logo = shipped.HOME / "templates" / "northwind.png"
        (Path(folder) / logo.name).write_bytes(logo.read_bytes())
        path = Path(folder) / "example.xml"
        path.write_text(as_form(tag), "utf-8")
        page = _SMALL_PAGE if tag == "pagebreak" else _PAGE
        design = Design(Template.load(path), Theme(accent="#16324f", page=page, margins=_MARGINS))
    return render(_form(), design).content


def _form() -> OrderForm:
    return OrderForm(
        opportunity_id="006000000000001AAA",
        name="Example",
        template="example.xml",
        version=1,
        requested_at=samples.REQUESTED,
        time_zone="UTC",
        currency="USD",
        locale="en_US",
        language="en",
        title="Example",
        opportunity={},
        company={"name": "Northwind Cloud"},
        amount_tolerance=Decimal(0),
    )


def _pages(content: bytes, scale: float) -> Iterator[Image.Image]:
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            yield page.render(scale=scale).to_pil().convert("RGB")


def _cropped(image: Image.Image) -> Image.Image:
    return image.crop(ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox())


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in TAGS:
        (FOLDER / f"{name}.png").write_bytes(saved(picture(name)))
    FORMS.mkdir(parents=True, exist_ok=True)
    for name, drawn in shipped_forms():
        (FORMS / name).write_bytes(saved(drawn))
