"""Every loop of a network in the fastest form that a law allows."""

from __future__ import annotations

from collections.abc import Callable

from catlang.compiler.derived.account import Account
from catlang.compiler.derived.affine import affine
from catlang.compiler.derived.associative import associative
from catlang.compiler.derived.gates import Kernel, kernel
from catlang.compiler.derived.hoisting import closure, data_only, hoisted, taken
from catlang.compiler.derived.hylomorphism import fused
from catlang.compiler.derived.operations import Fused, Hylo
from catlang.compiler.derived.reverse import reverse
from catlang.compiler.derived.steps import (
    added_to_looked_up,
    between,
    biases_in_front,
    looked_up,
    multiplied_and_added,
    pieces_at_once,
    recurrent,
    rows_at_once,
    side_by_side,
)
from catlang.compiler.derived.words import words
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.network.copying import copied, fresh_names
from catlang.network.network import Each, Network, Sub
from catlang.network.recursion import FoldTree, Grow, GrowTree, Scan
from catlang.network.values import with_front, without_front

_LOOKED_UP = "a product of a learned point is looked up, once there are more {} than points"
_ROW = "W E[i] + b is row i of E W^T + b"
_CALLED = {"lstm": "nn.LSTM", "gru": "nn.GRU", "rnn_tanh": "nn.RNN with tanh", "rnn_relu": "nn.RNN with relu"}


def derive(root: Network, account: Account) -> None:
    """Rewrites the loops of a network and of all below it."""
    done: set[Network] = set()

    def visit(network: Network) -> None:
        if network in done:
            return
        done.add(network)
        for body in network.bodies:
            _diagram(body, account, visit, {}, inside=False)
        for instance in network.instances.values():
            if isinstance(instance.operation, Sub):
                visit(instance.operation.network)

    visit(root)


def _diagram(diagram: Diagram, account: Account, visit: Callable[[Network], None], around: dict[Wire, float],
             inside: bool = True) -> None:
    """Rewrites a diagram and those inside; ``around`` are the numbers that are known from outside."""
    boxes: list[Box] = []
    literals = dict(around)
    fused(diagram, account)
    for box in diagram.boxes:
        if isinstance(box.operation, d.Literal):
            literals[wires(box.outputs)[0]] = box.operation.value
        if isinstance(box.operation, Scan):
            # A step is read as it was written, before anything in it takes another form.
            count = len(account.lines)
            made = _scan(box, box.operation, account, literals)
            noted = len(account.lines) > count
            for one in made:
                if isinstance(one.operation, d.Literal):
                    literals[wires(one.outputs)[0]] = one.operation.value
                for inner in one.operation.inside().values():
                    _diagram(inner, account, visit, literals)
                if isinstance(one.operation, Scan):
                    noted |= _reversed(one, one.operation, account, literals)
            if not noted:
                account.stays(box.span, "its step is not affine in its state, and not known to be associative")
            # What a loop inside of another is given is not all there at once.
            boxes += made if inside else _of_words(box, made, diagram, account)
            continue
        for inner in box.operation.inside().values():
            _diagram(inner, account, visit, literals)
        if isinstance(box.operation, FoldTree):
            account.note(box.span, "a pass over all trees, level by level",
                         "children of nodes of one depth are the nodes of the next: F acts on a whole level at once")
            early = sum(len([one for one in data_only(branch, shape.parts(), set()) if not isinstance(
                one.operation, d.Literal)]) for shape, branch in zip(
                    box.operation.shapes, box.operation.branches, strict=True))
            if early:
                account.note(box.span, f"{_boxes(early)} taken in front of the pass, for all nodes at once",
                             "what does not depend on the children is a map over the nodes")
        elif isinstance(box.operation, GrowTree):
            account.note(box.span, "trees grown level by level, all nodes of a level at once",
                         "the states of a level are a batch")
        elif isinstance(box.operation, Hylo):
            for step in (box.operation.grown, box.operation.folded):
                known = literals | _literals(step)
                between(step, known)
                multiplied_and_added(step, known)
        elif isinstance(box.operation, Grow):
            account.note(box.span, "a loop until all lists have ended, at most to the bound",
                         "a list that has ended is unfolded to itself")
            if looked_up(box.operation.step):
                account.note(box.span, _LOOKED_UP.format("steps"), _ROW)
                if added_to_looked_up(box.operation.step):
                    account.note(box.span, "a product is added to what is looked up in one operation",
                                 "(W s + b) + (V E[i] + c) = W s + (V E[i] + (b + c)), which is a row with both biases")
            known = literals | _literals(box.operation.step)
            between(box.operation.step, known)
            multiplied_and_added(box.operation.step, known)
        if isinstance(box.operation, Sub):
            visit(box.operation.network)
        boxes.append(box)
    diagram.boxes = pieces_at_once(rows_at_once(boxes, diagram, literals), diagram) if inside else boxes


def _of_words(box: Box, made: list[Box], diagram: Diagram, account: Account) -> list[Box]:
    """A loop along words as one, where it is one."""
    found = words(made, diagram)
    if found is not made:
        account.note(box.span, "words that begin alike are one as far as they do, where no gradients are wanted",
                     "a fold is a function of its list: equal beginnings have equal states")
    return found


def _reversed(box: Box, operation: Scan, account: Account, around: dict[Wire, float]) -> bool:
    """Writes down how gradients go back along a loop, where that is known of all that its step does; whether it is."""
    step = operation.step
    known = around | _literals(step)
    between(step, known)
    operation.reverse = reverse(box, around)
    if operation.reverse is None:
        return False
    multiplied_and_added(step, known)
    account.note(box.span, "gradients go back by a loop of its own, what it needs of each step made at all places "
                 "at once", "the reverse derivative of a composite is made of those of its parts, and is linear in "
                 "what comes back")
    return True


