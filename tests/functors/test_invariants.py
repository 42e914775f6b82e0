"""Invariants: every network made of a `.cat` file of this repository keeps all of them, and each of them can fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catlang.checker.check import check_file, check_source
from catlang.checker.entry import Definition, ObjectEntry, ObjectVariableEntry, RunEntry
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.network.invariants import INVARIANTS, Broken, check, effects
from catlang.network.network import Each, Network, Sub
from catlang.network.specialise import Specialiser
from catlang.objects.colour import Nominal, array
from catlang.span import Source

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(path for folder in ("tests", "examples", "catlang/library") for path in (ROOT / folder).rglob("*.cat"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_network_keeps_the_invariants(path: Path) -> None:
    module = check_file(str(path))
    if any(found.severity == "error" for found in module.bag):
        return
    for definition in module.definitions:
        generic = any(isinstance(one.entry, ObjectVariableEntry | RunEntry) for one in definition.generics)
        if definition.primitive or definition.parameters or generic:
            continue  # no network by itself: only where it is used
        check(Specialiser({}, {}).definition(definition))


TEXT = """
dim n
frozen W : R[3, 3]
morphism twice[A](f : A -> A) : A -> A = f >> f
morphism block : R[3] -> R[3] = affine >> relu
morphism net : R[n, 3] * R[3] -> R[n, 3] = (xs, y) |->
    let f = linear as shared in
    each(x |-> twice(z |-> add(f(z), y))(dropout(x)))(
        (each(block^2) >> each(linear along (U, V) |-> add(W, mul(U, V))))(xs))
"""


def network() -> Network:
    module = check_source(Source("m.cat", None, TEXT))
    assert not list(module.bag), [found.headline for found in module.bag]
    entry = module.scope.names["net"]
    assert isinstance(entry, Definition)
    return Specialiser({}, {}).definition(entry)


def each_of(one: Network) -> Each:
    """The last ``each`` of the network: its body drops out, and calls what captures ``y``."""
    [*_, found] = [box.operation for box in one.diagram.boxes if isinstance(box.operation, Each)]
    return found


def sub_of(one: Network) -> Network:
    [*_, found] = [box.operation.network for box in each_of(one).body.boxes if isinstance(box.operation, Sub)]
    return found


def use_of(diagram: Diagram, name: str) -> Box:
    [found] = [box for _, box in d.everything(diagram) if isinstance(box.operation, d.Use)
               and box.operation.definition.name == name]
    return found


def leave_a_group(one: Network) -> None:
    one.diagram.boxes.append(Box(d.Group(Diagram("g", (), None, None)), (), (), None, one.span))


def make_twice(one: Network) -> None:
    one.diagram.boxes.append(one.diagram.boxes[0])


def use_too_early(one: Network) -> None:
    one.diagram.boxes.reverse()


def come_from_nowhere(one: Network) -> None:
    one.diagram.outputs = Wire(array(3))


def name_a_colour(one: Network) -> None:
    declaration = ObjectEntry("Kelvin", one.span, None, None)  # type: ignore[arg-type]
    wires(one.diagram.outputs)[0].object = Nominal(declaration, "Kelvin", ())


def forget_a_size(one: Network) -> None:
    one.sizes.clear()


def add_an_axis(one: Network) -> None:
    wires(use_of(each_of(one).body, "dropout").outputs)[0].object = array(3, 3)


def another_size(one: Network) -> None:
    wires(use_of(each_of(one).body, "dropout").outputs)[0].object = array(4)


def lose_an_instance(one: Network) -> None:
    del one.instances[next(iter(one.instances))]


def rename_an_instance(one: Network) -> None:
    next(iter(one.instances.values())).name = "other"


def share_too_much(one: Network) -> None:
    loop = next(box for _, box in d.everything(one.diagram) if isinstance(box.operation, Sub))
    assert loop.instance is not None
    loop.instance.operation = Sub(one, {})


def forget_what_is_free(one: Network) -> None:
    sub_of(one).free.clear()


def forget_what_is_lent(one: Network) -> None:
    sub_of(one).lent.clear()


def drop_out_weights(one: Network) -> None:
    [cell] = [found for instance in one.instances.values() if (found := instance.reparameterisation) is not None]
    noisy = use_of(each_of(one).body, "dropout")
    out = Wire(wires(cell.outputs)[0].object)
    arguments = dict(noisy.operation.arguments)  # type: ignore[attr-defined]
    arguments["s"] = (3, 3)
    use = d.Use(noisy.operation.definition, arguments, {})  # type: ignore[attr-defined]
    cell.boxes.append(Box(use, cell.outputs, out, None, noisy.span))
    cell.outputs = out


def compute_other_weights(one: Network) -> None:
    [cell] = [found for instance in one.instances.values() if (found := instance.reparameterisation) is not None]
    cell.outputs = (*wires(cell.outputs), *wires(cell.outputs))


def be_silent_about_noise(one: Network) -> None:
    one.stochastic = False


MUTATIONS: list[tuple[str, Callable[[Network], None]]] = [
    ("first order", leave_a_group),
    ("made once", make_twice),
    ("used where it is known", use_too_early),
    ("used where it is known", come_from_nowhere),
    ("wires are arrays", name_a_colour),
    ("sizes are listed", forget_a_size),
    ("signatures are kept", add_an_axis),
    ("signatures are kept", another_size),
    ("instances are owned", lose_an_instance),
    ("instances are owned", rename_an_instance),
    ("an instance is one operation", share_too_much),
    ("what is free is listed", forget_what_is_free),
    ("what is free is listed", forget_what_is_lent),
    ("2-cells compute weights from weights", drop_out_weights),
    ("2-cells compute weights from weights", compute_other_weights),
    ("noise is known", be_silent_about_noise),
]


@pytest.mark.parametrize(("name", "mutation"), MUTATIONS, ids=lambda one: getattr(one, "__name__", ""))
def test_each_invariant_can_fail(name: str, mutation: Callable[[Network], None]) -> None:
    one = network()
    check(one)
    mutation(one)
    assert any(list(INVARIANTS[name](below)) for below in (one, sub_of(one))), "it goes unseen"
    with pytest.raises(Broken):
        check(one)


def test_every_invariant_is_tried() -> None:
    assert {name for name, _ in MUTATIONS} == set(INVARIANTS)


def test_effects_come_in_order() -> None:
    text = ("morphism block : R[3] -> R[3] = dropout >> batch_norm as norm\n"
            "morphism net : R[3] -> R[3] = block as first >> dropout >> block as second >> relu")
    module = check_source(Source("m.cat", None, text))
    one = Specialiser({}, {}).definition(module.scope.names["net"])
    assert effects(one) == ["first.dropout", "first.norm", "dropout", "second.dropout", "second.norm"]

