"""What binds tighter than what."""

from __future__ import annotations

import pytest

from catlang.syntax import tree

from .material import expression, only, read


def brackets(node: tree.Node | list) -> str:
    """A tree with all its parentheses."""
    match node:
        case list():
            return ", ".join(brackets(item) for item in node)
        case tree.Name() | tree.Spread():
            return node.text + "..." * isinstance(node, tree.Spread)
        case tree.Number():
            return str(node.value)
        case tree.Hole():
            return "..."
        case tree.Wildcard():
            return "_"
        case tree.Attribute():
            return f"{brackets(node.value)}.{node.name}"
        case tree.Apply():
            return f"{brackets(node.function)}({brackets(node.arguments)})"
        case tree.Index():
            return f"{brackets(node.function)}[{brackets(node.arguments)}]"
        case tree.Named():
            return f"{node.name} = {brackets(node.value)}"
        case tree.Typed():
            return f"({node.name} : {brackets(node.type)})"
        case tree.Labelled():
            return f"({brackets(node.body)} as {node.label})"
        case tree.Initialised():
            return f"({brackets(node.body)} init {node.initialisers[0].name})"
        case tree.Over():
            return f"({brackets(node.body)} over {brackets(node.semiring)})"
        case tree.Prefix():
            return f"({node.operator} {brackets(node.body)})"
        case tree.Binary():
            return f"({brackets(node.left)} {node.operator} {brackets(node.right)})"
        case tree.Times():
            return f"({' * '.join(brackets(item) for item in node.items)})"
        case tree.Plus():
            return f"({' + '.join(brackets(item) for item in node.items)})"
        case tree.Compose():
            return f"({' >> '.join(brackets(part) for part in node.parts)})"
        case tree.Along():
            return f"({brackets(node.body)} along {brackets(node.map)})"
        case tree.Lambda():
            return f"({brackets(node.pattern)} |-> {brackets(node.body)})"
        case tree.Let():
            bound = ", ".join(f"{brackets(one.pattern)} = {brackets(one.value)}" for one in node.bindings)
            return f"(let {bound} in {brackets(node.body)})"
        case tree.Tuple():
            return f"<{brackets(node.items)}>"
        case tree.Case():
            return f"[{brackets(node.items)}]"
    raise AssertionError(node)


TABLE = [
    # atoms and what stands behind them
    ("f(x)(y)[n].w as h", "(f(x)(y)[n].w as h)"),
    ("f as g as h", "((f as g) as h)"),
    ("f(x) as h(y)", "(f(x) as h)(y)"),
    ("f over S init zeros", "((f over S) init zeros)"),
    ("f as h init zeros", "((f as h) init zeros)"),
    ("()", "<>"), ("(f)", "f"), ("(f, g)", "<f, g>"), ("(f, g,)", "<f, g>"), ("[f, g]", "[f, g]"),
    ("(x : A)", "(x : A)"), ("f[2, k = 3, s...]", "f[2, k = 3, s...]"),
    # over, tighter than a prefix, tighter than ^
    ("mu F over S", "(mu (F over S))"),
    ("mu F ^ n", "((mu F) ^ n)"),
    ("- - x", "(- (- x))"),
    # ^ to the right, and into its right
    ("a ^ b ^ c", "(a ^ (b ^ c))"), ("a ^ -n", "(a ^ (- n))"), ("f as h ^ 3", "((f as h) ^ 3)"),
    ("f(x)^2", "(f(x) ^ 2)"),
    # * // / % to the left, of one strength
    ("a * b * c", "(a * b * c)"), ("a * (b * c)", "(a * (b * c))"), ("(a * b) * c", "((a * b) * c)"),
    ("a * b // c * d", "(((a * b) // c) * d)"), ("a // b % c", "((a // b) % c)"),
    ("2*n^2*d", "(2 * (n ^ 2) * d)"),
    ("a * b^n", "(a * (b ^ n))"),
    # + - to the left
    ("a + b - c + d", "(((a + b) - c) + d)"), ("a - b - c", "((a - b) - c)"), ("1 + A * X", "(1 + (A * X))"),
    # composition
    ("f >> g >> h", "(f >> g >> h)"), ("f ∘ g ∘ h", "(h >> g >> f)"), ("f >> (g ∘ h)", "(f >> (h >> g))"),
    ("f * g >> h + k >> l", "((f * g) >> (h + k) >> l)"), ("f >> (g >> h)", "(f >> (g >> h))"),
    ("f >> g^3", "(f >> (g ^ 3))"),
    # lambda, along, let: as far to the right as they can
    ("x |-> f >> g", "(x |-> (f >> g))"), ("x |-> y |-> f(x, y)", "(x |-> (y |-> f(x, y)))"),
    ("(x, _) |-> x", "(<x, _> |-> x)"), ("f >> g along r >> s", "((f >> g) along (r >> s))"),
    ("f along x |-> g(x)", "(f along (x |-> g(x)))"), ("f along g along h", "(f along (g along h))"),
    ("let a = f >> g, b = a in b >> a", "(let a = (f >> g), b = a in (b >> a))"),
    ("let a = f in let b = g in a >> b", "(let a = f in (let b = g in (a >> b)))"),
    ("let (a, b) = f(x) in g(a, b)", "(let <a, b> = f(x) in g(a, b))"),
    ("let a = f in x |-> a(x)", "(let a = f in (x |-> a(x)))"),
    ("... >> _", "(... >> _)"),
]


