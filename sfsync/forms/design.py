"""What a form is made with: its template and its look, in memory, ready to be sent to another process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from sfsync.forms.template import Template
from sfsync.forms.theme import Theme


@dataclass(frozen=True)
class Design:
    """Everything that rendering needs beside the data."""

    template: Template
    theme: Theme = field(default_factory=Theme)
    #: PDF files that may be appended: name -> content
    appendices: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    #: a PDF that lies under the form's pages
    letterhead: bytes | None = field(default=None, repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of everything above."""
        digest = sha256(f"{self.template.fingerprint}\n{self.theme}".encode())
        for name, content in (*sorted(self.appendices.items()), ("letterhead", self.letterhead or b"")):
            digest.update(f"\n{name} {len(content)}\n".encode() + content)
        return digest.hexdigest()[:16]
