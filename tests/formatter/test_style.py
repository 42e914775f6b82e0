"""The style, construct by construct: what is written how, where comments go, and how long it takes.

Each text is given as it comes out; it is also taken apart, with other blanks and line ends in it, and must come out the
same.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from catlang.checking import check_source
from catlang.formatter import formatted
from catlang.span import Source

STYLED = {
    "a definition that fits shares the line of its header": """\
morphism f : A -> B = affine >> relu
morphism net[n, d](f : R[n, d] -> R[n, d], g : R[n, d] -> R[n, d]) : R[n, d] -> R[n, d]
    = (id, f) >> add >> g
    where 2 <= n
""",
    "one part of a chain a line": """\
morphism attention(mask : Mask) : Hidden^n -> Hidden^n
    = (heads as query, heads as key, heads as value)
      >> each((query, key, value) |-> masked_attend(query, key, value, repeat(s -> n s)(mask)))
      >> rearrange(h n k -> n (h k))
      >> each(affine as output)
""",
    "bindings below each other": """\
morphism pool : Hidden^n * Mask -> Hidden
    = (x, mask) |->
        let weight = indicator(mask),
            count  = maximum(reduce(sum, n ->)(weight), 1e-9)
        in each(total |-> div(total, count))(contract(n d, n -> n d)(x, weight))
""",
    "short bindings stay on the line": """\
morphism net : R[d] -> R[] = let twin = encoder in (twin * twin) >> distance
""",
    "what stands in brackets is aligned behind them": """\
morphism lstm[m] : Memory * R[m] -> Memory
    = ((state, memory), x) |->
        remember(gate as enter(state, x),
                 gate as forget(state, x),
                 gate as new(state, x),
                 gate as leave(state, x),
                 memory)
""",
    "a lone lambda in brackets is not": """\
coalgebra peep : S -> (X |-> (R[h] * X)^R[x])(S)
    = curry(((hid, cell), a) |->
        let gates = add(affine[_, 4*h](a), affine[_, 4*h](hid)),
            c     = add(mul(at(gates, 0), cell), at(gates, 1))
        in (c, (c, c)))
""",
    "headers that are too long": """\
