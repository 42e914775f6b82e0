"""Invariants: every network made of a `.cat` file of this repository keeps all of them, and each of them can fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catlang.checker.entry import Definition, ObjectEntry, ObjectVariableEntry, RunEntry
from catlang.checking import check_file, check_source
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.dims import Variable
from catlang.network.erasure import Padded
from catlang.network.invariants import INVARIANTS, Broken, below, check, effects
from catlang.network.network import Each, Network, Sub
from catlang.network.recursion import FoldTree, Grow, GrowTree, Mask, OfLists, Opened, Scan
from catlang.network.specialise import Specialiser
from catlang.objects.colour import BOOL, Finite, Nominal, Product, array, axes_of, power
from catlang.objects.functor import Fixed, Functor, Recursive, list_of
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
    assert any(list(INVARIANTS[name](inner)) for inner in (one, sub_of(one))), "it goes unseen"
    with pytest.raises(Broken):
        check(one)


def test_every_invariant_is_tried() -> None:
    assert {name for name, _ in MUTATIONS} == set(INVARIANTS)
    assert {name for name, _ in RECURSIVE_MUTATIONS} == set(INVARIANTS)


def test_what_is_used_has_to_be_there() -> None:
    one = sub_of(network())
    with pytest.raises(Broken, match=r"what is used is there: nobody gives it a wire R\[3\]"):
        check(one)


# -------------------------------------------------------------------- recursion

RECURSIVE = """
dim n
frozen W : R[3, 3]
endofunctor May[O](X) = 1 + O * X
endofunctor Fork[A](X) = 1 + A * X * X
endofunctor Rose[A](X) = A * List(X)
morphism twice[A](f : A -> A) : A -> A = f >> f
morphism block : R[3] -> R[3] = affine >> dropout
morphism most[m] : R[m, 3] -> R[3] = reduce(max, m d -> d)
coalgebra words : R[3] -> May[R[3]](R[3])
    = s |-> (drop + id)(decide(greater(at(s, 0), 0.0), (relu(s), affine(s))))
coalgebra forks : R[3] -> Fork[R[3]](R[3])
    = s |-> (drop + id)(decide(greater(at(s, 0), 0.0), (relu(s), affine(s), s)))
morphism net : List(R[3]) * mu Rose[R[3]] -> R[3] * mu Fork[R[3]] * List(R[3]) = (xs, t) |->
    let f = linear in
    let y = fold([one, (x, s) |-> add(block(x), (linear along V |-> add(W, V))(s))])(cons(one(), tail(xs))),
        z = twice(v |-> add(f(v), fold([zero, (x, s) |-> add(x, s)])(map(x |-> add(x, v))(xs))))(y) in
    (add(z, fold((w, below) |-> add(w, most(below)))(t)), unfold[n](forks)(y), unfold[4](words)(y))
