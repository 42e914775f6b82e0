"""Recursion held against exact evaluation, and against itself: one list or tree after the other and all of them in a
batch, with whatever behind the end of lists, give the same values and the same gradients."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

# What the tests of exact evaluation share.
sys.path.insert(0, str(Path(__file__).parent.parent / "exact"))

from held import checked, small, tensor_of
from laid import Garbage, bare, close, drawn, factors, for_exact, for_pytorch, functor_of, leaves, nested, one_of, read

from catlang.compiler.build import Build
from catlang.compiler.loading import instantiate
from catlang.meaning.exact import Array, evaluate
from catlang.meaning.exact.array import places
from catlang.network.invariants import check
from catlang.objects.colour import REAL, Object
from catlang.objects.substitution import Substitution

HEADER = """
endofunctor ListF[A](X) = 1 + A * X
endofunctor Out[O](X) = O * X
endofunctor May[O](X) = 1 + O * X
endofunctor Mealy[I, O](X) = (O * X)^I
endofunctor Moore[I, O](X) = O * X^I
endofunctor Binary[A](X) = A + X * X
endofunctor Three[A](X) = A + R[2] * X * X + X^3
endofunctor Grid[A](X) = A + X^(2, 2)
endofunctor Rose[A](X) = A * List(X)
endofunctor Bushy[A](X) = A + R[2] * List(X) * X
endofunctor Maybe[A](X) = 1 + A * (X + X * X)
endofunctor Fork[A](X) = 1 + A * X * X
morphism summed[n, d] : R[n, d] -> R[d] = reduce(sum, n d -> d)
coalgebra stepping : R[2] -> May[R[3]](R[2])
    = s |-> (drop + id)(decide(greater(at(s, 0), 0.0), (affine(s), sub(s, one()))))
coalgebra forking : R[2] -> Fork[R[3]](R[2])
    = s |-> (drop + id)(decide(greater(at(s, 0), 0.0), (affine(s), sub(s, one()), affine(s))))
