"""What a form was made of, written into it: whoever has the file can tell, and can make it again.

It holds hashes and names, no value of the record.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sfsync import __version__
from sfsync.errors import SetupError
from sfsync.forms.design import Design
from sfsync.forms.page.output import MADE_OF
from sfsync.records import OrderForm

_OTHERS = "It was not made by sfsync, or somebody saved it anew."


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Everything that decided what a form says."""

    #: version of sfsync
    sfsync: str
    #: the form's name in the settings, and its template
    form: str
    template: str
    #: Id of the Opportunity
    opportunity: str
    version: int
    requested_at: datetime
    #: over template, theme, letterhead and terms
    design: str
    #: over the settings that decide what a form says
    settings: str
    #: of each value that the form was made from, by field path: see `due.fingerprints`
    data: Mapping[str, str]
    #: file of the terms that were chosen; '' where there are none
    terms: str
    locale: str
    language: str
    currency: str
    time_zone: str

    @classmethod
    def of(cls, form: OrderForm, design: Design) -> "Provenance":
        return cls(
            sfsync=__version__,
            form=form.name,
            template=form.template,
            opportunity=form.opportunity_id,
            version=form.version,
            requested_at=form.requested_at.astimezone(UTC),
            design=design.fingerprint,
            settings=form.settings_mark,
            data=form.made_from,
            terms=form.terms,
            locale=form.locale,
            language=form.language,
            currency=form.currency,
            time_zone=form.time_zone,
        )

    @classmethod
    def read(cls, content: bytes, name: str) -> "Provenance":
        """Read it off a PDF. Raises SetupError where it is none of ours."""
        from sfsync.forms.pdf import flatten  # noqa: PLC0415 (brings pypdf along, of which rendering has no need)

        text = flatten.read_info(content, name).get(f"/{MADE_OF}")
        try:
            said = json.loads(str(text or ""))
            said["requested_at"] = datetime.fromisoformat(said["requested_at"])
            return cls(**{field.name: said[field.name] for field in fields(cls)})
        except (ValueError, TypeError, KeyError):
            raise SetupError("The file does not say what it was made of.", where=name, remedy=_OTHERS) from None

    def text(self) -> str:
        """As JSON in ASCII: the same each time."""
        return json.dumps(self.plain(), sort_keys=True, separators=(",", ":"))

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"requested_at": self.requested_at.isoformat(), "data": dict(self.data)}