"""


def recursive() -> Network:
    module = check_source(Source("m.cat", None, RECURSIVE))
    assert not list(module.bag), [found.headline for found in module.bag]
    entry = module.scope.names["net"]
    assert isinstance(entry, Definition)
    return Specialiser({}, {}).definition(entry)


def of_kind(one: Network, kind: type) -> Box:
    """The first box of a kind in a network or one below it."""
    for inner in below(one):
        for body in inner.bodies:
            for _, box in d.everything(body):
                if isinstance(box.operation, kind):
                    return box
    raise AssertionError(f"no {kind.__name__}")


def of_lists(one: Network, kind: str) -> Box:
    [found] = [box for inner in below(one) for body in inner.bodies for _, box in d.everything(body)
               if isinstance(box.operation, OfLists) and box.operation.kind == kind]
    return found


def step_of(one: Network) -> Diagram:
    """The step whose weights are held by an instance of it."""
    operation = of_kind(one, Scan).operation
    assert isinstance(operation, Scan)
    return operation.step


def holder_of(one: Network) -> Network:
    [found] = [inner for inner in below(one) if inner.held and inner.name == "block"]
    return found


def closure_of(one: Network) -> Network:
    """The network of an argument, which uses what is around it."""
    found = [inner for inner in below(one) if inner.definition is None and inner.lent]
    return found[0]


def leave_a_list_open(one: Network) -> None:
    step_of(one).boxes.append(Box(d.Open(one.sizes[0]), (), (), None, one.span))


def make_twice_in_a_step(one: Network) -> None:
    step_of(one).boxes.append(step_of(one).boxes[0])


def use_too_early_in_a_step(one: Network) -> None:
    step_of(one).boxes.reverse()


def keep_a_list(one: Network) -> None:
    wires(step_of(one).outputs)[0].object = list_of(array(3))


def keep_a_list_of_trees(one: Network) -> None:
    tree = wires(one.diagram.inputs)[2]
    tree.object = power(tree.object, (2,))


def grow_without_a_bound(one: Network) -> None:
    operation = of_kind(one, GrowTree).operation
    assert isinstance(operation, GrowTree)
    operation.bound = Variable("m").poly


def step_along_another_axis(one: Network) -> None:
    operation = of_kind(one, Scan).operation
    assert isinstance(operation, Scan)
    operation.size = Variable("m").poly


def forget_a_padded_size(one: Network) -> None:
    one.sizes[:] = [size for size in one.sizes if not isinstance(size, Padded)]


def list_what_is_told_inside(one: Network) -> None:
    inner, operation = next((inner, box.operation) for inner in below(one) for body in inner.bodies
                            for _, box in d.everything(body) if isinstance(box.operation, Opened))
    inner.sizes.append(operation.length)


def count_elements_too_often(one: Network) -> None:
    wires(of_lists(one, "cons").outputs)[0].object = Finite(3)
    wires(of_lists(one, "cons").inputs)[1].object = Finite(7)


def put_other_elements_in_front(one: Network) -> None:
    first = wires(of_lists(one, "cons").inputs)[0]
    first.object = array(4)


def carry_another_state(one: Network) -> None:
    wires(step_of(one).outputs)[0].object = array(3, 3)


def emit_something_else(one: Network) -> None:
    step = of_kind(one, Grow).operation.inside()["step"]
    wires(step.outputs)[1].object = array(2)


def stop_by_three(one: Network) -> None:
    step = of_kind(one, Grow).operation.inside()["step"]
    wires(step.outputs)[0].object = Finite(3)


def branch_by_three(one: Network) -> None:
    step = of_kind(one, GrowTree).operation.inside()["step"]
    wires(step.outputs)[0].object = Finite(3)


def fold_another_tree(one: Network) -> None:
    wires(one.diagram.inputs)[2].object = Fixed("mu", Functor(Product((array(2), Recursive()))))


def grow_another_tree(one: Network) -> None:
    wires(of_kind(one, GrowTree).outputs)[0].object = Fixed("mu", Functor(Product((array(2), Recursive()))))


def fold_to_another_state(one: Network) -> None:
    branch = of_kind(one, FoldTree).operation.inside()["constructor0"]
    wires(branch.outputs)[0].object = array(2)


def hand_other_children_on(one: Network) -> None:
    branch = of_kind(one, FoldTree).operation.inside()["constructor0"]
    *_, children = wires(branch.inputs)
    children.object = power(array(2), axes_of(children.object)[:1])


def mask_by_numbers(one: Network) -> None:
    [mask] = wires(of_kind(one, Mask).outputs)
    mask.object = power(array(), axes_of(mask.object))


def open_other_elements(one: Network) -> None:
    [opened] = wires(of_kind(one, Opened).outputs)
    opened.object = power(BOOL, axes_of(opened.object))


def lose_what_is_held(one: Network) -> None:
    holder_of(one).instances.clear()


def deny_the_holder(one: Network) -> None:
    for instance in holder_of(one).instances.values():
        instance.within = None


def call_what_only_holds(one: Network) -> None:
    holder = next(instance for instance in one.instances.values()
                  if isinstance(instance.operation, Sub) and instance.operation.network.held)
    one.diagram.boxes.append(Box(holder.operation, (), (), holder, one.span))


def hold_other_weights(one: Network) -> None:
    [instance] = holder_of(one).instances.values()
    instance.operation = use_of(step_of(one), "dropout").operation


def forget_what_a_closure_uses(one: Network) -> None:
    closure_of(one).free.pop()


def forget_what_a_closure_is_lent(one: Network) -> None:
    closure_of(one).lent.clear()


def drop_out_weights_in_a_step(one: Network) -> None:
    [cell] = [found for inner in below(one) for instance in inner.instances.values()
              if (found := instance.reparameterisation) is not None]
    noisy = use_of(step_of(one), "dropout")
    assert isinstance(noisy.operation, d.Use)
    out = Wire(wires(cell.outputs)[0].object)
    use = d.Use(noisy.operation.definition, {**noisy.operation.arguments, "s": (3, 3)}, {})
    cell.boxes.append(Box(use, cell.outputs, out, None, noisy.span))
    cell.outputs = out


RECURSIVE_MUTATIONS: list[tuple[str, Callable[[Network], None]]] = [
    ("first order", leave_a_list_open),
    ("made once", make_twice_in_a_step),
    ("used where it is known", use_too_early_in_a_step),
    ("wires are arrays", keep_a_list),
    ("wires are arrays", keep_a_list_of_trees),
    ("sizes are listed", grow_without_a_bound),
    ("sizes are listed", step_along_another_axis),
    ("sizes are listed", forget_a_padded_size),
    ("sizes are listed", list_what_is_told_inside),
    ("signatures are kept", count_elements_too_often),
    ("signatures are kept", put_other_elements_in_front),
    ("signatures are kept", carry_another_state),
    ("signatures are kept", emit_something_else),
    ("signatures are kept", stop_by_three),
    ("signatures are kept", branch_by_three),
    ("signatures are kept", fold_another_tree),
    ("signatures are kept", grow_another_tree),
    ("signatures are kept", fold_to_another_state),
    ("signatures are kept", hand_other_children_on),
    ("signatures are kept", mask_by_numbers),
    ("signatures are kept", open_other_elements),
    ("instances are owned", lose_what_is_held),
    ("instances are owned", deny_the_holder),
    ("instances are owned", call_what_only_holds),
    ("an instance is one operation", hold_other_weights),
    ("what is free is listed", forget_what_a_closure_uses),
    ("what is free is listed", forget_what_a_closure_is_lent),
    ("2-cells compute weights from weights", drop_out_weights_in_a_step),
    ("noise is known", be_silent_about_noise),
]


@pytest.mark.parametrize(("name", "mutation"), RECURSIVE_MUTATIONS, ids=lambda one: getattr(one, "__name__", ""))
def test_each_invariant_of_recursion_can_fail(name: str, mutation: Callable[[Network], None]) -> None:
    one = recursive()
    check(one)
    mutation(one)
    assert any(list(INVARIANTS[name](inner)) for inner in below(one)), "it goes unseen"
    with pytest.raises(Broken):
        check(one)


def test_effects_come_in_order() -> None:
    text = ("morphism block : R[3] -> R[3] = dropout >> batch_norm as norm\n"
            "morphism net : R[3] -> R[3] = block as first >> dropout >> block as second >> relu")
    module = check_source(Source("m.cat", None, text))
    one = Specialiser({}, {}).definition(module.scope.names["net"])
    assert effects(one) == ["first.dropout", "first.norm", "dropout", "second.dropout", "second.norm"]


def test_effects_in_loops_are_found() -> None:
    text = ("morphism block : R[3] -> R[3] = affine >> batch_norm as norm\n"
            "morphism net : List(R[3]) -> R[3]\n"
            "    = map(dropout) >> fold([zero, (x, s) |-> add(dropout(x), block as b(s))])")
    module = check_source(Source("m.cat", None, text))
    one = Specialiser({}, {}).definition(module.scope.names["net"])
    assert effects(one) == ["dropout", "dropout", "b.norm"]

