"""Every primitive of the prelude has an exact meaning, or a reason to have none; where it has one, its lowering to
PyTorch computes it: alone, under one batch axis and two, under ``each``, and at sizes that are read off its inputs."""

from __future__ import annotations

from typing import Any

import pytest
from cases import CASES, DRAWS
from held import checked, hold
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from catlang import dims
from catlang.checker.colours import colour
from catlang.checker.entry import ConstantEntry, Definition, DimEntry, ObjectVariableEntry, RunEntry
from catlang.checking import check_source
from catlang.compiler.build import Build, CompileError
from catlang.meaning.exact import INEXACT, ROWS
from catlang.network.erasure import WIRING
from catlang.objects.colour import dims_of, show
from catlang.objects.substitution import Substitution
from catlang.span import Source

_prelude = check_source(Source("m.cat", None, "morphism f : 1 -> 1 = id")).loader.prelude
PRIMITIVES: dict[str, Definition] = {
    name: entry for name, entry in _prelude.scope.all() if isinstance(entry, Definition) and entry.primitive}
for _entry in PRIMITIVES.values():
    _prelude.header(_entry)
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
#: Primitives that become wiring or structured boxes: no functor sees them. Recursion becomes loops along lists and
#: passes over trees, which the tests of recursion hold against PyTorch.
STRUCTURAL = {*WIRING, "inl", "inr", "each", "family", "fold", "foldl", "scan", "scanl", "unfold", "take", "run", "map",
              "curry", "uncurry", "decide", "nil", "cons", "tail", "but_last", "reverse", "zip", "to_list", "length"}
#: Those that give what is drawn, or the same for every element of a batch.
NOISY = {"normal", "uniform", "gumbel", "bernoulli"}


def header(definition: Definition, generics: dict[str, Any], symbolic: bool) -> tuple[str, str, str, str, list[str]]:
    """The domain, the codomain, the use and the conditions of a primitive at these generics, as text, and the names of
    the sizes that are left as they are: where ``symbolic``, those in its domain."""
    substitution = Substitution()
    named: list[str] = []
    left: list[str] = []
    module = checked(f"object A = {generics.get('A', 'R[]')}")
    for generic in definition.generics:
        entry = generic.entry
        value = generics.get(entry.name)
        if isinstance(entry, DimEntry):
            [variable] = dims.variables(entry.value)
            inside = any(variable in dims.variables(size) for size in dims_of(definition.domain))
            if symbolic and inside:
                left.append(entry.name)
                named.append(f"{entry.name} = {entry.name}")
            else:
                substitution.dims[variable] = value
                named.append(f"{entry.name} = {value}")
        elif isinstance(entry, RunEntry):
            substitution.runs[entry.run] = value
        elif isinstance(entry, ObjectVariableEntry):
            alias = module.scope.names["A"]
            substitution.objects[entry.variable] = colour(alias.node.body, module.scope)
        elif isinstance(entry, ConstantEntry):
            shown = str(value).lower() if isinstance(value, bool) else value
            named.append(f"{entry.name} = {shown}")
    domain, codomain = substitution.object(definition.domain), substitution.object(definition.codomain)
    conditions = [now.show() for condition in definition.where
                  if (now := condition.substitute(substitution.dims)).variables()]
    where = f" where {', '.join(conditions)}" if conditions else ""
    use = definition.name + (f"[{', '.join(named)}]" if named else "")
    return show(domain), show(codomain), use, where, left


def read_off(name: str, generics: dict[str, Any]) -> tuple[str, list[str]]:
    """A program in which the sizes of the inputs are named, and their names."""
    domain, codomain, use, where, left = header(PRIMITIVES[name], generics, True)
    declared = f"dim {', '.join(left)}\n" if left else ""
    return f"{declared}morphism plain : {domain} -> {codomain} = {use}{where}\n", left


def needed(text: str, left: list[str], generics: dict[str, Any]) -> dict[str, int]:
    """The sizes that have to be given: weights depend on them."""
    module = checked(text)
    try:
        Build(module, module.scope.names["plain"], {}, {}).source()
    except CompileError as error:
        [missing] = error.diagnostics
        assert missing.code == "E0807", missing.headline
        return {size: generics[size] for size in left if f"`{size}`" in missing.headline}
    return {}


def program(name: str, generics: dict[str, Any]) -> str:
    definition = PRIMITIVES[name]
    domain, codomain, use, _, _ = header(definition, generics, False)
    text = f"morphism plain : {domain} -> {codomain} = {use}\n"
    if domain != "1":
        text += f"morphism once : ({domain})^2 -> ({codomain})^2 = each({use})\n"
        text += f"morphism twice : ({domain})^(2, 3) -> ({codomain})^(2, 3) = each(each({use}))\n"
    return text


@pytest.mark.parametrize("name", sorted(CASES))
def test_lowering_computes_the_exact_meaning(name: str) -> None:
    @settings(max_examples=6, deadline=None, database=None, derandomize=True, phases=PHASES)
    @given(CASES[name], st.integers(0, 1000))
    def attempt(generics: dict[str, Any], seed: int) -> None:
        text = program(name, generics)
        module = checked(text)
        options: dict[str, Any] = {"seed": seed, "draws": DRAWS.get(name, [])}
        for batch in ((), (3,), (2, 2)):
            hold(module, "plain", batch=batch, **options)
        if "once" in module.scope.names:
            hold(module, "once", **options)
            hold(module, "once", batch=(2,), **options)
            hold(module, "twice", **options)
        text, left = read_off(name, generics)
        if left:
            told = needed(text, left, generics)
            for batch in ((), (3,)):
                hold(checked(text), "plain", batch=batch, sizes={size: generics[size] for size in left}, given=told,
                     **options)

    attempt()


def test_every_primitive_is_accounted_for() -> None:
    assert not set(ROWS) & set(INEXACT)
    assert set(ROWS) | set(INEXACT) == set(PRIMITIVES) - STRUCTURAL
    assert set(CASES) == set(ROWS) - NOISY
    assert all(reason for reason in INEXACT.values())


def test_every_primitive_is_lowered() -> None:
    from catlang.compiler.lowering import ROWS as LOWERED

    assert set(LOWERED) == set(PRIMITIVES) - STRUCTURAL
