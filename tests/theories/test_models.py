"""Theories and models: what a model declares, what its laws come to, and that its operations run as what they are.

Protects the verdicts on the fixture's laws; the names of a model, here and through imports; a model by itself as an
algebra of lists and of trees; and that a law that is said to be proved holds, and one that fails is refuted, for
operations made at random.
"""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catlang.checking import check_file, check_source
from catlang.command import main
from catlang.laws import Proved, Refuted
from catlang.span import Source

FOLDER = os.path.dirname(os.path.abspath(__file__))
SPEC = os.path.join(FOLDER, "monoids.cat")
SEMIGROUP = "theory Semigroup { sort M, op m : M * M -> M, law assoc (x, y, z : M) : m(m(x, y), z) == m(x, m(y, z)) }\n"


def verdicts(module) -> dict[tuple[str, str], object]:
    return {(name, law.name): verdict for name, entry in module.scope.names.items()
            for law, verdict in getattr(entry, "verdicts", ())}


def test_the_laws_of_the_fixture_are_proved():
    module = check_file(SPEC)
    assert list(module.bag) == []
    found = verdicts(module)
    assert len(found) == 15
    for (model, law), verdict in found.items():
        assert isinstance(verdict, Proved), (model, law, verdict.show())


def test_what_a_model_declares():
    names = check_file(SPEC).scope.names
    assert str(names["Affine.M"].body) == "R[c] * R[c]"
    assert [str(one) for one in (names["Sum.e"].codomain, names["Scaling.act"].domain)] == ["R[s...]", "R[] * R[c]"]


@pytest.mark.parametrize(("text", "wanted"), [
    ("morphism f : List(R[3]) -> R[3] = fold(m.Sum)", []),
    ("morphism f : m.Affine.M[3] -> R[3] * R[3] = x |-> m.Affine.m(x, m.Affine.e)", []),
    ("object A = m.Affine.M[3]\nmorphism f : R[3] * R[3] -> A = id", []),
    ("morphism f : R[3] * R[3] -> R[3] = m.Sum.m[3]", []),
    ("model Mine : m.Monoid { M = R[2], e = one, m = mul }", []),
    ("morphism f : R[3] -> R[3] = m.Sum.n", ["`m.Sum` has no `n`"]),
    ("morphism f : R[3] -> R[3] = m.Sums.m", ["`m.Sums` has no `m`"]),
    ("model Mine : m.Sum { M = R[2], e = one, m = mul }", ["`Sum` is a model, not a theory"]),
])
def test_through_an_import(text: str, wanted: list[str]):
    source = Source("net.cat", os.path.join(FOLDER, "net.cat"), f'import "monoids.cat" as m\n{text}\n')
    assert [one.headline for one in check_source(source, FOLDER).bag] == wanted


def test_names_come_unqualified_too():
    source = Source("net.cat", os.path.join(FOLDER, "net.cat"),
                    'import "monoids.cat"\nmorphism f : List(Affine.M[2]) -> Affine.M[2] = fold(Affine)\n')
    assert list(check_source(source, FOLDER).bag) == []


def test_values():
    torch = pytest.importorskip("torch")
    import catlang

    torch.manual_seed(0)

    def net(name: str):
        return catlang.compile(SPEC, name)

    rows = [[torch.randn(3) for _ in range(count)] for count in (4, 0, 1)]
    total = net("total")(catlang.lists(rows, like=torch.zeros(3)))
    wanted = [sum(row, torch.zeros(3)) for row in rows]
    torch.testing.assert_close(total, torch.stack(wanted))
    x, y = torch.randn(3), torch.randn(3)
    torch.testing.assert_close(net("twice")(x), x)
    torch.testing.assert_close(net("at_size")(x, y), x + y)
    learned = net("learned")
    assert [*learned.state_dict()] == ["here.shift.parameter_0.weight"]
    torch.testing.assert_close(learned(x, y), torch.relu(x + y + learned.here.shift.parameter_0.weight))


