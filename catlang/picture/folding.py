"""Long diagrams, some of their boxes behind one another put together into parts that can be opened."""

from __future__ import annotations

import math

from catlang.picture.graph import Graph, Inside, Node, Strand

#: So many boxes are drawn beside each other; a picture of more is no longer one to be read, and takes long to lay out.
MOST_BESIDE = 400


def folded(graph: Graph) -> Graph:
    """The graph, or one of parts of it where it has too many nodes. Each part is a run of nodes: what goes into it
    comes before it, so that the parts, too, follow one another."""
    count = len(graph.nodes)
    if count <= MOST_BESIDE:
        return graph
    size = max(math.isqrt(count - 1) + 1, -(-count // MOST_BESIDE))
    made = Graph()
    made.inputs, made.outputs = graph.inputs, graph.outputs
    last: dict[Strand, int] = {}
    for place, node in enumerate(graph.nodes):
        last.update(dict.fromkeys(node.taken, place))
    last.update(dict.fromkeys(graph.outputs, count))
    for start in range(0, count, size):
        nodes = graph.nodes[start:start + size]
        made.nodes.append(_part(nodes, start, count, last))
    return made


def _part(nodes: list[Node], start: int, count: int, last: dict[Strand, int]) -> Node:
    end = start + len(nodes)
    part = Node("part", f"boxes {start + 1} to {end}", f"of {count}")
    own = {strand for node in nodes for strand in node.outputs}
    part.inputs = list(dict.fromkeys(strand for node in nodes for strand in node.taken if strand not in own))
    part.outputs = [strand for node in nodes for strand in node.outputs if last.get(strand, -1) >= end]
    part.banks = frozenset().union(*(node.banks for node in nodes))
    inner = Graph()
    inner.inputs, inner.nodes, inner.outputs = part.inputs, nodes, part.outputs
    part.about = [f"{len(nodes)} of {count} boxes: more than {MOST_BESIDE} are not drawn beside each other"]
    part.open = lambda: [Inside("", folded(inner), True)]
    return part
