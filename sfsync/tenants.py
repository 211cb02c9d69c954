"""Which orgs one installation serves: the one of its settings, or each that has a file in `orgs` beside them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sfsync import config
from sfsync.config import Config, shown
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

    def environ(self, environ: Mapping[str, str], login: LoginSettings) -> Mapping[str, str]:
        """The environment as this org has it: `SF_USERNAME_ACME` is the org acme's `SF_USERNAME`."""
        said = {"SF_LOGIN_URL": login.url, "SF_CLIENT_ID": login.client_id, "SF_USERNAME": login.username}
        said = {name: value for name, value in said.items() if value}
        if self.alone:
            return {**environ, **said}
        suffix = f"_{self.name.upper().replace('-', '_')}"
        own = {k.removesuffix(suffix): v for k, v in environ.items() if k.startswith("SF_") and k.endswith(suffix)}
        shared = {name: environ[name] for name in _SHARED if name in environ}
        if any(name in own for name in _KEYS):
            shared = {name: value for name, value in shared.items() if name not in _KEYS}
        others = {name: value for name, value in environ.items() if not name.startswith("SF_")}
        return {**others, **shared, **own, **said}


def find(settings: Path) -> tuple[Tenant, ...]:
    """All orgs of an installation. Raises SetupError for a file whose name cannot be an org's."""
    files = sorted(file for end in ("yaml", "yml") for file in (settings.parent / FOLDER).glob(f"*.{end}"))
    names = {file: file.stem.lower() for file in files}
    for file, name in names.items():
        if not _NAME.fullmatch(name):
            what = f"'{file.stem}' cannot be the name of an org."
            remedy = "Name the file with letters, digits and single hyphens, such as acme-uk.yaml."
            raise SetupError(what, where=shown(file), remedy=remedy)
        twins = [each for each, other in names.items() if _variable(other) == _variable(name)]
        if twins[0] != file:
            raise SetupError(f"It has the same name as {shown(twins[0])}.", where=shown(file), remedy="Rename one.")
    return tuple(Tenant(name, file) for file, name in names.items()) or (Tenant(ONLY, settings, alone=True),)


def one(settings: Path, name: str) -> Tenant:
    """The org of that name, or the only one. Raises SetupError where it is not clear which."""
    found = find(settings)
    names = [tenant.name for tenant in found]
    if name in names:
        return found[names.index(name)]
    if not name and len(found) == 1:
        return found[0]
    folder = shown(settings.parent / FOLDER)
    if not name:
        raise SetupError(f"Which org? {folder} has {', '.join(names)}.", remedy=f"Name one: --org {names[0]}")
    if found[0].alone:
        raise SetupError(f"There is no org '{name}': {folder} has no file.", remedy="Leave out --org.")
    remedy = did_you_mean(name, names) or f"There are {', '.join(names)}."
    raise SetupError(f"There is no org '{name}' in {folder}.", where="--org", remedy=remedy)


def load(tenant: Tenant) -> Config:
    """Its settings. Raises SetupError, SetupErrors."""
    return config.load(tenant.path)


def _variable(name: str) -> str:
    return name.replace("-", "_")