morphism pre_norm_block[heads, hidden, n, d](
        head : R[n, d // heads] * R[n, d // heads] * R[n, d // heads] -> R[n, d // heads],
        act : R[hidden] -> R[hidden])
    : R[n, d] -> R[n, d]
    = head >> act
    where heads divides d
""",
    "banks and conditions": """\
primitive conv1d[c, e, k, stride = 1, left : nat = 0, right : nat = left, dilation = 1, groups = 1, bias : bool = true,
                 padding_mode : choice(zeros, reflect, circular, replicate) = zeros, n]
    : R[c, n] -> R[e, (n + left + right - dilation*(k - 1) - 1) // stride + 1]
    weights (weight : R[e, c // groups, k]) * (bias : R[e])
    where groups divides c, groups divides e, dilation*(k - 1) + 1 <= n + left + right,
          left + 1 <= n if padding_mode == reflect, right + 1 <= n if padding_mode == reflect
""",
    "products of sizes are close, those of objects and morphisms are not": """\
dim g, r
dim h = g*r
object Pair = R[2*h, n + 1]^(2*n) * F[A * B](X) + R[-1, n^2, n // 2]
morphism f : A -> B = g * h ∘ affine[_, 4*d, k = 3*(n - 1)] * 2
budget flops(f) <= 2*n^2*d
""",
    "signs below each other": """\
object Token      = Fin[30522]
object Hidden     = R[d]
object Simplex[m] : (x : R[m]) where sum(x) == 1, x >= 0
endofunctor Letters(X)  = 1 + X * Letter
endofunctor Phonemes(X) = 1 + Phoneme * X
""",
    "axis patterns": """\
morphism f : A -> B
    = rearrange(n (h k) t... -> h n k) >> repeat(-> n) >> reduce(sum, n ->) >> contract(a, b c -> a)
""",
    "theories": """\
theory Monoid { sort M,
                op e : 1 -> M,
                op m : M * M -> M,
                law unit (x : M) : m(e, x) == x == m(x, e),
                law assoc (x, y, z : M) : m(m(x, y), z) == m(x, m(y, z)) }
category Empty {}
action rot : C on R[28, 28] { r = rot90 }
law sorts (x : List(R)) : ordered(sort(x)) == true where finite(x) == true
law all ∀ (x : A) : f(x) == x in train
lax hom shorter : node -> node up to below = relu
""",
}


@pytest.mark.parametrize("text", STYLED.values(), ids=STYLED)
def test_constructs(text: str) -> None:
    parts = text.split()
    assert formatted(text) == formatted("\n".join(parts)) == formatted("  ".join(parts) + "\t") == text


@pytest.mark.parametrize(("text", "becomes"), [
    ("dim n# of tokens\ndim hidden  # width", "dim n       # of tokens\ndim hidden  # width\n"),
    ("dim n # a\n\ndim hidden # b", "dim n  # a\n\ndim hidden  # b\n"),
    ("dim n # a\n  # own\n\n\n# ruler\n## said\ndim d", "dim n  # a\n# own\n\n# ruler\n## said\ndim d\n"),
    ("dim n # a\nwhere n <= 5 # b", "dim n             # a\n    where n <= 5  # b\n"),
    ("morphism f : A -> B = g # one\n  >> # two\n h", "morphism f : A -> B\n    = g     # one\n      >> h  # two\n"),
    ("morphism f : A -> B = g\n# own\n>> h", "morphism f : A -> B\n    = g\n      # own\n      >> h\n"),
    ("morphism f : A -> B = g(x, # one\n y # two\n)", "morphism f : A -> B\n    = g(x,  # one\n        y)  # two\n"),
    ("morphism f : A -> B = g(x # one\n, y)", "morphism f : A -> B\n    = g(x,  # one\n        y)\n"),
    ("model S : M { A = R[3], # one\n m = add # two\n# behind\n} where n <= 5",
     "model S : M { A = R[3],  # one\n              m = add    # two\n              # behind\n}\n    where n <= 5\n"),
    ("object A = (B,)\nobject C=[D,E,]", "object A = (B)\nobject C = [D, E]\n"),
    ("object A = B × C", "object A = B * C\n"),
    ("morphism f : A → μ F = x ↦ (g) where 2 ≤ 1_0, 1e-12 ≠ 0",
     "morphism f : A -> mu F = x |-> (g) where 2 <= 1_0, 1e-12 != 0\n"),
])
def test_comments_and_spellings(text: str, becomes: str) -> None:
    assert formatted(text) == becomes


def test_a_long_file_takes_about_as_long_as_its_check() -> None:
    path = Path(__file__).parents[2] / "examples" / "sentences" / "minilm.cat"
    head, body = re.split(r"(?=# -{5,} embedding)", path.read_text(encoding="utf-8"))
    names = re.findall(r"^morphism (\w+)", body, re.MULTILINE)
    text = head + "".join(re.sub(rf"\b({'|'.join(names)})\b", rf"\g<1>_{copy}", body) for copy in range(80))
    assert text.count("\n") > 3500
    started = time.process_time()
    assert check_source(Source("long.cat", None, text)).bag.errors == 0
    checked = time.process_time()
    assert formatted(text) != ""
    assert time.process_time() - checked < 3 * (checked - started)


@pytest.mark.parametrize("made", [
    lambda n: "dim n\n" * n, lambda n: "# c\n" * n, lambda n: f"object A = {' * '.join(['B'] * n)}",
    lambda n: f"morphism f : A -> B = {' >> '.join(['g'] * n)}",
    lambda n: "morphism f : A -> B = (" + ", # c\n".join(["g"] * n) + ")",
    lambda n: "morphism f : A -> B = let " + ",".join(["a = g"] * n) + " in b",
], ids=["declarations", "comments", "products", "chains", "tuples", "bindings"])
def test_what_is_long_takes_time_in_proportion(made) -> None:
    """Four times as much takes far less than sixteen times as long."""
    def seconds(n: int) -> float:
        started = time.process_time()
        formatted(made(n))
        return time.process_time() - started

    seconds(1000)
    assert seconds(8_000) < 10 * max(seconds(2_000), 0.05)
