"""One file of metadata in source format, read so that nothing in it goes unnoticed."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Self
from xml.etree import ElementTree as ET

from sfsync.pocketorg import xmltext
from sfsync.pocketorg.errors import ApiError

_CUSTOM_NAME = re.compile(r"[A-Za-z](?:\w{0,76}[A-Za-z0-9])?__c", re.ASCII)
_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"


class MetadataError(Exception):
    """A piece of metadata that the pocket org does not understand: which file, which element."""

    def __init__(self, file: PurePath, what: str) -> None:
        super().__init__(f"{file}: {what}")
        self.file = file
        self.what = what


class Element:
    """An element whose children are taken one by one; what is left over at the end is refused by `close`."""

    def __init__(self, file: PurePath, element: ET.Element) -> None:
        self.file = file
        self.tag = element.tag.removeprefix(_NAMESPACE)
        self.own_text = (element.text or "").strip()
        self._element = element
        self._left = [Element(file, child) for child in element]

    @classmethod
    def read(cls, file: Path, kind: str) -> Self:
        """Open a file whose root must be `kind`: CustomField, PermissionSet."""
        return cls.parse(file, file.read_bytes(), kind)

    @classmethod
    def parse(cls, file: PurePath, text: bytes, kind: str) -> Self:
        """Read the text of a file, wherever it came from."""
        try:
            root = cls(file, xmltext.parse(text))
        except ApiError as bad:
            raise MetadataError(file, str(bad)) from bad
        if root.tag != kind:
            raise MetadataError(file, f"<{root.tag}> where <{kind}> belongs")
        return root

    def refuse(self, what: str) -> MetadataError:
        return MetadataError(self.file, f"<{self.tag}>: {what}")

    @property
    def empty(self) -> bool:
        """Whether every child has been taken."""
        return not self._left

    def written(self, *without: str) -> str:
        """The XML of its children as the Metadata API gives it back, without those of some names."""
        return "".join(xmltext.written(each) for each in self._element if xmltext.local(each) not in without)

    @property
    def full_name(self) -> str:
        """What `<fullName>` says, which stays to be taken."""
        return next((each.own_text for each in self._left if each.tag == "fullName"), "")

    def texts(self, tag: str) -> list[str]:
        """The texts of all elements of that name, however deep they stand; nothing is taken."""
        below = [text for each in self._left for text in each.texts(tag)]
        return ([self.own_text] if self.tag == tag else []) + below

    def all(self, tag: str) -> list["Element"]:
        """Take every child of that name."""
        found = [each for each in self._left if each.tag == tag]
        self._left = [each for each in self._left if each.tag != tag]
        return found

    def child(self, tag: str) -> "Element | None":
        found = self.all(tag)
        if len(found) > 1:
            raise self.refuse(f"<{tag}> stands {len(found)} times")
        return found[0] if found else None

    def text(self, tag: str, default: str = "") -> str:
        found = self.child(tag)
        if found is None:
            return default
        found.close()
        return found.own_text

    def required(self, tag: str) -> str:
        value = self.text(tag)
        if not value:
            raise self.refuse(f"needs <{tag}>")
        return value

    def check_name(self, name: str) -> str:
        """Give back the API name of something custom, or refuse it. No other name ever reaches the database."""
        if not _CUSTOM_NAME.fullmatch(name):
            raise self.refuse(
                f"{name}: the API name can only contain underscores and alphanumeric characters. It must begin with a "
                "letter, not include spaces, not end with an underscore, and end in __c"
            )
        return name

    def flag(self, tag: str, *, default: bool = False) -> bool:
        value = self.text(tag, str(default).lower())
        if value not in {"true", "false"}:
            raise self.refuse(f"<{tag}> must be true or false, not {value}")
        return value == "true"

    def number(self, tag: str, default: int | None = None) -> int:
        value = self.text(tag, "" if default is None else str(default))
        if not value.isdigit():
            raise self.refuse(f"<{tag}> must be a whole number" + (f", not {value}" if value else ""))
        return int(value)

    def choice(self, tag: str, choices: Iterable[str], default: str = "") -> str:
        value, known = self.text(tag, default), tuple(choices)
        if value not in known:
            raise self.refuse(f"<{tag}> {value or '(empty)'} is not spoken here; {', '.join(known)} are")
        return value

    def ignore(self, *tags: str) -> None:
        """Drop what changes nothing in a pocket org: descriptions, page settings."""
        self._left = [each for each in self._left if each.tag not in tags]

    def close(self) -> None:
        """Refuse whatever nobody has asked for."""
        if self._left:
            raise self.refuse(f"<{self._left[0].tag}> is not spoken here")
