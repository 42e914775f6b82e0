"""The body of a morphism as text: what is used once stands where it is used, the rest is named by ``let``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catlang.dims import show
from catlang.imported.layout import Unsaid, Wire
from catlang.imported.naming import Names, plain
from catlang.imported.patterns import SizeNames, text
from catlang.imported.structure import Run, Structure, statements
from catlang.imported.wiring import Attention, Learned, Pattern, Scope, Simple, Sized, Statement

#: A text longer than this is named, and not part of another.
LONG = 58
#: A body of the language has at most 500 names.
MOST_NAMES = 480
#: The same where what it is part of is longer than a line has room for.
SHORT, LINE = 28, 92
#: Morphisms of any shape, so that they may stand under an `each` as well as beside it.
SHAPELESS = frozenset([
    "neg", "abs", "sign", "floor", "ceil", "round", "square", "reciprocal", "sqrt", "rsqrt", "exp", "expm1", "log",
    "log1p", "sin", "cos", "tan", "erf", "relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish",
    "hardswish", "sigmoid", "tanh", "softplus", "softsign", "logsigmoid", "logical_not", "indicator", "scale", "clamp"])
#: What results are called that nothing else names.
CALLED = {"add": "total", "sub": "difference", "mul": "product", "div": "quotient", "concat": "joined", "slice": "part",
          "at": "part", "softmax": "weights", "attend": "mixed", "masked_attend": "mixed", "contract": "product",
          "reduce": "mean", "cos": "cosine", "sin": "sine", "rearrange": "turned", "repeat": "spread",
          "to_real": "place", "index": "place", "select": "chosen", "gather": "rows", "cumsum": "sums"}


@dataclass
class Calls:
    """What a body has to know of the morphisms that it calls: their names, which input they take behind the others, and
    what the labels are."""

    name: Callable[[Scope], str]
    fed: Callable[[Scope], int | None]
    #: What every body can use without being given it.
    everywhere: dict[Wire, str]


class Body:
    """One body."""

    def __init__(self, structure: Structure, scope: Scope, calls: Calls, sizes: SizeNames, taken: set[str],
                 names: Sequence[str] = ()) -> None:
        self.structure = structure
        self.scope = scope
        self.part = structure.parts[scope]
        self.calls = calls
        self.sizes = sizes
        self.hint = "heads" if "att" in f"{scope.kind.rpartition('.')[2]} {scope.address}".lower() else "parts"
        self.names = Names({*taken, "q", "k", "v", "row"})
        self.labels: dict[str, object] = {}
        self.labelled: dict[int, str] = {}
        self.bound: dict[Wire, str] = dict(calls.everywhere)
        self.lets: list[tuple[str, str]] = []
        self.texts: dict[Wire, str] = {}
        self.inputs = [self._input(wire, names[number] if names else "")
                       for number, wire in enumerate(self.part.inputs)]
        self.makers = self._makers()

    def _input(self, wire: Wire, given: str) -> str:
        maker = wire.maker.head if wire.maker is not None else None
        if given:
            wanted = given
        elif isinstance(maker, Learned) and maker.text.startswith("parameter["):
            wanted = plain(wire.hint)
        elif isinstance(maker, Simple) and maker.text in ("cos", "sin"):
            wanted = CALLED[maker.text]
        elif wire.kind == "Bool":
            wanted = "mask"
        elif isinstance(wire.kind, int):
            wanted = "ids"
        else:
            wanted = next((one for one in ("x", "y", "z") if one not in self.names.taken), "x")
        self.bound[wire] = self.names.new(wanted)
        return self.bound[wire]

    def _makers(self) -> dict[Wire, Statement | Scope | Run]:
        """What makes each wire in this body: a box, a call, or calls in a row."""
        made: dict[Wire, Statement | Scope | Run] = {}
        skipped: set[int] = set()
        for item in self.scope.items:
            if isinstance(item, Statement):
                made[item.result] = item
            elif id(item) not in skipped:
                run = self.part.runs.get(id(item))
                if run is not None:
                    skipped.update(map(id, run.calls))
                    made[self.structure.parts[run.calls[-1]].outputs[0]] = run
                else:
                    made |= dict.fromkeys(self.structure.parts[item].outputs, item)
        self.count: dict[Wire, int] = {}
        for maker in dict.fromkeys(map(id, made.values())):
            one = next(found for found in made.values() if id(found) == maker)
            for wire in self.reads(one):
                self.count[wire] = self.count.get(wire, 0) + 1
        for wire in self.part.outputs:
            self.count[wire] = self.count.get(wire, 0) + 1
        return made

    def reads(self, maker: Statement | Scope | Run) -> list[Wire]:
        if isinstance(maker, Statement):
            return maker.reads
        return self.structure.parts[maker.calls[0] if isinstance(maker, Run) else maker].inputs

    # ------------------------------------------------------------------ labels

    def label(self, address: str, what: object, hint: str = "") -> str:
        """The label of what lies at an address in the program; what is the same has the same."""
        inner = address
        around = self.scope.address
        if around and inner.startswith(f"{around}."):
            inner = inner[len(around) + 1:]
        if inner == around:
            # The module itself, whose weights are used beside other things.
            inner = hint
        if inner[:1].isdigit():
            inner = f"layer_{inner}"
        wanted = name = plain(inner or hint)
        number = 2
        while name in self.labels and self.labels[name] != what:
            name, number = f"{wanted}_{number}", number + 1
        self.labels[name] = what
        return name

    def label_of(self, maker: Statement | Scope | Run) -> str:
        """The label of a box or a call, decided once; none where nothing is learned."""
        if id(maker) in self.labelled:
            return self.labelled[id(maker)]
        name = ""
        if isinstance(maker, Statement):
            if isinstance(maker.head, Learned):
                name = self.label(maker.head.hint, maker.head.parts, maker.head.text.partition("[")[0])
        else:
            first = maker.calls[0] if isinstance(maker, Run) else maker
            if self.structure.parts[first].learns:
                address = first.address
                if isinstance(maker, Run) and not maker.tied:
                    address = _together(maker)
                what: object = ("run", id(maker)) if isinstance(maker, Run) else (first.address, self.calls.name(first))
                name = self.label(address, what, "inner")
        self.labelled[id(maker)] = name
        return name

    # ------------------------------------------------------------------ expressions

    def text(self) -> str:
        """The body, as it stands behind `=`."""
        for item in self.scope.items:
            # Labels are given in the order of the program, not in that in which text comes about.
            self._visit(item)
        inside = self._inside()
        for wire, maker in self.makers.items():
            several = not isinstance(maker, Statement | Run) and len(self.structure.parts[maker].outputs) > 1
            if several:
                assert isinstance(maker, Scope)
                if wire is self.structure.parts[maker].outputs[0]:
                    self._bind_all(maker)
            elif self.count.get(wire, 0) > 1:
                self._bind(wire)
            elif wire not in inside and wire not in self.bound:
                # In their order, so that what is deep in other things is there already.
                self.texts[wire] = self.expression(wire)
        outputs = [self.element(wire) for wire in self.part.outputs]
        if len(self.lets) > MOST_NAMES:
            where = f"`{self.scope.address}`" if self.scope.address else "the root"
            raise Unsaid(f"the module at {where} does more than one morphism can, so a part of it should be a module")
        inner = outputs[0] if len(outputs) == 1 else f"({', '.join(outputs)})"
        plain_ = self._pointfree(inner)
        if plain_:
            return plain_
        lets = ", ".join(f"{name} = {value}" for name, value in self.lets)
        inner = f"let {lets} in {inner}" if lets else inner
        return f"{self._pattern()} |-> {inner}" if self._pattern() else inner

    def _inside(self) -> set[Wire]:
        """The wires that only lead from one morphism of a chain to the next."""
        found: set[Wire] = set()
        for maker in self.makers.values():
            if isinstance(maker, Statement) and len(maker.arguments) == 1 and not maker.captured:
                found.update(maker.reads)
        return found

    def _visit(self, item: Statement | Scope) -> None:
        run = None if isinstance(item, Statement) else self.part.runs.get(id(item))
        if run is not None:
            self.label_of(run)
        elif isinstance(item, Statement) or item in self.makers.values():
            self.label_of(item)

    def _pattern(self) -> str:
        fed = self.calls.fed(self.scope)
        names = self.inputs if fed is None else [self.inputs[fed]]
        return names[0] if len(names) == 1 else f"({', '.join(names)})" if names else ""

    def _pointfree(self, inner: str) -> str:
        """A chain that begins with the one input needs no variable for it."""
        pattern = self._pattern()
        if not pattern or pattern.startswith("(") or self.lets or len(self.part.outputs) != 1:
            return ""
        if self.scope is self.structure.root:
            # The names of what comes in are those of the network's arguments.
            return ""
        chain, base = self.chain(self.part.outputs[0])
        if base is not None and self.bound.get(base) == pattern and self.count[base] == 1 and chain:
            return " >> ".join(chain)
        return ""

    def _bind(self, wire: Wire) -> None:
        if wire not in self.bound:
            self._name(wire, self.expression(wire))

    def _name(self, wire: Wire, value: str) -> str:
        """A name for a wire whose text there is already."""
        if wire not in self.bound:
            self.bound[wire] = self.names.new(self.called(wire))
            self.lets.append((self.bound[wire], value))
        return self.bound[wire]

    def _bind_all(self, call: Scope) -> None:
        value = self.call(call)
        names = []
        for wire in self.structure.parts[call].outputs:
            self.bound[wire] = self.names.new(self.called(wire))
            names.append(self.bound[wire])
        self.lets.append((f"({', '.join(names)})", value))

    def called(self, wire: Wire) -> str:
        """What a wire is called: by the layer that made it, however its axes are turned behind, else by what was
        done."""
        maker = self.makers.get(wire)
        while isinstance(maker, Statement) and maker.reads and (before := self.makers.get(maker.reads[0])) is not None:
            head = maker.head
            point = isinstance(before, Statement) and not before.arguments and isinstance(before.head, Learned)
            if not (isinstance(head, Pattern) and head.word in ("rearrange", "repeat") or point and isinstance(
                    head, Simple | Sized) and head.text in ("slice", "at")):
                break
            maker = before
        if maker is not None and (label := self.label_of(maker)):
            return label
        if isinstance(maker, Statement):
            head = maker.head
            word = head.word if isinstance(head, Pattern) else "attend" if isinstance(head, Attention) else (
                head.text.partition("[")[0])
            return CALLED.get(word, "value")
        if isinstance(maker, Scope):
            return plain(maker.address[len(self.scope.address):].strip(".")) or "inner"
        return "inner"

    def element(self, wire: Wire) -> str:
        """A wire as an element."""
        if wire in self.bound:
            return self.bound[wire]
        value = self.texts.get(wire) or self.expression(wire)
        return self._name(wire, value) if len(value) > LONG and wire not in self.part.outputs else value

    def expression(self, wire: Wire) -> str:
        """What makes a wire, applied to what it is made of."""
        chain, base = self.chain(wire)
        if not chain:
            maker = self.makers[wire]
            return self.call(maker) if not isinstance(maker, Statement) else self.applied(maker)
        inner = "" if base is None else self.element(base)
        if base is not None and len(inner) > SHORT and len(inner) + sum(len(link) + 4 for link in chain) > LINE:
            inner = self._name(base, inner)
        if len(chain) == 1 and _tight(chain[0]) and not (inner and chain[0].startswith("(")):
            return f"{chain[0]}({inner})"
        return f"({' >> '.join(chain)})({inner})"

    def applied(self, statement: Statement) -> str:
        """A box of several inputs."""
        head = self.head(statement)
        arguments = [one if isinstance(one, str) else self.element(one) for one in statement.arguments]
        for number, one in enumerate(statement.arguments):
            if isinstance(one, Wire) and len(arguments[number]) > SHORT and len(head) + sum(map(len, arguments)) > LINE:
                arguments[number] = self._name(one, arguments[number])
        return f"{head}({', '.join(arguments)})"

    def call(self, maker: Scope | Run) -> str:
        """A call of a morphism."""
        first = maker.calls[0] if isinstance(maker, Run) else maker
        inputs = self.structure.parts[first].inputs
        fed = self.calls.fed(first)
        rest = inputs if fed is None else [inputs[fed]]
        callee = self.callee(maker)
        if isinstance(maker, Run) or callee.endswith(")"):
            callee = f"({callee})"
        return f"{callee}({', '.join(self.element(wire) for wire in rest)})"

    def callee(self, maker: Scope | Run) -> str:
        """The morphism that is called, with what it takes in front."""
        first = maker.calls[0] if isinstance(maker, Run) else maker
        inputs = self.structure.parts[first].inputs
        fed = self.calls.fed(first)
        name = self.calls.name(first)
        front = [wire for number, wire in enumerate(inputs) if fed is not None and number != fed]
        head = f"{name}({', '.join(self.element(wire) for wire in front)})" if front else name
        label = self.label_of(maker)
        if isinstance(maker, Run):
            power = f"{head}^{len(maker.calls)}{' along copy' if maker.tied and label else ''}"
            return f"({power}) as {label}" if label else power
        return f"{head} as {label}" if label else head

    def chain(self, wire: Wire) -> tuple[list[str], Wire | None]:
        """The morphisms of one input that lead to a wire, with what stands in front of them; none where it is named or
        comes of several."""
        links: list[tuple[str, int, bool]] = []
        at: Wire | None = wire
        while at is not None and at not in self.bound and at in self.makers:
            if at is not wire and (self.count.get(at, 0) > 1 or at in self.part.outputs):
                break
            maker = self.makers[at]
            if isinstance(maker, Statement):
                wires = [one for one in maker.arguments if isinstance(one, Wire)]
                if len(maker.arguments) != len(wires) or len(wires) > 1:
                    break
                word = maker.head.text.partition("[")[0] if isinstance(maker.head, Simple) else ""
                links.append((self.inner(maker), maker.depth, word in SHAPELESS))
                at = wires[0] if wires else None
                continue
            first = maker.calls[0] if isinstance(maker, Run) else maker
            inputs, fed = self.structure.parts[first].inputs, self.calls.fed(first)
            if len(self.structure.parts[first].outputs) > 1 or fed is None and len(inputs) != 1:
                break
            links.append((self.callee(maker), 0, False))
            at = inputs[fed or 0]
        return _merged(links[::-1]), at

    def inner(self, statement: Statement) -> str:
        """The morphism of a box, without what carries it along axes."""
        head = statement.head
        if isinstance(head, Simple):
            return head.text
        if isinstance(head, Sized):
            return f"{head.text}[{', '.join(map(show, head.sizes))}]"
        if isinstance(head, Pattern):
            return text(head, self.sizes, self.hint)
        if isinstance(head, Learned):
            return f"{head.text} as {self.label_of(statement)}"
        mask = self.element(statement.captured[0])
        seen = mask if head.rows else f"repeat(s -> q s)({mask})"
        return f"(q, k, v) |-> masked_attend(q, k, v, {seen})"

    def head(self, statement: Statement) -> str:
        return f"{'each(' * statement.depth}{self.inner(statement)}{')' * statement.depth}"


def _tight(link: str) -> bool:
    """Whether an argument may stand behind a morphism without more parentheses."""
    return "|->" not in link.partition("(")[0] and " >> " not in link.partition("(")[0]


def _merged(links: Sequence[tuple[str, int, bool]]) -> list[str]:
    """Links side by side under one `each`, where they go along the same axes."""
    made: list[str] = []
    place = 0
    while place < len(links):
        end = place + 1
        depth = links[place][1]
        while end < len(links) and (links[end][2] or links[end][1] > 0) and (depth > 0 or links[place][2]):
            if links[end][1] and depth and links[end][1] != depth:
                break
            if not depth and links[end][1] and not all(link[2] for link in links[place:end]):
                break
            depth = depth or links[end][1]
            end += 1
        inner = [link[0] for link in links[place:end]]
        if depth:
            parts = [f"({one})" if "|->" in one and len(inner) > 1 else one for one in inner]
            made.append(f"{'each(' * depth}{' >> '.join(parts)}{')' * depth}")
        else:
            made += [f"({one})" if "|->" in one.partition("(")[0] or one.startswith("(q,") else one for one in inner]
        place = end
    return made


def _together(run: Run) -> str:
    """What the modules of a run are called together: as the list that they are, where they have the numbers from 0 on,
    else by the first and the last of them."""
    first, last = run.calls[0].address, run.calls[-1].address
    front = first.rpartition(".")[0]
    start = f"{front}." if front else ""
    if all(call.address == f"{start}{number}" for number, call in enumerate(run.calls)):
        return front or "layers"
    return f"{first}_to_{last.rpartition('.')[2]}"


def learned_in(scope: Scope) -> list[Statement]:
    """The boxes with weights in a call."""
    return [one for one in statements(scope) if isinstance(one.head, Learned)]
