"""Nothing is made by accident: a flood is held until somebody says yes, and anybody may look first."""

from sfsync import config, outlook
from sfsync.errors import Held
from sfsync.forms import compose
from sfsync.outlook import Prospect, What
from sfsync.sync import Sync
from tests.conftest import connected
from tests.story.conftest import SETTINGS


def worker(world, **more) -> Sync:
    (world.folder / "sfsync.yaml").write_text(SETTINGS)
    loaded = config.load(world.folder / "sfsync.yaml")
    api = connected(world.org)
    api.session._now = world.clock
    return Sync(api, loaded.settings, compose.load(loaded), world.renderers, **more)


def foreseen(world, *, remake: bool = False) -> dict[str, Prospect]:
    """What a pass would do, by Opportunity Id; it is proved that nothing is written meanwhile."""
    (world.folder / "sfsync.yaml").write_text(SETTINGS)
    loaded = config.load(world.folder / "sfsync.yaml")
    api = connected(world.org)
    api.session._now = world.clock
    scope = outlook.scope(api, loaded.settings, compose.load(loaded), remake=remake)
    before = len(world.org.calls)
    found = {p.opportunity_id: p for p in outlook.all_of(scope, world.clock.now.replace(year=2020))}
    sent = world.org.calls[before:]
    assert all(call.method == "GET" or call.path.endswith("composite") for call in sent)
    return found


def test_looking_ahead_says_of_each_record_what_and_why_and_writes_nothing(world):
    good, bare, elsewhere = world.deal(), world.deal(products=0), world.deal()
    world.move(good, bare)
    found = foreseen(world)
    assert set(found) == {good, bare}
    assert (found[good].what, found[good].version, found[good].form) == (What.MAKE, 1, "Standard")
    assert found[good].why.startswith("it reached Order Form on 20")
    assert (found[bare].what, found[bare].lacks) == (
        What.ASK,
        "• Add at least one product. (Opportunity Product: none)",
    )
    assert (world.status(good), world.status(bare), world.status(elsewhere)) == (None, None, None)


def test_looking_ahead_names_the_fields_that_changed_since_the_last_version(world):
    deal = world.deal()
    world.move(deal)
    world.run()
    world.clock.forward(minutes=1)
    world.product(deal, quantity=5)
    world.rep.update("Opportunity", deal, Name="Better looms")
    assert foreseen(world)[deal].why == "Opportunity: Amount, Opportunity: Name, Opportunity Product and 4 more changed"
    assert foreseen(world)[deal].version == 2


def test_an_unchanged_record_is_not_spoken_of(world):
    deal = world.deal()
    world.move(deal)
    world.run()
    assert foreseen(world) == {}


def test_a_new_template_is_foreseen_only_with_remake(world):
    deal = world.deal()
    world.move(deal)
    world.run()
    template = world.folder / "form.xml"
    template.write_text(template.read_text().replace("</form>", "<p>New</p></form>"))
    assert foreseen(world) == {}
    assert foreseen(world, remake=True)[deal].why == "the template or the settings changed"


def test_wiped_fields_are_foreseen_as_a_restoring(world):
    deal = world.deal()
    world.move(deal)
    world.run()
    world.rep.update("Opportunity", deal, Order_Form_Status__c=None)
    assert foreseen(world)[deal].what is What.RESTORE


def test_a_flood_is_held_whole_until_somebody_says_yes(world):
    deals = [world.deal() for _ in range(4)]
    world.move(*deals)
    careful = worker(world, at_most=3)
    report = world.run(careful)
    assert isinstance(report.error, Held)
    assert str(report.error) == (
        "4 forms are due at once, more than at_most (3). None is made. "
        "Look at them: sfsync run --dry-run. Then make them: sfsync run --yes."
    )
    assert (report.made, report.exit_code) == (0, 2)
    assert [world.versions(deal) for deal in deals] == [0] * 4
    assert world.run(worker(world)).made == 4
    assert world.run(careful).error is None


def test_records_that_only_ask_for_something_are_no_flood(world):
    deals = [world.deal(products=0) for _ in range(4)]
    world.move(*deals)
    report = world.run(worker(world, at_most=3))
    assert (report.waiting, report.error) == (4, None)


def test_a_mass_change_of_what_forms_print_is_a_flood_too(world):
    account = world.account()
    deals = [world.deal(account=account) for _ in range(4)]
    world.move(*deals)
    careful = worker(world, at_most=4)
    assert world.run(careful).made == 4
    world.run(careful)
    world.rep.update("Account", account, BillingCity="Vienna")
    assert world.run(careful).made == 4
    careful._at_most = 3
    world.run(careful)
    world.rep.update("Account", account, BillingCity="Rome")
    assert isinstance(world.run(careful).error, Held)


def test_remake_is_held_as_well(world):
    deals = [world.deal() for _ in range(3)]
    world.move(*deals)
    world.run()
    template = world.folder / "form.xml"
    template.write_text(template.read_text().replace("</form>", "<p>New</p></form>"))
    assert isinstance(world.run(worker(world, remake=True, at_most=2)).error, Held)
    assert world.run(worker(world, remake=True)).made == 3


def test_a_backlog_goes_on_where_it_was_stopped(world):
    deals = [world.deal() for _ in range(12)]
    world.move(*deals)
    stopped = []
    first = world.run(worker(world, stopping=lambda: bool(stopped), attached=stopped.append))
    assert (first.made, stopped) == (10, [10])
    assert world.run(worker(world)).made == 2
    assert [world.versions(deal) for deal in deals] == [1] * 12


def test_what_a_backlog_costs_is_said_before_it_starts(world):
    (world.folder / "sfsync.yaml").write_text(SETTINGS)
    loaded = config.load(world.folder / "sfsync.yaml")
    scope = outlook.scope(connected(world.org), loaded.settings, compose.load(loaded))
    costs = outlook.estimate(scope, 1000, 900)
    assert 18 <= costs.calls <= 30
    assert 60 <= costs.at_most.total_seconds() <= 300
