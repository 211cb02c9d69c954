"""Every resource that the pocket org speaks, in the order in which paths are tried."""

from sfsync.pocketorg import actions, collections, composite, files, graph, limits, rest
from sfsync.pocketorg.call import Route
from sfsync.pocketorg.org import Org

ROUTES: tuple[Route[Org], ...] = (
    *files.ROUTES,
    *rest.ROUTES,
    *collections.ROUTES,
    *composite.ROUTES,
    *graph.ROUTES,
    *actions.ROUTES,
    *limits.ROUTES,
)
