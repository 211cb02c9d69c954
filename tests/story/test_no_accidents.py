"""Nothing is made by accident: a flood is held until somebody says yes, and anybody may look first."""

from sfsync import config, outlook
from sfsync.errors import Held
from sfsync.forms import blueprint as order_forms
from sfsync.outlook import Prospect, What
from sfsync.sync import Sync
from tests.conftest import connected, switched_on
from tests.story.conftest import SETTINGS


def worker(world, **more) -> Sync:
    (world.folder / "sfsync.yaml").write_text(SETTINGS)
    loaded = config.load(world.folder / "sfsync.yaml")
    api = connected(world.org)
    api.session._now = world.clock
    return Sync(api, loaded.settings, order_forms.load(loaded), world.renderers, **more)


def foreseen(world, *, remake: bool = False) -> dict[str, Prospect]:
    """What a pass would do, by Opportunity Id; it is proved that nothing is written meanwhile."""
    (world.folder / "sfsync.yaml").write_text(SETTINGS)
    loaded = config.load(world.folder / "sfsync.yaml")
    api = connected(world.org)
    api.session._now = world.clock
    scope = outlook.scope(api, loaded.settings, order_forms.load(loaded), remake=remake)
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
    switched_on(world.org)
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
    switched_on(world.org)
    deals = [world.deal(products=0) for _ in range(4)]
    world.move(*deals)
    report = world.run(worker(world, at_most=3))
    assert (report.waiting, report.error) == (4, None)


def test_a_mass_change_of_what_forms_print_is_a_flood_too(world):
    switched_on(world.org)
    account = world.account()
    deals = [world.deal(account=account) for _ in range(4)]
    world.move(*deals)
    careful = worker(world, at_most=4)
    assert world.run(careful).made == 4
    world.run(careful)
    world.rep.update("Account", account, BillingCity="Vienna")
    assert world.run(careful).made == 4
    careful.watch._at_most = 3
    world.run(careful)
    world.rep.update("Account", account, BillingCity="Rome")
    assert isinstance(world.run(careful).error, Held)


def test_remake_is_held_as_well(world):
    switched_on(world.org)
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
    scope = outlook.scope(connected(world.org), loaded.settings, order_forms.load(loaded))
    costs = outlook.estimate(scope, 1000, 900)
    assert 18 <= costs.calls <= 30
    assert 60 <= costs.at_most.total_seconds() <= 300


def test_nothing_is_made_before_somebody_said_yes_for_the_org(world):
    deal = world.deal()
    world.move(deal)
    waits = worker(world, at_most=200)
    report = world.run(waits)
    assert str(report.error) == (
        "sfsync is not switched on for this org. Nothing is made. "
        "Look at what it would do: sfsync run --dry-run. Then switch it on: sfsync run --yes."
    )
    assert (world.status(deal), world.versions(deal)) == (None, 0)


def test_only_deals_that_reach_their_stage_after_the_yes_count(world):
    early, late = world.deal(), world.deal()
    world.move(early)
    world.clock.forward(minutes=1)
    waits = worker(world, at_most=200)
    waits.one.board.switch_on()
    world.move(late)
    assert world.run(waits).made == 1
    assert (world.versions(early), world.versions(late)) == (0, 1)


def test_since_in_the_settings_says_from_when_deals_count_instead(world):
    switched_on(world.org)
    early, late = world.deal(), world.deal()
    world.move(early)
    world.clock.forward(minutes=1)
    since = world.clock.now
    world.move(late)
    assert world.run(worker(world, at_most=200, since=since)).made == 1
    assert (world.versions(early), world.versions(late)) == (0, 1)


def test_an_admin_may_take_the_yes_back_in_salesforce(world):
    switched_on(world.org)
    working = worker(world, at_most=200)
    world.run(working)
    [row] = world.org.org.get_all("Order_Form_Settings__c")
    world.rep.update("Order_Form_Settings__c", row["Id"], Switched_On__c=None)
    world.run(working)
    world.move(world.deal())
    assert isinstance(world.run(working).error, Held)


def test_a_deal_that_was_served_late_by_a_backlog_counts_from_then_on(world):
    account = world.account(BillingStreet=None)
    early = world.deal(account=account)
    world.move(early)
    world.clock.forward(minutes=1)
    assert world.run(worker(world)).waiting == 1
    waits = worker(world, at_most=200)
    waits.one.board.switch_on()
    world.rep.update("Account", account, BillingStreet="525 S. Lexington Ave")
    assert world.run(waits).made == 1
    assert world.versions(early) == 1
