"""`sfsync setup`: put into the org what sfsync needs there, look first, or take it away again."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import Progress

from sfsync import config, schedule
from sfsync.cli.app import verb
from sfsync.cli.screen import out, say
from sfsync.errors import SetupError
from sfsync.salesforce import admin, soql
from sfsync.salesforce.api import Api
from sfsync.salesforce.metadata import Deployed, MetadataApi
from sfsync.setup import keys, remove, rights, source, steps
from sfsync.setup.compare import Compared, Difference, State
from sfsync.setup.source import Component

_SAYS = """Put sfsync's object, fields, permission sets, lists and report into an org.

It compares first. What is new is added; what somebody changed there by hand is named and left alone. The worker's
permission set is made from today's settings and templates, and follows them. Nothing is assigned to anybody.

Log in as somebody who may "Modify Metadata Through Metadata API Functions" and "Customize Application", as a System
Administrator may: name an org that Salesforce's command line knows (--target-org), or set SF_ACCESS_TOKEN and
SF_INSTANCE_URL. The worker's own login is not used, and must not have these rights."""
_NEXT = "Next: the app, the integration user, the page. docs/salesforce-setup.md leads on from step 3."


@verb(_SAYS, "sfsync setup --target-org my-org --dry-run")
@click.option("-o", "--target-org", default="", metavar="ALIAS", help="an org that `sf` is logged in to")
@click.option("--dry-run", is_flag=True, help="say what is new, changed and the same; deploy nothing")
@click.option("--check-only", is_flag=True, help="have the org check the deployment too; deploy nothing")
@click.option("--overwrite", multiple=True, metavar="NAME", help="take ours also where the org's was changed; or: all")
@click.option("--permissions-only", is_flag=True, help="only the worker's permission set")
@click.option("--write", is_flag=True, help="put that permission set into config/salesforce; deploy nothing")
@click.option("--remove", "take_away", is_flag=True, help="say what would be lost if it were all taken away again")
@click.option("--yes", is_flag=True, help="with --remove: take it away")
@click.option("--make-key", is_flag=True, help="make key.pem and certificate.pem here, for the worker's login")
def command(  # noqa: PLR0917 (click passes them by name)
    settings: Path,
    target_org: str,
    dry_run: bool,
    check_only: bool,
    overwrite: tuple[str, ...],
    permissions_only: bool,
    write: bool,
    take_away: bool,
    yes: bool,
    make_key: bool,
) -> int:
    if make_key:
        return _make_key()
    if yes and not take_away:
        raise SetupError("--yes belongs to --remove.", remedy="sfsync setup itself asks nothing: try --dry-run first.")
    loaded = config.load(settings)
    api = admin.connect(os.environ, schedule.utc_now, target_org)
    _say_where(api)
    if take_away:
        return _remove(api, source.read(steps.folder_of(loaded)), yes=yes)
    if write:
        answered = steps.has_answers(c.member for c in source.read(steps.folder_of(loaded)))
        return _write(steps.worker_rights(api, loaded, answered=answered), steps.permission_set_file(loaded))
    plan = steps.plan(api, loaded, overwrite, permissions_only=permissions_only)
    _say_plan(plan)
    if dry_run or not plan.chosen:
        say("Nothing was deployed." if dry_run else "Everything is in place.")
        return 0
    return _deploy(api, plan.chosen, check_only=check_only)


def _make_key() -> int:
    ends = keys.make(Path(), schedule.utc_now())
    say(f"Made {keys.KEY}, which is secret and stays with the worker.")
    say(f"Made {keys.CERTIFICATE}, good until {ends:%d %B %Y}.")
    say("Upload it to the External Client App, under JWT Bearer Flow: docs/salesforce-setup.md, step 3.")
    say(f"Tell the worker: export SF_PRIVATE_KEY_FILE={keys.KEY}")
    say(f"On Heroku:       heroku config:set SF_PRIVATE_KEY=\"$(base64 < {keys.KEY} | tr -d '\\n')\"")
    return 0


def _say_where(api: Api) -> None:
    """Which org this is, before anything is done to it."""
    [org] = api.query(soql.select(["Name", "OrganizationType", "IsSandbox"], "Organization"))
    kind = "sandbox" if org["IsSandbox"] else org["OrganizationType"]
    say(f"{org['Name']} ({kind}), {api.session.instance_url}", "bold")


# ------------------------------------------------------------------------ the plan


