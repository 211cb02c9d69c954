"""Whose conventions a form follows, and in which language it speaks. Pure; CLDR's data come through Babel."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from babel import Locale
from babel.core import UnknownLocaleError, get_global

#: languages in which a country's name is known; each costs about a megabyte, once, and only if English does not do
_SPOKEN = (
    "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "bg", "hr", "el", "tr",
    "ru", "uk", "ar", "he", "hi", "th", "vi", "id", "ja", "ko", "zh", "zh_Hant",
)  # fmt: skip
#: how people write countries, where CLDR has another name; spelt as `_key` spells them
_ALIASES = {
    "america": "US", "unitedstatesamerica": "US", "eeuu": "US", "britain": "GB", "greatbritain": "GB",
    "england": "GB", "scotland": "GB", "wales": "GB", "northernireland": "GB", "holland": "NL", "korea": "KR",
    "republickorea": "KR", "czechrepublic": "CZ", "uae": "AE", "russianfederation": "RU", "hongkong": "HK",
    "macau": "MO", "macao": "MO", "prchina": "CN", "peoplesrepublicchina": "CN", "republicireland": "IE",
    "eire": "IE", "brd": "DE", "bundesrepublikdeutschland": "DE", "federalrepublicgermany": "DE", "turkey": "TR",
    "ivorycoast": "CI", "swaziland": "SZ", "burma": "MM", "macedonia": "MK", "bosnia": "BA", "capeverde": "CV",
    "easttimor": "TL", "slovakrepublic": "SK", "republicsouthafrica": "ZA", "kingdomsaudiarabia": "SA", "ksa": "SA",
    "congodemocraticrepublic": "CD", "koreademocraticpeoplesrepublic": "KP",
}  # fmt: skip
#: words that a country's name may have or not
_FILLING = frozenset({"and", "the", "of"})
#: CLDR's regions that are no country
_NO_COUNTRY = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
#: Salesforce's spelling of a language, beside those that CLDR itself calls aliases
_OLD_NAMES = {"no": "nb"}


class Wish(NamedTuple):
    """A language, its script and a territory, all as CLDR spells them; the territory may be empty."""

    language: str
    script: str
    territory: str


class Voice(NamedTuple):
    """What a form speaks: a language that there are words in, and the locale for its numbers and dates."""

    language: str
    locale: str


def wish(locale: str) -> Wish | None:
    """What `de_AT`, `zh_CN_PINYIN`, `iw_IL` or `en-GB` asks for, be it Salesforce's spelling or Babel's."""
    language, *rest = locale.replace("-", "_").split("_")
    aliases = get_global("language_aliases")
    language, *script = _OLD_NAMES.get(language, aliases.get(language, language)).split("_")
    script += [part.capitalize() for part in rest if len(part) == 4 and part.isalpha() and part != "EURO"]  # noqa: PLR2004
    places = [part for part in rest if (len(part) == 2 and part.isalpha()) or (len(part) == 3 and part.isdecimal())]  # noqa: PLR2004
    territory = places[0].upper() if places else ""
    if _known(language) is None:
        return None
    return Wish(language, script[-1] if script else _script(language, territory), territory)


def of_country(text: str) -> Wish | None:
    """What most people in a country speak; None for a country that nobody knows."""
    territory = country(text)
    if territory is None:
        return None
    language, script, _ = get_global("likely_subtags").get(f"und_{territory}", f"en_Latn_{territory}").split("_")
    return Wish(language, script, territory)


def country(text: str) -> str | None:
    """ISO 3166's two letters for a country's code, or for its name in one of many languages.

    >>> country("Deutschland"), country("U.S.A."), country("GBR"), country("Utopia")
    ('DE', 'US', 'GB', None)
    """
    # ISO's own spelling: "Korea, Republic of"
    keys = [key for key in map(_key, (text, text.partition(",")[0])) if key]
    english = _names(("en",))
    if found := next((english[key] for key in keys if key in english), None):
        return found
    return _names(_SPOKEN).get(keys[0]) if keys else None


def voice(asked: Wish | None, own: str, others: Iterable[str], fixed: str) -> Voice:
    """Words and conventions of one language, never a mix.

    `own` is the template's language, `others` those of its catalogues, `fixed` the locale that the settings name.
    """
    wanted = asked or wish(fixed)
    for language in sorted((own, *others), key=len, reverse=True):
        if wanted and _serves(language, wanted):
            return Voice(language, _first_known(_spellings(wanted)) or language)
    speaks = wish(own)
    if wanted is None or speaks is None:
        return Voice(own, fixed)
    there = _first_known(_spellings(speaks._replace(territory=wanted.territory))[:2]) if wanted.territory else None
    return Voice(own, there or (fixed if _serves(own, wish(fixed)) else str(_known(own) or fixed)))


def tongue(locale: str) -> str:
    """The language of a locale without its territory: de of de_AT, zh_Hant of zh_TW."""
    found = wish(locale)
    if found is None:
        return locale
    return found.language if found.script == _script(found.language, "") else f"{found.language}_{found.script}"


def _serves(language: str, wanted: Wish | None) -> bool:
    """`de` serves every German, `de_CH` Switzerland's alone, and `zh` nobody who reads traditional characters."""
    offered = wish(language)
    if offered is None or wanted is None or offered[:2] != wanted[:2]:
        return False
    return offered.territory in ("", wanted.territory)


def _spellings(wanted: Wish) -> list[str]:
    language, script, territory = wanted
    return [f"{language}_{script}_{territory}", f"{language}_{territory}", f"{language}_{script}", language]


def _first_known(names: Iterable[str]) -> str | None:
    return next((str(found) for found in map(_known, names) if found), None)


@lru_cache(maxsize=512)
def _known(name: str) -> Locale | None:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None


def _script(language: str, territory: str) -> str:
    likely = get_global("likely_subtags")
    found = likely.get(f"{language}_{territory}") or likely.get(language) or ""
    return found.split("_")[1] if found.count("_") > 1 else ""


def _key(name: str) -> str:
    """A name without accents, capitals, punctuation and filling words, so that spellings meet."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace(".", ""))
    words = re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)))
    return "".join(word for word in words if len(word) > 1 and word not in _FILLING)


@lru_cache(maxsize=2)
def _names(languages: tuple[str, ...]) -> dict[str, str]:
    """Territories by their names, and with English by their codes; a name that means two of them is left out."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for key, territory in _spelt(languages):
        if found.setdefault(key, territory) != territory:
            twice.add(key)
    for key in twice:
        del found[key]
    return found | (_codes() if languages == ("en",) else {})


def _spelt(languages: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((_key(name), code) for language in languages for code, name in _countries(language))


def _countries(language: str) -> Iterator[tuple[str, str]]:
    """Two letters and a name each; CLDR's regions have three digits."""
    for code, name in Locale.parse(language).territories.items():
        if len(str(code)) == 2 and code not in _NO_COUNTRY:  # noqa: PLR2004
            yield str(code), name


def _codes() -> dict[str, str]:
    aliases = {str(old).casefold(): new[0] for old, new in get_global("territory_aliases").items() if len(new) == 1}
    return {**aliases, **{code.casefold(): code for code, _ in _countries("en")}, "uk": "GB", **_ALIASES}
