"""Pictures as SVG, and where things lie in them: that every box and every wire of the diagram is in the picture once,
that wires have one colour exactly where they have one object, that nothing lies on anything else, that what is written
fits, and that what can be drawn without crossings is."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram, wires
from catlang.picture.graph import WEIGHTS, Graph, Node
from catlang.picture.measure import SUBTITLE, TITLE, WIDEST, Measure
from catlang.picture.metrics import shortened, width
from catlang.picture.naming import wiring
from catlang.picture.picture import opening
from catlang.picture.placing import Place, Placed, place
from catlang.picture.reading import opened

from .specs import NAMES, module_of, picture_of, picture_of_text

SVG = "{http://www.w3.org/2000/svg}"


def elements(svg: str, kind: str) -> list[ElementTree.Element]:
    return [one for one in ElementTree.fromstring(svg).iter(f"{SVG}g") if kind in one.get("class", "").split()]


def graphs(graph: Graph) -> Iterator[Graph]:
    """A graph and all that lie inside."""
    yield graph
    for node in graph.nodes:
        for inside in opened(node):
            yield from graphs(inside.graph)


def all_placed(placed: Placed) -> Iterator[Placed]:
    yield placed
    for one in placed.places:
        for *_, inner in one.placed:
            yield from all_placed(inner)


@pytest.mark.parametrize("depth", [0, 1, 2, 20])
@pytest.mark.parametrize("name", NAMES)
def test_every_box_and_every_wire_is_in_it_once(name: str, depth: int) -> None:
    """What is read is what is drawn: counted in the XML against the graphs that are open."""
    picture = picture_of(name, depth)
    chosen, notes = opening(picture.graph, depth, 900)
    assert notes == []

    def shown(graph: Graph) -> Iterator[Graph]:
        yield graph
        for node in graph.nodes:
            if node in chosen:
                for inside in opened(node):
                    yield from shown(inside.graph)

    boxes = [node for graph in shown(picture.graph) for node in graph.nodes]
    strands = [strand for graph in shown(picture.graph)
               for strand in dict.fromkeys([*graph.inputs, *(one for node in graph.nodes for one in node.outputs)])]
    assert len(elements(picture.svg, "cat-node")) == len(boxes)
    drawn = elements(picture.svg, "cat-wire")
    assert len(drawn) == len(strands)
    assert Counter(one.get("data-object") for one in drawn) == Counter(
        one.spelled for one in strands)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_is_the_diagram(name: str) -> None:
    """Counted against the diagram itself: its boxes, but for wiring; its wires, but for those that wiring makes."""
    module, morphism = module_of(name)
    diagram: Diagram = module.scope.names[morphism].diagram  # type: ignore[attr-defined]
    graph = picture_of(name).graph
    real = [box for box in diagram.boxes if not wiring(box.operation) and not isinstance(box.operation, d.WeightOf)]
    own = [node for node in graph.nodes if node.kind not in ("weight", "cell")]
    assert len(own) == len(real)
    assert sum(len(node.outputs) for node in own) == sum(len(wires(box.outputs)) for box in real)
    assert len(graph.inputs) == len(wires(diagram.inputs)) and len(graph.outputs) == len(wires(diagram.outputs))
    # What a box takes besides are weights that are shared or computed, and wires that bodies in it use from around.
    for node, box in zip(own, real, strict=True):
        assert len(node.inputs) >= len(wires(box.inputs))
        if not box.operation.inside():
            assert len(node.inputs) == len(wires(box.inputs))
    shared = Counter(box.instance for box in diagram.boxes if box.instance is not None)
    begun = [node.address for node in graph.nodes if node.kind == "weight"]
    assert len(begun) == len(set(begun))
    assert {one.name for one, count in shared.items() if one is not None and count > 1} <= set(begun)


@pytest.mark.parametrize("name", NAMES)
def test_inside_a_box_is_what_goes_into_it(name: str) -> None:
    """Every strand that a graph uses begins in it, and what is inside has the box's own boundary where it should."""
    for graph in graphs(picture_of(name).graph):
        known = set(graph.inputs)
        for node in graph.nodes:
            assert known.issuperset(node.taken), node.title
            known.update(node.outputs)
            for inside in opened(node):
                if inside.aligned and node.kind != "cell" and len(inside.graph.inputs) == len(node.inputs):
                    assert len(inside.graph.outputs) == len(node.outputs)
        assert known.issuperset(graph.outputs)


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_equal_where_objects_are(name: str) -> None:
    colours: dict[str, set[str]] = {}
    for one in elements(picture_of(name, 20).svg, "cat-wire"):
        colours.setdefault(one.get("data-object", ""), set()).add(one.get("stroke", ""))
    assert all(len(found) == 1 for found in colours.values())
    every = [colour for found in colours.values() for colour in found]
    assert len(every) == len(set(every))


