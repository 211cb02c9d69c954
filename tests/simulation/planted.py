"""Workers that are built worse than ours: what the oracle has to notice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sfsync.errors import AnswerLost, Outage
from sfsync.records import Made, Opportunity, Upload
from sfsync.report import Report
from sfsync.salesforce.attach import Answers, Attacher
from sfsync.salesforce.budget import Retries
from sfsync.salesforce.org import Org
from sfsync.sync import Sync


class _Planted(Attacher):
    """Takes the place of the real one, with its state."""

    @classmethod
    def into(cls, sync: Sync) -> None:
        sync.serve.attacher.__class__ = cls


class RepeatsBlindly(_Planted):
    """No answer came: it sends the same again under the next version, as somebody does who never looks."""

    def _look_up(self, uploads: list[Upload], _lost: AnswerLost) -> Answers:
        return self._send([replace(u, version=u.version + 1) for u in uploads])


class WithoutKey(_Planted):
    """Its rows have no key, so that nothing refuses a second one of the same version."""

    def _writes(self, upload: Upload, ready_at: Any) -> list[dict[str, Any]]:
        writes = super()._writes(upload, ready_at)
        return [{**w, "body": {k: v for k, v in w["body"].items() if k != "Key__c"}} for w in writes]


class InTwoCalls(_Planted):
    """File and row go one after the other, and not in one transaction."""

    def _send(self, uploads: list[Upload]) -> Answers:
        for upload in uploads:
            file, *_ = self._writes(upload, upload.requested_at)
            self._api.call("POST", "sobjects/ContentVersion", file["body"], reads=False)
        return super()._send(uploads)


class WritesMore(_Planted):
    """It writes a field that belongs to the reps."""

    def _writes(self, upload: Upload, ready_at: Any) -> list[dict[str, Any]]:
        *others, last = super()._writes(upload, ready_at)
        return [*others, {**last, "body": {**last["body"], "NextStep": "Send the form"}}]


class _ReadsWorse(Org):
    @classmethod
    def into(cls, sync: Sync) -> None:
        sync.one.org.__class__ = cls


class TrustsOurFields(_ReadsWorse):
    """It believes what stands on the Opportunity, where anybody may wipe it, and not the rows."""

    def read(self, *args: Any) -> Iterator[Any]:
        for each in super().read(*args):
            yield replace(each, made=_as_shown(each)) if isinstance(each, Opportunity) else each


def _as_shown(each: Opportunity) -> Made | None:
    if each.made is None or each.shown.version is None:
        return None
    return replace(each.made, version=each.shown.version, token=each.shown.token or "")


class RemembersData(_ReadsWorse):
    """It reads the version now and takes the data that it read last: the version is later than the data."""

    def read(self, *args: Any) -> Iterator[Any]:
        known = self.__dict__.setdefault("known", {})
        for each in super().read(*args):
            old = known.get(each.id, each)
            known[each.id] = each
            yield replace(each, values=old.values) if isinstance(each, Opportunity) else each


class NeverRestores(_ReadsWorse):
    """It leaves the record as somebody wiped it."""

    def read(self, *args: Any) -> Iterator[Any]:
        for each in super().read(*args):
            made = getattr(each, "made", None)
            shown = made and replace(each.shown, status="Ready", message=None, version=made.version, token=made.token)
            yield replace(each, shown=shown) if shown else each


class RepeatsWithoutEnd(Retries):
    """Each call is tried four times, however long the org has been down."""

    __slots__ = ()

    def take(self) -> bool:
        return True

    @classmethod
    def into(cls, sync: Sync) -> None:
        sync.one.api.session._retries.__class__ = cls


class OneByOneAfterAnOutage(Sync):
    """Once burnt it sends each form in a call of its own, for the rest of its life."""

    careful = False

    def run(self, *, sweep: bool = False) -> Report:
        self.serve.attacher.batch_size = 1 if self.careful else self.serve.attacher.batch_size
        report = super().run(sweep=sweep)
        self.careful = self.careful or isinstance(report.error, Outage)
        return report

    @classmethod
    def into(cls, sync: Sync) -> None:
        sync.__class__ = cls
        sync.serve.attacher._adapt = lambda *_: None


#: each with the invariants that it breaks
PLANTED: list[tuple[Callable[[Sync], None], set[str]]] = [
    (RepeatsBlindly.into, {"I2"}),
    (WithoutKey.into, {"I2"}),
    (InTwoCalls.into, {"I2"}),
    (WritesMore.into, {"I1"}),  # its permission set refuses the write, and no form comes
    (TrustsOurFields.into, {"I1"}),
    (RemembersData.into, {"I3"}),
    (NeverRestores.into, {"I1"}),
]

#: those that I7 finds out where the org is down for a while
WASTEFUL: list[Callable[[Sync], None]] = [RepeatsWithoutEnd.into, OneByOneAfterAnOutage.into]
