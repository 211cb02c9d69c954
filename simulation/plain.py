"""The plain script in the same weather: what becomes of its forms."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import requests

from benchmarks.plain import PlainScript
from sfsync.pocketorg.server import PocketOrg
from simulation.network import Adapter, Network
from simulation.people import STAGE
from simulation.timeline import Actor, Killed
from simulation.world import ADDRESS, Plan, World

#: cron starts it each minute
_EVERY_SECONDS = 60.0
#: what such a script catches and logs
_TROUBLE = (requests.RequestException, LookupError, ValueError)


@dataclass(slots=True)
class PlainFigures:
    """How many Opportunities ended up with which trouble."""

    opportunities: int = 0
    twice: int = 0
    none: int = 0

    def add(self, opportunities: int, twice: int, none: int) -> None:
        self.opportunities += opportunities
        self.twice += twice
        self.none += none


@dataclass(slots=True)
class _Cron:
    """Starts the script again and again; what goes wrong with one record is left to the next run."""

    org: PocketOrg
    network: Network
    random: Random

    def __call__(self, actor: Actor) -> None:
        while True:
            try:
                self._run(actor)
            except Killed:
                if actor.ended:
                    raise
            actor.sleep(_EVERY_SECONDS)

    def _run(self, actor: Actor) -> None:
        script = PlainScript(ADDRESS, self.org.access_token, _says)
        script.http.mount("https://", Adapter(self.network, actor))
        due: list[str] = []
        with suppress(*_TROUBLE):
            due = script.due(STAGE)
        for opportunity_id in due:
            with suppress(*_TROUBLE):
                script.attach(opportunity_id)


def _says(deal: dict[str, Any], _: list[dict[str, Any]]) -> bytes:
    return str(deal["Name"]).encode()


def play(plan: Plan) -> tuple[int, int, int]:
    """Let the script work through a world. Gives how many Opportunities, with two files or more, and with none."""
    world = World(plan)
    try:
        world.run_with([_Cron(world.server.org, world.network, Random(plan.seed))])
        return _count(world)
    finally:
        world.close()


def _count(world: World) -> tuple[int, int, int]:
    org = world.server.org.org
    made = Counter(file["VersionData"].decode() for file in org.get_all("ContentVersion"))
    linked = {link["LinkedEntityId"] for link in org.get_all("ContentDocumentLink", IsDeleted=0)}
    deals = world.people.deals
    return len(deals), sum(made[d.name] > 1 for d in deals), sum(d.id not in linked for d in deals)


def plans(first_seed: int, opportunities: int, rate: float, of_one_world: int = 100) -> list[Plan]:
    """Worlds in which nobody meddles and no deal goes on before it has its form: only the weather is to blame."""
    deals = min(opportunities, of_one_world)
    seeds = range(first_seed, first_seed + max(opportunities // of_one_world, 1))
    return [Plan(seed=seed, deals=deals, workers=1, meddling=0.0, go_on=0.0, rate=rate) for seed in seeds]
