"""`sfsync setup`, step by step: what is here, what the org has, what would change, and the deployment."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sfsync import shipped
from sfsync.config import Config
from sfsync.errors import SetupError, SetupErrors, TryAgainLater, did_you_mean
from sfsync.forms import blueprint as order_forms
from sfsync.salesforce import answers
from sfsync.salesforce.api import Api
from sfsync.salesforce.metadata import VERSION, Deployed, MetadataApi, Problem
from sfsync.salesforce.org import Org
from sfsync.setup import rights, source
from sfsync.setup.compare import Compared, State, compare
from sfsync.setup.source import Component, Member, Package

_AGAIN = "Run the same command again: it compares first, and puts in place only what is missing."
#: say the name of what to overwrite, or this
ALL = "all"

Say = Callable[[Deployed], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a setup found, and what it would deploy."""

    compared: tuple[Compared, ...]
    #: what is new, the worker's permission set, and what the admin says to overwrite
    chosen: tuple[Component, ...]

    @property
    def kept(self) -> list[Compared]:
        """What is otherwise in the org, and stays so."""
        return [c for c in self.compared if c.state is State.CHANGED and c.component not in self.chosen]


def folder_of(config: Config) -> Path:
    """The metadata beside the admin's settings; what came with sfsync where there is none."""
    own = config.path.resolve().parent / "salesforce"
    return own if own.is_dir() else shipped.METADATA


def permission_set_file(config: Config) -> Path:
    """Where the worker's permission set stands among the metadata."""
    return folder_of(config) / "force-app/main/default/permissionsets" / f"{rights.NAME}.permissionset-meta.xml"


def worker_rights(api: Api, config: Config, *, answered: bool) -> Component:
    """The worker's permission set as the settings and templates ask for it today. Raises SetupError.

    `answered`: whether the org has, or will have, the fields for the reps' answers.
    """
    blueprints = order_forms.load(config)
    org = Org(api, currency=config.settings.currency)
    places = [place for form in blueprints for place in form.places]
    optional = [path for form in blueprints for path in form.optional]
    digest = config.settings.digest is not None
    found = rights.of_worker(org.describer, places, optional, config.settings.fields, answered=answered, digest=digest)
    return found.component


def answers_of() -> list[Member]:
    """The fields for the reps' answers, which an org may do without."""
    return [("CustomField", f"{answers.OBJECT}.{name}") for name in answers.FIELDS]


def has_answers(members: Iterable[Member]) -> bool:
    """Whether they are among these."""
    return set(answers_of()) <= set(members)


def here(metadata: MetadataApi, members: Iterable[Member]) -> dict[Member, Component]:
    """What the org has of these already. Raises SetupError where the user may not ask."""
    return {c.member: c for c in source.unzip(metadata.retrieve(members))}


def plan(api: Api, config: Config, overwrite: Collection[str] = (), *, permissions_only: bool = False) -> Plan:
    """Compare what is here with the org. Raises SetupError, also for a name to overwrite that is none."""
    worker: Member = ("PermissionSet", rights.NAME)
    files = [] if permissions_only else [c for c in source.read(folder_of(config)) if c.member != worker]
    asked = dict.fromkeys([*(c.member for c in files), worker, *answers_of()])
    # asked first: who may not is told so, and not what else he cannot see
    there = here(MetadataApi(api.session), asked)
    generated = worker_rights(api, config, answered=has_answers([*there, *(c.member for c in files)]))
    compared = tuple(compare(c, there.get(c.member)) for c in (*files, generated))
    _check_names(overwrite, [c.component.name for c in compared if c.state is State.CHANGED])
    new = {c.component.name for c in compared if c.state is State.NEW}
    return Plan(compared, tuple(c.component for c in compared if _is_chosen(c, overwrite, new)))


def _is_chosen(compared: Compared, overwrite: Collection[str], new: Collection[str]) -> bool:
    if compared.state is not State.CHANGED:
        return compared.state is State.NEW
    generated = compared.component.where == rights.WHERE
    # what a permission set says of a field that was not there, nobody can have changed by hand
    lacking = all(d.theirs is None and d.what.partition(" ")[2] in new for d in compared.differences)
    return generated or lacking or ALL in overwrite or compared.component.name in overwrite


def _check_names(overwrite: Collection[str], changed: Sequence[str]) -> None:
    for name in overwrite:
        if name != ALL and name not in changed:
            known = did_you_mean(name, changed) or f"Changed there: {', '.join(changed) or 'nothing'}."
            raise SetupError(f"'{name}' is nothing that is otherwise in the org.", where="--overwrite", remedy=known)


def deploy(metadata: MetadataApi, package: Package, say: Say, *, check_only: bool = False) -> Deployed:
    """Put a package in place, all of it or nothing. Raises SetupErrors with file and line, or TryAgainLater."""
    try:
        started = metadata.deploy(package.zipped, check_only=check_only)
    except TryAgainLater as error:
        raise TryAgainLater(f"{error.what} Whether the org took the deployment is not known.", remedy=_AGAIN) from None
    done = _watched(metadata, started.id, say)
    if done.success:
        return done
    problems = [_mistake(package, each) for each in done.problems]
    raise SetupErrors(problems or [SetupError(f"The deployment {done.id} ended as {done.status}. {done.message}")])


def _watched(metadata: MetadataApi, deployment: str, say: Say) -> Deployed:
    """Look after it to its end; told to stop, give it up and say what is in place."""
    try:
        return metadata.wait(deployment, say)
    except TryAgainLater as error:
        what = f"{error.what} The deployment {deployment} goes on in Salesforce: Setup, Deployment Status."
        raise TryAgainLater(what, remedy=_AGAIN) from None
    except KeyboardInterrupt:
        metadata.cancel(deployment)
        done = metadata.wait(deployment, say)
        if not done.success:
            raise SetupError("Stopped. Nothing was put in place.", remedy=_AGAIN) from None
        return done


def _mistake(package: Package, problem: Problem) -> SetupError:
    where = package.where((problem.kind, problem.name), problem.file, problem.line)
    return SetupError(f"{problem.text.rstrip('.')}.", where=where)


def packed(components: Iterable[Component]) -> Package:
    return source.package(components, VERSION)
