"""Pictures: what is taken from a file, and how a PDF keeps it."""

import warnings
import zlib
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image, ImageOps
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from sfsync.errors import SetupError

ENDINGS = (".png", ".jpg", ".jpeg")
#: what a page can show at 300 dots an inch, and no more than 100 MB while it is read
_LARGEST_PIXELS = 9_000_000
_LARGEST_BYTES = 5_000_000
_FORMATS = ("PNG", "JPEG")
_JPEG_SPACES = {"L": "DeviceGray", "RGB": "DeviceRGB"}


@dataclass(frozen=True)
class Encoded:
    """A picture as PDF keeps it."""

    name: str
    width: int
    height: int
    space: str
    filter: str
    content: bytes
    #: how opaque each pixel is, where not all are
    alpha: bytes | None


def checked(data: bytes, where: str) -> bytes:
    """`data`, if it is a picture that can be drawn. Raises SetupError; decodes nothing whose size is too large."""
    if len(data) > _LARGEST_BYTES:
        raise SetupError(f"It is larger than {_LARGEST_BYTES // 1_000_000} MB.", where=where, remedy="Save it smaller.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            few = _loaded(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        few = False
    except Exception as error:  # Pillow raises whatever a broken file makes it stumble over
        raise SetupError("It is no PNG or JPEG that can be read.", where=where, remedy="Save it anew.") from error
    if not few:
        what = f"It has more than {_LARGEST_PIXELS // 1_000_000} million pixels, more than a page can show."
        raise SetupError(what, where=where, remedy="Save it smaller.")
    return data


def _loaded(data: bytes) -> bool:
    """Decodes it; False, and nothing is decoded, where it is too large."""
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        few = image.width * image.height <= _LARGEST_PIXELS
        if few:
            image.load()
    return few


@lru_cache(maxsize=32)
def encoded(data: bytes) -> Encoded:
    """JPEG as it is, all else deflated; upright; once per process."""
    name = sha256(data).hexdigest()[:16]
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        upright = image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        if image.format == "JPEG" and image.mode in _JPEG_SPACES and upright:
            return Encoded(name, *image.size, _JPEG_SPACES[image.mode], "DCTDecode", data, None)
        full = _plain(ImageOps.exif_transpose(image))
    alpha = None
    if full.mode == "RGBA":
        opaque = full.getchannel("A")
        alpha = None if opaque.getextrema() == (255, 255) else zlib.compress(opaque.tobytes(), 9)
    return Encoded(name, *full.size, "DeviceRGB", "FlateDecode", zlib.compress(full.convert("RGB").tobytes(), 9), alpha)


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits for each of red, green and blue, and for transparency where there is some."""
    if image.mode.startswith("I"):  # 16 bits: Pillow's own conversion would cut, not scale
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def placed_image(canvas: Canvas, data: bytes) -> str:
    """The picture's name in this document, which holds it once."""
    image, doc = encoded(data), canvas._doc  # noqa: SLF001
    name = doc.getXObjectName(image.name)
    if name not in doc.idToObject:
        entry = _xobject(image, image.space, image.filter, image.content)
        doc.Reference(entry, name)
        doc.addForm(image.name, entry)
        if image.alpha is not None:
            mask = _xobject(image, "DeviceGray", "FlateDecode", image.alpha)
            entry.smask = doc.Reference(mask, f"{name}.mask")
    canvas._currentPageHasImages = 1  # noqa: SLF001
    canvas._formsinuse.append(image.name)  # noqa: SLF001
    return str(name)


def _xobject(image: Encoded, space: str, how: str, content: bytes) -> Any:
    entry = pdfdoc.PDFImageXObject(image.name)
    entry.width, entry.height, entry.bitsPerComponent = image.width, image.height, 8
    entry.colorSpace, entry._filters, entry.streamContent = space, (how,), content  # noqa: SLF001
    return entry
