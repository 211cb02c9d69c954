"""Reads PDF files that others made, once. Only what is seen comes along: contents, fonts and pictures.

Scripts, actions, attachments and forms stay behind because nobody fetches them.
"""

import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from hashlib import sha256
from io import BytesIO
from typing import Any, NamedTuple, ParamSpec, TypeVar

from pypdf import Configuration, PageObject, PdfReader, apply_configuration
from pypdf import generic as g

from sfsync.errors import SetupError
from sfsync.forms.pdf.foreign import Body, Box, Leaf, Link, Matrix, PdfFile, moved

MOST_BYTES = 10_000_000
MOST_PAGES = 100
_MOST_OBJECTS = 20_000
_MOST_UNPACKED = 20_000_000
_LIMITS = replace(
    Configuration(),
    zlib_maximum_output_length=_MOST_UNPACKED,
    lzw_maximum_output_length=_MOST_UNPACKED,
    run_length_maximum_output_length=_MOST_UNPACKED,
    brotli_maximum_output_length=_MOST_UNPACKED,
)
_HEADER = 1024  # bytes in which a reader looks for %PDF- (ISO 32000-1, appendix H.3)
_SAFE_LINKS = ("http://", "https://", "mailto:")
#: entries of a stream that lead out of the file, or say what no page shows
_DROPPED = frozenset(
    f"/{key}" for key in (
        "AF", "Alternates", "F", "FDecodeParms", "FFilter", "LastModified", "Length", "Metadata", "OPI", "PieceInfo",
        "Ref", "StructParent", "StructParents",
    )
)  # fmt: skip
#: annotations that show nothing once the file is flat
_UNSEEN = ("/Link", "/Popup", "/Widget")

_P = ParamSpec("_P")
_T = TypeVar("_T")


