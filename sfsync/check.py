"""Is everything in place? First the files of this machine, then the org."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sfsync import config as configs
from sfsync import orgcheck, tenants
from sfsync.config import Config
from sfsync.errors import TryAgainLater
from sfsync.findings import Findings
from sfsync.forms import blueprint as order_forms
from sfsync.forms.blueprint import Blueprint
from sfsync.forms.template.catalogue import Catalogue, catalogues
from sfsync.forms.template.template import Template
from sfsync.salesforce.connect import credentials, enter
from sfsync.settings import LoginSettings


class Checks:
    """Goes through everything in order."""

    def __init__(self, found: Findings) -> None:
        self._found = found

    def files(self, path: Path) -> tuple[Config, tuple[Blueprint, ...]] | None:
        """Look at settings, templates and fonts; needs no org. None where they cannot be used."""
        config = self._found.trying(f"settings in {path}", lambda: configs.load(path))
        blueprints = self._found.trying("templates and fonts", lambda: order_forms.load(config)) if config else None
        for blueprint in blueprints or ():
            self._look(blueprint)
        if config and blueprints:
            self._words(config, blueprints)
        return (config, blueprints) if config and blueprints else None

    def everything(self, path: Path, environ: Mapping[str, str], now: Callable[[], datetime]) -> bool:
        """Look at the files, the login and the org. False where the org could not be reached."""
        loaded = self.files(path)
        login = loaded[0].settings.login if loaded else LoginSettings()
        way_in = self._found.trying("environment", lambda: credentials(tenants.of(path), environ, login))
        if way_in is None:
            return True
        api = enter(way_in, now)
        try:
            if self._found.trying(f"login by {way_in.flow}", lambda: api.session.instance_url, shown=True):
                orgcheck.user(self._found, api)
                if loaded:
                    orgcheck.org(self._found, api, *loaded, now)
        except TryAgainLater as error:
            self._found.cross(error.what, f"{error.where}: try again when the org answers.".removeprefix(": "))
            return False
        return True

    def _look(self, blueprint: Blueprint) -> None:
        for colour in blueprint.design.theme.hard_to_read():
            what = f"The form {blueprint.settings.name} is hard to read: {colour}."
            self._found.note(what, "Choose a darker colour under theme: in the settings.")

    def _words(self, config: Config, blueprints: Sequence[Blueprint]) -> None:
        """A catalogue that lacks a word serves no form of that template; a word that none uses may be a misspelling."""
        by_folder: dict[Path, list[Template]] = {}
        for blueprint in blueprints:
            template = blueprint.design.template
            if isinstance(template, Template):
                by_folder.setdefault(config.find(blueprint.settings.template).parent, []).append(template)
        for folder, templates in by_folder.items():
            others = "\n".join(path.read_text("utf-8", errors="replace") for path in folder.glob("*.xml"))
            for catalogue in catalogues(folder, f"{configs.shown(folder)}/")[0]:
                self._catalogue(catalogue, list({t.name: t for t in templates}.values()), others)

    def _catalogue(self, catalogue: Catalogue, templates: Sequence[Template], others: str) -> None:
        """`others`: the text of every template in the folder, also of those that no order form names."""
        missing = [(t, word) for t in templates for word in catalogue.lacks(t.marked)]
        for template, word in missing:
            own = template.language or "its own language"
            self._found.cross(
                f"{template.marked[word]}: '{word}' is missing in {catalogue.name}.",
                f"Until it stands there, {template.name} makes no form in {catalogue.language}, but in {own}.",
            )
        unused = catalogue.unused({word for t in templates for word in t.marked})
        for word, where in ((word, where) for word, where in unused if f'"{word}"' not in others):
            self._found.note(f"{where}: no template says '{word}'.", "Delete it, or spell it as the template does.")
        if not missing:
            self._found.good(f"{catalogue.name}: all words")
