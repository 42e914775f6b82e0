"""Protects what a file may allow: only that after which it compiles and means what it says, and nothing unseen."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from catlang.checker.allow import ALLOWED
from catlang.checking import check_source
from catlang.codes import CODES
from catlang.span import Source

USED = 'allow E0205 in file "kept"\n'
HIDES = 'allow E0203 in file "kept"\n'
F = "morphism f : R[3] -> R[3] = "


def codes(text: str) -> list[str]:
    return [found.code for found in check_source(Source("net.cat", None, text)).bag]


@pytest.mark.parametrize("text", [
    'allow E0205 "kept"\nmorphism f[n, m] : R[n] -> R[n] = relu\n',
    'allow E0205 "kept" morphism f[n, m] : R[n] -> R[n] = relu',
    'allow E0205 "kept"\n\n# why\n## What it is.\nmorphism f(g : R[3] -> R[3]) : R[3] -> R[3] = relu\n',
    'object A = R[3]\nallow E0203 "a"\nallow E0205 "b"\nmorphism f[A, B] : A -> A = id\n',
    'import std.nn\nallow E0205 in file "b"\nobject A[n] = R[3]\nendofunctor F[B : object](X) = 1 + X\n',
    'dim n\nmorphism f[n, m] : R[n] -> R[n] = relu\nallow E0205 in file "at the end"\n',
    'allow E0205 "kept"\r\nmorphism f[n, m] : R[n] -> R[n] = relu',
    "dim allow, file\nmorphism f : R[allow] -> R[file] = affine\n",
])
def test_what_is_allowed_is_not_told(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(("text", "told"), [
    ('allow E0205 "kept"\ndim d\nmorphism f[n, m] : R[n] -> R[n] = relu\n', ["E0210", "E0205"]),
    ('allow E0205 "kept"\nmorphism f[n, m] : R[n] -> R[n] = relu\nmorphism g[n, m] : R[n] -> R[n] = relu\n', ["E0205"]),
    ('allow E0203 "kept"\nmorphism f[n, m] : R[n] -> R[n] = relu\n', ["E0205"]),
    ('allow E0205 in file "kept"\nmorphism f[n, m] : R[n] -> R[n] = rleu\n', ["E0201"]),
])
def test_it_covers_no_more_than_it_says(text: str, told: list[str]) -> None:
    found = codes(text)
    assert sorted(found) == sorted(told) or found == told


def test_a_file_allows_nothing_in_another(tmp_path: Path) -> None:
    import catlang

    (tmp_path / "part.cat").write_text("morphism f[n, m] : R[n] -> R[n] = relu\n")
    (tmp_path / "net.cat").write_text(USED + 'import "part.cat" as part\nmorphism g[n, m] : R[n] -> R[n] = relu\n')
    assert [found.code for found in catlang.check(tmp_path / "net.cat").diagnostics] == ["E0205"]


@pytest.mark.parametrize("code", sorted(set(CODES) - set(ALLOWED)))
def test_no_other_code_may_be_allowed(code: str) -> None:
    assert "E0209" in codes(f'allow {code} "kept"\ndim n\n')
    assert "E0209" in codes(f'allow {code} in file "kept"\n')


def test_many_take_no_long_time() -> None:
    text = "".join(f'allow E0205 "kept"\nmorphism f{i}[n, m] : R[n] -> R[n] = relu\n' for i in range(1_000))
    text += 'allow E0205 "kept"\n' * 3_000
    started = time.process_time()
    assert codes(text) == ["E0210"] * 3_000
    assert time.process_time() - started < 10


#: What is allowed in them happens, and they compile and run: a spec, its morphism, the axes of what goes in.
SOUND = {
    "a size": (USED + "morphism f[n, m] : R[n] -> R[n] = relu", [[3]]),
    "an object": (USED + "morphism f[A : object] : R[3] -> R[3] = affine", [[3]]),
    "a functor": (USED + "morphism f[G : endofunctor] : R[3] -> R[3] = affine", [[3]]),
    "a run of axes": (USED + "morphism f[s...] : R[3] -> R[3] = affine", [[3]]),
    "a constant": (USED + "morphism f[p : real] : R[3] -> R[3] = affine", [[3]]),
    "given where it is used": (USED + f"morphism a[n, m] : R[n] -> R[n] = affine\n{F}a[3, 7] >> a[m = 2]", [[3]]),
    "a morphism and an element": (
        USED + "morphism a(h : R[3] -> R[4], y : R[2]) : R[3] -> R[3] = affine\n"
        "morphism f : R[3] * R[2] -> R[3] = (x, y) |-> a(affine, y)(x)", [[3], [2]]),
    "in training only": (
        USED + f"morphism a(h : R[3] -> R[3]) : R[3] -> R[3] = affine in eval h\n{F}a(affine)", [[3]]),
    "of an object that is another": (USED + "object B[n] = R[3]\nmorphism f[n] : B[n] -> B[5] = affine", [[3]]),
    "of a primitive": (USED + "primitive relu6[q] : R[3] -> R[3]\n" + F + "relu6[4]", [[3]]),
    "copied": (USED + "morphism a[m] : R[3] -> R[3] = affine\n" + F + "a[m = 3]^3 along copy", [[3]]),
    "a variable hides a morphism": (HIDES + "morphism g : R[3] -> R[3] = relu\n" + F + "g |-> affine(g)", [[3]]),
    "a variable hides itself": (HIDES + F + "f |-> relu(f)", [[3]]),
    "a variable hides a variable": (HIDES + F + "x |-> (x |-> add(x, x))(affine(x))", [[3]]),
    "elements by let": (HIDES + F + "x |-> let x = affine(x), x = relu(x) in x", [[3]]),
    "let hides a morphism": (HIDES + f"morphism g : R[3] -> R[3] = affine\n{F}let g = g >> relu in g >> g", [[3]]),
    "let hides a parameter": (
        HIDES + f"morphism t(h : R[3] -> R[3]) : R[3] -> R[3] = let h = h >> affine in h >> h\n{F}t(affine)", [[3]]),
    "a generic hides an object": (
        HIDES + "object A = R[3]\nmorphism i[A] : A -> A = relu\nmorphism f : A -> A = i >> affine", [[3]]),
    "a generic hides a morphism": (
        HIDES + f"morphism A : R[3] -> R[3] = affine\nmorphism i[A] : R[A] -> R[A] = affine\n{F}i >> A", [[3]]),
    "a parameter hides a morphism": (
        HIDES + "morphism h : R[3] -> R[3] = affine\nmorphism t(h : R[3] -> R[3]) : R[3] -> R[3] = h >> h\n"
        + F + "t(h >> relu) >> h", [[3]]),
    "a parameter hides a dim": (
        HIDES + "dim n\nmorphism t(n : R[n]) : R[n] -> R[n] = x |-> add(x, n)\n"
        "morphism f : R[n] * R[n] -> R[n] = (n, y) |-> t(n)(y)", [[3], [3]]),
    "a functor's variable": (
        HIDES + "object X = R[3]\nendofunctor G(X) = X * X\nmorphism f : G(X) -> X = add", [[3], [3]]),
    "a generic hides a param": (
        HIDES + f"param p : real = 0.5\nmorphism t[p] : R[p] -> R[p] = affine\n{F}t >> dropout[p]", [[3]]),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_checks_compiles_and_runs(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    import catlang

    text, axes = SOUND[name]
    path = tmp_path / "net.cat"
    path.write_text(text, encoding="utf-8")
    assert codes(text) == []
    assert codes(text.split("\n", 1)[1]) != [], "nothing in it has to be allowed"
    net = catlang.compile(path, "f", lowerings={"relu6": torch.nn.functional.relu6} if "relu6" in text else None)
    assert net(*(torch.randn(2, *each) for each in axes)).shape == (2, 3)


def test_the_inner_name_is_meant(tmp_path: Path) -> None:
    """A spec in which names hide others is the same network as with names of their own."""
    torch = pytest.importorskip("torch")
    import catlang

    hiding = """
        object X = R[2]
        morphism h : R[3] -> R[3] = affine
        morphism t[X](h : X -> X) : X -> X = x |-> (x |-> h(h(x)))(h(x))
        morphism f : R[3] -> R[3] = h |-> let x = t(affine)(h) in (x |-> add(x, tanh(x)))(mul(x, h))
    """
    plain = """
        object W = R[2]
        morphism h : R[3] -> R[3] = affine
        morphism t[X](k : X -> X) : X -> X = x |-> (y |-> k(k(y)))(k(x))
        morphism f : R[3] -> R[3] = z |-> let x = t(affine)(z) in (w |-> add(w, tanh(w)))(mul(x, z))
    """
    nets = []
    for name, text in (("hiding", HIDES + hiding), ("plain", plain)):
        (tmp_path / f"{name}.cat").write_text(text)
        nets.append(catlang.compile(tmp_path / f"{name}.cat", "f"))
    weights = [torch.randn(value.shape) for value in nets[0].state_dict().values()]
    for net in nets:
        net.load_state_dict(dict(zip(net.state_dict(), weights, strict=True)))
    given = torch.randn(4, 3)
    assert torch.equal(nets[0](given), nets[1](given))