def reading(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Whatever a broken file does to its reader is one SetupError; its name is the last argument."""

    @wraps(function)
    def read(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            with apply_configuration(_LIMITS):
                return function(*args, **kwargs)
        except SetupError:
            raise
        except Exception as error:
            raise SetupError(
                f"The PDF is damaged: {str(error).rstrip('.') or type(error).__name__}.",
                where=str(args[-1]),
                remedy="Open it in a PDF program and print it to a new PDF.",
            ) from error

    return read


@reading
def opened(content: bytes, name: str) -> PdfReader:
    """A file that may be taken apart. Raises SetupError where it is none, locked, signed, or too large."""

    def refuse(what: str, remedy: str) -> SetupError:
        return SetupError(what, where=name, remedy=remedy)

    if len(content) > MOST_BYTES:
        raise refuse(f"The PDF has {len(content) / 1e6:.0f} MB; 10 are the most.", "Save it with smaller pictures.")
    if b"%PDF-" not in content[:_HEADER]:
        raise refuse("This is not a PDF.", "Save it as PDF.")
    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted:
        raise refuse("The PDF is encrypted.", "Save it without a password and without restrictions.")
    if not 0 < len(reader.pages) <= MOST_PAGES:
        raise refuse(f"The PDF has {len(reader.pages)} pages.", f"It may have 1 to {MOST_PAGES}.")
    if _is_signed(reader):
        raise refuse("The PDF is signed, and the signature would be lost.", "Use the file as it was before.")
    if _hides_layers(reader):
        raise refuse("The PDF has hidden layers, which would be seen.", "Print it to a new PDF.")
    return reader


@reading
def read_info(content: bytes, name: str) -> dict[str, Any]:
    """What a file says of itself (its document information)."""
    return dict(opened(content, name).metadata or {})


@reading
def page_contents(content: bytes, name: str) -> list[bytes]:
    """What draws each page, without the fonts and pictures."""
    found = (page.get_contents() for page in opened(content, name).pages)
    return [b"" if contents is None else contents.get_data() for contents in found]


def form_of(reader: PdfReader) -> g.DictionaryObject:
    """The file's AcroForm; empty where it has none."""
    return dictionary(reader.root_object.get("/AcroForm"))


def annotations(page: PageObject) -> Iterator[g.DictionaryObject]:
    """What lies on a page and is no part of its contents."""
    found = resolved(page.get("/Annots"))
    for each in found if isinstance(found, g.ArrayObject) else ():
        annotation = resolved(each)
        if isinstance(annotation, g.DictionaryObject):
            yield annotation


def _is_signed(reader: PdfReader) -> bool:
    flags = resolved(form_of(reader).get("/SigFlags"))
    own = any(resolved(a.get("/FT")) == "/Sig" and "/V" in a for page in reader.pages for a in annotations(page))
    return own or "/Perms" in reader.root_object or (isinstance(flags, int) and flags & 2 == 2)  # noqa: PLR2004 (bit)


def _hides_layers(reader: PdfReader) -> bool:
    shown = dictionary(dictionary(reader.root_object.get("/OCProperties")).get("/D"))
    return bool(resolved(shown.get("/OFF"))) or resolved(shown.get("/BaseState")) in ("/OFF", "/Unchanged")


@reading
def read(content: bytes, name: str) -> PdfFile:
    """A letterhead or terms. Raises SetupError for what cannot be flattened without a loss."""
    reader = opened(content, name)
    for number, page in enumerate(reader.pages, 1):
        for annotation in annotations(page):
            _check_seen(annotation, f"{name}, page {number}")
    return Copier(name).file(reader, content)


def _check_seen(annotation: g.DictionaryObject, where: str) -> None:
    """Nothing that a reader of the file sees may get lost."""
    kind = resolved(annotation.get("/Subtype"))
    owner = dictionary(annotation.get("/Parent"))
    filled = kind == "/Widget" and (resolved(annotation.get("/V", owner.get("/V"))) not in (None, "", b"", "/Off"))
    if filled or kind not in _UNSEEN:
        what = "a field with a value" if filled else f"a comment or stamp ({str(kind).lstrip('/')})"
        raise SetupError(f"There is {what}, which would be lost.", where=where, remedy="Print it to a new PDF.")


class View(NamedTuple):
    """How a page's own coordinates become those that people see."""

    matrix: Matrix
    crop: Box
    width: float
    height: float
    turned: int

    @classmethod
    def of(cls, page: PageObject) -> "View":
        crop, media = page.cropbox, page.mediabox
        x0, y0 = max(crop.left, media.left), max(crop.bottom, media.bottom)
        x1, y1 = min(crop.right, media.right), min(crop.top, media.top)
        if x1 <= x0 or y1 <= y0:
            raise ValueError("a page has no size")
        u = float(page.get("/UserUnit", 1))
        turned = int(page.rotation) % 360
        wide, high = (x1 - x0) * u, (y1 - y0) * u
        matrix = {
            0: (u, 0, 0, u, -x0 * u, -y0 * u),
            90: (0, -u, u, 0, -y0 * u, x1 * u),
            180: (-u, 0, 0, -u, x1 * u, y1 * u),
            270: (0, u, -u, 0, y1 * u, -x0 * u),
        }[turned]
        size = (wide, high) if turned in (0, 180) else (high, wide)
        return cls(matrix, (x0, y0, x1, y1), *size, turned)

    def box(self, rectangle: Any) -> Box:
        """A /Rect in the coordinates that people see, its corners in order."""
        return moved(numbers(rectangle), self.matrix)


class Copier:
    """Writes the objects that pages need, each once, in the order in which they are met."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._numbers: dict[int, int] = {}
        self._bodies: dict[int, Body] = {}
        self._waiting: deque[tuple[int, Any]] = deque()

    def file(self, reader: PdfReader, content: bytes) -> PdfFile:
        """All pages, and what was added before."""
        places = {page.indirect_reference.idnum: n for n, page in enumerate(reader.pages) if page.indirect_reference}
        leaves = tuple(self._leaf(page, places) for page in reader.pages)
        while self._waiting:
            number, found = self._waiting.popleft()
            self._bodies[number] = tuple(self._written(found))
        objects = tuple(self._bodies[number] for number in range(self._count))
        return PdfFile(self._name, sha256(content).hexdigest()[:16], objects, leaves)

    def add(self, found: Any) -> int:
        """The number that an object will have."""
        if self._count >= _MOST_OBJECTS:
            raise SetupError("The PDF is too intricate.", where=self._name, remedy="Print it to a new PDF.")
        self._count += 1
        self._waiting.append((self._count - 1, found))
        return self._count - 1

    def _leaf(self, page: PageObject, places: dict[int, int]) -> Leaf:
        view = View.of(page)
        stream = _contents(page)
        stream.update({
            g.NameObject("/Type"): g.NameObject("/XObject"),
            g.NameObject("/Subtype"): g.NameObject("/Form"),
            g.NameObject("/BBox"): g.ArrayObject(map(g.FloatObject, view.crop)),
            g.NameObject("/Matrix"): g.ArrayObject(map(g.FloatObject, view.matrix)),
            g.NameObject("/Resources"): dictionary(page.get("/Resources")),
        })  # fmt: skip
        if "/Group" in page:
            stream[g.NameObject("/Group")] = page["/Group"]
        links = tuple(link for a in annotations(page) if (link := _link(a, view, places)))
        return Leaf(view.width, view.height, self.add(stream), links)

    def _reference(self, reference: g.IndirectObject) -> int:
        if reference.idnum not in self._numbers:
            self._numbers[reference.idnum] = self.add(reference.get_object())
        return self._numbers[reference.idnum]

    def _written(self, value: Any) -> Iterator[bytes | int]:
        if isinstance(value, g.IndirectObject):
            yield self._reference(value)
        elif isinstance(value, g.StreamObject):
            yield from self._stream(value)
        elif isinstance(value, g.DictionaryObject):
            yield from self._entries(value.items())
        elif isinstance(value, g.ArrayObject):
            yield b"["
            for member in value:
                yield from self._written(member)
                yield b" "
            yield b"]"
        else:
            yield _plain(value)

    def _entries(self, entries: Any) -> Iterator[bytes | int]:
        yield b"<<"
        for key, member in entries:
            yield _plain(key) + b" "
            yield from self._written(member)
            yield b"\n"
        yield b">>"

    def _stream(self, stream: g.StreamObject) -> Iterator[bytes | int]:
        if resolved(stream.get("/Subtype")) == "/PS":
            raise SetupError("The PDF holds a PostScript program.", where=self._name, remedy="Print it to a new PDF.")
        data = stream._data  # noqa: SLF001 (as it lies in the file: nothing is unpacked that need not be)
        kept = [(key, member) for key, member in stream.items() if key not in _DROPPED]
        yield from self._entries([*kept, (g.NameObject("/Length"), g.NumberObject(len(data)))])
        yield b"\nstream\n" + data + b"\nendstream"


def _contents(page: PageObject) -> g.StreamObject:
    """The page's contents as one stream; left packed where there is but one."""
    found = resolved(page.get("/Contents"))
    parts = [resolved(p) for p in found] if isinstance(found, g.ArrayObject) else [found]
    streams = [part for part in parts if isinstance(part, g.StreamObject)]
    whole = g.StreamObject()
    if len(streams) == 1:
        whole.update({key: value for key, value in streams[0].items() if key in ("/Filter", "/DecodeParms")})
        whole._data = streams[0]._data  # noqa: SLF001 (as it lies in the file)
        return whole
    unpacked: list[bytes] = []
    for stream in streams:
        unpacked.append(stream.get_data())
        if sum(map(len, unpacked)) > _MOST_UNPACKED:
            raise ValueError("a page is too large")
    whole.set_data(zlib.compress(b"\n".join(unpacked), 9))
    whole[g.NameObject("/Filter")] = g.NameObject("/FlateDecode")
    return whole


def _link(annotation: g.DictionaryObject, view: View, places: dict[int, int]) -> Link | None:
    """A link to the web or within the file. One to a named place stays behind: its names do not come along."""
    if resolved(annotation.get("/Subtype")) != "/Link":
        return None
    action = dictionary(annotation.get("/A"))
    target = resolved(annotation.get("/Dest", action.get("/D")))
    if resolved(action.get("/S")) == "/URI":
        address = str(resolved(action.get("/URI")))
        safe = address.isascii() and address.isprintable() and address.startswith(_SAFE_LINKS)
        return Link(view.box(annotation["/Rect"]), address) if safe else None
    page = target[0] if isinstance(target, g.ArrayObject) and target else None
    if isinstance(page, g.IndirectObject) and page.idnum in places:
        return Link(view.box(annotation["/Rect"]), places[page.idnum])
    return None


def resolved(value: Any) -> Any:
    """What a reference refers to."""
    return value.get_object() if isinstance(value, g.PdfObject) else value


def dictionary(value: Any) -> g.DictionaryObject:
    """A dictionary; an empty one where something else stands."""
    found = resolved(value)
    return found if isinstance(found, g.DictionaryObject) else g.DictionaryObject()


def _plain(value: Any) -> bytes:
    out = BytesIO()
    value.write_to_stream(out)
    return out.getvalue()


def numbers(array: Any) -> tuple[float, ...]:
    """The numbers of an array."""
    return tuple(float(resolved(number)) for number in resolved(array))
