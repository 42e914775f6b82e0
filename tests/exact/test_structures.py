"""What boxes are put together from, held against exact evaluation: each, copies, families, cases, 2-cells, shared
instances, captured wires, axis patterns; alone and under batch axes."""

from __future__ import annotations

import pytest
from held import checked, hold

PROGRAMS: dict[str, tuple[str, dict[str, int], str]] = {
    "composite": ("morphism net : R[3] -> R[2] = affine[_, 4] >> relu >> affine", {}, ""),
    "tensor": ("morphism net : R[3] * R[2] -> R[4] * R[2] = linear * relu", {}, ""),
    "pair": ("morphism net : R[3] -> R[3] * R[2] = (relu, linear)", {}, ""),
    "residual": (
        "morphism residual[n](f : R[n] -> R[n]) : R[n] -> R[n] = (id, f) >> add\n"
        "morphism net : R[3] -> R[3] = residual(affine >> relu)^3",
        {}, "",
    ),
    "copies of copies": (
        "morphism block : R[2] -> R[2] = (linear >> relu)^2\n"
        "morphism net : R[2] -> R[2] = (block >> affine)^2",
        {}, "",
    ),
    "copies of two wires": (
        "morphism net : R[2] * R[2] -> R[2] * R[2] = ((a, b) |-> (add(a, linear(b)), relu(b)))^3",
        {}, "",
    ),
    "no copies": (
        "dim k >= 0\n"
        "morphism net : R[2] -> R[2] = affine^k",
        {"k": 0}, "k",
    ),
    "a number of copies": (
        "dim k\n"
        "morphism net : R[2] -> R[2] = affine^k",
        {"k": 3}, "k",
    ),
    "tied copies": (
        "morphism deep : R[2] -> R[2] = affine^3\n"
        "morphism net : R[2] -> R[2] = deep along copy",
        {}, "",
    ),
    "shared by a label": ("morphism net : R[2] * R[2] -> R[3] * R[3] = (affine as f * affine as f)", {}, ""),
    "shared by let": ("morphism net : R[2] -> R[2] = let g = affine >> relu in g >> g", {}, ""),
    "each": (
        "dim n\n"
        "morphism net : R[n, 3] -> R[n, 2] = each(affine >> relu)",
        {"n": 3}, "",
    ),
    "each of two": (
        "dim n\n"
        "morphism net : R[n, 3] * R[n, 3] -> R[n, 2] = each((linear * linear) >> add)",
        {"n": 2}, "",
    ),
    "each of each": (
        "dim n, m\n"
        "morphism net : R[n, m, 2] -> R[n, m, 2] = each(each(affine))",
        {"n": 2, "m": 3}, "",
    ),
    "each of a captured wire": (
        "dim n\n"
        "morphism net : R[n, 3] * R[3] -> R[n, 3] = (xs, y) |-> each(x |-> add(x, y))(xs)",
        {"n": 2}, "",
    ),
    "each of two captured": (
        "dim n, m\n"
        "morphism net : R[n, 2] * R[m, 2] -> R[n, m, 2]\n"
        "    = (xs, ys) |-> each(x |-> each(y |-> mul(linear as l(x), sub(y, x)))(ys))(xs)",
        {"n": 2, "m": 3}, "",
    ),
    "each of a constant": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 3] = each(x |-> one())",
        {"n": 2}, "",
    ),
    "each of a captured constant": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 2] * R[2]"
        " = xs |-> let y = parameter[2] as p() in (each(x |-> y)(xs), y)",
        {"n": 2}, "",
    ),
    "each copied": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 2] = each((affine >> relu)^2)",
        {"n": 2}, "",
    ),
    "copied each": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 2] = each(affine)^2",
        {"n": 2}, "",
    ),
    "captured in copies": ("morphism net : R[2] -> R[2] = x |-> ((y |-> add(linear(y), x))^2)(x)", {}, ""),
    "captured in an argument": (
        "morphism twice[A](f : A -> A) : A -> A = f >> f\n"
        "morphism net : R[2] * R[2] -> R[2] = (x, y) |-> twice(z |-> add(affine(z), y))(x)",
        {}, "",
    ),
    "argument in an argument": (
        "morphism twice[A](f : A -> A) : A -> A = f >> f\n"
        "morphism net : R[2] * R[2] -> R[2] = (x, y) |-> twice(twice(z |-> mul(linear(z), y)))(x)",
        {}, "",
    ),
    "argument in each": (
        "dim n\n"
        "morphism twice[A](f : A -> A) : A -> A = f >> f\n"
        "morphism net : R[n, 2] * R[2] -> R[n, 2]"
        " = (xs, y) |-> each(x |-> twice(z |-> add(affine(z), y))(x))(xs)",
        {"n": 3}, "",
    ),
    "argument along an axis": (
        "dim n\n"
        "morphism spread[m, A, B](f : A -> B) : A^m -> B^m = each(f)\n"
        "morphism net : R[n, 2] -> R[n, 3] = spread(affine >> relu)",
        {"n": 3}, "",
    ),
    "a constant out of a morphism": (
        "morphism still : R[2] -> R[3] = drop >> parameter\n"
        "morphism net : R[2] -> R[3] * R[3] = (still, still >> linear)",
        {}, "",
    ),
    "a constant beside what is none": (
        "morphism both : R[2] -> R[2] * R[3] = (linear, drop >> one)\n"
        "morphism net : R[2] -> R[2] * R[3] = both",
        {}, "",
    ),
    "a tag out of a morphism, along an axis": (
        "dim n\n"
        "morphism right : R[2] -> R[3] + R[2] = inr\n"
        "morphism net : R[n, 2] -> (R[3] + R[2])^n = each(right)",
        {"n": 3}, "",
    ),
    "a constant around in copies": (
        "morphism still : R[2] -> R[2] = drop >> parameter\n"
        "morphism net : R[2] -> R[2] = still^2",
        {}, "",
    ),
    "family": ("morphism net : Fin[3] * R[2] -> R[4] = family[3](affine >> relu)", {}, ""),
    "family of points": ("morphism net : Fin[3] -> R[2] = i |-> family[3](parameter[2])(i, ())", {}, ""),
    "family along an axis": (
        "dim n\n"
        "morphism net : Fin[3]^n * R[n, 2] -> R[n, 4] = each(family[3](affine))",
        {"n": 4}, "",
    ),
    "family of a captured wire": (
        "dim n\n"
        "morphism net : Fin[3]^n * R[2] -> R[n, 4]"
        " = (choices, x) |-> each(i |-> family[3](affine) as f(i, x))(choices)",
        {"n": 4}, "",
    ),
    "family of two": (
        "morphism net : Fin[2] * R[3] -> R[3] * R[] = family[2]((affine, reduce(sum, n ->)))",
        {}, "",
    ),
    "family with a family": (
        "morphism net : Fin[2] * (Fin[3] * R[2]) -> R[2] = family[2](family[3](linear))",
        {}, "",
    ),
    "family capturing": (
        "morphism net : Fin[2] * R[2] * R[2] -> R[2] = (i, x, y) |-> family[2](z |-> add(linear(z), y))(i, x)",
        {}, "",
    ),
    "case": ("morphism net : R[2] + R[3] -> R[2] = [affine, affine]", {}, ""),
    "case of a product": ("morphism net : R[2] + R[2] * R[2] -> R[2] = [relu, mul]", {}, ""),
    "case to a product": (
        "morphism net : R[2] + R[2] -> R[2] * R[] = [(relu, reduce(sum, n ->)), (neg, reduce(max, n ->))]",
        {}, "",
    ),
    "injections": ("morphism net : R[2] -> R[3] = affine[_, 2] >> inl[_, R[4]] >> [affine, affine]", {}, ""),
    "injections kept": ("morphism net : R[2] -> R[2] + R[3] = affine >> inl", {}, ""),
    "sum of maps": ("morphism net : R[2] + R[3] -> R[4] + R[5] = affine + linear", {}, ""),
    "case along an axis": (
        "dim n\n"
        "morphism net : (R[2] + R[3])^n -> R[n, 2] = each([linear, affine])",
        {"n": 3}, "",
    ),
    "frozen": (
        "frozen W : R[3, 2]\n"
        "morphism net : R[2] -> R[3] = x |-> contract(n m, m -> n)(W, x)",
        {}, "",
    ),
    "along a sum": (
        "frozen W : R[3, 2]\n"
        "morphism net : R[2] -> R[3] = linear along D |-> add(W, D)",
        {}, "",
    ),
    "low rank": (
        "morphism lora[m, n, r](W0 : R[n, m]) : R[m] -> R[n]"
        " = linear along (U, V) |-> add(W0, matmul[_, r, _](U, V))\n"
        "frozen W : R[3, 2]\n"
        "morphism net : R[2] -> R[3] = lora[_, _, 2](W) as l >> relu",
        {}, "",
    ),
    "symmetric": ("morphism net : R[3] -> R[3] = linear along W |-> add(W, transpose(W))", {}, ""),
    "computed bias": ("morphism net : R[3] -> R[2] = affine along b |-> (repeat(n -> n m)(b), b)", {}, ""),
    "along under each": (
        "dim n\n"
        "morphism net : R[n, 3] -> R[n, 3] = each(linear along W |-> add(W, transpose(W)))",
        {"n": 2}, "",
    ),
    "weight named": (
        "dim n\n"
        "morphism net : Fin[5]^n -> R[n, 5]\n"
        "    = ids |-> contract(n d, v d -> n v)(each(embedding[5, 3] as token)(ids), token.weight)",
        {"n": 3}, "",
    ),
    "computed weight named": (
        "morphism net : R[3] -> R[3]\n"
        "    = x |-> let y = (linear as f along W |-> add(W, transpose(W)))(x) in\n"
        "        contract(a b, b -> a)(f.weight, y)",
        {}, "",
    ),
    "two bodies": (
        "morphism net : R[3] -> R[3] = add_noise in eval relu\n"
        "morphism add_noise : R[3] -> R[3] = x |-> add(x, normal())",
        {}, "",
    ),
    "two bodies of weights": (
        "morphism net : R[3] -> R[3] = (affine as f >> dropout) in eval (affine as f >> relu)",
        {}, "",
    ),
    "nominal": (
        "object Kelvin : R[2]\n"
        "morphism warm : Kelvin -> Kelvin = id\n"
        "morphism net : Kelvin -> Kelvin = warm",
        {}, "",
    ),
    "rearrange": (
        "dim n, h, k\n"
        "morphism net : R[n, h*k] -> R[h, n, k] = rearrange(n (h k) -> h n k)",
        {"n": 2, "h": 2, "k": 3}, "hk",
    ),
    "rearrange many": ("morphism net : R[2, 3, 4] -> R[4, 6] = rearrange(a b c -> c (b a))", {}, ""),
    "rearrange indices": ("morphism net : Fin[7]^(2, 3) -> Fin[7]^6 = rearrange(a b -> (b a))", {}, ""),
    "repeat": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 3, 2] = repeat(n d -> n 3 d)",
        {"n": 2}, "",
    ),
    "repeat in a group": (
        "dim g = 4\n"
        "morphism net : R[2, 3] -> R[2, 12] = repeat(a b -> a (b g))",
        {}, "",
    ),
    "repeat in front of a group": (
        "dim g = 4\n"
        "morphism net : R[2, 3] -> R[2, 12] = repeat(a b -> a (g b))",
        {}, "",
    ),
    "contract": (
        "dim q, s\n"
        "morphism net : R[2, q, 3] * R[2, s, 3] -> R[2, q, s] = contract(h q k, h s k -> h q s)",
        {"q": 2, "s": 4}, "",
    ),
    "contract three": ("morphism net : R[2] * R[2, 3] * R[3] -> R[] = contract(a, a b, b ->)", {}, ""),
    "contract one": ("morphism net : R[2, 3] -> R[2] = contract(a b -> a)", {}, ""),
    "outer": ("morphism net : R[3] * R[2] -> R[3, 2] = contract(a, b -> a b)", {}, ""),
    "contract constants": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 3]\n"
        "    = each(x |-> contract(a b, b -> a)(parameter[3, 2] as p(), x))",
        {"n": 2}, "",
    ),
    "rearrange whole elements": (
        "object Pair : R[4] * Fin[2]\n"
        "morphism turn[A, n, m] : A^(n, m) -> A^(m, n) = rearrange(a b -> b a)\n"
        "morphism net : R[2, 3, 4] * (R[4] + Fin[2])^(2, 3) * Pair^(2, 3)"
        " -> R[3, 2, 4] * (R[4] + Fin[2])^(3, 2) * Pair^6 = turn * turn * rearrange(a b -> (b a))",
        {}, "",
    ),
    "rearrange whole elements with runs": (
        "object Kelvin : R[3]\n"
        "morphism net : Kelvin^(4, 2, 3) -> Kelvin^(3, 4, 2) = rearrange(s... a -> a s...)", {}, "",
    ),
    "repeat whole elements": (
        "object Unit : 1\n"
        "dim n\n"
        "morphism times[A, n] : A^n -> A^(3*n) = repeat(a -> (3 a))\n"
        "morphism net : R[n, 2, 3] * (R[1] + R[2])^(n, 2) * Unit^(n, 2)"
        " -> R[n, 6, 3] * (R[1] + R[2])^(n, 6) * Unit^(n, 6) = each(times) * each(times) * each(times)",
        {"n": 2}, "",
    ),
    "reduce": (
        "dim n\n"
        "morphism net : R[n, 3, 2] -> R[3] = reduce(sum, n a b -> a)",
        {"n": 2}, "",
    ),
    "reduce by mean": ("morphism net : R[2, 3] -> R[3] = reduce(mean, a b -> b)", {}, ""),
    "reduce by max": ("morphism net : R[2, 3, 2] -> R[3] = reduce(max, a b c -> b)", {}, ""),
    "reduce by product": ("morphism net : R[2, 3, 2] -> R[3] = reduce(prod, a b c -> b)", {}, ""),
    "reduce by min in groups": (
        "dim a = 2\n"
        "morphism net : R[6, 4] -> R[4, 3] = reduce(min, (a b) c -> c b)",
        {}, "",
    ),
    "reduce by any": ("morphism net : Bool[2, 3, 2] -> Bool[3] = reduce(any, a b c -> b)", {}, ""),
    "reduce by all": ("morphism net : Bool[2, 3] -> Bool = reduce(all, a b ->)", {}, ""),
    "kept ones": ("morphism net : R[2, 3] -> R[2, 1] = reduce(sum, a b -> a 1)", {}, ""),
    "literals": ("morphism net : R[2] -> R[2] = x |-> add(mul(x, 2), select(less(x, 0.5), 1, -1))", {}, ""),
    "literals under each": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 2] = each(x |-> select(less(x, 0), 1, x))",
        {"n": 2}, "",
    ),
    "indices": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 2]\n"
        "    = xs |-> each((x, i) |-> add(x, embedding[n, 2] as e(i)))(xs, index())",
        {"n": 3}, "n",
    ),
    "counting": (
        "dim n\n"
        "morphism net : R[n] -> R[n] = x |-> add(x, (index >> each(to_real))())",
        {"n": 3}, "",
    ),
    "gathered under each": (
        "dim n, m\n"
        "morphism net : R[n, 4, 2] * Fin[4]^m -> R[n, m, 2]\n"
        "    = (xs, rows) |-> each(x |-> gather(x, rows))(xs)",
        {"n": 2, "m": 3}, "",
    ),
    "scattered under each": (
        "dim m\n"
        "morphism net : R[4, 2] * Fin[4]^(2, m) * R[m, 2] -> R[2, 4, 2]\n"
        "    = (x, rows, y) |-> each(i |-> scatter(x, i, y))(rows)",
        {"m": 3}, "",
    ),
    "matmul of constants": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 3, 3]\n"
        "    = each(x |-> matmul(parameter[3, 2] as a(), parameter[2, 3] as b()))",
        {"n": 2}, "",
    ),
    "concatenated constants": (
        "dim n\n"
        "morphism net : R[n, 2] -> R[n, 5] = each(x |-> concat(x, parameter[3] as p()))",
        {"n": 2}, "",
    ),
    "convolution under each": (
        "dim n\n"
        "morphism net : R[n, 2, 5] -> R[n, 3, 5] = each(conv1d[_, _, 3, left = 1])",
        {"n": 2}, "",
    ),
    "generic in an object": (
        "morphism both[A, B, C](f : A -> B, g : B -> C) : A -> B * C = x |-> (f(x), g(f(x)))\n"
        "morphism net : R[2] -> R[3] * R[2] = both(affine, affine >> relu)",
        {}, "",
    ),
    "unit inside": ("morphism net : R[2] -> R[2] = (id, drop) >> fst", {}, ""),
    "unused": ("morphism net : R[2] * R[3] -> R[2] = fst", {}, ""),
    "constant": ("morphism net : R[2] -> R[3] = x |-> one()", {}, ""),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str) -> None:
    text, sizes, static = PROGRAMS[name]
    module = checked(text)
    given = {size: value for size, value in sizes.items() if size in static}
    for batch in ((), (3,), (2, 2)):
        hold(module, "net", batch=batch, sizes=sizes, given=given)
        hold(module, "net", batch=batch, sizes=sizes, seed=1)
