"""Every resource that the pocket org speaks, in the order in which paths are tried."""

from sfsync.pocketorg.call import Route
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.rest import (
    actions,
    bulk,
    bulk1,
    changes,
    chatter,
    collections,
    composite,
    deploy,
    files,
    graph,
    limits,
    rows,
    soap,
    tooling,
    tree,
)

ROUTES: tuple[Route[Org], ...] = (
    *files.ROUTES,
    *changes.ROUTES,
    *rows.ROUTES,
    *collections.ROUTES,
    *composite.ROUTES,
    *tree.ROUTES,
    *graph.ROUTES,
    *actions.ROUTES,
    *chatter.ROUTES,
    *limits.ROUTES,
    *deploy.ROUTES,
    *soap.ROUTES,
    *tooling.ROUTES,
    *bulk.ROUTES,
    *bulk1.ROUTES,
)
