"""Every resource that the pocket org speaks, in the order in which paths are tried."""

from sfsync.pocketorg import rest
from sfsync.pocketorg.call import Route
from sfsync.pocketorg.org import Org

ROUTES: tuple[Route[Org], ...] = (*rest.ROUTES,)
