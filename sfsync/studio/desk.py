"""What lies on the admin's desk: the files as they are on disk with their mistakes, and the form that they make.

Reads the org and never writes to it. Everything stays in memory.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sfsync import config as configs
from sfsync import preview
from sfsync.config import Config, shown
from sfsync.errors import SetupError, SetupErrors, SfsyncError
from sfsync.forms import blueprint as order_forms
from sfsync.forms.blueprint import Blueprint
from sfsync.preview import Preview
from sfsync.records import Pdf
from sfsync.renderers import Renderers
from sfsync.salesforce import soql
from sfsync.salesforce.api import Api
from sfsync.salesforce.describe import Describer, ObjectInfo
from sfsync.salesforce.org import Org
from sfsync.samples import SAMPLES

#: file:line, or file:line:column
_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+)(?::(?P<column>\d+))?")
_SHOWN = ("*.xml", "words/*.yaml")
_MOST_DEALS = 20
_MOST_FIELDS = 60


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, at a line of a file where it has one."""

    file: str
    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Made:
    """What came of the last look at a deal."""

    #: counts up, so that a page of an older form is never shown with a newer one
    number: int
    pdf: Pdf | None
    said: Mapping[str, Any]


class Desk:
    """Settings and templates of one folder, and one org or none."""

    def __init__(self, path: Path, renderers: Renderers, api: Api | None, now: Callable[[], datetime]) -> None:
        self.path, self._renderers, self._api, self._now = path, renderers, api, now
        self._org = Org(api, currency=None) if api else None
        self.mistakes: tuple[Mistake, ...] = ()
        self.made = Made(0, None, {})
        self._config: Config | None = None
        self._blueprints: tuple[Blueprint, ...] = ()
        self._lock = threading.Lock()

    def stamp(self) -> str:
        """The state of all files: another text as soon as one of them is saved."""
        every = [self.path, *sorted(path for path in self._folder.rglob("*") if path.is_file())]
        return " ".join(f"{path.name}:{_moment(path)}" for path in every)

    def files(self) -> list[dict[str, str]]:
        """The settings and every template, as they are on disk now."""
        return [{"name": shown(path), "text": _text(path)} for path in self._paths()]

    def state(self) -> dict[str, Any]:
        """Read everything anew; what the page shows beside the form."""
        with self._lock:
            stamp = self.stamp()
            self._load()
            return {
                "stamp": stamp,
                "files": self.files(),
                "mistakes": [asdict(mistake) for mistake in self.mistakes],
                "forms": [b.settings.name for b in self._blueprints],
                "samples": list(SAMPLES),
                "org": self._api is not None,
            }

    def look(self, deal: str, form: str) -> Made:
        """Make the form of a deal ('sample:usual' or an Opportunity's Id) with what is on disk now."""
        with self._lock:
            started = time.monotonic()
            pdf, said = self._look(deal, form)
            said["seconds"] = round(time.monotonic() - started, 2)
            self.made = Made(self.made.number + 1, pdf, said)
            return self.made

    def deals(self, wanted: str) -> list[dict[str, str]]:
        """Deals by their name, or those that moved last."""
        if self._api is None:
            return []
        like = [soql.contains("Name", wanted)] if wanted else []
        fields = ["Id", "Name", "StageName", "Account.Name"]
        text = soql.select(fields, "Opportunity", *like, order="SystemModstamp DESC") + f" LIMIT {_MOST_DEALS}"
        return [
            {"id": row["Id"], "name": row["Name"], "stage": row["StageName"],
             "account": (row["Account"] or {}).get("Name") or ""}
            for row in self._api.query(text)
        ]  # fmt: skip

    def fields(self, wanted: str) -> list[dict[str, str]]:
        """Fields of the org whose label or path has these words; without an org, those that the forms read."""
        words = wanted.lower().split()
        every = _org_fields(self._org.describer) if self._org else self._read_fields()
        hits = (f for f in every if all(w in f"{f['path']} {f['label']}".lower() for w in words))
        return [hit for hit, _ in zip(hits, range(_MOST_FIELDS), strict=False)]

    # ------------------------------------------------------------- its files

    @property
    def _folder(self) -> Path:
        folders = configs.template_folders(self.path)
        return next((folder for folder in folders if folder.is_dir()), folders[0])

    def _paths(self) -> list[Path]:
        return [self.path, *(path for pattern in _SHOWN for path in sorted(self._folder.glob(pattern)))]

    def _load(self) -> None:
        try:
            self._config = configs.load(self.path)
            self._blueprints = order_forms.load(self._config)
            self._renderers.redesign({b.settings.name: b.design for b in self._blueprints})
            self.mistakes = ()
        except SetupError as error:
            self._config, self._blueprints = None, ()
            self.mistakes = tuple(map(_mistake, _each(error)))

    # -------------------------------------------------------------- its form

    def _look(self, deal: str, form: str) -> tuple[Pdf | None, dict[str, Any]]:
        if self._config is None:
            return None, {"error": "The form cannot be made before the mistakes on the left are mended."}
        try:
            found = self._preview(deal, form)
            [pdf] = self._renderers.render([found.form])
            told = preview.explained(found, self._config, self._blueprints, self._now())
        except SfsyncError as error:
            return None, {"error": str(error)}
        if isinstance(pdf, SfsyncError):
            return None, {"error": str(pdf)}
        return pdf, {
            "title": found.form.title,
            "form": found.form.name,
            "pages": pdf.pages,
            "missing": pdf.missing,
            "gaps": list(found.gaps),
            "explained": asdict(told),
        }

    def _preview(self, deal: str, form: str) -> Preview:
        assert self._config is not None
        kind, _, name = deal.partition(":")
        if kind == "sample" or self._api is None:
            return preview.of_sample(self._config, self._blueprints, name or "usual", form)
        return preview.of_record(self._api, self._config, self._blueprints, preview.record_id(deal), form)

    # ------------------------------------------------------------ its fields

    def _read_fields(self) -> Iterator[dict[str, str]]:
        paths = sorted({path for b in self._blueprints for path in b.paths})
        return ({"path": _spelt(path), "label": "", "type": ""} for path in paths)


