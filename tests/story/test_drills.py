"""The runbook, tried: each trouble is seen as it says, and is over once somebody has done what it says."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from dramatiq.rate_limits.backends import StubBackend

from sfsync import check, status
from sfsync.cluster.branch import Shop
from sfsync.cluster.clock import Clock
from sfsync.cluster.limits import Limits
from sfsync.cluster.roster import Roster
from sfsync.findings import Findings
from sfsync.pocketorg.schema import ValidationRule
from sfsync.watch import LEASE, Watch
from sfsync.worker import Ticks
from tests import runbook
from tests.conftest import connected, environ, switched_on
from tests.story.conftest import SETTINGS


class Night:
    """A worker that ticks as in production, and an operator who looks and acts."""

    def __init__(self, world, caplog, make_pass=None) -> None:
        self.world, self._log = world, caplog
        caplog.set_level(logging.INFO, "sfsync")
        self.sync, self.variables = world.worker(), environ(world.org)
        self.ticks = Ticks(make_pass or self.sync.run, self.sync.one.settings, world.clock)
        self.tick()

    def tick(self, minutes: float = 1) -> None:
        self.world.clock.forward(minutes=minutes)
        self.ticks.tick()

    def log_says(self, quote: str) -> bool:
        """Whether the log says it; it has to be in the words that the runbook explains."""
        assert quote in runbook.quotes()
        return any(runbook.fits(quote, line) for line in self._log.messages)

    def check(self) -> str:
        """What `sfsync check` finds amiss."""
        found = []
        path = self.world.folder / "sfsync.yaml"
        check.Checks(Findings(found.append)).everything(path, self.variables, self.world.clock)
        return "\n".join(str(each) for each in found if each.mark.value != "✓")

    def files(self, deal: str) -> int:
        """How many lie at the deal, also while nobody can ask."""
        return len(self.world.org.org.get_all("ContentDocumentLink", LinkedEntityId=deal))

    def status(self) -> status.Standing:
        """What `sfsync status` says."""
        return status.look(connected(self.world.org), self.sync.one.settings)


@pytest.fixture
def night(world, caplog):
    switched_on(world.org)
    return Night(world, caplog)


@dataclass(frozen=True)
class Drill:
    """What breaks, what is seen of it, and who does what."""

    breaks: Callable[[Night], object]
    log: str = ""
    check: str = ""
    status: str = ""
    mends: Callable[[Night], object] = lambda _night: None
    #: until it works again, at most
    minutes: float = 5


def fault(what: str | int, **where) -> Callable[[Night], None]:
    return lambda night: night.world.org.faults.add(what, times=10_000, **where)


def no_fault(night: Night) -> None:
    night.world.org.faults.clear()


def revoked(night: Night) -> None:
    """An admin takes a permission away from the worker."""
    [row] = [r for r in permissions(night) if r["Field"] == "Account.BillingAddress"]
    night.world.rep.call("DELETE", f"sobjects/FieldPermissions/{row['Id']}")


def given_back(night: Night) -> None:
    one = {"SobjectType": "Account", "Field": "Account.BillingAddress", "PermissionsRead": True}
    night.world.rep.create("FieldPermissions", ParentId=permissions(night)[0]["ParentId"], PermissionsEdit=False, **one)


def permissions(night: Night) -> list[dict]:
    [ours] = night.world.org.org.get_all("PermissionSet", Name="Order_Form_Worker")
    return night.world.org.org.get_all("FieldPermissions", ParentId=ours["Id"])


def storage(size: int) -> Callable[[Night], None]:
    return lambda night: setattr(night.world.org.org.limits, "storage", size)


def another_secret(night: Night) -> None:
    """An admin makes a new one, which ends the sessions."""
    night.world.org.auth.client_secret = "another"
    night.world.org.faults.add("INVALID_SESSION_ID", path="composite")


def the_old_secret(night: Night) -> None:
    night.world.org.auth.client_secret = night.variables["SF_CLIENT_SECRET"]


def ticked(*, paused: bool) -> Callable[[Night], None]:
    def act(night: Night) -> None:
        [row] = night.world.org.org.get_all("Order_Form_Settings__c")
        night.world.rep.update("Order_Form_Settings__c", row["Id"], Paused__c=paused)

    return act


UPLOAD = {"path": "composite", "body": "ContentVersion"}
DRILLS = {
    "an outage": Drill(
        breaks=fault("html", path="services/data"), log="Salesforce has trouble", check="HTTP 503", mends=no_fault
    ),
    "no network": Drill(
        breaks=fault("drop", path="services/data"),
        log="Salesforce cannot be reached",
        check="Salesforce cannot be reached",
        mends=no_fault,
    ),
    "the org's limit of API calls": Drill(
        breaks=fault("REQUEST_LIMIT_EXCEEDED", path="services/data"),
        log="The org's limit of API calls is reached",
        check="limit of API calls",
        mends=no_fault,
    ),
    "an error that nobody knows": Drill(
        breaks=fault("NEVER_HEARD_OF", **UPLOAD),
        log="sfsync does not know this answer",
        status="Failed",
        mends=no_fault,
    ),
    "a trigger of the org's own": Drill(
        breaks=fault("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", **UPLOAD),
        log="Salesforce answers …",
        status="Failed",
        mends=no_fault,
    ),
    "full storage": Drill(breaks=storage(0), log="Salesforce answers …", status="Failed", mends=storage(10**9)),
    "a field that the worker may no longer read": Drill(
        breaks=revoked,
        log="Salesforce answers …",
        check="or the integration user may not read it",
        mends=given_back,
    ),
    "a new secret": Drill(
        breaks=another_secret,
        log="Salesforce refuses the login by …",
        check="Salesforce refuses the login by client credentials",
        mends=the_old_secret,
    ),
    "a pause": Drill(
        breaks=ticked(paused=True),
        log="paused in Salesforce",
        check="Somebody has paused sfsync in Salesforce.",
        mends=ticked(paused=False),
    ),
}


@pytest.mark.parametrize("name", DRILLS)
def test_what_breaks_is_seen_as_the_runbook_says_and_mended_as_it_says(night, name):
    drill, world = DRILLS[name], night.world
    deal = world.deal()
    world.move(deal)
    drill.breaks(night)
    night.tick()
    night.tick()
    assert night.files(deal) == 0
    assert night.log_says(drill.log)
    assert drill.check in night.check()
    assert (world.status(deal) or "") == drill.status
    drill.mends(night)
    night.tick(drill.minutes)
    night.tick(drill.minutes)
    assert (world.status(deal), night.files(deal)) == ("Ready", 1)
    assert night.check() == ""


def test_a_lock_is_said_after_some_tries_and_ends_by_itself(night):
    deal = night.world.deal()
    night.world.move(deal)
    night.world.org.faults.lock(deal)
    night.tick()
    assert night.log_says("The record is locked by another edit")
    night.world.org.faults.unlock(deal)
    night.tick()
    assert night.world.status(deal) == "Ready"


def test_whoever_touches_a_failed_record_has_its_form_at_once(night):
    deal = night.world.deal()
    storage(0)(night)
    night.world.move(deal)
    for _ in range(8):  # its pause is long by now
        night.tick()
    assert [each.opportunity_id for each in night.status().failed] == [deal]
    storage(10**9)(night)
    night.world.rep.update("Opportunity", deal, NextStep="Again")
    night.tick()
    assert (night.world.status(deal), night.status().failed) == ("Ready", ())


@pytest.mark.parametrize("words", ["Ask Legal first.", ""])
def test_what_the_rep_has_to_mend_status_shows_with_its_message(night, words):
    rule = ValidationRule(name="Legal", formula='ISPICKVAL(Order_Form_Status__c, "Ready")', message=words)
    rules = night.world.org.org.schema.get("Opportunity").rules
    rules += [rule] if words else []
    account = night.world.account(BillingStreet="" if not words else "1 High Street")
    deal = night.world.deal(account=account)
    night.world.move(deal)
    night.tick()
    [waiting] = night.status().waiting
    assert (waiting.opportunity_id, night.world.status(deal)) == (deal, "Needs information")
    assert (words or "Add the billing address to the account.") in waiting.message
    rules.clear()
    night.world.rep.update("Account", account, BillingStreet="1 High Street")
    night.tick(5)
    assert (night.world.status(deal), night.status().waiting) == ("Ready", ())


def test_a_worker_that_starts_without_a_permission_names_the_field(world, caplog):
    revoked(Night(world, caplog))
    assert Night(world, caplog).log_says("… has no '…', or the integration user may not read it")


def test_an_org_that_nobody_switched_on_waits_for_a_yes(world, caplog):
    sync = world.worker()
    sync.watch = Watch(sync.one, at_most=200)
    night = Night(world, caplog, sync.run)
    deal = world.deal()
    world.move(deal)
    night.tick()
    assert night.log_says("sfsync is not switched on for this org")
    assert "sfsync is not switched on for this org." in night.check()
    assert night.status().untouched == 1
    night.sync.one.board.switch_on()  # as sfsync run --yes does
    world.clock.forward(minutes=1)
    later = world.deal()
    world.move(later)
    night.tick(6)
    assert (world.status(later), night.check()) == ("Ready", "")


def test_a_flood_is_held_until_at_most_is_raised(world, caplog):
    switched_on(world.org)
    sync = world.worker()
    sync.watch = Watch(sync.one, at_most=2)
    night = Night(world, caplog, sync.run)
    account = world.account()
    deals = [world.deal(account=account, Name=f"Deal {n}") for n in range(3)]
    world.move(*deals)
    night.tick(6)
    assert night.log_says("… forms are due at once, more than at_most")
    assert [world.status(deal) for deal in deals] == [None] * 3
    sync.watch = Watch(sync.one, at_most=3)
    night.tick(6)
    assert [world.status(deal) for deal in deals] == ["Ready"] * 3


def test_an_allowance_that_is_used_up_is_said_and_is_over_once_it_is_raised(night):
    session, limits = night.sync.one.api.session, Limits(StubBackend(), "drill")
    session._allowed = limits.allowance("main", 1)
    deal = night.world.deal()
    night.world.move(deal)
    night.tick()
    night.tick()
    assert night.log_says("sfsync has used up its API calls for today")
    session._allowed = limits.allowance("main", 1000)
    night.tick()
    assert night.world.status(deal) == "Ready"


def test_the_end_of_an_outage_is_said_too(night):
    fault("html", path="services/data")(night)
    night.tick()
    no_fault(night)
    night.tick()
    assert night.log_says("the org answers again")


def test_what_a_broker_lost_or_nobody_serves_is_sent_again_and_made_once(world, caplog):
    sync, sent, elapsed = world.worker(), [], [0.0]
    watch = Watch(sync.one, clock=lambda: elapsed[0])
    clock = Clock(sync.one, watch, sent.append, ahead=2, clock=lambda: elapsed[0])
    night = Night(world, caplog, clock.run)
    deal = world.deal()
    world.move(deal)
    night.tick()
    assert len(sent) == 1
    elapsed[0] += LEASE + 1
    night.tick()
    assert night.log_says("nothing was heard of … batches; they are sent again")
    assert [set(batch.failures) for batch in sent] == [{deal}] * 2
    for batch in sent:  # both come to light after all
        clock.hear(sync.serve.batch(batch))
    assert (world.status(deal), world.versions(deal)) == ("Ready", 1)


def test_a_secret_of_its_own_is_not_seen_before_a_restart(world, tmp_path, caplog):
    folder = tmp_path / "config" / "orgs"
    folder.mkdir(parents=True)
    (tmp_path / "config" / "form.xml").write_text((world.folder / "form.xml").read_text())
    (tmp_path / "config" / "sfsync.yaml").write_text(SETTINGS)
    for name in ("acme", "globex"):
        (folder / f"{name}.yaml").write_text("extends: ../sfsync.yaml\n")
    variables = {f"{name}_ACME": value for name, value in environ(world.org).items()}

    def started() -> Roster:
        shop = Shop(limits=Limits(StubBackend(), "drill"), installation="drill", now=world.clock)
        return Roster(folder.parent / "sfsync.yaml", dict(variables), shop, lambda _org, _batch: None)

    running = started()
    assert set(running.look()) == {"acme"}
    assert [line for line in caplog.messages if line.startswith("the org globex is out: ")]
    variables |= {f"{name}_GLOBEX": value for name, value in environ(world.org).items()}
    assert set(running.look()) == {"acme"}
    assert set(started().look()) == {"acme", "globex"}
