"""Fonts for Chinese, Japanese and Korean, where the extra `sfsync[cjk]` has brought them (30 MB)."""

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import uharfbuzz as hb

from sfsync.forms.text.shaping import Outline

_PACKAGE = "justmytype_intl_cjk"
#: language -> fonts in the order in which they are asked: one character has other shapes in other languages
_FONTS = {
    "ja": ("JP", "SC", "TC", "KR"),
    "ko": ("KR", "JP", "SC", "TC"),
    "zh-Hant": ("TC", "SC", "JP", "KR"),
    "zh": ("SC", "TC", "JP", "KR"),
}
_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
_CHARACTERS = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)
_KANA, _HANGUL = re.compile("[\u3040-\u30ff]"), re.compile("[\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]")


def language_of(text: str, language: str) -> str:
    """Which of our four ways to write `text` is set in: the form's, where that is one, else by its syllables."""
    if language[:2] in ("ja", "ko"):
        return language[:2]
    if language[:2] == "zh":
        return "zh-Hant" if language.lower().startswith(_TRADITIONAL) else "zh"
    if _KANA.search(text):
        return "ja"
    return "ko" if _HANGUL.search(text) else "zh"


def awaited(missing: str) -> str:
    """Which of the characters that were drawn as boxes the extra would bring."""
    return "" if find_spec(_PACKAGE) else "".join(_CHARACTERS.findall(missing))


def remedy(missing: str) -> str:
    """What brings a font for characters that were drawn as boxes; an empty string where nothing does."""
    if awaited(missing):
        return "Install the fonts for Chinese, Japanese and Korean: pip install 'sfsync[cjk]'"
    return ""


def outlines(language: str, bold: bool) -> tuple[Outline, ...]:
    """In the order for `language`; none where the extra is not installed."""
    return tuple(filter(None, (_outline(name, 700 if bold else 400) for name in _FONTS[language])))


@lru_cache(maxsize=8)
def _outline(name: str, weight: int) -> Outline | None:
    file = _file(name)
    return Outline(file, weight) if file else None


@lru_cache(maxsize=4)
def _file(name: str) -> hb.Blob | None:
    """Mapped into memory, not read: 10 to 18 MB, of which a form touches little."""
    spec = find_spec(_PACKAGE)
    if not spec or not spec.origin:
        return None
    folder = Path(spec.origin).parent / "fonts" / "ofl" / f"notosans{name.lower()}"
    return hb.Blob.from_file_path(str(folder / f"NotoSans{name}[wght].ttf"))