def test_colours_are_those_of_the_file() -> None:
    """The same object has the same colour in the pictures of two morphisms of one file."""
    found = []
    for morphism in ("mlp", "net"):
        module, _ = module_of("net")
        svg = picture_of_text(module.source.text, morphism, 20).svg
        found.append({one.get("data-object"): one.get("stroke") for one in elements(svg, "cat-wire")})
    both = found[0].keys() & found[1].keys()
    assert both == {"R[d]", "R[4*d]"}
    assert all(found[0][one] == found[1][one] for one in both)


@pytest.mark.parametrize("depth", [0, 1, 20])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_lies_on_anything_else(name: str, depth: int) -> None:
    picture = picture_of(name, depth)
    chosen, _ = opening(picture.graph, depth, 900)
    for placed in all_placed(place(picture.graph, Measure(), chosen.__contains__)):
        for one, other in itertools.combinations(placed.places[2:], 2):
            assert not _overlap(one, other), (_name(one), _name(other))
        for one in placed.places:
            assert one.x >= -0.1 and one.x + one.width <= placed.width + 0.1
            assert one.y >= -0.6 and one.y + one.height <= placed.height + 0.6
            for x, y, _, inner in one.placed:
                assert x >= -0.1 and x + inner.width <= one.width + 0.1
                assert y >= 0 and y + inner.height <= one.height + 0.1
        # Columns follow one another, and strands bend only between them.
        edges = zip(placed.left, placed.right, placed.lead, strict=True)
        assert all(left <= right <= lead for left, right, lead in edges)
        assert all(lead <= left for lead, left in zip(placed.lead, placed.left[1:], strict=False))


def _name(place_: Place) -> str:
    return "a strand" if place_.node is None else place_.node.title


def _overlap(one: Place, other: Place) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > 0.1 and down > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_fits(name: str) -> None:
    """In its box, and on its strand before the next column."""
    picture = picture_of(name, 20)
    chosen, _ = opening(picture.graph, 20, 900)
    for placed in all_placed(place(picture.graph, Measure(), chosen.__contains__)):
        for one in placed.places:
            if one.node is not None:
                for words, size in ((one.node.title, TITLE), (one.node.subtitle, SUBTITLE)):
                    assert width(shortened(words, size, WIDEST), size) <= one.width - 8
        for line in placed.lines:
            source = placed.places[line.source]
            if line.label and source.column + 1 < len(placed.left):
                end = source.x + source.width + 6 + width(line.label, 10.5)
                assert end <= placed.lead[source.column] + 0.5 <= placed.left[source.column + 1] + 0.5


@pytest.mark.parametrize("name", NAMES)
def test_names_lie_on_nothing(name: str) -> None:
    """Neither on a box beside them, nor on each other, nor on a strand that goes straight."""
    picture = picture_of(name, 20)
    chosen, _ = opening(picture.graph, 20, 900)
    for placed in all_placed(place(picture.graph, Measure(), chosen.__contains__)):
        labels = []
        for line in placed.lines:
            source = placed.places[line.source]
            if line.label:
                low = source.y + source.gives[line.port] - 4.5
                labels.append((source.x + source.width + 6, low - 8, width(line.label, 10.5), 9.0, line))
        for (x, y, wide, high, line), other in itertools.combinations(labels, 2):
            apart = max(x, other[0]) >= min(x + wide, other[0] + other[2]) or max(y, other[1]) >= min(
                y + high, other[1] + other[3])
            assert apart, (line.label, other[4].label)
        for x, y, wide, high, line in labels:
            for one in placed.places[2:]:
                if one.node is not None:
                    assert (max(x, one.x) >= min(x + wide, one.x + one.width) - 0.5 or max(y, one.y) >= min(
                        y + high, one.y + one.height)), (line.label, one.node.title)
                elif x < one.x + one.width and one.x < x + wide:
                    assert not y < one.y + one.takes[0] < y + high, (line.label, "a strand")