#: parents whose fields are worth a search; others can be named all the same
_PARENTS = frozenset({"Account", "User", "Contact", "Product2", "PricebookEntry", "Campaign", "Contract"})


def _org_fields(describer: Describer) -> Iterator[dict[str, str]]:
    """Of the Opportunity and of its products, and of what each of them looks up."""
    opportunity = describer.get("Opportunity")
    yield from _around("Opportunity", opportunity, describer)
    if order_forms.LINES in opportunity.children:
        yield from _around("line", describer.get(opportunity.children[order_forms.LINES][0]), describer)


def _around(root: str, info: ObjectInfo, describer: Describer) -> Iterator[dict[str, str]]:
    objects = {root: info}
    for lookup in (f for f in info.fields.values() if f.parent in _PARENTS):
        with suppress(SetupError):  # an object that this user may not see
            objects[f"{root}.{lookup.relationship}"] = describer.get(lookup.parent)
    for prefix, found in objects.items():
        for one in found.fields.values():
            yield {"path": f"{prefix}.{one.name}", "label": f"{found.label}: {one.label}", "type": one.type}


def _spelt(path: str) -> str:
    first, _, rest = path.partition(".")
    return f"line.{rest}" if first == order_forms.LINES and rest else f"Opportunity.{path}"


def _each(error: SetupError) -> Sequence[SetupError]:
    return error.problems if isinstance(error, SetupErrors) else (error,)


def _mistake(problem: SetupError) -> Mistake:
    place = _PLACE.fullmatch(problem.where)
    what = f"{problem.what} {problem.remedy}".strip()
    return Mistake(place["file"], int(place["line"]), what) if place else Mistake(problem.where, 0, what)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig", errors="replace")
    except OSError:
        return ""


def _moment(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
