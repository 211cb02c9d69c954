"""Which orgs one installation serves: the one of its settings, or each that has a file in `orgs` beside them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sfsync.config import shown
from sfsync.errors import SetupError, did_you_mean
from sfsync.settings import LoginSettings

#: the folder beside the settings, whose files are an org each
FOLDER = "orgs"
#: the only org's name, where no file gives it one
ONLY = "main"
_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
#: what an org without a variable of its own takes from all. No secret that its login page would be shown, and no user
_SHARED = ("SF_LOGIN_URL", "SF_CLIENT_ID", "SF_PRIVATE_KEY", "SF_PRIVATE_KEY_FILE")
_KEYS = ("SF_PRIVATE_KEY", "SF_PRIVATE_KEY_FILE", "SF_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class Tenant:
    """One org of an installation: its name, its settings, and whether its variables carry its name."""

    name: str
    path: Path
    alone: bool = False

    @property
    def label(self) -> str:
        """What log lines and metrics call it: nothing where there is no other."""
        return "" if self.alone else self.name

    @property
    def suffix(self) -> str:
        """What its variables end with."""
        return "" if self.alone else f"_{_variable(self.name).upper()}"

    def own(self, problem: SetupError) -> SetupError:
        """The same of a variable under the name that this org's has."""
        if self.alone or not problem.where.startswith("SF_"):
            return problem
        variable, _, rest = problem.where.partition("=")
        where = f"{variable}{self.suffix}{'=' if rest else ''}{rest}"
        return SetupError(problem.what, where=where, remedy=problem.remedy, logged=problem.logged, code=problem.code)

    def environ(self, environ: Mapping[str, str], login: LoginSettings) -> Mapping[str, str]:
        """The environment as this org has it: `SF_USERNAME_ACME` is the org acme's `SF_USERNAME`."""
        said = {"SF_LOGIN_URL": login.url, "SF_CLIENT_ID": login.client_id, "SF_USERNAME": login.username}
        said = {name: value for name, value in said.items() if value}
        if self.alone:
            return {**environ, **said}
        suffix = self.suffix
        own = {k.removesuffix(suffix): v for k, v in environ.items() if k.startswith("SF_") and k.endswith(suffix)}
        shared = {name: environ[name] for name in _SHARED if name in environ}
        if any(name in own for name in _KEYS):
            shared = {name: value for name, value in shared.items() if name not in _KEYS}
        others = {name: value for name, value in environ.items() if not name.startswith("SF_")}
        return {**others, **shared, **own, **said}


def find(settings: Path, wrong: Callable[[SetupError], None] | None = None) -> tuple[Tenant, ...]:
    """All orgs of an installation. A file whose name cannot be an org's goes to `wrong`, or raises SetupError."""
    files = sorted(file for end in ("yaml", "yml") for file in (settings.parent / FOLDER).glob(f"*.{end}"))
    if not files:
        return (Tenant(ONLY, settings, alone=True),)
    found: dict[str, Tenant] = {}
    for file in files:
        name = file.stem.lower()
        problem = _misnamed(file, name, found.get(_variable(name)))
        if problem is None:
            found[_variable(name)] = Tenant(name, file)
        elif wrong:
            wrong(problem)
        else:
            raise problem
    return tuple(found.values())


def _misnamed(file: Path, name: str, twin: Tenant | None) -> SetupError | None:
    if twin:
        return SetupError(f"It has the same name as {shown(twin.path)}.", where=shown(file), remedy="Rename one.")
    if _NAME.fullmatch(name):
        return None
    remedy = "Name the file with letters, digits and single hyphens, such as acme-uk.yaml."
    return SetupError(f"'{file.stem}' cannot be the name of an org.", where=shown(file), remedy=remedy)


def one(settings: Path, name: str) -> Tenant:
    """The org of that name, or the only one. Raises SetupError where it is not clear which."""
    found = find(settings)
    names = [tenant.name for tenant in found]
    if name in names:
        return found[names.index(name)]
    if not name and len(found) == 1:
        return found[0]
    folder = shown(settings.parent / FOLDER)
    if not name and len(found) > 1:
        raise SetupError(f"Which org? {folder} has {', '.join(names)}.", remedy=f"Name one: --org {names[0]}")
    if found[0].alone:
        raise SetupError(f"There is no org '{name}': {folder} has no file.", remedy="Leave out --org.")
    remedy = did_you_mean(name, names) or f"There are {', '.join(names)}."
    raise SetupError(f"There is no org '{name}' in {folder}.", where="--org", remedy=remedy)


def of(path: Path) -> Tenant:
    """The org whose settings these are."""
    if path.resolve().parent.name == FOLDER:
        return Tenant(path.stem.lower(), path)
    return Tenant(ONLY, path, alone=True)


def _variable(name: str) -> str:
    return name.replace("-", "_")