def test_states_of_affine_maps():
    torch = pytest.importorskip("torch")
    import catlang

    torch.manual_seed(0)
    pairs = [(torch.randn(3), torch.randn(3)) for _ in range(5)]
    states = catlang.compile(SPEC, "states")(catlang.lists([pairs]))
    a, b = torch.ones(3), torch.zeros(3)
    wanted = [(a, b)]
    for a2, b2 in pairs:
        a, b = a2 * a, a2 * b + b2
        wanted.append((a, b))
    for place, column in enumerate(states.data):
        torch.testing.assert_close(column[0], torch.stack([pair[place] for pair in wanted]))


ATTEND = """\
import std.monoids
dim d
morphism attend : List(R[d] * R[d]) -> List(R[d])
    = map((logit, v) |-> (logit, one(), v))
      >> scanl([(scale[-1e9](one()), zero(), zero()), Softmax.m])
      >> map(x |-> div(x.sum, add(x.weight, 1e-30)))
"""


def test_a_proved_law_is_a_parallel_scan(tmp_path: Path):
    """Attention one key after the other, by the library's monoid: each prefix as a softmax gives it."""
    torch = pytest.importorskip("torch")
    import catlang
    from catlang.compiler.loading import source_of

    path = tmp_path / "net.cat"
    path.write_text(ATTEND)
    net = catlang.compile(path, "attend", d=3)
    assert "= scan_in_parts(" in source_of(net)
    torch.manual_seed(0)
    rows = [[(4 * torch.randn(3), torch.randn(3)) for _ in range(count)] for count in (70, 0, 33)]
    found = net(catlang.lists(rows, like=(torch.zeros(3), torch.zeros(3)))).tolist()
    for row, states in zip(rows, found, strict=True):
        assert len(states) == len(row) + 1
        for place, state in enumerate(states[1:], 1):
            logits, values = (torch.stack(part[:place]) for part in zip(*row, strict=True))
            wanted = (torch.softmax(logits, 0) * values).sum(0)
            torch.testing.assert_close(torch.as_tensor(state), wanted, rtol=1e-5, atol=1e-6)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    Path("net.cat").write_text(SEMIGROUP + "model Sum[c] : Semigroup { M = R[c], m = add }\n"
                               "model Difference : Semigroup { M = R[], m = sub }\n")
    assert main(["laws", "net.cat"]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Sum         assoc  proved by normal form"
    assert second.startswith("Difference  assoc  refuted: at x = ")
    Path("none.cat").write_text("morphism f : R[3] -> R[3] = relu\n")
    assert main(["laws", "none.cat"]) == 0
    assert capsys.readouterr().out == "no model of a theory with laws\n"
    assert main(["laws", "missing.cat"]) == 1
    assert "E0001" in capsys.readouterr().err
    assert main(["laws"]) == 2


#: Operations of two numbers: how they are written, and what they are.
LEAVES = {"x": lambda x, y: x, "y": lambda x, y: y, "one()": lambda x, y: 1}
JOINED = {"add": lambda a, b: a + b, "mul": lambda a, b: a * b, "sub": lambda a, b: a - b, "maximum": max,
          "minimum": min}


def operation(chance: random.Random, depth: int):
    if depth == 0 or chance.random() < 0.2:
        return chance.choice([*LEAVES.items()])
    name, join = chance.choice([*JOINED.items()])
    (left, first), (right, second) = operation(chance, depth - 1), operation(chance, depth - 1)
    return f"{name}({left}, {right})", lambda x, y: join(first(x, y), second(x, y))


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32))
def test_verdicts_are_right(seed: int):
    """Never proved where it fails; refuted where it fails for small whole numbers, and only where it fails."""
    written, function = operation(random.Random(seed), 2)
    text = SEMIGROUP + f"model Made : Semigroup {{ M = R[], m = (x, y) |-> {written} }}\n"
    module = check_source(Source("m.cat", None, text))
    told = [one.code for one in module.bag if one.code not in ("E1005", "E1006")]
    assert told == []
    verdict = verdicts(module)["Made", "assoc"]
    fails = [point for point in itertools.product(range(-2, 3), repeat=3)
             if function(function(point[0], point[1]), point[2]) != function(point[0], function(point[1], point[2]))]
    assert isinstance(verdict, Refuted) or not fails, (written, verdict.show(), fails[:1])
    if isinstance(verdict, Refuted):
        x, y, z = (one.entries[0] for one in verdict.inputs)
        assert function(function(x, y), z) != function(x, function(y, z)), (written, verdict.show())