def crossings(placed: Placed) -> int:
    """How often pieces of strands between two columns cross."""
    count = 0
    pieces: dict[int, list[tuple[int, float, float]]] = {}
    for index, line in enumerate(placed.lines):
        for one in line.stretches:
            source, target = placed.places[one.source], placed.places[one.target]
            pieces.setdefault(source.column, []).append(
                (index, source.y + source.gives[one.port], target.y + target.takes[one.target_port]))
    for row in pieces.values():
        for (line, start, end), (other, begin, stop) in itertools.combinations(row, 2):
            count += line != other and (start - begin) * (end - stop) < 0
    return count


@pytest.mark.parametrize(("name", "most"), [
    ("net", 0), ("attention", 0), ("banks", 0), ("twins", 1), ("lost", 0), ("swapped", 1), ("tied", 0), ("again", 1),
    ("lora", 0), ("batch_norm", 0), ("tied_embedding", 2), ("minilm", 9), ("flow", 8), ("speech", 20), ("unet", 30)])
def test_few_crossings(name: str, most: int) -> None:
    """All levels together; what is swapped in the diagram has to cross."""
    picture = picture_of(name, 20)
    chosen, _ = opening(picture.graph, 20, 900)
    assert sum(map(crossings, all_placed(place(picture.graph, Measure(), chosen.__contains__)))) <= most


def test_a_chain_is_a_straight_line() -> None:
    svg = picture_of_text("dim d\nmorphism f : R[d] -> R[d] = affine[d, d] as a_name >> relu >> dropout[0.5] >> tanh",
                          "f").svg
    paths = [one.find(f"{SVG}path") for one in elements(svg, "cat-wire")]
    assert len(paths) == 5
    heights = set()
    for path in paths:
        assert path is not None
        found = re.fullmatch(r"M[\d.]+ ([\d.]+)H[\d.]+", path.get("d", ""))
        assert found is not None, path.get("d")
        heights.add(found[1])
    assert len(heights) == 1


def test_the_four_banks() -> None:
    """Weights, state and noise of a box are told apart; those of the boxes in it are the box's own."""
    [norm] = [node for node in picture_of("banks").graph.nodes if node.title == "batch_norm"]
    assert norm.banks == {"weights", "state"}
    kinds = {node.title: sorted(node.banks) for node in picture_of("banks").graph.nodes}
    assert kinds["dropout"] == ["noise"] and kinds["relu"] == [] and kinds["affine"] == ["weights"]
    outer = picture_of_text("dim d\nmorphism g : R[d] -> R[d] = affine >> dropout[0.1] >> batch_norm\n"
                            "morphism f : R[d] -> R[d] = g", "f").graph.nodes
    assert [sorted(node.banks) for node in outer] == [["noise", "state", "weights"]]
    assert picture_of("banks").svg.count('data-mark="state"') == 1


def test_copies_with_weights_of_their_own_are_told_from_copies_of_one() -> None:
    """A power has a set of weights for each of its copies, `each` one for all, and so has a power along copy."""
    [outer] = picture_of("net").graph.nodes
    [inside] = opened(outer)
    assert [(node.plate, node.several) for node in (outer, inside.graph.nodes[0])] == [
        ("along n", False), ("6 times", True)]
    assert [node.several for node in picture_of("tied").graph.nodes if node.plate] == [False]
    assert "weights for each copy" in picture_of("net").svg and "▼▼" in picture_of("net").text



def test_shared_weights_are_one_wire_to_each_of_their_boxes() -> None:
    for name, boxes in (("twins", ("affine", "affine")), ("again", ("g", "g"))):
        graph = picture_of(name).graph
        [begin] = [node for node in graph.nodes if node.kind == "weight"]
        [strand] = begin.outputs
        assert strand.bank == WEIGHTS and begin.shared
        takers = [node for node in graph.nodes if strand in node.weights]
        assert len(takers) == len(boxes)
        assert all(WEIGHTS not in node.banks for node in takers)
        [drawn] = [one for one in elements(picture_of(name).svg, "cat-wire") if one.get("data-bank") == WEIGHTS]
        assert "stroke-dasharray" in drawn.find(f"{SVG}path").attrib  # type: ignore[union-attr]


def test_tied_weights_go_into_both_their_uses() -> None:
    """The embedding's matrix is used deep inside the one box and as a value of the other."""
    graph = picture_of("tied_embedding").graph
    [begin] = [node for node in graph.nodes if node.kind == "weight"]
    [strand] = begin.outputs
    takers = [node for node in graph.nodes if strand in node.taken]
    assert [node.title for node in takers] == ["each(embedding)", "contract"]
    [inside] = opened(takers[0])
    [box] = inside.graph.nodes
    assert box.weights == [strand] and not box.banks and not takers[0].banks