morphism cell : R[2] * R[2] -> R[2] = (affine * linear) >> add >> relu
"""

LISTS = {
    "fold": "algebra a : ListF[R[3]](R[2]) -> R[2] = [zero, (affine * linear) >> add >> relu]\n"
            "morphism net : List(R[3]) -> R[2] = fold(a)",
    "fold of a bare case": "morphism net : List(R[2]) -> R[2] = fold([one, cell])",
    "foldl": "morphism net : List(R[2]) -> R[2] = foldl([one, cell])",
    "scan": "morphism net : List(R[2]) -> List(R[2]) = scan([one, cell])",
    "scanl": "morphism net : List(R[2]) -> List(R[2]) = scanl([one, cell])",
    "scans one after the other": "morphism net : List(R[2]) -> List(R[2])"
                                 " = scanl([zero, add]) >> scan([zero, maximum]) >> but_last",
    "both directions": "morphism net : List(R[2]) -> List(R[2] * R[2])\n"
                       "    = (scanl([zero, cell]), scan([zero, cell])) >> zip",
    "state of two": "morphism net : List(R[]) -> R[] * R[]\n"
                    "    = fold([(zero, one), (x, (a, b)) |-> (add(x, a), mul(b, relu(x)))])",
    "state of an index": "morphism net : List(R[3]) -> Fin[3] * R[]\n"
                         "    = fold([() |-> (0, 0.0), (x, (i, s)) |-> (argmax(x), add(s, at(x, i)))])",
    "state of a truth value": "morphism net : List(R[]) -> Bool\n"
                              "    = fold([() |-> less(zero(), one()), (x, b) |-> logical_and(b, less(x, 2))])",
    "state that is thrown away": "morphism net : List(R[2]) -> List(R[2]) = scanl([zero, (s, x) |-> x]) >> tail",
    "elements of two": "morphism net : List(R[2] * Fin[3]) -> R[2]\n"
                       "    = fold([zero, ((x, i), s) |-> add(mul(x, embedding(i)), s)])",
    "elements of a sum": "morphism net : List(R[2] + R[3]) -> R[2]\n"
                         "    = fold([one, (x, s) |-> add([affine, linear](x), s)])",
    "truth values": "morphism net : List(Bool) -> R[] = fold([zero, (b, s) |-> add(indicator(b), scale[2.0](s))])",
    "indices": "morphism net : List(Fin[5]) -> R[2] = map(embedding) >> fold([zero, (id * affine) >> add])",
    "choices in a step": "morphism net : List(R[2]) -> R[2]\n"
                         "    = fold([one, (x, s) |-> select(less(x, s), affine(s), maximum(x, mul(x, s)))])",
    "copies in a step": "morphism net : List(R[2]) -> R[2] = fold([one, (x, s) |-> (affine^2)(add(x, s))])",
    "instances in a step": "morphism block : R[2] -> R[2] = affine >> relu\n"
                           "morphism net : List(R[2]) -> R[2] = fold([one, (x, s) |-> block(add(x, block(s)))])",
    "tied copies in a step": "morphism deep : R[2] -> R[2] = affine^2\n"
                             "morphism net : List(R[2]) -> R[2] = fold([one, (x, s) |-> add(x, (deep along copy)(s))])",
    "two bodies in a step": "morphism inner : R[2] -> R[2] = affine in eval relu\n"
                            "morphism net : List(R[2]) -> R[2] = fold([one, (x, s) |-> add(inner(x), inner(s))])",
    "family in a step": "morphism net : List(Fin[3] * R[2]) -> R[2]\n"
                        "    = fold([one, ((i, x), s) |-> add(family[3](affine)(i, x), s)])",
    "computed weights in a step": "morphism net : List(R[2]) -> R[2]\n"
                                  "    = fold([one, (x, s) |-> add(x, (linear along W |-> add(W, transpose(W)))(s))])",
    "captured": "morphism net : R[2] * List(R[2]) -> R[2]\n"
                "    = (q, xs) |-> fold([() |-> q, (x, s) |-> add(mul(q, x), linear(s))])(xs)",
    "one cell on two lists": "morphism net : List(R[2]) * List(R[2]) -> R[2] * R[2]\n"
                             "    = (xs, ys) |-> let f = fold([zero, cell]) in (f(xs), f(ys))",
    "one instance on two lists": "morphism f : List(R[2]) -> R[2] = fold([zero, cell])\n"
                                 "morphism net : List(R[2]) * List(R[2]) -> R[2] * R[2]\n"
                                 "    = (xs, ys) |-> (f as one(xs), f as one(ys))",
    "weights in and out of a loop": "morphism net : List(R[2]) -> R[2] * R[2] = xs |-> let f = affine in\n"
                                    "    (fold([zero, (x, s) |-> add(f(x), s)])(xs), f(foldl([one, maximum])(xs)))",
    "Mealy": "coalgebra m : R[2] -> Mealy[R[2], R[3]](R[2]) = curry(cell >> (affine, id))\n"
             "morphism net : R[2] * List(R[2]) -> List(R[3]) * R[2] = run(m)",
    "Mealy twice": "coalgebra m : R[2] -> Mealy[R[2], R[2]](R[2]) = curry(cell >> (id, affine))\n"
                   "morphism net : R[2] * List(R[2]) -> List(R[2]) * R[2]\n"
                   "    = (s, xs) |-> let (ys, t) = run(m)(s, xs) in run(m)(t, ys)",
    "Moore": "coalgebra m : R[2] -> Moore[R[2], R[3]](R[2]) = (affine, curry((linear * affine) >> add >> relu))\n"
             "morphism net : R[2] * List(R[2]) -> List(R[3]) * R[2] = run(m)",
    "curried and uncurried": "morphism net : R[2] * R[3] -> R[4] = uncurry(curry((affine * affine) >> add))",
    "map": "morphism net : List(R[2]) -> List(R[3]) = map(affine >> relu)",
    "map of what is captured": "morphism net : R[2] * List(R[2]) -> List(R[2])\n"
                               "    = (q, xs) |-> map(x |-> add(mul(q, x), linear(x)))(xs)",
    "reverse": "morphism net : List(R[2]) -> List(R[2]) = reverse",
    "tail": "morphism net : List(R[2]) -> List(R[2]) = tail",
    "tail, twice and backwards": "morphism net : List(R[2]) -> List(R[2]) = tail >> tail >> reverse",
    "but_last": "morphism net : List(R[2]) -> List(R[2]) = but_last >> reverse",
    "cons": "morphism net : R[2] * List(R[2]) -> List(R[2]) = cons",
    "cons and tail": "morphism net : R[2] * List(R[2]) -> List(R[2]) = (x, xs) |-> tail(reverse(cons(x, xs)))",
    "nil": "morphism net : R[2] -> List(R[2]) = x |-> cons(x, nil())",
    "zip": "morphism net : List(R[2]) * List(R[3]) -> List(R[2] * R[3]) = zip",
    "zip and map": "morphism net : List(R[2]) * List(R[2]) -> List(R[2]) = zip >> map(add)",
    "to_list": "morphism net : R[4, 2] -> List(R[2]) = to_list >> tail",
    "length": "morphism net : List(R[2]) -> R[] = length",
    "injected": "morphism net : List(R[2]) -> List(R[2]) + R[2] = inl",
    "in a case": "morphism net : List(R[2]) + R[2] -> R[2] = [fold([zero, add]), affine]",
    "frozen weights in a step": "frozen b : R[2]\n"
                                "morphism net : List(R[2]) -> R[2] = fold([one, (x, s) |-> add(linear(x), mul(b, s))])",
    "pole behind the end, in a map": "morphism net : List(R[2]) -> List(R[2])\n"
                                     "    = map(x |-> div(x, sub(x, const[777.5]())))",
    "pole behind the end, in a fold": "morphism net : List(R[2]) -> R[2]\n"
                                      "    = fold([zero, (x, s) |-> add(s, div(linear(x), sub(x, const[777.5]())))])",
    "entries that are one number each": "morphism net : List(R[3]) -> R[2] = foldl([zero,\n"
                                        "    (linear[_, 2] * (reduce(sum, d ->) >> repeat(-> k))) >> add >> relu])",
    "a constant among what is taken out of a loop":
        "morphism part : Bool + R[] -> R[2] = [indicator, relu] >> repeat(-> k)\n"
        "morphism net : List(R[]) -> R[2] = map(inr) >> fold([zero, (part * affine[_, 2]) >> add >> relu])",
    "lists of nothing": "morphism net : List(1) -> R[] = fold([one, (x, s) |-> add(s, scale[2.0](s))])",
    "lists of nothing, mapped": "morphism net : R[2] * List(1) -> List(R[2]) = (x, xs) |-> map(() |-> x)(xs)",
    "dropout does nothing here": "morphism net : List(R[2]) -> R[2]\n"
                                 "    = map(dropout) >> fold([zero, (x, s) |-> add(dropout(x), s)])",
}

UNFOLDINGS = {
    "stream": "coalgebra c : R[2] -> Out[R[3]](R[2]) = (affine, affine >> relu)\n"
              "morphism net : R[2] -> R[5, 3] = unfold[5](c)",
    "stream taken": "coalgebra c : R[2] -> Out[R[3]](R[2]) = (affine, affine >> relu)\n"
                    "morphism stream : R[2] -> nu Out[R[3]] = unfold(c)\n"
                    "morphism net : R[2] -> R[] = stream >> take[5] >> to_list >> tail >> fold([zero, maximum])"
                    " >> reduce(sum, d ->)",
    "list with a stop": "morphism net : R[2] -> List(R[3]) = unfold[3](stepping)",
    "list of one": "morphism net : R[2] -> List(R[3]) = unfold[1](stepping)",
    "list of words": "coalgebra c : R[2] * Fin[4] -> May[Fin[4]](R[2] * Fin[4])\n"
                     "    = (s, w) |-> let next = argmax(affine[_, 4](add(s, embedding(w)))) in\n"
                     "        (drop + id)(decide(logical_not(equal_index(next, 0)), (next, (relu(s), next))))\n"
                     "morphism net : R[2] -> List(Fin[4]) = s |-> unfold[6](c)(s, 1)",
    "list folded": "morphism net : R[2] -> R[3] = unfold[4](stepping) >> fold([zero, add])",
    "tree": "morphism net : R[2] -> mu Fork[R[3]] = unfold[3](forking)",
    "tree folded": "morphism net : R[2] -> R[3]\n"
                   "    = unfold[3](forking) >> fold([zero, (a, l, r) |-> add(a, maximum(l, r))])",
    "tree of pairs": "endofunctor F(X) = 1 + R[1] * X^2\n"
                     "morphism two : R[2] -> R[2, 2] = affine[_, 4] >> rearrange((a b) -> a b)\n"
                     "coalgebra c : R[2] -> F(R[2])\n"
                     "    = s |-> (drop + id)(decide(greater(at(s, 0), 0.0), (affine(s), two(s))))\n"
                     "morphism net : R[2] -> mu F = unfold[3](c)",
    "tree of lists": "endofunctor F(X) = 1 + R[1] * List(X)\n"
                     "coalgebra c : R[2] -> F(R[2]) = s |-> (drop + id)(decide(\n"
                     "    greater(at(s, 0), 0.0), (affine(s), cons(affine(s), cons(sub(s, one()), nil())))))\n"
                     "morphism net : R[2] -> mu F = unfold[3](c)",
    "lists in a list": "morphism net : List(R[2]) -> List(List(R[3])) = map(unfold[3](stepping))",
}

TREES = {
    "binary": "morphism net : mu Binary[R[3]] -> R[2] = fold([affine, cell])",
    "three constructors": "algebra a : Three[R[3]](R[2]) -> R[2] = [affine,\n"
                          "    (x, l, r) |-> add(x, add(linear(l), affine(r))),\n"
                          "    rearrange(k d -> (k d)) >> affine >> relu]\n"
                          "morphism net : mu Three[R[3]] -> R[2] = fold(a)",
    "grids of children": "morphism net : mu Grid[R[3]] -> R[2]\n"
                         "    = fold[Grid[R[3]]]([affine, reduce(sum, a b d -> d) >> affine])",
    "rose": "algebra a : Rose[Fin[5]](R[2]) -> R[2] = (w, below) |-> add(embedding(w), affine(summed(below)))\n"
            "morphism net : mu Rose[Fin[5]] -> R[2] = fold(a)",
    "rose folded": "algebra a : Rose[R[2]](R[2]) -> R[2] = (w, below) |-> add(linear(w), fold([one, cell])(below))\n"
                   "morphism net : mu Rose[R[2]] -> R[2] = fold(a)",
    "rose mapped": "algebra a : Rose[R[2]](R[2]) -> R[2]\n"
                   "    = (w, below) |-> add(linear(w), summed(map((id, relu) >> cell)(below)))\n"
                   "morphism net : mu Rose[R[2]] -> R[2] = fold(a)",
    "rose reshaped": "algebra a : Rose[R[2]](R[2]) -> R[2]\n"
                     "    = (w, below) |-> fold([one, cell])(tail(reverse(cons(w, below))))\n"
                     "morphism net : mu Rose[R[2]] -> R[2] = fold(a)",
    "lists and children": "algebra a : Bushy[R[3]](R[2]) -> R[2]\n"
                          "    = [affine, (x, l, s) |-> add(x, add(summed(l), linear(s)))]\n"
                          "morphism net : mu Bushy[R[3]] -> R[2] = fold(a)",
    "a sum in a constructor": "algebra a : Maybe[R[2]](R[2]) -> R[2] = [one, (x, s) |-> add(x, [affine, add](s))]\n"
                              "morphism net : mu Maybe[R[2]] -> R[2] = fold(a)",
    "state of two": "morphism net : mu Binary[R[2]] -> R[2] * R[] = fold([x |-> (x, reduce(sum, d ->)(x)),\n"
                    "    ((l, a), (r, b)) |-> (add(l, linear(r)), maximum(a, b))])",
    "data of two": "endofunctor F[A](X) = A * Fin[3] + X * X\n"
                   "morphism net : mu F[R[2]] -> R[2] = fold([(x, i) |-> add(x, embedding(i)), add])",
    "data of a sum": "endofunctor F(X) = (R[2] + R[3]) * X * X + 1\n"
                     "morphism net : mu F -> R[2]\n"
                     "    = fold([(x, l, r) |-> add([affine, affine](x), maximum(l, r)), zero])",
    "captured": "morphism net : R[2] * mu Binary[R[2]] -> R[2]\n"
                "    = (q, t) |-> fold([x |-> mul(q, x), (l, r) |-> add(mul(q, l), affine(r))])(t)",
    "two trees": "morphism net : R[2] * mu Binary[R[2]] * mu Binary[R[2]] -> R[2]\n"
                 "    = (x, s, t) |-> add(fold([affine, add])(s), fold([linear, (l, r) |-> mul(l, add(x, r))])(t))",
    "beside a list": "morphism f : mu Binary[R[2]] -> R[2] = fold([affine, add])\n"
                     "morphism net : mu Binary[R[2]] * List(R[2]) -> R[2]\n"
                     "    = (t, xs) |-> let r = f(t) in fold([() |-> r, (x, s) |-> add(mul(x, r), s)])(xs)",
}

FUNCTORS = {
    "on a sum": "morphism net : R[2] + R[3] * R[3] -> R[2] + R[4] * R[4] = Binary[R[2]](affine >> relu)",
    "on lists": "endofunctor F(X) = List(X) * R[2]\n"
                "morphism net : List(R[3]) * R[2] -> List(R[4]) * R[2] = F(affine >> relu)",
    "on powers": "endofunctor F(X) = X^(2, 3)\nmorphism net : R[2, 3, 4] -> R[2, 3, 2] = F(affine)",
    "composed": "endofunctor F[A](X) = A * X\nendofunctor G(X) = 1 + X\nendofunctor FG = F[R[2]] >> G\n"
                "morphism net : 1 + R[2] * R[3] -> 1 + R[2] * R[4] = FG(affine)",
    "fold of a composite": "endofunctor F[A](X) = A * X\nendofunctor G(X) = 1 + X\n"
                           "morphism net : List(R[2]) -> R[2] = fold[F[R[2]] >> G]([one, cell])",
}

AXES = {
    "sum": "morphism net : List(R[2]) -> R[2] = summed",
    "mean": "morphism f[n] : R[n, 2] -> R[2] = reduce(mean, n d -> d)\nmorphism net : List(R[2]) -> R[2] = f",
    "mean of everything": "morphism f[n] : R[n, 2] -> R[] = reduce(mean, n d ->)\nmorphism net : List(R[2]) -> R[] = f",
    "max": "morphism f[n] : R[n, 2] -> R[2] = reduce(max, n d -> d)\nmorphism net : List(R[2]) -> R[2] = f",
    "min": "morphism f[n] : R[n, 2] -> R[] = reduce(min, n d ->)\nmorphism net : List(R[2]) -> R[] = f",
    "prod": "morphism f[n] : R[n, 2] -> R[2] = reduce(prod, n d -> d)\nmorphism net : List(R[2]) -> R[2] = f",
    "any": "morphism f[n] : Bool[n] -> Bool = reduce(any, n ->)\nmorphism net : List(Bool) -> Bool = f",
    "all": "morphism f[n] : Bool[n] -> Bool = reduce(all, n ->)\nmorphism net : List(Bool) -> Bool = f",
    "contract": "morphism f[n] : R[n, 2] * R[n, 3] -> R[2, 3] = contract(n d, n e -> d e)\n"
                "morphism net : List(R[2] * R[3]) -> R[2, 3] = f",
    "inner products": "morphism f[n] : R[n, 2] * R[n, 2] -> R[n] = contract(n d, n d -> n)\n"
                      "morphism net : List(R[2]) * List(R[2]) -> List(R[]) = zip >> f",
    "cumsum": "morphism net : List(R[2]) -> List(R[2]) = cumsum >> reverse >> cumsum",
    "cumprod": "morphism net : List(R[2]) -> List(R[2]) = cumprod",
    "matmul": "morphism f[n] : R[n, 2] -> R[2, 2] = x |-> matmul(transpose(x), x)\n"
              "morphism net : List(R[2]) -> R[2, 2] = f",
    "all pairs": "morphism f[n] : R[n, 2] -> R[n, 2] = x |-> matmul(matmul(x, transpose(x)), x)\n"
                 "morphism net : List(R[2]) -> List(R[2]) = f",
    "convolution": "morphism f[n] : R[n, 2] -> R[n, 3] = rearrange(n d -> d n) >> conv1d[_, _, 3, left = 1]"
                   " >> rearrange(d n -> n d)\nmorphism net : List(R[2]) -> List(R[3]) = f",
    "each": "morphism f[n] : R[n, 2] -> R[n, 3] = each(affine >> relu)\n"
            "morphism net : List(R[2]) -> List(R[3]) = f >> each(affine)",
    "select": "morphism f[n] : R[n, 2] -> R[n, 2] = x |-> select(less(x, 0.0), square(x), x)\n"
              "morphism net : List(R[2]) -> List(R[2]) = f",
    "divided": "morphism f[n] : R[n] -> R[n]\n"
               "    = x |-> div(square(x), repeat(-> n)(add(reduce(sum, n ->)(square(x)), one())))\n"
               "morphism net : List(R[]) -> List(R[]) = f",
    "pole behind the end": "morphism f[n] : R[n, 2] -> R[n, 2] = x |-> div(x, sub(x, const[777.5]()))\n"
                           "morphism net : List(R[2]) -> R[2] = f >> summed",
    "gather": "morphism f[n] : R[4, 2] * Fin[4]^n -> R[n, 2] = gather\n"
              "morphism net : R[4, 2] * List(Fin[4]) -> List(R[2]) = (t, xs) |-> f(t, xs)",
    "repeat": "morphism f[n] : R[n, 2] -> R[n, 3, 2] = repeat(n d -> n 3 d)\n"
              "morphism net : List(R[2]) -> List(R[3, 2]) = f",
    "a mask for what is left alone": "morphism f[n] : R[n, 2] -> R[n, 2] = x |-> matmul(matmul(x, transpose(x)), x)\n"
                                     "morphism net : List(R[2]) -> List(R[2]) = (each(softmax), id) >> snd >> f",
    "counted": "morphism net : List(R[2]) -> R[2] = xs |-> mul(summed(xs), repeat(-> 2)(length(xs)))",
}

NESTED = {
    "map of map": "morphism net : List(List(R[2])) -> List(R[2]) = map(map(affine >> relu) >> fold([one, cell]))",
    "reversed": "morphism net : List(List(R[2])) -> List(List(R[2])) = map(reverse) >> reverse",
    "scans": "morphism net : List(List(R[2])) -> List(List(R[2])) = map(scan([zero, cell]))",
    "summed": "morphism net : List(List(R[2])) -> R[2] = map(summed) >> summed",
    "all pairs": "morphism f[n] : R[n, 2] -> R[n, 2] = x |-> matmul(matmul(x, transpose(x)), x)\n"
                 "morphism net : List(List(R[2])) -> List(List(R[2])) = map(f)",
    "zipped": "morphism net : List(List(R[2]) * List(R[2])) -> List(R[2]) = map(zip >> map(add) >> fold([zero, add]))",
    "lists of two lists": "morphism net : List(List(R[2])) * List(List(R[3])) -> List(List(R[2]) * List(R[3])) = zip",
    "longer": "morphism net : List(R[2] * List(R[2])) -> List(List(R[2])) = map(cons)",
    "three levels": "morphism net : List(List(List(R[]))) -> R[]\n"
                    "    = map(map(fold([zero, add])) >> fold([zero, maximum])) >> fold([zero, add])",
    "under each": "morphism net : List(R[2])^3 -> List(R[3])^3 = each(map(affine) >> reverse)",
    "scanned under each": "morphism net : List(R[2])^3 -> List(R[2])^3 = each(scan([zero, add]))",
    "folded under each": "morphism net : List(R[2])^3 -> R[3, 2] = each(fold([zero, cell]))",
    "rolled, then along each": "morphism net : List(R[2])^3 -> List(R[2])^3 = roll[1] >> each(cumsum)",
    "pairs in each that was moved": "morphism f[n] : R[n, 2] -> R[n, 2] = x |-> matmul(matmul(x, transpose(x)), x)\n"
                                    "morphism net : List(R[2])^(2, 3) -> List(R[2])^(3, 2)\n"
                                    "    = transpose >> each(each(f)) >> flip",
    "one of several, along it": "morphism f[n] : R[n, 2] -> R[n, 2] = x |-> matmul(matmul(x, transpose(x)), x)\n"
                                "morphism net : List(R[2])^3 * Fin[3] -> List(R[2]) = at >> f",
    "arrays of lists joined": "morphism f[n] : R[n, 2] -> R[n, 2] = x |-> matmul(matmul(x, transpose(x)), x)\n"
                              "morphism net : List(R[2])^3 * List(R[2])^2 -> List(R[2])^5 = concat >> each(f)",
    "axes under each": "morphism f[n] : R[n, 2] -> R[2] = reduce(max, n d -> d)\n"
                       "morphism net : List(R[2])^3 -> R[3, 2] = each(f)",
}

#: Where one thing meets another: an instance called and put into a loop, lists that are padded differently, weights and
#: frozen weights inside of loops.
MEETING = {
    "called, and in a loop": "morphism net : List(R[2]) -> R[2] = xs |-> let g = affine >> relu in"
                             " add(g(one()), fold([one, (x, s) |-> add(x, g(s))])(xs))",
    "in a loop, and called": "morphism net : List(R[2]) * R[3, 2] -> R[2] * R[3, 2] = (xs, ys) |->"
                             " let g = affine >> relu in (fold([one, (x, s) |-> add(x, g(s))])(xs), each(g)(ys))",
    "a choice of lists": "morphism net : List(R[2]) * Bool -> List(R[2]) = (xs, b) |->"
                         " [reverse, ys |-> cons(one(), ys)](decide(b, xs))",
    "a list onto lists": "morphism net : List(R[2]) * List(List(R[2])) -> List(List(R[2])) = cons",
    "a weight in a step": "morphism net : List(R[2]) -> R[2] = xs |-> let y = (linear as f)(one()) in"
                          " fold([() |-> y, (x, s) |-> add(x, contract(a b, b -> a)(f.weight, s))])(xs)",
    "a list in a tree's step": "algebra a : Rose[R[2]](R[2]) -> R[2] = (w, below) |-> add(linear(w),"
                               " fold([one, (x, s) |-> add(linear(x), relu(s))])(tail(reverse(cons(w, below)))))\n"
                               "morphism net : mu Rose[R[2]] -> R[2] = fold(a)",
}

PROGRAMS = {f"{kind}: {name}": text for kind, group in [
    ("lists", LISTS), ("unfoldings", UNFOLDINGS), ("trees", TREES), ("functors", FUNCTORS), ("axes", AXES),
    ("nested", NESTED), ("meeting", MEETING)] for name, text in group.items()}

#: How long the lists are that come in, one after the other; the empty one is among them.
LENGTHS = (3, 0, 1, 5)


@pytest.fixture(autouse=True)
def _double() -> Any:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


class Both:
    """One morphism for exact evaluation and for PyTorch, on the same weights."""

    def __init__(self, text: str) -> None:
        module = checked(HEADER + text)
        entry = module.scope.names["net"]
        build = Build(module, entry, {}, {})
        self.network, _ = build.network()
        self.net = instantiate(build.source(), "net").double().eval()
        put = Substitution(dims=dict(build.sizes))
        assert self.network.takes is not None and self.network.gives is not None
        self.takes: Object = put.object(self.network.takes)
        self.gives: Object = put.object(self.network.gives)
        chance = random.Random(1)
        self.weights = {address: Array(tuple(weight.shape), small(chance, weight.numel()))
                        for address, weight in self.net.state_dict().items()}
        self.net.load_state_dict({address: tensor_of(array, REAL) for address, array in self.weights.items()})

    def exactly(self, value: Any, garbage: Garbage) -> Any:
        made = evaluate(self.network, for_exact(self.takes, value, garbage), None, self.weights)
        return read(self.gives, nested(self.network.diagram.outputs, iter(made)))

    def by_pytorch(self, values: list[Any], garbage: Garbage, batch: tuple[int, ...]) -> Any:
        """What PyTorch gives of values as a batch, in nested tuples."""
        given = for_pytorch(self.takes, values, garbage, batch)
        return bare(self.net(*given) if factors(self.takes) is not None else self.net(given))

    def read(self, made: Any, batch: tuple[int, ...]) -> list[Any]:
        return [read(self.gives, one_of(self.gives, made, place)) for place in places(batch)]


def nothing() -> Garbage:
    """As little as can be behind the end of lists: of an empty one by itself there is a place."""
    return Garbage(least=1)


def garbage() -> Garbage:
    """Numbers that are poles of some, and indices of nothing."""
    return Garbage(behind=2, number=777.5, index=99, truth=True)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str) -> None:
    both = Both(PROGRAMS[name])
    check(both.network)
    chance = random.Random(2)
    values = [drawn(both.takes, chance, length) for length in LENGTHS]
    wanted = [both.exactly(value, Garbage()) for value in values]
    for value, one in zip(values, wanted, strict=True):
        assert close(both.exactly(value, garbage()), one), "what is exact depends on what is behind a list"
    batches: list[tuple[int, ...]] = [(4,)] if any(map(speaks_of_trees, (both.takes, both.gives))) else [(4,), (2, 2)]
    with torch.no_grad():
        for behind in (nothing, garbage):
            for value, one in zip(values, wanted, strict=True):
                [found] = both.read(both.by_pytorch([value], behind(), ()), ())
                assert close(found, one), f"{behind.__name__} behind lists: {found}, exactly {one}"
            for batch in batches:
                found = both.read(both.by_pytorch(values, behind(), batch), batch)
                assert all(map(close, found, wanted)), f"{batch}, {behind.__name__} behind lists: {found}, not {wanted}"
    gradients(both, values)


#: What schemes are, by examples: of a list the numbers in it, and what comes out.
MEANINGS: dict[str, tuple[str, list[int], Any]] = {
    "fold": ("List(R[]) -> R[] = fold([zero, sub])", [1, 2, 3], 1 - (2 - (3 - 0))),
    "foldl": ("List(R[]) -> R[] = foldl([zero, sub])", [1, 2, 3], ((0 - 1) - 2) - 3),
    "scan": ("List(R[]) -> List(R[]) = scan([zero, sub])", [1, 2, 3], [2, -1, 3, 0]),
    "scanl": ("List(R[]) -> List(R[]) = scanl([zero, sub])", [1, 2, 3], [0, -1, -3, -6]),
    "fold of nothing": ("List(R[]) -> R[] = fold([one, sub])", [], 1),
    "scan of nothing": ("List(R[]) -> List(R[]) = scan([one, sub])", [], [1]),
    "scanl of nothing": ("List(R[]) -> List(R[]) = scanl([one, sub])", [], [1]),
    "map": ("List(R[]) -> List(R[]) = map(neg)", [1, 2], [-1, -2]),
    "reverse": ("List(R[]) -> List(R[]) = reverse", [1, 2, 3], [3, 2, 1]),
    "tail": ("List(R[]) -> List(R[]) = tail", [1, 2, 3], [2, 3]),
    "tail of nothing": ("List(R[]) -> List(R[]) = tail", [], []),
    "but_last": ("List(R[]) -> List(R[]) = but_last", [1, 2, 3], [1, 2]),
    "but_last of nothing": ("List(R[]) -> List(R[]) = but_last", [], []),
    "cons": ("List(R[]) -> List(R[]) = xs |-> cons(5, xs)", [1, 2], [5, 1, 2]),
    "nil": ("List(R[]) -> List(R[]) = xs |-> cons(5, nil())", [1, 2], [5]),
    "zip": ("List(R[]) -> List(R[] * R[]) = (id, tail) >> zip", [1, 2, 3], [(1, 2), (2, 3)]),
    "length": ("List(R[]) -> R[] = length", [7, 7, 7], 3),
    "to_list": ("List(R[]) -> List(R[]) = drop >> one[2] >> to_list", [], [1, 1]),
    "Mealy": ("List(R[]) -> List(R[]) * R[] = xs |-> run(running)(10, xs)", [1, 2], ([10, 11], 13)),
    "Moore": ("List(R[]) -> List(R[]) * R[] = xs |-> run(totals)(10, xs)", [1, 2], ([-10, -11, -13], 13)),
    "unfold": ("List(R[]) -> List(R[]) = fold([zero, add]) >> unfold[9](falling)", [1, 3], [4, 3, 2, 1]),
    "unfold up to its bound": ("List(R[]) -> List(R[]) = fold([zero, add]) >> unfold[3](falling)", [1, 3], [4, 3, 2]),
    "unfold of nothing": ("List(R[]) -> List(R[]) = fold([zero, add]) >> unfold[3](falling)", [], []),
    "take": ("List(R[]) -> R[3] = fold([zero, add]) >> unfold(rising) >> take[3]", [4], [4, 5, 6]),
    "mean of nothing": ("List(R[]) -> R[] = mean", [], 0),
    "max of nothing": ("List(R[]) -> R[] = largest", [], 0),
    "max of what is below nothing": ("List(R[]) -> R[] = largest", [-3, -2], -2),
    "a tree": ("List(R[]) -> R[] = fold([zero, add]) >> unfold[3](halving)"
               " >> fold([zero, (a, l, r) |-> add(a, add(l, r))])", [4], 4 + (3 + 2) + (2 + 1 + 1)),
}
MACHINES = """
coalgebra running : R[] -> Mealy[R[], R[]](R[]) = curry((s, x) |-> (s, add(s, x)))
coalgebra totals : R[] -> Moore[R[], R[]](R[]) = (neg, curry(add))
coalgebra falling : R[] -> May[R[]](R[]) = s |-> (drop + id)(decide(greater(s, 0), (s, sub(s, 1))))
coalgebra rising : R[] -> Out[R[]](R[]) = s |-> (s, add(s, 1))
coalgebra halving : R[] -> Fork[R[]](R[]) = s |-> (drop + id)(decide(greater(s, 0), (s, sub(s, 1), sub(s, 2))))
morphism mean[n] : R[n] -> R[] = reduce(mean, n ->)
morphism largest[n] : R[n] -> R[] = reduce(max, n ->)
"""


@pytest.mark.parametrize("name", MEANINGS)
def test_meanings(name: str) -> None:
    header, given, wanted = MEANINGS[name]
    both = Both(f"{MACHINES}morphism net : {header}")
    value = [torch.tensor(float(number)) for number in given]
    assert plain(both.exactly(value, Garbage())) == wanted
    [found] = both.read(both.by_pytorch([value], nothing(), ()), ())
    assert plain(found) == wanted


def plain(value: Any) -> Any:
    """A value in numbers."""
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value))
    return value.nested() if isinstance(value, Array) else value.tolist()


def gradients(both: Both, values: list[Any]) -> None:
    """Of a batch the gradients are those of its elements one by one, and none flows into what is behind a list."""
    def run(behind: Garbage, batch: bool) -> list[torch.Tensor] | None:
        given = [learned(value) for value in values]
        both.net.zero_grad()
        made = [(both.by_pytorch(given, behind, (4,)), (4,))] if batch else [
            (both.by_pytorch([value], behind, ()), ()) for value in given]
        losses = [loss for out, shape in made for loss in weighed(both, out, shape)]
        whole = torch.stack(losses).sum() if losses else torch.tensor(0.0)
        if not whole.requires_grad:
            return None
        whole.backward()
        held = [*(x for x in leaves(given) if x.requires_grad), *both.net.parameters()]
        return [torch.zeros_like(x) if x.grad is None else x.grad.clone() for x in held]

    wanted = run(nothing(), batch=False)
    for behind in (nothing(), garbage()):
        found = run(behind, batch=True)
        assert (found is None) == (wanted is None)
        for one, other in zip(found or [], wanted or [], strict=True):
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
        assert behind.number.grad is None or behind.number.grad == 0, "a gradient flows behind the end of a list"


def learned(value: Any) -> Any:
    """A value whose numbers want gradients."""
    if isinstance(value, torch.Tensor):
        return value.clone().requires_grad_() if value.is_floating_point() else value
    return type(value)(map(learned, value)) if isinstance(value, tuple | list) else value


def weighed(both: Both, made: Any, batch: tuple[int, ...]) -> list[torch.Tensor]:
    """A number for each result; of trees, which lie in another order in a batch, for all of them together."""
    if hasattr(made, "levels"):
        return [(x * x).sum() for x in leaves(made.data) if x.is_floating_point()]
    return [(x * x + place * x).sum() for value in both.read(made, batch)
            for place, x in enumerate(leaves(value)) if x.is_floating_point()]


def speaks_of_trees(obj: Object) -> bool:
    items = factors(obj)
    return functor_of(obj) is not None or any(map(speaks_of_trees, items or ()))