@pytest.mark.parametrize(("main", "name", "sizes"), [
    ('import "lib.cat" (d = 3) as l\nmodel X : l.Th { M = R[3] * R[2], out = fst, into = x |-> (x, zero()) }\n'
     "morphism net : R[3] -> R[3] = x |-> add(l.plus(x), l.W)\n", "X", {}),
    ('dim k\nimport "lib.cat" (d = k + 3)\nmodel X : Th { M = R[k + 3], out = id, into = id }\n'
     "morphism net : R[k + 3] -> R[k + 3] = x |-> add(plus(x), W)\n", "X", {"k": 2}),
])
def test_sizes_given_to_the_file_of_a_theory(main: str, name: str, sizes: dict[str, int], tmp_path: Path):
    """They are put into the theory's operations, its laws, and a frozen weight of the file."""
    (tmp_path / "lib.cat").write_text("dim d\nfrozen W : R[d] init ones\n"
                                      "morphism plus : R[d] -> R[d] = x |-> add(x, W)\n"
                                      "theory Th { sort M, op out : M -> R[d], op into : R[d] -> M,\n"
                                      "            law back (x : R[d]) : out(into(x)) == x }\n")
    (tmp_path / "main.cat").write_text(main)
    module = check_file(str(tmp_path / "main.cat"))
    assert list(module.bag) == []
    assert isinstance(verdicts(module)[name, "back"], Proved)
    torch = pytest.importorskip("torch")
    import catlang

    net = catlang.compile(tmp_path / "main.cat", "net", **sizes)
    [weight] = net.state_dict().values()
    x = torch.randn(2, *weight.shape)
    torch.testing.assert_close(net(x), x + 2 * weight)


def test_a_frozen_weight_has_one_shape(tmp_path: Path):
    pytest.importorskip("torch")
    import catlang
    from catlang.compiler import CompileError

    (tmp_path / "lib.cat").write_text("dim d\nfrozen W : R[d]\nmorphism g : R[d] -> R[d] = x |-> add(x, W)\n")
    (tmp_path / "main.cat").write_text('import "lib.cat" (d = 3) as a\nimport "lib.cat" (d = 4) as b\n'
                                       "morphism net : R[3] * R[4] -> R[3] * R[4] = a.g * b.g\n")
    with pytest.raises(CompileError, match="would have several shapes"):
        catlang.compile(tmp_path / "main.cat", "net")


@pytest.mark.parametrize("body", ["foldl(Rnn)", "foldl(Rnn as cell)", "foldl(Rnn[i = 3])", "foldl(Rnn[3, 5])"])
def test_generics_of_a_model_are_inferred_from_any_operation(body: str):
    text = ("theory Cell { sort S, sort I, op start : 1 -> S, op step : S * I -> S }\n"
            "model Rnn[i, h] : Cell { S = R[h], I = R[i], start = zero,\n"
            "                         step = (s, x) |-> tanh(add(affine(s), affine(x))) }\n"
            f"morphism net : List(R[3]) -> R[5] = {body}\n")
    assert list(check_source(Source("m.cat", None, text)).bag) == []


def test_sides_are_held_to_each_other_not_to_their_neighbours_alone():
    """In the middle stands what has no value anywhere."""
    text = ("theory T { sort A, op f : A -> A, op h : A -> A, op g : A -> A, law ch (x : A) : f(x) == h(x) == g(x) }\n"
            "model X : T { A = Bool, f = id, h = x |-> less(reciprocal(0), 1), g = logical_not }\n")
    assert [one.code for one in check_source(Source("m.cat", None, text)).bag] == ["E1005"]


def test_a_model_of_one_operation_is_that_operation():
    text = ("theory L { sort A, op u : A -> A }\nmodel Lin : L { A = R[3], u = affine }\n"
            "morphism net : R[3] -> R[3] = Lin as a >> Lin as a\n")
    module = check_source(Source("m.cat", None, text))
    assert list(module.bag) == []
    assert list(module.scope.names["net"].diagram.instances) == ["a"]
