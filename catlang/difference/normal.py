"""Networks in a normal form: a functor to terms, each of which is what it is made by and of.

On a wire stands a term. A box makes of the terms on its inputs a new one, the same one where it was made before: so it
does not matter in which order boxes stand, what wires are called, or in which instance a box without weights lies. A
weight is a term by its address, and boxes with one instance have one weight. What draws noise is never the same as
anything else. A body inside a box is a term in bound variables, by how many boxes they lie in.

Two networks whose texts are equal are the same diagram; the other way round it need not be so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from catlang.diagram.diagram import wires
from catlang.difference.writing import Writer
from catlang.network.erasure import erase
from catlang.network.functor import Functor, interpret
from catlang.network.network import Loop
from catlang.objects.colour import leaves
from catlang.objects.shapes import Data, Listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.diagram.diagram import Box, Shuffle
    from catlang.dims import Dim
    from catlang.network.functor import Constructor, Site
    from catlang.network.network import Network
    from catlang.network.recursion import Mask, OfLists
    from catlang.objects.colour import Object
    from catlang.objects.shapes import Shape


class Term:
    """What a box makes: ``head`` says what the box is, ``address`` is that of a weight or a state."""

    __slots__ = ("address", "head", "inputs")

    def __init__(self, head: str, inputs: tuple[Term, ...], address: str | None = None) -> None:
        self.head = head
        self.inputs = inputs
        self.address = address


class Terms(Functor[Term]):
    """The functor. Raises ``OverflowError`` where there would be more than ``most`` terms."""

    def __init__(self, writer: Writer, most: int) -> None:
        self.writer = writer
        self.made: dict[Any, Term] = {}
        self.count = 0
        self.most = most
        self.depth = 0
        self.within = 0
        self.states: dict[str, Term] = {}
        self.noise: dict[str, int] = {}

    def term(self, head: str, inputs: Sequence[Term], address: str | None = None, unique: bool = False) -> Term:
        self.count += 1 + self.within
        if self.count > self.most:
            raise OverflowError("it has too many boxes")
        key = (head, address, tuple(id(one) for one in inputs))
        found = None if unique else self.made.get(key)
        if found is None:
            found = Term(head, tuple(inputs), address)
            if unique:
                # Kept, so that no other term is ever taken for it.
                self.made[object()] = found
            else:
                self.made[key] = found
        return found

    def parts(self, whole: Term, count: int) -> list[Term]:
        return [whole] if count == 1 else [self.term(f"part {number}", [whole]) for number in range(count)]

    def objects(self, objects: Sequence[Object]) -> str:
        return "; ".join(self.writer.object(obj) for obj in objects)

    # ---------------------------------------------------------------- boxes

    def primitive(self, site: Site[Term]) -> Sequence[Term]:
        definition = site.operation.definition
        kept = [name for name, _ in definition.weights if site.operation.arguments.get(name) is not False]
        arguments = ", ".join(f"{name.rstrip('=')} = {self.writer.value(site[name])}"
                              for name in sorted(site.operation.arguments) if name)
        kind = "primitive" if definition.structural else "primitive of the file"
        reduces = f" reduces {definition.reduces}" if definition.reduces else ""
        reduces += f' python "{definition.node.reference}"' if definition.extern else ""
        head = f"{kind} {definition.name}[{arguments}]{reduces} -> {self.objects(site.outputs)}"
        inputs = [*site.inputs, *(site.weight(name) for name in kept)]
        noisy = definition.noisy
        if noisy:
            self.noise[definition.name] = self.noise.get(definition.name, 0) + 1
        at = None
        if definition.stateful:
            assert site.instance is not None
            at, _ = site.frame.located(site.instance)
            inputs.append(self.states.get(at) or self.term("state", [], at))
        whole = self.term(head, inputs, unique=noisy)
        if at is not None:
            self.states[at] = self.term("state after", [whole], at)
        return self.parts(whole, len(site.outputs))

    def literal(self, number: int | float, obj: Object) -> Term:
        return self.term(f"number {number!r} -> {self.writer.object(obj)}", [])

    def weight(self, address: str, obj: Object, given: Mapping[str, Term]) -> Term:
        return self.term(f"weight {self.writer.object(obj)}", [], address)

    def choose(self, tag: Term, values: list[Term], obj: Object) -> Term:
        return self.term(f"choose -> {self.writer.object(obj)}", [tag, *values])

    def shuffle(self, operation: Shuffle, sizes: dict[str, Dim], inputs: list[Term], obj: Object) -> Term:
        names: dict[str, str] = {}

        def row(side: Any) -> str:
            return " ".join(f"({row(item)})" if isinstance(item, tuple) else str(item) if isinstance(item, int)
                            else names.setdefault(item, f"a{len(names)}") for item in side)

        sides = ", ".join(row(side) for side in operation.sources)
        target = row(operation.target)
        told = ", ".join(sorted(f"{names[name]} = {self.writer.axes((size,))}" for name, size in sizes.items()
                                if name in names))
        return self.term(f"{operation.kind} {operation.how} {sides} -> {target} where {told}"
                         f" -> {self.writer.object(obj)}", inputs)

    # ---------------------------------------------------------------- structure

    def sub(self, box: Box, address: str, inputs: list[Term], body: Callable[[list[Term]], list[Term]]) -> list[Term]:
        self.within += 1
        made = body(inputs)
        self.within -= 1
        if isinstance(box.operation, Loop) and box.operation.tied:
            # All steps have one set of weights, whatever its address.
            return [self.term("tied", [one]) for one in made]
        return made

    def binder(self, head: str, inputs: Sequence[Term], count: int, bodies: Sequence[tuple[int, Callable[
            [list[Term]], list[Term]]]]) -> list[Term]:
        """A box that holds bodies, each in so many bound variables, and makes ``count`` things."""
        before, depth = dict(self.states), self.depth
        self.depth += 1
        held: list[Term] = []
        for number, (taken, body) in enumerate(bodies):
            made = body([self.term(f"bound {depth}.{number}.{place}", []) for place in range(taken)])
            held.append(self.term(f"body of {taken}", made))
        self.depth = depth
        changed = sorted(address for address, state in self.states.items() if before.get(address) is not state)
        held += [self.states[address] for address in changed]
        held += [before[address] for address in changed if address in before]
        whole = self.term(f"{head} in {depth} of {len(inputs)}", [*inputs, *held])
        for address in changed:
            self.states[address] = self.term("state after", [whole], address)
        return self.parts(whole, count)

    def each(self, size: Dim, inputs: list[Term], body: Callable[[list[Term]], list[Term]], outputs: list[Object],
             lengths: Term | None = None) -> list[Term]:
        given = inputs if lengths is None else [*inputs, lengths]
        head = f"each {self.writer.dim(size)}{'' if lengths is None else ' of a list'} -> {self.objects(outputs)}"
        return self.binder(head, given, len(outputs), [(len(inputs), body)])

    def loop(self, count: Dim, inputs: list[Term], step: Callable[[int, list[Term]], list[Term]]) -> list[Term]:
        return self.binder(f"loop {self.writer.dim(count)}", inputs, len(inputs), [
            (len(inputs), lambda given: step(0, given))])

    def family(self, count: Dim, index: Term, inputs: list[Term], member: Callable[[int, list[Term]], list[Term]],
               outputs: list[Object]) -> list[Term]:
        head = f"family {self.writer.dim(count)} -> {self.objects(outputs)}"
        return self.binder(head, [index, *inputs], len(outputs), [(len(inputs), lambda given: member(0, given))])

    # ---------------------------------------------------------------- recursion

    def scan(self, size: Dim, backwards: bool, lengths: Term | None, state: list[Term], elements: list[Term],
             step: Callable[[list[Term], list[Term]], tuple[list[Term], list[Term]]],
             emitted: list[Object]) -> list[Term]:
        count = len(state)

        def one(given: list[Term]) -> list[Term]:
            after, out = step(given[:count], given[count:])
            return [*after, *out]

        way = f"{' backwards' if backwards else ''}{'' if lengths is None else ' of a list'}"
        head = f"scan {self.writer.dim(size)}{way} by {count} -> {self.objects(emitted)}"
        given = [*state, *elements, *([] if lengths is None else [lengths])]
        return self.binder(head, given, count + len(emitted), [(count + len(elements), one)])

    def grow(self, bound: Dim, state: list[Term], step: Callable[[list[Term]], tuple[Term, list[Term], list[Term]]],
             emitted: list[Object]) -> list[Term]:
        def one(given: list[Term]) -> list[Term]:
            tag, out, after = step(given)
            return [tag, *out, *after]

        head = f"grow {self.writer.dim(bound)} -> {self.objects(emitted)}"
        return self.binder(head, state, 1 + len(emitted), [(len(state), one)])

    def fold_tree(self, tree: Term, constructors: list[list[Shape]], branches: list[Callable[[list[Term]], list[Term]]],
                  outputs: list[Object]) -> list[Term]:
        bodies = []
        for parts, branch in zip(constructors, branches, strict=True):
            taken = sum(len(leaves(erase(part.object))) if isinstance(part, Data)
                        else isinstance(part, Listed) + len(outputs) for part in parts)
            bodies.append((taken, branch))
        kinds = "; ".join(", ".join(self.shape(part) for part in parts) for parts in constructors)
        return self.binder(f"fold {kinds} -> {self.objects(outputs)}", [tree], len(outputs), bodies)

    def grow_tree(self, bound: Dim, stop: int, constructors: list[list[Shape]], state: list[Term],
                  step: Callable[[list[Term]], list[Constructor[Term]]]) -> Term:
        def one(given: list[Term]) -> list[Term]:
            return [self.term(f"constructor {constructor.places!r} of {_nesting(constructor.parts)}",
                              [*constructor.tags, *_flat(constructor.parts)]) for constructor in step(given)]

        kinds = "; ".join(", ".join(self.shape(part) for part in parts) for parts in constructors)
        [made] = self.binder(f"grow a tree {self.writer.dim(bound)} {stop} {kinds}", state, 1, [(len(state), one)])
        return made

    def shape(self, part: Shape) -> str:
        """A part of a constructor: what kind of place it is, and what it says."""
        told = [f"{name} = {self.writer.value(value)}" for name in ("object", "axes")
                if (value := getattr(part, name, None)) is not None]
        return " ".join([type(part).__name__, *told])

    def of_lists(self, operation: OfLists, size: Dim, inputs: Any, outputs: list[Object]) -> list[Term]:
        head = (f"lists {operation.kind} {self.writer.dim(size)} {operation.place} {_nesting(inputs)}"
                f" -> {self.objects(outputs)}")
        return self.parts(self.term(head, _flat(inputs)), len(outputs))

    def mask(self, operation: Mask, size: Dim, lengths: Term) -> Term:
        return self.term(f"mask {self.writer.dim(size)} {operation.safe}", [lengths])


def _flat(value: Any) -> list[Term]:
    return [value] if isinstance(value, Term) else [one for part in value for one in _flat(part)]


def _nesting(value: Any) -> str:
    return "." if isinstance(value, Term) else f"({''.join(_nesting(part) for part in value)})"


class Normal:
    """The normal form of a network. ``lines`` say it whole; ``anonymous`` say it with numbers for addresses, by their
    places in ``addresses``, which grows; ``noise`` has how many boxes draw any, by their names. Raises
    ``OverflowError`` where it would take more than ``most`` terms; ``count`` is how many it took."""

    __slots__ = ("addresses", "anonymous", "count", "lines", "noise")

    def __init__(self, network: Network, writer: Writer, addresses: list[str], most: int) -> None:
        self.count = 0
        self.lines: list[str] = []
        self.anonymous: list[str] = []
        self.addresses = addresses
        self.noise: dict[str, int] = {}
        for training in (True, False):
            terms = Terms(writer, most - self.count)
            inputs = wires(network.diagram.inputs)
            given = [terms.term(f"input {number} {writer.object(wire.object)}", [])
                     for number, wire in enumerate(inputs)]
            made = interpret(network, terms, given, training=training)
            self.count += terms.count
            self._write(made, [terms.states[address] for address in sorted(terms.states)])
            if training:
                self.noise = terms.noise

    def _write(self, outputs: list[Term], states: list[Term]) -> None:
        numbers: dict[Term, int] = {}
        known = {address: place for place, address in enumerate(self.addresses)}
        stack = [(one, False) for one in reversed([*outputs, *states])]
        while stack:
            term, ready = stack.pop()
            if term in numbers:
                continue
            if not ready:
                stack.append((term, True))
                stack += [(one, False) for one in reversed(term.inputs)]
                continue
            number = numbers[term] = len(numbers)
            inputs = " ".join(str(numbers[one]) for one in term.inputs)
            if term.address is None:
                line = anonymous = f"{number}: {term.head} of {inputs}"
            else:
                if term.address not in known:
                    known[term.address] = len(self.addresses)
                    self.addresses.append(term.address)
                line = f"{number}: {term.head} at {term.address} of {inputs}"
                anonymous = f"{number}: {term.head} at #{known[term.address]} of {inputs}"
            self.lines.append(line)
            self.anonymous.append(anonymous)
        end = f"outputs {' '.join(str(numbers[one]) for one in outputs)}; states " + " ".join(
            str(numbers[one]) for one in states)
        self.lines.append(end)
        self.anonymous.append(end)