def _say_plan(plan: steps.Plan) -> None:
    for state, style in ((State.NEW, "green"), (State.SAME, "dim")):
        found = [c.component for c in plan.compared if c.state is state]
        if found:
            say(f"{len(found)} new:" if state is State.NEW else f"{len(found)} the same.", style)
        if state is State.NEW:
            _say_listed("+", found)
    for changed in plan.compared:
        if changed.state is State.CHANGED:
            _say_changed(changed, kept=changed in plan.kept)


def _say_listed(sign: str, components: Iterable[Component]) -> None:
    """A line for each kind; an object's parts under its name."""
    by_kind: dict[str, list[str]] = {}
    for each in components:
        owner, _, part = each.name.rpartition(".")
        kind = f"{each.called}s of {owner}" if owner else f"{each.called}s"
        by_kind.setdefault(kind, []).append(part)
    for kind, names in sorted(by_kind.items()):
        say(f"  {sign} {kind}: {', '.join(names)}")


def _say_changed(changed: Compared, *, kept: bool) -> None:
    component = changed.component
    if component.where == rights.WHERE:
        say(f"{component.title} follows the settings and templates:", "yellow")
        for difference in changed.differences:
            say(f"  {_permission(difference)}")
        return
    say(f"{component.title} {'was changed in the org, and stays so' if kept else 'is overwritten'}:", "yellow")
    for difference in changed.differences:
        say(f"  {difference}")
    if kept:
        say(f"  To take ours instead: --overwrite {component.name}")


def _permission(difference: Difference) -> str:
    what = difference.what.partition(" ")[2]
    if difference.theirs is None:
        return f"+ {what}: {difference.ours}"
    if difference.ours is None:
        return f"- {what}: {difference.theirs}"
    return f"~ {what}: {difference.theirs} becomes {difference.ours}"


# ------------------------------------------------------------------ the deployment


def _deploy(api: Api, components: Sequence[Component], *, check_only: bool) -> int:
    with _progress("Checking" if check_only else "Deploying") as watch:
        done = steps.deploy(MetadataApi(api.session), steps.packed(components), watch, check_only=check_only)
    if check_only:
        say(f"The org would take it: {done.total} components. Nothing was deployed.", "green")
        return 0
    say(f"Deployed: {done.deployed} components. Everything is in place.", "green")
    say(_NEXT)
    return 0


@contextmanager
def _progress(title: str) -> Iterator[Callable[[Deployed], None]]:
    """A bar on a terminal, and nothing elsewhere."""
    with Progress(console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task(title, total=None)

        def watch(now: Deployed) -> None:
            bar.update(task, total=now.total or None, completed=now.deployed, description=f"{title} ({now.status})")

        yield watch


def _write(permission_set: Component, file: Path) -> int:
    """What `sf project deploy start` would deploy as well."""
    before = file.read_text("utf-8") if file.exists() else ""
    if before == permission_set.text:
        say(f"{config.shown(file)} says it already.")
        return 0
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(permission_set.text, "utf-8")
    say(f"Wrote {config.shown(file)}. Deploy it: sfsync setup --permissions-only, or sf project deploy start.")
    return 0


# ---------------------------------------------------------------------- taking away


def _remove(api: Api, components: Sequence[Component], *, yes: bool) -> int:
    there = steps.here(MetadataApi(api.session), (c.member for c in components))
    if not there:
        say("There is nothing of sfsync's in this org.")
        return 0
    lost = remove.loss(api, there.values())
    _say_loss(lost)
    if not yes:
        say("Nothing was taken away. Stop the worker first; then: sfsync setup --remove --yes")
        return 0
    remove.take_from_users(api, lost.assignment_ids)
    if lost.holders:
        say("The permission sets are taken from their users.")
    with _progress("Taking away") as watch:
        steps.deploy(MetadataApi(api.session), remove.package(lost.components), watch)
    say("Taken away. Salesforce keeps deleted fields and objects for 15 days: Setup, Deleted Objects, Deleted Fields.")
    return 0


def _say_loss(lost: remove.Loss) -> None:
    say(f"{len(lost.components)} things of sfsync's are in this org:")
    _say_listed("-", lost.components)
    if lost.counts:
        say("With them would go:", "yellow")
    for what, number in lost.counts:
        say(f"  {what}: {'they cannot be counted from here' if number is None else f'{number:,}'}")
    for name, users in lost.holders:
        say(f"  {name}, which is taken from {', '.join(users)}")
    say("The order forms stay among the Files of their opportunities. To keep the history, export Order_Form__c first.")
