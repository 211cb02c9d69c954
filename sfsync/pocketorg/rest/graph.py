"""Composite graph: many graphs of requests in one call, each of them all or nothing.

Source: REST API Developer Guide, "Composite Graph", "Composite Graph Limits"; recorded answers of API 53.0 and 66.0.
"""

import re
from collections.abc import Iterable
from typing import Any

from sfsync.pocketorg.call import Answer, Call, Params, Route, refused, split_url
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.rest import references
from sfsync.pocketorg.rest.composite import Subrequest, subrequests

Record = dict[str, Any]

_MOST_GRAPHS, _MOST_NODES, _MOST_KINDS, _DEEPEST = 75, 500, 15, 15
#: after more failed graphs than this the rest is not even tried
_MOST_FAILURES = 14
_OLDEST_VERSION = 50
_HTTP_ERROR = 400
_GRAPH_ID = re.compile(r"[A-Za-z0-9][^.]{0,38}")
_REFERENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
#: the only paths that a node may have, and their methods
_FAMILIES = (
    (re.compile(r"/sobjects/[^/]+"), {"POST"}),
    (re.compile(r"/sobjects/[^/]+/[^/]+"), {"GET", "PATCH", "DELETE"}),
    (re.compile(r"/sobjects/[^/]+/[^/]+/[^/]+"), {"GET", "PATCH", "DELETE", "POST"}),
)
_ROLLED_BACK = ApiError(
    400,
    "PROCESSING_HALTED",
    "We rolled back the transaction since another operation in the same transaction failed.",
)
_NOT_TRIED = ApiError(
    400, "PROCESSING_HALTED", "We stopped processing since the number of failed graphs exceeded the maximum limit."
)


def graphs(org: Org, call: Call, _: Params) -> Answer:
    """Answer POST /composite/graph: status 200, with one verdict for each graph."""
    listed = _graphs(call)
    answers: list[Record] = []
    failures = 0
    for graph_id, nodes in listed:
        results = _run(org, call, nodes) if failures <= _MOST_FAILURES else _all(nodes, _NOT_TRIED)
        done = all(result["httpStatusCode"] < _HTTP_ERROR for result in results)
        failures += not done
        answers.append({"graphId": graph_id, "graphResponse": {"compositeResponse": results}, "isSuccessful": done})
    return Answer(200, {"graphs": answers})


def _run(org: Org, call: Call, nodes: list[Subrequest]) -> list[Record]:
    """Perform one graph in a transaction of its own. Results stand in the order of the request."""
    answers: dict[str, Answer] = {}
    with org.store.transaction() as together:
        for node in _in_order(nodes):
            answer = _perform(org, call, node, {reference: each.body for reference, each in answers.items()})
            if answer.status >= _HTTP_ERROR:
                together.undone, answers = True, {node.reference: answer}
                break
            answers[node.reference] = answer
    if together.undone and "failed graphs leave files" in org.limits.odd:
        for node in (n for n in nodes if n.url.endswith("/ContentVersion")):
            _perform(org, call, node, {})
    halted = refused(_ROLLED_BACK)
    return [node.result(answers.get(node.reference, halted)) for node in nodes]


def _all(nodes: Iterable[Subrequest], error: ApiError) -> list[Record]:
    return [node.result(refused(error)) for node in nodes]


def _perform(org: Org, call: Call, node: Subrequest, answers: Record) -> Answer:
    if org.faults.refuse_files_in_graphs and "/sobjects/contentversion" in node.url.lower():
        return refused(ApiError(400, "INVALID_INPUT", "ContentVersion can not be used in a composite graph."))
    try:
        _check_url(node)
    except ApiError as error:
        return refused(error)
    return node.perform(org, call, answers)


def _check_url(node: Subrequest) -> None:
    version, path, _ = split_url(node.url)
    if float(version) < _OLDEST_VERSION:
        raise ApiError(400, "INVALID_INPUT", f"Composite graph needs API version 50.0 or later: {node.url}")
    methods = next((methods for family, methods in _FAMILIES if family.fullmatch(path)), None)
    if methods is None or node.method not in methods:
        raise ApiError(400, "INVALID_INPUT", f"{node.method} {node.url} is not supported in a composite graph.")


def _in_order(nodes: list[Subrequest]) -> list[Subrequest]:
    """Sort the nodes so that each stands behind those that it refers to."""
    known = {node.reference for node in nodes}
    waiting = {node.reference: known.intersection(_uses(node)) for node in nodes}
    ordered: list[Subrequest] = []
    depth = 0
    while waiting:
        ready = [node for node in nodes if node.reference in waiting and not waiting[node.reference]]
        depth += 1
        if not ready or depth > _DEEPEST:
            raise ApiError(400, "INVALID_INPUT", f"A graph must have no circles and at most {_DEEPEST} levels.")
        ordered += ready
        for node in ready:
            del waiting[node.reference]
        done = {node.reference for node in ready}
        waiting = {name: uses - done for name, uses in waiting.items()}
    return ordered


def _uses(node: Subrequest) -> set[str]:
    return {*references.used(node.url), *references.used(node.body)}


def _graphs(call: Call) -> list[tuple[str, list[Subrequest]]]:
    """Read the graphs and refuse the whole call where it is malformed or too large."""
    listed = call.record().get("graphs")
    if not isinstance(listed, list) or not all(isinstance(graph, dict) for graph in listed):
        raise ApiError(400, "JSON_PARSER_ERROR", "'graphs' is a required field.")
    found = [(_graph_id(graph), subrequests(graph.get("compositeRequest"))) for graph in listed]
    if len({graph_id for graph_id, _ in found}) < len(found):
        raise ApiError(400, "INVALID_INPUT", "graphId must be unique.")
    nodes = [node for _, each in found for node in each]
    _check_size(len(found), nodes)
    for _, each in found:
        _in_order(each)
    return found


def _graph_id(graph: Record) -> str:
    found = graph.get("graphId")
    if not isinstance(found, str) or not _GRAPH_ID.fullmatch(found):
        raise ApiError(400, "INVALID_INPUT", f"Invalid graphId: {found}")
    return found


def _check_size(graph_count: int, nodes: list[Subrequest]) -> None:
    kinds = {(node.method, *node.url.lower().split("?")[0].split("/")[3:6:2]) for node in nodes}
    for count, most, what in (
        (graph_count, _MOST_GRAPHS, "graphs"),
        (len(nodes), _MOST_NODES, "nodes"),
        (len(kinds), _MOST_KINDS, "different nodes"),
    ):
        if count > most:
            raise ApiError(400, "LIMIT_EXCEEDED", f"The payload has {count} {what}; the limit is {most}.")
    wrong = next((node.reference for node in nodes if not _REFERENCE_ID.fullmatch(node.reference)), None)
    if wrong is not None:
        text = (
            f"Provided referenceId ('{wrong}') must start with a letter or a number, "
            "and it can contain only letters, numbers and underscores ('_')."
        )
        raise ApiError(400, "INVALID_INPUT", text)


ROUTES: tuple[Route[Org], ...] = (Route("/composite/graph", POST=graphs),)
