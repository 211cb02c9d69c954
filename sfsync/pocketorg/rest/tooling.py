"""The Tooling API, as far as tools ask before they do something else: queries of users, profiles and the like.

What a developer would look for here (classes, triggers, the definitions of fields) a pocket org does not have.

Source: Tooling API, "REST Resources", "Tooling API Objects".
"""

from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.query import soql

#: objects that this API has as well as the data API
_SHARED = frozenset({"group", "organization", "permissionset", "profile", "recordtype", "user", "userrole"})


def run(org: Org, call: Call, _: Params) -> Answer:
    text = call.query.get("q", "")
    name = str(soql.parse(text).source.path)
    if name.lower() not in _SHARED:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return Answer(200, org.cursors.open(org.query(text, call), version=call.version, user_id=call.user_id))


ROUTES: tuple[Route[Org], ...] = (Route("/tooling/query", GET=run),)