def _scan(box: Box, operation: Scan, account: Account, around: dict[Wire, float]) -> list[Box]:
    found = kernel(operation)
    if found is not None and found.kind != "lstm" and _points(operation.step, found):
        # As a loop it looks its inputs' products up, and takes half of the products that the kernel does.
        found = None
    if found is not None:
        account.note(box.span, f"the kernel of {_CALLED[found.kind]}",
                     f"the step's normal form is that of {_CALLED[found.kind]}, its gates' rows in their places")
        return _fused(box, operation, found)
    apart = side_by_side(operation.step)
    before, loop, behind, early, late = hoisted(box, operation)
    if apart:
        products = "a product" if apart == 1 else f"{apart} products"
        account.note(box.span, f"{products} of arrays side by side taken apart",
                     "W (x, y) = U x + V y, U and V the columns of W")
    if early:
        account.note(box.span, f"{_boxes(early)} taken in front of the loop, at all places at once",
                     "what does not depend on the state is a map: scan(step . (id * p)) = map(p) >> scan(step)")
    if late:
        account.note(box.span, f"{_boxes(late)} taken behind the loop, at all places at once",
                     "what the state does not depend on is a map: scan((id * o) . step) = scan(step) >> map(o)")
    for one in before:
        if isinstance(one.operation, Each) and one.operation.front and looked_up(one.operation.body):
            account.note(box.span, _LOOKED_UP.format("entries"), _ROW)
    assert isinstance(loop.operation, Scan)
    scanned = affine(loop, loop.operation)
    if scanned is not None:
        boxes, form = scanned
        account.note(box.span, f"a parallel scan of logarithmic depth: the step is {form}",
                     "affine maps compose to affine maps, and composition is associative")
        return [*before, *boxes, *behind]
    bracketed = associative(loop, loop.operation, around | _literals(operation.step))
    if bracketed is not None:
        account.note(box.span, "a parallel scan of logarithmic depth: the step is associative",
                     "(a . b) . c = a . (b . c), so any bracketing gives the same")
        return [*before, *bracketed, *behind]
    if recurrent(loop.operation):
        biases_in_front(before, loop)
        account.note(box.span, "the gradient of a weight in the loop is a product over many steps",
                     "the gradient of a sum is the sum of the gradients: sum of g_t x_t^T = G^T X")
    return [*before, loop, *behind]


#: Of so many points at most a table of products is worth more than a kernel.
_FEW = 1024


def _points(step: Diagram, found: Kernel) -> bool:
    """Whether what comes into a cell is one of a few learned points, and all of its gates are one product of it."""
    made = {wires(box.outputs)[0]: box for box in step.boxes if len(wires(box.outputs)) == 1}
    box = made.get(found.entry)
    if box is None or not isinstance(box.operation, d.Use) or box.operation.definition.name != "embedding":
        return False
    count = box.operation.arguments["m"]
    return isinstance(count, int) and count <= _FEW and len({gate.ours[0] for gate in found.gates}) == 1


def _literals(step: Diagram) -> dict[Wire, float]:
    return {wires(box.outputs)[0]: box.operation.value for box in step.boxes if isinstance(box.operation, d.Literal)}


def _boxes(count: int) -> str:
    return "one box is" if count == 1 else f"{count} boxes are"


def _fused(box: Box, operation: Scan, found: Kernel) -> list[Box]:
    """The kernel, and in front of it what it takes, where that is computed from the entries."""
    lengths, start, elements = box.inputs  # type: ignore[misc]
    final, results = box.outputs  # type: ignore[misc]
    step = operation.step
    entries = wires(step.inputs[1])  # type: ignore[index]
    made: list[Box] = []
    if found.entry in entries:
        array = wires(elements)[entries.index(found.entry)]
    else:
        needed = closure(step, [found.entry])
        boxes = [one for one in step.boxes if not needed.isdisjoint(wires(one.outputs))]
        used = [wire for wire in entries if any(wire in taken(one) for one in boxes)]
        names: dict[Wire, Wire] = {}
        body = Diagram("before", fresh_names(tuple(used), names), None, box.span)
        body.boxes = copied(boxes, names)
        body.outputs = names[found.entry]
        front = with_front(body.outputs, operation.size)
        assert isinstance(front, Wire)
        array = front
        arrays = tuple(wires(elements)[entries.index(wire)] for wire in used)
        size = lengths if isinstance(lengths, Wire) else None
        made.append(Box(Each(operation.size, body, size), arrays, array, None, box.span))
    states = [wires(start)[place] for place in found.states]
    last = [wires(final)[place] for place in found.states]
    fused = Fused(found, operation.backwards, operation.size)
    given = wires(results)
    # Where nobody asks for the states at every place, the kernel gives them all the same.
    whole = given[0] if given else with_front(wires(final)[found.states[0]], operation.size)
    assert isinstance(whole, Wire)
    made.append(Box(fused, (lengths, tuple(states), array), (tuple(last), whole), None, box.span))
    for other in given[1:]:
        made.append(Box(Each(operation.size, _same(whole), None), whole, other, None, box.span))
    return made


def _same(array: Wire) -> Diagram:
    """The identity at each place."""
    inner = without_front(array)
    body = Diagram("same", inner, None, None)
    body.outputs = inner
    return body

