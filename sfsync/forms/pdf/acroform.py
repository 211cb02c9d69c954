"""The fields of a fillable PDF (ISO 32000-1, 12.7): where they stand, and what they take."""

import re
from collections.abc import Iterator
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf import generic as g

from sfsync.errors import SetupError
from sfsync.forms.pdf.acrofields import Field, Kind, Widget
from sfsync.forms.pdf.flatten import Copier, View, annotations, dictionary, form_of, numbers, opened, reading, resolved
from sfsync.forms.pdf.foreign import Matrix, PdfFile, moved

_DEEPEST = 20
#: bits of /Ff and /F, counted from 0 (tables 165, 221, 226, 228, 230)
_HIDDEN, _NO_VIEW = 1 << 1, 1 << 5
_MULTILINE, _COMB = 1 << 12, 1 << 24
_RADIO, _PUSH = 1 << 15, 1 << 16
_EDIT = 1 << 18
_FONT = re.compile(r"/(\S+)\s+([\d.]+)\s+Tf")
_COLOUR = re.compile(r"((?:[\d.]+\s+){1,4})(g|rg|k)\b")
_ALIGN = ("left", "center", "right")
_INK = "#000000"


@reading
def read(content: bytes, name: str) -> tuple[PdfFile, tuple[Field, ...]]:
    """A fillable PDF: its pages without the fields, and the fields. Raises SetupError for what cannot be filled."""
    reader = opened(content, name)
    _check_form(reader, name)
    copier = Copier(name)
    places: dict[str, list[tuple[g.DictionaryObject, Widget]]] = {}
    for number, page in enumerate(reader.pages):
        view = View.of(page)
        for widget in _widgets(page, name, number + 1):
            placed = _placed(widget, number, view, copier)
            places.setdefault(_full_name(widget), []).append((widget, placed))
    default = _inherited(form_of(reader), "/DA") or ""
    fields = [_field(title, found, str(default)) for title, found in places.items()]
    if not fields:
        raise SetupError("The PDF has no fields to fill.", where=name, remedy="Add fields in a PDF editor.")
    return copier.file(reader, content), tuple(fields)


def _check_form(reader: PdfReader, name: str) -> None:
    root, form = reader.root_object, form_of(reader)
    if resolved(root.get("/NeedsRendering")) or ("/XFA" in form and not resolved(form.get("/Fields"))):
        raise SetupError(
            "The PDF is an XFA form, which only Adobe's programs can fill.",
            where=name,
            remedy="Save it as a static PDF form (AcroForm).",
        )
    owners = [root, dictionary(root.get("/OpenAction")), *reader.pages]
    if "/JavaScript" in dictionary(root.get("/Names")) or any(map(_runs, owners)):
        raise _scripted(name)


def _runs(owner: g.DictionaryObject) -> bool:
    """Whether something happens by itself: a script, or an action at an event."""
    action = dictionary(owner.get("/A"))
    return "/AA" in owner or "/JS" in owner or resolved(action.get("/S")) == "/JavaScript"


def _scripted(where: str) -> SetupError:
    remedy = "Take the scripts out: sfsync formats and adds up."
    return SetupError("The PDF runs scripts, which would not run any more.", where=where, remedy=remedy)


def _widgets(page: PageObject, name: str, number: int) -> Iterator[g.DictionaryObject]:
    """The places of fields that people see; a push button takes no value."""
    for widget in annotations(page):
        flags = int(resolved(widget.get("/F", 0)))
        if resolved(widget.get("/Subtype")) != "/Widget" or flags & (_HIDDEN | _NO_VIEW):
            continue
        if any(map(_runs, _line(widget))):
            raise _scripted(f"{name}, page {number}, field '{_full_name(widget)}'")
        if _kind(widget) is not None:
            yield widget


def _line(widget: g.DictionaryObject) -> Iterator[g.DictionaryObject]:
    """The widget and those from which it inherits."""
    here, depth = widget, 0
    while here and depth < _DEEPEST:
        yield here
        here, depth = dictionary(here.get("/Parent")), depth + 1


def _inherited(widget: g.DictionaryObject, key: str) -> Any:
    return next((resolved(each[key]) for each in _line(widget) if key in each), None)


def _full_name(widget: g.DictionaryObject) -> str:
    names = [str(resolved(each["/T"])) for each in _line(widget) if "/T" in each]
    return ".".join(reversed(names))


