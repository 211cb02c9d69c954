"""Every resource that the pocket org speaks, in the order in which paths are tried."""

from sfsync.pocketorg.call import Route
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.rest import (
    actions,
    bulk,
    bulk1,
    collections,
    composite,
    deploy,
    files,
    graph,
    limits,
    rows,
    soap,
    tree,
)

ROUTES: tuple[Route[Org], ...] = (
    *files.ROUTES,
    *rows.ROUTES,
    *collections.ROUTES,
    *composite.ROUTES,
    *tree.ROUTES,
    *graph.ROUTES,
    *actions.ROUTES,
    *limits.ROUTES,
    *deploy.ROUTES,
    *soap.ROUTES,
    *bulk.ROUTES,
    *bulk1.ROUTES,
)
