"""What a form is made with: its template and its look, in memory, ready to be sent to another process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from sfsync.forms.legal import PdfForm
from sfsync.forms.page.output import bare
from sfsync.forms.page.theme import Theme
from sfsync.forms.pdf import archive
from sfsync.forms.pdf.foreign import PdfFile
from sfsync.forms.template.template import Template


@dataclass(frozen=True)
class Design:
    """Everything that rendering needs beside the data."""

    template: Template | PdfForm
    theme: Theme = field(default_factory=Theme)
    #: PDF files that may be appended, by their names
    appendices: Mapping[str, PdfFile] = field(default_factory=dict, repr=False)
    #: its first page lies under the form's first page, its last page under the later ones
    letterhead: PdfFile | None = field(default=None, repr=False)
    #: whether forms are made as PDF/A-2b
    archived: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of everything above."""
        digest = sha256(f"{self.template.fingerprint}\n{self.theme}\n{self.archived}".encode())
        for name, file in (*sorted(self.appendices.items()), ("letterhead", self.letterhead)):
            digest.update(f"\n{name} {file.fingerprint if file else ''}".encode())
        return digest.hexdigest()[:16]

    def check_archived(self) -> None:
        """Other people's pages go into a PDF/A only if they conform. Raises SetupError for the first that does not."""
        files = [file for file in (*self.appendices.values(), self.letterhead) if file]
        for file in files:
            archive.refuse(file.name, archive.findings(bare(file)))
        if isinstance(self.template, PdfForm):
            looks = tuple(self.template.looks)
            archive.refuse(self.template.name, archive.findings(bare(self.template.file, looks)))
