"""What a condition compares with what: `Opportunity.Type == "Renewal"` holds for no deal if there is no such type."""

from collections.abc import Iterator

from jinja2 import nodes

from sfsync.forms.template import environment

_EQUAL = {"eq", "ne", "in", "notin"}


def compared(line: str) -> Iterator[tuple[str, str]]:
    """(field path below Opportunity, text) of each comparison in a template of one line."""
    for compare in environment.environment(markup=False).parse(line).find_all(nodes.Compare):
        sides = [compare.expr, *(operand.expr for operand in compare.ops if operand.op in _EQUAL)]
        paths = [path for side in sides if (path := _path(side))]
        for path in paths:
            yield from ((path, text) for side in sides for text in _texts(side))


def _path(node: nodes.Node) -> str:
    steps: list[str] = []
    while isinstance(node, nodes.Getattr):
        steps.insert(0, node.attr)
        node = node.node
    return ".".join(steps) if isinstance(node, nodes.Name) and node.name == "Opportunity" else ""


def _texts(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, nodes.List | nodes.Tuple):
        for item in node.items:
            yield from _texts(item)