def _kind(widget: g.DictionaryObject) -> Kind | None:
    flags = int(_inherited(widget, "/Ff") or 0)
    match _inherited(widget, "/FT"):
        case "/Tx":
            return Kind.TEXT
        case "/Ch":
            return Kind.CHOICE
        case "/Sig":
            return Kind.SIGN
        case "/Btn":
            return None if flags & _PUSH else Kind.RADIO if flags & _RADIO else Kind.CHECK
    return None


def _field(name: str, places: list[tuple[g.DictionaryObject, Widget]], default: str) -> Field:
    first = places[0][0]
    flags = int(_inherited(first, "/Ff") or 0)
    look = str(_inherited(first, "/DA") or default)
    font = _FONT.search(look)
    kind = _kind(first) or Kind.TEXT
    longest = int(_inherited(first, "/MaxLen") or 0)
    return Field(
        name=name,
        kind=kind,
        widgets=tuple(widget for _, widget in places),
        size=float(font[2]) if font else 0,
        colour=_written_colour(look),
        bold="bold" in font[1].lower() or font[1].endswith("Bo") if font else False,
        align=_ALIGN[min(int(_inherited(first, "/Q") or 0), 2)],
        multiline=kind is Kind.TEXT and bool(flags & _MULTILINE),
        longest=longest if kind is Kind.TEXT else 0,
        comb=kind is Kind.TEXT and bool(flags & _COMB) and longest > 0,
        options={} if kind is not Kind.CHOICE or flags & _EDIT else dict(_options(first)),
    )


def _options(widget: g.DictionaryObject) -> Iterator[tuple[str, str]]:
    for option in _inherited(widget, "/Opt") or ():
        found = resolved(option)
        pair = [resolved(part) for part in found] if isinstance(found, g.ArrayObject) else [found, found]
        yield str(pair[0]), str(pair[1])


def _placed(widget: g.DictionaryObject, page: int, view: View, copier: Copier) -> Widget:
    looks, style = dictionary(widget.get("/MK")), dictionary(widget.get("/BS"))
    on, states = "", {}
    if _inherited(widget, "/FT") == "/Btn":
        drawn = dictionary(dictionary(widget.get("/AP")).get("/N"))
        found = {str(key)[1:]: stream for key in drawn if isinstance(stream := drawn[key], g.StreamObject)}
        states = {key: (copier.add(stream), _place(stream, widget, view)) for key, stream in found.items()}
        on = next((str(key)[1:] for key in drawn if key != "/Off"), "")
    return Widget(
        page=page,
        box=view.box(widget["/Rect"]),
        on=_exported(widget, on),
        states={_exported(widget, key): state for key, state in states.items()},
        background=_colour(looks.get("/BG")),
        border=_colour(looks.get("/BC")),
        thickness=float(resolved(style.get("/W", 1))),
    )


def _exported(widget: g.DictionaryObject, state: str) -> str:
    """A state's value: where the field lists values (/Opt), its states are their numbers."""
    options = _inherited(widget, "/Opt")
    if isinstance(options, g.ArrayObject) and state.isdecimal() and int(state) < len(options):
        return str(resolved(options[int(state)]))
    return state


def _place(stream: g.StreamObject, widget: g.DictionaryObject, view: View) -> Matrix:
    """Where an appearance is drawn (algorithm 8.1): its box, moved by its own matrix, fills the widget's /Rect."""
    own: Matrix = tuple(numbers(stream.get("/Matrix", g.ArrayObject(map(g.NumberObject, (1, 0, 0, 1, 0, 0))))))  # type: ignore[assignment]  # six of them
    x0, y0, x1, y1 = moved(numbers(stream["/BBox"]), own)
    left, bottom, right, top = moved(numbers(widget["/Rect"]), (1, 0, 0, 1, 0, 0))
    sx, sy = (right - left) / (x1 - x0), (top - bottom) / (y1 - y0)
    a, b, c, d, e, f = view.matrix
    dx, dy = left - x0 * sx, bottom - y0 * sy
    return a * sx, b * sx, c * sy, d * sy, a * dx + c * dy + e, b * dx + d * dy + f


def _written_colour(look: str) -> str:
    found = _COLOUR.search(look)
    return _hexadecimal([float(part) for part in found[1].split()]) if found else _INK


def _colour(array: Any) -> str:
    """'' where it is transparent."""
    return _hexadecimal(list(numbers(array))) if resolved(array) else ""


def _hexadecimal(parts: list[float]) -> str:
    """Grey, RGB or CMYK, by how many parts there are."""
    if len(parts) == 4:  # noqa: PLR2004
        *inks, black = parts
        parts = [(1 - ink) * (1 - black) for ink in inks]
    red, green, blue = parts * 3 if len(parts) == 1 else parts
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