@pytest.mark.parametrize(("text", "wanted"), TABLE, ids=[text for text, _ in TABLE])
def test_precedence(text, wanted):
    assert brackets(expression(text)) == wanted


@pytest.mark.parametrize(("text", "code"), [
    ("f >> g ∘ h", "E0104"), ("f ∘ g >> h", "E0104"),   # which way such a chain goes, nobody should have to know
    ("-x ^ 2", "E0105"),
    ("f(x) |-> x", "E0103"), ("f >> x |-> g", "E0103"), ("let f(x) = y in x", "E0103"),
    ("x -> f", "E0100"), ("f == g", "E0100"),
])
def test_what_is_no_expression(text, code):
    assert [found.code for found in read(f"morphism m : A -> B = {text}").diagnostics] == [code]


def test_a_condition_comes_last_and_its_commas_mean_and():
    node = only("morphism m : A -> B = f >> g where n <= m <= 2*k, k divides n, n != 3")
    assert [(brackets(one.sides), one.relators) for one in node.where] == [
        ("n, m, (2 * k)", ["<=", "<="]), ("k, n", ["divides"]), ("n, 3", ["!="])]


def test_a_second_body_is_that_of_evaluation():
    node = only("morphism m : A -> B = x |-> f(x) in eval g >> h where n == 1")
    assert brackets(node.body) == "(x |-> f(x))"
    assert brackets(node.evaluation) == "(g >> h)"
    assert len(node.where) == 1


def test_let_and_evaluation_each_have_their_in():
    node = only("morphism m : A -> B = let a = f in a >> a in eval let b = g in b")
    assert brackets(node.body) == "(let a = f in (a >> a))"
    assert brackets(node.evaluation) == "(let b = g in b)"


def test_lines_mean_nothing():
    one = only("morphism m : A -> B = f >> g(x)[n] where n == 1")
    other = only("morphism\nm\n:\nA\n->\nB\n=\nf\n>>\ng\n(x)\n[n]\nwhere\nn\n==\n1")
    assert brackets(one.body) == brackets(other.body)


def test_axis_patterns():
    node = expression("reduce(mean, b... (h w) 2 -> b... h)")
    assert isinstance(node, tree.Shuffle)
    assert (node.kind, node.how) == ("reduce", "mean")
    [side] = node.sources
    assert [type(item).__name__ for item in side.items] == ["Spread", "Axes", "Number"]
    assert expression("contract(a b, b c, c d -> a d)").sources[2].items[1].text == "d"
    assert expression("reduce(sum, n ->)").target.items == []
    assert expression("repeat(-> n)").sources[0].items == []