def test_a_2_cell_is_a_box_on_weights() -> None:
    [outer, *_] = [node for node in picture_of("lora").graph.nodes if node.title == "lora"]
    [inside] = opened(outer)
    [begin, cell, linear] = inside.graph.nodes
    assert (begin.kind, cell.kind, linear.kind) == ("weight", "cell", "box")
    assert [one.name for one in begin.outputs] == ["U", "V"]
    assert set(begin.outputs) <= set(cell.inputs) and cell.outputs == linear.weights
    assert {node.title for node in opened(cell)[0].graph.nodes} == {"add", "matmul"}
    [begin, copied, power] = picture_of("tied").graph.nodes
    assert (copied.kind, copied.title, power.weights) == ("cell", "along copy", copied.outputs)


def test_a_wire_that_is_dropped_ends_in_a_dot() -> None:
    [one] = [found for found in elements(picture_of("lost").svg, "cat-wire") if found.get("data-object") == "R[3]"]
    assert len(one.findall(f"{SVG}circle")) == 1


def test_a_morphism_that_takes_morphisms_is_drawn_too() -> None:
    picture = picture_of_text(module_of("net")[0].source.text, "residual")
    assert [(node.kind, node.title) for node in picture.graph.nodes] == [("formal", "f"), ("box", "add")]
    assert picture.heading == "residual[A](f : R[A...] -> R[A...]) : R[A...] -> R[A...]"


def test_two_bodies_are_both_inside() -> None:
    text = "dim d\nmorphism act : R[d] -> R[d] = relu in eval tanh\nmorphism f : R[d] -> R[d] = act\n"
    [node] = picture_of_text(text, "f").graph.nodes
    assert [inside.title for inside in opened(node)] == ["in training", "in evaluation"]


def test_long_diagrams_are_put_together() -> None:
    chain = " >> ".join(["relu"] * 3000)
    picture = picture_of_text(f"dim d\nmorphism f : R[d] -> R[d] = {chain}", "f", 0)
    assert len(picture.graph.nodes) == 55
    parts: list[Node] = picture.graph.nodes
    assert {node.kind for node in parts} == {"part"}
    assert sum(len(opened(node)[0].graph.nodes) for node in parts) == 3000
    assert parts[0].about == ["55 of 3000 boxes: more than 400 are not drawn beside each other"]


def test_strands_past_very_many_columns_go_below(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many columns are passed in all, strands go under all boxes, and cross none."""
    from catlang.picture import columns

    monkeypatch.setattr(columns, "MOST_PASSING", 0)
    picture = picture_of("tied_embedding", 0)
    placed = place(picture.graph, Measure(), lambda node: False)
    assert [line.under for line in placed.lines if line.under >= 0] == [0, 1]
    lowest = max(one.y + one.height for one in placed.places if one.node is not None)
    assert placed.height - 6 > lowest
    assert len(elements(picture.svg, "cat-wire")) == len(placed.lines)
    assert "╌" in picture.text and "NaN" not in picture.html


def test_a_long_chain_of_definitions_is_no_matter() -> None:
    from catlang.picture.asked import picture_of as asked

    lines = ["dim d", "morphism m0 : R[d] -> R[d] = affine"]
    lines += [f"morphism m{i + 1} : R[d] -> R[d] = m{i}" for i in range(3000)]
    from catlang.checking import check_source
    from catlang.span import Source

    found = asked(check_source(Source("long.cat", None, "\n".join(lines))), "m3000", {}, 45)
    assert "Open to level 40, the deepest that is drawn." in found.svg
    assert found.graph.nodes[0].banks == {"weights"}


def test_what_doubles_itself_is_not_opened_without_end() -> None:
    lines = ["dim d", "morphism m0 : R[d] -> R[d] = relu"]
    lines += [f"morphism m{i + 1} : R[d] -> R[d] = m{i} >> m{i}" for i in range(40)]
    picture = picture_of_text("\n".join(lines), "m40", 39)
    assert "Open to level 7 of the 39 asked for: with the next there would be more than 900 boxes." in picture.svg
    assert len(elements(picture.svg, "cat-node")) < 900
    assert "Not every box opens: there would be more than 2500 in all." in picture.html
