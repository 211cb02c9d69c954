"""The row of `Order_Form_Settings__c`: the admin's pause switch, and what the worker says of itself.

All of it is optional: an org without the object has no switch, and hears nothing. The switch is read along with calls
that are made anyway; the worker's own words are written every few minutes, by an upsert that may be sent again.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sfsync import __version__
from sfsync.errors import SfsyncError, TryAgainLater
from sfsync.events import Files, Heed, nobody
from sfsync.records import Status
from sfsync.salesforce import soql
from sfsync.salesforce.api import Api
from sfsync.settings import Settings

log = logging.getLogger(__name__)

OBJECT = "Order_Form_Settings__c"
#: read, and ticked by an admin alone
PAUSED = "Paused__c"
#: since when forms are made here, once somebody has said so: `sfsync run --yes`, or an admin in Salesforce
SWITCHED_ON = "Switched_On__c"
#: the external Id by which this row is found among those of the daily digest
KEY, ONLY = "Key__c", "only"
WRITTEN = (
    "Last_Seen__c",
    "Waiting__c",
    "Failed__c",
    "Last_Words__c",
    "Worker_Version__c",
    "Installation__c",
    SWITCHED_ON,
)
_ROW = f"sobjects/{OBJECT}/{KEY}/{ONLY}"
_SWITCH = f"{_ROW}?fields={PAUSED},{SWITCHED_ON},Installation__c"
#: how often the worker says that it is there; and at the most, when there is something new to say
BEAT, _BREATH = timedelta(minutes=5), timedelta(minutes=1)
#: an org that has no such row, or lets the worker not write it, is not asked again so soon
_REFUSED = timedelta(hours=1)
_DAY = timedelta(days=1)
#: characters, as shipped in config/salesforce
_LONGEST_WORDS, _LONGEST_NAME = 1000, 80


class Board:
    """The row, as it was last seen."""

    def __init__(self, api: Api, settings: Settings, installation: str = "", heed: Heed = nobody) -> None:
        """`installation` tells this one from others that might work on the same org: the name of its app or machine."""
        self._api, self._settings, self._installation = api, settings, installation[:_LONGEST_NAME]
        self._heed = heed
        self._said: str | None = None
        self._beat_at: datetime | None = None
        self._not_before: datetime | None = None
        self._alone = True
        self.paused = False
        #: None as long as nobody has said yes
        self.switched_on: datetime | None = None

    # ------------------------------------------------------------------ the switch

    @property
    def reads(self) -> Mapping[str, Callable[[Any], None]]:
        """What to read beside other things, and who takes the answer."""
        return {_SWITCH: self._learn}

    def look(self) -> None:
        """Look at the row alone. Raises TryAgainLater."""
        [answer] = self._api.composite([_SWITCH])
        if isinstance(answer, TryAgainLater):
            raise answer
        self._learn(answer)

    def still_paused(self) -> bool:
        """Look at the switch alone. Raises TryAgainLater."""
        self.look()
        return self.paused

    def switch_on(self) -> datetime:
        """Say in the org that forms are made from now on. Raises SetupError where it has no such row."""
        self.switched_on = self._api.session.now().replace(microsecond=0)
        self._api.call("PATCH", _ROW, {SWITCHED_ON: soql.moment(self.switched_on)}, reads=True)
        return self.switched_on

    def _learn(self, answer: Any) -> None:
        """Take in a row, or why there is none: then there is no switch."""
        if isinstance(answer, TryAgainLater):
            return
        row = {} if isinstance(answer, SfsyncError) else answer
        paused = bool(row.get(PAUSED))
        if paused and not self.paused:
            log.info("paused in Salesforce: nothing is made until Paused is unticked in Order Form Settings")
        if self.paused and not paused:
            log.info("no longer paused in Salesforce: what was asked for meanwhile is made now")
        self.paused = paused
        since = row.get(SWITCHED_ON)
        self.switched_on = datetime.fromisoformat(since).astimezone(UTC) if since else None
        self._notice(row.get("Installation__c") or "")

    def _notice(self, installation: str) -> None:
        """Say once that somebody else writes this row too."""
        if self._alone and self._beat_at and installation and installation != self._installation:
            log.warning("another installation works on this org as well: %s. One is enough", installation)
            self._alone = False

    # ------------------------------------------------------------------- last words

    def beat(self, trouble: SfsyncError | None) -> None:
        """Say that the worker is there, and what troubles it, if it is time to. Never raises."""
        said = self._settings.messages
        now, words = self._api.session.now(), str(trouble) if trouble else said.paused if self.paused else said.all_well
        if not self._is_time(words, now):
            return
        try:
            self._write(words, now)
        except TryAgainLater as error:
            log.debug("not said in Salesforce: %s", error.in_log)
        except SfsyncError as error:
            log.debug("no Order Form Settings in this org: %s", error.in_log)
            self._not_before = now + _REFUSED
        self._said, self._beat_at = words, now

    def _is_time(self, words: str, now: datetime) -> bool:
        if self._not_before and now < self._not_before:
            return False
        waited = now - self._beat_at if self._beat_at else BEAT
        return waited >= (BEAT if words == self._said else _BREATH)

    def _write(self, words: str, now: datetime) -> None:
        waiting, failed, files = self._counts(now)
        self._heed(Files(count=files))
        row = {
            "Last_Seen__c": soql.moment(now),
            "Waiting__c": waiting,
            "Failed__c": failed,
            "Last_Words__c": words[:_LONGEST_WORDS],
            "Worker_Version__c": __version__,
            "Installation__c": self._installation or None,
        }
        self._api.call("PATCH", _ROW, row, reads=True)

    def _counts(self, now: datetime) -> list[int]:
        """How many Opportunities wait for their owner, how many failed, and how many forms were made in 24 hours."""
        kinds = (Status.NEEDS_INFORMATION, Status.FAILED)
        where = [soql.among(self._settings.fields.status, [kind.value]) for kind in kinds]
        texts = [soql.select(["COUNT()"], "Opportunity", condition) for condition in where]
        since = f"CreatedDate >= {soql.moment(now - _DAY)}"
        texts.append(soql.select(["COUNT()"], "Order_Form__c", since))
        counts = []
        for answer in self._api.composite(soql.url(text) for text in texts):
            if isinstance(answer, SfsyncError):
                raise answer
            counts.append(int(answer["totalSize"]))
        return counts
