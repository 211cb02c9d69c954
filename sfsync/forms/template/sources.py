"""Templates as their authors see them: files with lines and columns, and the names that stand there."""

import re
from dataclasses import dataclass

from jinja2 import nodes

from sfsync.forms.template.skeleton import position

#: what `form.` offers to a template
FORM_KEYS = ("number", "version", "requested_on", "currency", "language", "name", "title")
#: what `company.` offers, and what the settings may say of the company
COMPANY_KEYS = ("name", "legal_name", "logo", "address", "email", "phone", "website", "tax_id")


@dataclass(frozen=True)
class FieldPath:
    """`Account.BillingCity`, relative to the Opportunity, and where a template reads it (file:line:column)."""

    path: str
    where: str


@dataclass(frozen=True)
class Source:
    """A template file as messages show it."""

    name: str
    text: str

    def place(self, line: int, wanted: str = "") -> str:
        """file:line:column of `wanted` at or shortly after `line`; else of the line's first value or statement."""
        lines = self.text.split("\n")[line - 1 : line + 5]
        for number, text in enumerate(lines, line):
            if wanted and (found := re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text)):
                return f"{self.name}:{number}:{found.start() + 1}"
        begun = re.search(r"\{[{%]", lines[0]) if lines else None
        return f"{self.name}:{line}:{begun.start() + 1 if begun else 1}"

    def at(self, character: int) -> str:
        """file:line:column of a character."""
        line, column = position(self.text, character)
        return f"{self.name}:{line}:{column}"


def spelt(node: nodes.Node | None) -> str:
    """An expression as the author wrote it, as far as it is names and dots."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{spelt(node.node)}.{node.attr}"
    if isinstance(node, nodes.Filter):
        return spelt(node.node)
    return ""
