"""Well-typed specifications at random, over all constructs of the language, and what is known of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from .objects import BELOW, FILES, NEEDS, SHARED, Boxed, Coloured, Listed, Sum, Tree, Unit, holds
from .of_arrays import of_indices, of_reals, seldom
from .of_structures import of_boxed, of_pairs, tree
from .reused import Array, Maker, Pair, chain, fixed, grouped

#: Sizes that are given at compile, of which `d` is even, and what the open ones may be.
GIVEN = {"d": (4, 6), "e": (6, 7, 8)}
OPEN = {"n": (4, 7), "m": (4, 7)}
WORD = re.compile(r"[^\W\d]\w*")


class Spec:
    """A specification in files: ``net`` of ``main.cat`` goes from a domain by stages to a codomain."""

    def __init__(self, maker: Writer, domain: Any, header: str, stages: list[tuple[str, Any]],
                 sizes: dict[str, int], where: str = "") -> None:
        self.declarations = maker.declarations
        self.parts = maker.parts
        self.domain = domain
        self.header = header
        self.stages = stages
        self.sizes = sizes
        self.where = where
        self.composed_backwards = maker.backwards

    @property
    def codomain(self) -> Any:
        return self.stages[-1][1] if self.stages else self.domain

    def text(self, *, stages: list[tuple[str, Any]] | None = None, header: str = "", codomain: Any = None,
             extra: str = "", without: str = "", behind: str = "") -> str:
        """The main file, or one with something else somewhere."""
        names = [one for one in self.declarations if one != without]
        imports = [one for one in names if SHARED[one].startswith("import")]
        first = "".join(SHARED[one] for one in imports)
        shared = "".join(SHARED[one] for one in names if one not in imports)
        stages = self.stages if stages is None else stages
        body = self.body([text for text, _ in stages] + ([behind] if behind else []))
        return (f"{first}dim n, m, d, e\n{shared}{''.join(self.parts)}{extra}"
                f"morphism net : {header or self.header} -> {codomain or self.codomain}\n    = {body}{self.where}\n")

    def body(self, texts: list[str]) -> str:
        if self.composed_backwards and len(texts) > 1:
            return " ∘ ".join(f"({one})" if re.search(r"\|->|>>|let | along |∘| [+*] | in ", one) else one
                              for one in reversed(texts))
        return chain(texts)

    def files(self) -> dict[str, str]:
        """What the main file imports."""
        found = dict(FILES[one] for one in self.declarations if one in FILES)
        return {**found, **({BELOW[0]: BELOW[1]} if "plain" in self.declarations else {})}

    def given(self) -> dict[str, Any]:
        """What is given at compile."""
        found: dict[str, Any] = {"d": self.sizes["d"], "e": self.sizes["e"]}
        if "back" in self.declarations:
            found["back"] = bool(self.sizes["d"] % 4)
        return found

    def words(self) -> set[str]:
        """The names in it, by which it is told what cannot be asked of it."""
        return set(WORD.findall(self.text() + "".join(self.files().values())))

    def __repr__(self) -> str:
        return f"<<<\n{self.text()}>>> {self.sizes}"


class Writer(Maker):
    """Makes one specification by choices drawn."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        super().__init__(draw)
        self.declarations: list[str] = ["residual", "twice"]
        #: The types of parts whose bodies give one object only.
        self.rigid: list[tuple[Any, Any]] = []
        self.backwards = False

    def need(self, *names: str) -> str:
        """Has declarations stand in the file, once; the last one's name."""
        for name in names:
            for one in (*NEEDS.get(name, ()), name):
                if one not in self.declarations:
                    self.declarations.append(one)
            if name == "std" and "residual" in self.declarations:
                # The library has one.
                self.declarations.remove("residual")
        return names[-1]

    def rarely(self) -> bool:
        return bool(self.draw(st.integers(0, 3)) == 0)

    def named(self, kind: str) -> str:
        return f"{kind}{len(self.parts)}"

    def declare(self, text: str) -> None:
        self.parts.append(text)

    def where(self) -> str:
        """Conditions that hold of all sizes that are drawn."""
        if not self.rarely():
            return ""
        return " where " + self.choose("n >= 2", "n + m >= 3, d <= 100", "2 <= e", "n - 1 >= 1, m >= 2")

    # ---------------------------------------------------------------- objects

    def object(self, depth: int = 2) -> Any:
        kind = self.draw(st.integers(0, 15)) if depth else 9
        if kind == 0:
            left = self.object(depth - 1)
            return self.sum(left, self.object(depth - 1))
        if kind == 2 and self.maybe():
            return Listed(self.choose(self.symbol, self.symbol, lambda: Pair(self.symbol(), self.symbol()))())
        if kind in (1, 2):
            return Listed(self.object(0 if self.rarely() else depth - 1) if self.maybe() else self.vector())
        if kind == 3:
            return self.colour(self.array())
        if kind == 4 and depth == 2:
            return tree(self)
        if kind == 5:
            return Listed(self.vector()).under(self.choose("n", "3"))
        if kind == 6 and depth < 2:
            return Unit()
        return super().object(depth)

    def sum(self, left: Any, right: Any) -> Any:
        return left if holds(left, Tree) or holds(right, Tree) else Sum(left, right)

    def array(self) -> Array:
        if self.maybe():
            return super().array()
        return Array("R", self.choose(("d",), ("d",), ("n", "d"), ("n", "d"), ("2*d",), ("n", "2*d"), ("d", "n"),
                                      ("3", "n", "m"), ("e",), ("n", "3"), ("m", "n", "d"), ("2", "n")))

    def vector(self) -> Array:
        return Array("R", (self.choose("2", "3", "d"),))

    def symbol(self) -> Array:
        return Array(f"Fin[{self.choose('2', '5', 'd')}]", ())

    def colour(self, carrier: Array) -> Coloured:
        name = self.named("Colour")
        if self.rarely() and carrier.axes:
            self.declare(f"object {name}[p : dim] : {Array(carrier.base, ('p', *carrier.axes[1:]))}\n")
            return Coloured(name, carrier, f"[{carrier.axes[0]}]")
        self.declare(f"object {name} : {carrier}\n")
        return Coloured(name, carrier)

    # ---------------------------------------------------------------- morphisms

    def part(self, obj: Any, body: str, out: Any, before: str = "") -> tuple[str, Any]:
        name = self.named("part")
        if before.endswith(" >> "):
            before, body = before[:-4], chain([before[:-4], body])
            before = ""
        self.declare(f"morphism {name} : {obj} -> {out} = {before}{body}\n")
        return name, out

    def extracted(self, obj: Any, depth: int) -> tuple[str, Any]:
        body, out = self.inside(obj, depth)
        name = self.named("part")
        self.rigid.append((obj, out))
        reason = ""
        generics = ""
        if self.draw(st.integers(0, 7)) == 0:
            reason, generics = 'allow E0205 "kept for later"\n', "[unused = 3]"
        self.declare(f"{reason}## What comes out of a stage.\nmorphism {name}{generics} : {obj} -> {out} = {body}"
                     f"{self.where()}\n")
        return (f"{name} as {self.label()}" if self.maybe() else name), out

    def stage(self, obj: Any, depth: int) -> tuple[str, Any]:
        if isinstance(obj, Boxed):
            if depth > 0 and self.rarely() and not holds(obj, Unit):
                return self.choose(self.extracted, self.paired)(obj, depth)
            return of_boxed(self, obj, depth)
        if isinstance(obj, Pair):
            if holds(obj, Boxed) and self.maybe():
                return self.choose(lambda: self.beside(obj, max(depth, 1)), lambda: ("swap", Pair(obj.right, obj.left)),
                                   lambda: ("fst", obj.left), lambda: ("snd", obj.right))()
            found = of_pairs(self, obj, depth) if self.maybe() else None
            return found or super().stage(obj, depth)
        if self.draw(st.integers(0, 11)) == 0:
            return self.anything(obj)
        if obj.base == "R" and self.rarely() and (makers := seldom(obj)):
            found: tuple[str, Any] = self.choose(*makers)(self, obj)
            return found
        if obj.base.startswith("Fin[") and self.rarely():
            return of_indices(self, obj)
        if obj.base == "R" and self.maybe():
            return of_reals(self, obj, depth)
        return super().stage(obj, depth)

    def of_pair(self, obj: Pair, depth: int) -> tuple[str, Any]:
        text, out = super().of_pair(obj, depth)
        # What was an axis of something boxed is one still.
        if isinstance(obj.left, Boxed) and isinstance(out, Array) and out.base == obj.left.base:
            out = obj.left.with_axes(out.axes)
        return text, out

    def anything(self, obj: Any) -> tuple[str, Any]:
        """What there is for any object."""
        if self.rarely():
            return "drop", Unit()
        if self.rarely():
            return self.part(obj, self.choose("inl", "inr"), Sum(obj, obj))
        colour = self.colour(obj)
        return (f"{colour.name}", colour) if not colour.base.endswith("]") else self.part(obj, colour.name, colour)

    def collapsed(self, obj: Any) -> str:
        """A morphism from an object to `R[]`."""
        if isinstance(obj, Pair):
            return f"{grouped(self.collapsed(obj.left))} * {grouped(self.collapsed(obj.right))} >> add"
        if obj.axes:
            self.need("count")
            inner = self.collapsed(obj.rest())
            return f"each({inner}) >> count"
        if isinstance(obj, Unit):
            return "one"
        if isinstance(obj, Sum):
            return f"[{self.collapsed(obj.left)}, {self.collapsed(obj.right)}]"
        if isinstance(obj, Listed):
            self.need("count")
            return self.choose("length", f"map({self.collapsed(obj.element)}) >> count")
        if isinstance(obj, Coloured):
            return f"{obj.name}.carrier >> {self.collapsed(obj.carrier)}"
        if isinstance(obj, Tree):
            return f"fold({obj.algebra}) >> {self.collapsed(obj.result)}"
        return {"R": "id", "Bool": "indicator"}.get(obj.base, "to_real")

    def into(self, obj: Any, target: Array) -> str:
        """A morphism from an object to an array of numbers."""
        if obj == target and self.maybe():
            return self.endo(target, 1)
        if isinstance(obj, Array) and obj.base == "R" and len(obj.axes) == len(target.axes) == 1 and (
                fixed(obj.axes[0]) and fixed(target.axes[0])):
            return self.choose(f"affine[_, {target.axes[0]}]", f"linear[_, {target.axes[0]}] >> tanh")
        if isinstance(obj, Array) and obj.base.startswith("Fin[") and fixed(obj.base) and not obj.axes and (
                len(target.axes) == 1 and fixed(target.axes[0])):
            return f"embedding[_, {target.axes[0]}]"
        body = self.collapsed(obj) + (" >> tanh" if self.maybe() else "")
        if target.axes:
            names = " ".join(f"j{place}" for place in range(len(target.axes)))
            body += f" >> repeat(-> {names})"
        return self.part(obj, body, target)[0]

    def specification(self) -> Spec:
        domain = self.object()
        if isinstance(domain, Listed) and self.maybe():
            domain = Pair(domain, self.vector())
        header, first = repr(domain), []
        if isinstance(domain, Pair) and self.maybe():
            header = f"(first : {domain.left}) * (second : {domain.right})"
            pattern = self.choose("(first, second) |-> (first, second)", "both |-> (both.first, both.second)")
            first = [(pattern, domain)]
        self.backwards = self.draw(st.integers(0, 5)) == 0
        stages = first + self.chain(domain, self.draw(st.integers(1, 5)), self.draw(st.integers(1, 3)))
        sizes = {name: self.choose(*values) for name, values in GIVEN.items()}
        sizes |= {name: self.draw(st.integers(*limits)) for name, limits in OPEN.items()}
        return Spec(self, domain, header, stages, sizes, self.where())


@st.composite
def specs(draw: Any) -> Spec:
    return Writer(draw).specification()

