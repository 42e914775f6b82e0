"""Lists and trees: what goes in comes out, what is malformed is named, and folds are what recursion would make."""

from __future__ import annotations

import ast
import copy
import inspect
import pickle
import time
import types

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

from catlang.compiler.emission.layout import definition
from catlang.compiler.emitted import construction, containers
from catlang.compiler.emitted import trees as trees_module
from catlang.compiler.emitted.construction import list_of, lists, tree_of, trees
from catlang.compiler.emitted.containers import Lists, Trees
from catlang.compiler.emitted.trees import fold_trees, unfold_trees

BINARY = (("data",), ("tree", "tree"))
ROSE = (("data", "list"),)
#: A leaf with two data, one of them a product; a pair of trees around a datum; three trees; a list; nothing.
MIXED = (("data", "data"), ("tree", "data", "tree"), (3,), ("list", "tree"), ())
NUMBERS = st.integers(-9, 9)
FLOATS = st.floats(-4, 4, width=32)


def binary(leaves=NUMBERS):
    return st.recursive(st.tuples(st.just(0), leaves), lambda tree: st.tuples(st.just(1), tree, tree), max_leaves=12)


def rose():
    return st.recursive(st.tuples(st.just(0), NUMBERS, st.just([])),
                        lambda tree: st.tuples(st.just(0), NUMBERS, st.lists(tree, max_size=4)), max_leaves=12)


def mixed():
    leaf = st.one_of(st.just((4,)), st.tuples(st.just(0), NUMBERS, st.tuples(FLOATS, st.booleans())))
    return st.recursive(leaf, lambda tree: st.one_of(
        st.tuples(st.just(1), tree, NUMBERS, tree), st.tuples(st.just(2), st.tuples(tree, tree, tree)),
        st.tuples(st.just(3), st.lists(tree, max_size=3), tree)), max_leaves=14)


def chain(depth, leaf=(0, 0)):
    """A tree that is deep, on either side by turns."""
    tree = leaf
    for place in range(depth):
        tree = (1, tree, (0, place)) if place % 2 else (1, (0, place), tree)
    return tree


def same(one, other):
    """Whether two chains are equal; Python's own comparison recurs."""
    while True:
        if one[0] != other[0] or len(one) != len(other):
            return False
        if one[0] == 0:
            return one == other
        pairs = list(zip(one[1:], other[1:], strict=True))
        deep = [pair for pair in pairs if pair[0][0] == 1]
        if len(deep) > 1 or any(a != b for a, b in pairs if a[0] == 0):
            return False
        if not deep:
            return True
        [(one, other)] = deep


def refused(function, *given, **named):
    with pytest.raises(ValueError) as error:
        function(*given, **named)
    return str(error.value)


def best(function, times=3):
    """The least time of several."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return min(taken)


# ------------------------------------------------------------------ lists


@given(st.lists(st.lists(NUMBERS, max_size=6), max_size=6))
def test_lists_come_back(values):
    made = lists(values, dtype=torch.int64)
    assert made.tolist() == values
    assert made.data.shape == (len(values), max([1, *map(len, values)])) and made.data.dtype == torch.int64
    assert made.lengths.tolist() == [len(one) for one in values] and made.lengths.dtype == torch.int64


@given(st.lists(st.lists(st.lists(st.tuples(NUMBERS, st.tuples(FLOATS, st.booleans())), max_size=3), max_size=3),
                max_size=4))
def test_lists_of_lists_of_products_come_back(values):
    made = lists(values, depth=2, like=(0, (0.0, False)))
    assert made.tolist() == values
    assert made.data.lengths.shape == made.lengths.shape + made.data.lengths.shape[1:]
    number, (real, truth) = made.data.data
    assert (number.dtype, real.dtype, truth.dtype) == (torch.int64, torch.float32, torch.bool)
    assert number.shape == real.shape == truth.shape and number.shape[:2] == made.data.lengths.shape


@given(st.lists(NUMBERS, max_size=6))
def test_one_list_comes_back(values):
    made = list_of(values, dtype=torch.int64)
    assert made.tolist() == values and len(made) == len(values) and made.lengths.shape == ()
    assert [int(one) for one in made] == values
    assert not values or made[-1] == values[-1]


def test_padding_is_zeros():
    made = lists([[1.5], [2.5, 3.5], []])
    assert made.data.tolist() == [[1.5, 0], [2.5, 3.5], [0, 0]]
    assert lists([[[1], []], []], depth=2).data.lengths.tolist() == [[1, 0], [0, 0]]


def test_the_kinds_of_elements():
    assert lists([[1, 2.5]]).data.dtype == torch.get_default_dtype()
    assert lists([[True]]).data.dtype == torch.bool
    assert lists([[1]], dtype=torch.float64).data.dtype == torch.float64
    number, real = lists([[(1, 2.5)]], dtype=torch.float64).data
    assert (number.dtype, real.dtype) == (torch.int64, torch.float64)
    assert lists([[1, 2]], like=0.0).data.dtype == torch.float32
    assert lists([[torch.ones(2, dtype=torch.float64)]], like=torch.zeros(2)).data.dtype == torch.float32


def test_lists_of_nothing():
    assert lists([[], []], like=torch.zeros(3)).data.shape == (2, 1, 3)
    assert lists([[], []], like=(0, torch.zeros(3))).data[0].dtype == torch.int64
    assert lists([]).tolist() == [] and lists([], depth=2).tolist() == []
    assert list_of([]).tolist() == [] and lists([[], []]).tolist() == [[], []]
    assert lists([torch.ones(0, 3)]).data.shape == (1, 1, 3)


def test_lists_of_the_unit_object():
    made = lists([[()], [(), ()]])
    assert made.data == () and made.tolist() == [[()], [(), ()]] and list(list_of([()])) == [()]


def test_lists_of_tensors():
    x = torch.randn(5, 3, requires_grad=True)
    for values in ([x[:2], x[2:2], x[2:]], [list(x[:2]), [], list(x[2:])], [x[:2], [], list(x[2:])]):
        made = lists(values)
        assert made.data.shape == (3, 3, 3) and made.tolist() == [x[:2].tolist(), [], x[2:].tolist()]
    [gradient] = torch.autograd.grad((made.data ** 2).sum(), x)
    assert torch.equal(gradient, 2 * x.detach())


def test_parts_of_a_batch():
    made = lists([[1, 2], [], [3]])
    assert len(made) == 3 and made[0].tolist() == [1, 2] and made[1:].tolist() == [[], [3]]
    assert made[torch.tensor([2, 0])].tolist() == [[3], [1, 2]] and [one.tolist() for one in made] == [[1, 2], [], [3]]
    pairs = lists([[(1, 2.0)], [(3, 4.0), (5, 6.0)]])
    assert pairs[1].tolist() == [(3, 4.0), (5, 6.0)] and pairs[1][0] == (3, 4.0)
    with pytest.raises(IndexError):
        made[0][2]


def test_several_batch_axes():
    made = Lists((torch.arange(12).reshape(2, 3, 2), torch.zeros(2, 3, 2)), torch.tensor([[0, 1, 2], [2, 1, 0]]))
    assert made.tolist() == [[[], [(2, 0.0)], [(4, 0.0), (5, 0.0)]], [[(6, 0.0), (7, 0.0)], [(8, 0.0)], []]]


@pytest.mark.parametrize(("values", "named", "message"), [
    ([[1], [2, "a"]], {}, "list 1, element 1: a value of type str where an int64 belongs"),
    ([[1], [2, True]], {}, "list 1, element 1: the bool True where an int64 belongs"),
    ([["a"]], {}, "list 0, element 0: a value of type str is no number, tensor, or tuple of such"),
    ([[1], 2], {}, "list 1: the int 2 where a list belongs"),
    ([[1], (2, 3)], {}, "list 1: a tuple of 2 where a list belongs"),
    ([[], [torch.ones(3)], [torch.ones(3), torch.ones(4)]], {},
     "list 2, element 1: a float32 tensor of shape [4] where a float32 tensor of shape [3] belongs"),
    ([torch.ones(2, 3), torch.ones(1, 4)], {},
     "list 1, element 0: a float32 tensor of shape [4] where a float32 tensor of shape [3] belongs"),
    ([[torch.ones(())], [torch.ones((), dtype=torch.float64)]], {},
     "list 1, element 0: a float64 tensor of shape [] where a float32 belongs"),
    ([[(1, 2)], [], [(1, 2), (1, 2, 3)]], {}, "list 2, element 1: a tuple of 3 where a tuple of 2 belongs"),
    ([[(1, (2, 3.5))], [(1, (2, "a"))]], {},
     "list 1, element 0, part 1, part 1: a value of type str where a float32 belongs"),
    ([[[1]], [[2, 3], 4]], {"depth": 2}, "list 1, element 1: the int 4 where a list belongs"),
    ([[[1]], [[], [2, 3.5, None]]], {"depth": 2},
     "list 1, element 1, element 2: a value of type NoneType where a float32 belongs"),
    ([[2 ** 70]], {}, f"list 0, element 0: the int {2 ** 70} does not fit in int64"),
    ([[1.5]], {"dtype": torch.int64}, "list 0, element 0: the float 1.5 where an int64 belongs"),
    ([[1.5]], {"like": torch.zeros(3)}, "list 0, element 0: the float 1.5 where a float32 tensor of shape [3] belongs"),
    ([[1]], {"depth": 0}, "depth is 0, but has to be a whole number, at least 1"),
])
def test_mistakes_in_lists_are_named(values, named, message):
    assert refused(lists, values, **named) == message


def test_mistakes_in_one_list_are_named():
    assert refused(list_of, [1, "a"]) == "element 1: a value of type str where an int64 belongs"
    assert refused(list_of, 3) == "the list: the int 3 where a list belongs"
    with pytest.raises(TypeError, match="the int 3 is no batch of lists"):
        lists(3)
    with pytest.raises(TypeError, match="a value of type str is like no number, tensor, or tuple of such"):
        lists([[1]], like="a")


# ------------------------------------------------------------------ both


def examples():
    return [
        lists([[1], [2, 3]]), list_of([1.5, 2.5]), lists([[[(1, True)]], []], depth=2), lists([[()], []]),
        trees([(1, (0, 5), (1, (0, 1), (0, 2))), (0, 3)], BINARY), tree_of((0, 5, [(0, 1, []), (0, 2, [])]), ROSE),
        trees([(3, [(0, 1, (1.5, True)), (4,)], (1, (4,), 7, (4,)))], MIXED)]


def assert_same(one, other):
    assert type(one) is type(other) and one.tolist() == other.tolist()
    first, second = pytree.tree_flatten(one), pytree.tree_flatten(other)
    assert first[1] == second[1] and all(map(torch.equal, first[0], second[0]))


@pytest.mark.parametrize("made", examples(), ids=lambda made: type(made).__name__)
def test_a_pytree(made):
    leaves, spec = pytree.tree_flatten(made)
    assert all(isinstance(leaf, torch.Tensor) for leaf in leaves)
    assert_same(pytree.tree_unflatten(leaves, spec), made)
    mapped, same_spec = pytree.tree_flatten(pytree.tree_map(lambda x: x.double() + 1, made))
    assert same_spec == spec and all(map(torch.equal, mapped, [leaf.double() + 1 for leaf in leaves]))
    keys = [pytree.keystr(path) for path, _ in pytree.tree_flatten_with_path(made)[0]]
    assert len(set(keys)) == len(leaves) and all(key.startswith(tuple(f".{name}" for name in made.names))
                                                 for key in keys)


@pytest.mark.parametrize("made", examples(), ids=lambda made: type(made).__name__)
def test_copies(made):
    for other in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert_same(other, made)


@pytest.mark.parametrize("made", examples(), ids=lambda made: type(made).__name__)
def test_to_changes_what_is_floating(made):
    double = made.to(torch.float64)
    assert_same(double.to(torch.float32), made)
    for old, new in zip(pytree.tree_leaves(made), pytree.tree_leaves(double), strict=True):
        assert new.dtype == (torch.float64 if old.is_floating_point() else old.dtype)
    assert all(leaf.device.type == "meta" for leaf in pytree.tree_leaves(made.to("meta")))
    assert all(leaf.device.type == "meta" for leaf in pytree.tree_leaves(made.to(device="meta", dtype=torch.float64)))


@pytest.mark.parametrize("made", examples(), ids=lambda made: type(made).__name__)
def test_values_do_not_change(made):
    with pytest.raises(AttributeError, match="does not change"):
        made.data = ()
    with pytest.raises(AttributeError, match="does not change"):
        del made.data


def test_how_they_are_shown():
    assert repr(lists([[1], [2, 3]])) == "Lists(lengths=tensor([1, 2]), data=int64[2, 2])"
    assert repr(list_of([(1, 2.5)])) == "Lists(lengths=tensor(1), data=(int64[1], float32[1]))"
    assert repr(trees([(1, (0, 5), (0, 1))], BINARY)) == (
        "Trees(shape=(1,), levels=2, nodes=3, data=((int64[2],), ()), constructors=(('data',), ('tree', 'tree')))")


def test_lists_go_through_torch():
    def doubled(x):
        return Lists(x.data * 2, x.lengths)

    class Doubled(torch.nn.Module):
        def forward(self, x):
            return doubled(x)

    made = lists([[1, 2], [3]])
    assert torch.compile(doubled, fullgraph=True, backend="eager")(made).tolist() == [[2, 4], [6]]
    assert torch.export.export(Doubled(), (made,)).module()(made).tolist() == [[2, 4], [6]]
    assert torch.vmap(lambda x: x.data.sum() + x.lengths)(made).tolist() == [5, 4]


def definitions():
    return [node for module in (containers, construction, trees_module)
            for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def test_copied_definitions_stand_alone():
    texts = ["import torch", *(definition(node, "") for node in definitions())]
    modules = []
    for name in ("copied_containers", "copied_containers_again"):
        module = types.ModuleType(name)
        exec("\n\n\n".join(texts), module.__dict__)
        modules.append(module)
    values = [(0, 3, [(0, 1, []), (0, 2, [(0, 4, [])])]), (0, 5, [])]
    for module in modules:
        made = module.trees(values, ROSE)
        assert made.tolist() == values and type(made) is not Trees
        assert_same(pytree.tree_map(lambda x: x, made), made)
        # What one copy has made another one reads.
        assert fold_trees(made, [rose_sum], like=(torch.tensor(0),))[0].tolist() == [10, 5]
        assert module.fold_trees(trees(values, ROSE), [rose_sum], like=(torch.tensor(0),))[0].tolist() == [10, 5]


def plain(node):
    """A tree of syntax, whatever the indents of its docstrings."""
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            one.value = " ".join(one.value.split())
    return ast.dump(node)


@pytest.mark.parametrize("node", definitions(), ids=lambda node: node.name)
def test_definitions_are_laid_out_as_they_are(node):
    assert plain(ast.parse(definition(node, "")).body[0]) == plain(node)


# ------------------------------------------------------------------ trees


@given(st.lists(binary(), max_size=5))
def test_binary_trees_come_back(values):
    assert trees(values, BINARY).tolist() == values


@given(st.lists(rose(), max_size=5))
def test_rose_trees_come_back(values):
    assert trees(values, ROSE).tolist() == values


@given(st.lists(mixed(), max_size=5))
def test_mixed_trees_come_back(values):
    made = trees(values, MIXED, likes=((0, (0.0, False)), (0,), None, None, None))
    assert made.tolist() == values
    number, (real, truth) = made.data[0]
    assert (number.dtype, real.dtype, truth.dtype) == (torch.int64, torch.float32, torch.bool)
    for place in range(len(MIXED)):
        total = sum(level[place] for level in made.levels)
        assert all(leaf.shape == (total,) for leaf in pytree.tree_leaves((made.data[place], made.counts[place])))


@given(mixed())
def test_one_tree_comes_back(value):
    made = tree_of(value, MIXED)
    assert made.tolist() == value and made.shape == ()


def test_the_layout():
    made = trees([(0, 3), (1, (1, (0, 5), (0, 6)), (0, 7)), (1, (0, 8), (0, 9))], BINARY)
    assert made.levels == ((1, 2), (3, 1), (2, 0)) and made.shape == (3,) and made.constructors == BINARY
    assert made.data[0][0].tolist() == [3, 8, 7, 9, 5, 6] and made.data[1] == ()
    assert made.counts == ((), ())
    assert made.orders[0] is None and made.orders[1].tolist() == [3, 0, 1, 2] and made.orders[2] is None


def test_children_stand_as_the_parts_do():
    leaves = [(0, number) for number in range(9)]
    made = trees([(1, leaves[0], leaves[3:5], leaves[1], [leaves[7]]), (1, leaves[2], leaves[5:7], leaves[8], [])],
                 (("data",), ("tree", 2, "tree", "list")))
    assert made.data[0][0].tolist() == [0, 2, 3, 4, 5, 6, 1, 8, 7]
    assert made.counts[1][0].tolist() == [1, 0]


def test_no_trees():
    made = trees([], BINARY, likes=((torch.zeros(3),), None))
    assert made.tolist() == [] and made.levels == ((0, 0),) and made.orders == (None,)
    assert made.data[0][0].shape == (0, 3)


def test_constructors_that_do_not_occur():
    made = trees([(0, 1)], (("data",), ("data", "data", "tree")), likes=(None, (torch.zeros(2), (0, True))))
    assert made.data[1][0].shape == (0, 2) and [one.dtype for one in made.data[1][1]] == [torch.int64, torch.bool]


def test_floats_have_the_dtype():
    made = trees([(1, 2.5, (0, 1))], (("data",), ("data", "tree")), dtype=torch.float64)
    assert made.data[0][0].dtype == torch.int64 and made.data[1][0].dtype == torch.float64
    assert trees([(0, 1)], BINARY, likes=((0.0,), None)).data[0][0].dtype == torch.get_default_dtype()


def test_tensors_in_trees():
    x = torch.randn(2, 3, requires_grad=True)
    made = tree_of((1, (0, x[0]), (0, x[1])), BINARY)
    assert torch.equal(made.data[0][0], x)
    [gradient] = torch.autograd.grad(made.data[0][0].sum(), x)
    assert torch.equal(gradient, torch.ones(2, 3))
    back = made.tolist()
    assert torch.equal(back[1][1], x[0]) and torch.equal(back[2][1], x[1])


def test_deep_trees():
    # Linear time: the factor 4 in depth is far from the 16 that it would be.
    values = [chain(size) for size in (5000, 20000)]
    assert best(lambda: tree_of(values[1], BINARY)) < 10 * best(lambda: tree_of(values[0], BINARY))
    made = [tree_of(value, BINARY) for value in values]
    assert best(made[1].tolist) < 10 * best(made[0].tolist)
    assert len(made[1].levels) == 20001 and same(made[1].tolist(), values[1])
    assert not same(made[1].tolist(), chain(20000, (0, 1)))


@pytest.mark.parametrize(("value", "constructors", "message"), [
    ("a", BINARY, ": a value of type str where a tree belongs, a tuple of the number of a constructor and its parts"),
    ((), BINARY, ": a tuple of 0 where a tree belongs, a tuple of the number of a constructor and its parts"),
    ((2, 1), BINARY, ": the int 2 is no constructor; they are 0 to 1"),
    ((-1, 1), BINARY, ": the int -1 is no constructor; they are 0 to 1"),
    ((True, (0, 1), (0, 1)), BINARY, ": the bool True is no constructor; they are 0 to 1"),
    ((1, []), ROSE, ": the int 1 is no constructor; the only one is 0"),
    ((0, 1, 2), BINARY, ": 2 given where constructor 0 has 1 part"),
    ((1, (0, 1)), BINARY, ": 1 given where constructor 1 has 2 parts"),
    ((1, (0, 1), (1, (0, 2), 5)), BINARY,
     ", at .1.1: the int 5 where a tree belongs, a tuple of the number of a constructor and its parts"),
    ((1, (0, 1), (1, (7,), (0, 2))), BINARY, ", at .1.0: the int 7 is no constructor; they are 0 to 1"),
    ((1, (0, 1), (1, (0, True), (0, 3))), BINARY, ", at .1.0.0: the bool True where an int64 belongs"),
    ((1, (0, torch.ones(2)), (0, 3)), BINARY, ", at .0.0: a float32 tensor of shape [2] where an int64 belongs"),
    ((1, (0, "a"), (0, 3)), BINARY, ", at .0.0: a value of type str where an int64 belongs"),
    ((0, 1, [(0, 2, []), (0, 3, 4)]), ROSE, ", at .1.1.1: the int 4 where a list of trees belongs"),
    ((0, 1, [(0, 2, []), (0, 3, [(0, None, [])])]), ROSE,
     ", at .1.1.1.0.0: a value of type NoneType where an int64 belongs"),
    ((2, [(4,), (4,)]), MIXED, ", at .0: a list of 2 where a tuple of 3 trees belongs"),
    ((2, ((4,), (4,), 5)), MIXED,
     ", at .0.2: the int 5 where a tree belongs, a tuple of the number of a constructor and its parts"),
    ((1, (4,), 1, (0, 1, (2.5, 0))), MIXED, ", at .2.1.1: the int 0 where a bool belongs"),
    ((1, (4,), 1, (0, 1, (2.5,))), MIXED, ", at .2.1: a tuple of 1 where a tuple of 2 belongs"),
])
def test_malformed_trees_are_named(value, constructors, message):
    good = {BINARY: (0, 1), ROSE: (0, 1, []), MIXED: (0, 1, (1.5, True))}[constructors]
    assert refused(trees, [good, good, good, value], constructors) == f"tree 3{message}"
    assert refused(tree_of, value, constructors, likes={BINARY: ((0,), None), ROSE: ((0,),), MIXED: (
        (0, (0.0, False)), (0,), None, None, None)}[constructors]) == f"the tree{message}"


def test_the_name_of_a_deep_node_is_short():
    tree = (0, "a")
    for _ in range(10000):
        tree = (1, (0, 1), tree)
    assert refused(tree_of, tree, BINARY) == (
        f"the tree, at {'.1' * 8} (and 9985 more) {'.1' * 7}.0: a value of type str where an int64 belongs")


def test_mistakes_around_trees():
    assert refused(trees, [], (("data",), ("data", "node"))) == (
        "constructor 1, part 1: 'node' is neither 'data', 'tree', 'list' nor a number of trees")
    assert refused(trees, [], ((-1,),)) == (
        "constructor 0, part 0: -1 is neither 'data', 'tree', 'list' nor a number of trees")
    with pytest.raises(TypeError, match="the int 3 is no batch of trees, which is a list"):
        trees(3, BINARY)


# ------------------------------------------------------------------ folds


def rose_sum(label, children):
    return (label + children.data.sum(1),)


class Algebra(torch.nn.Module):
    """An algebra of MIXED with two tensors as its state, and the same one node by node."""

    def __init__(self):
        super().__init__()
        for name, shape in {"leaf": (3, 4), "pair": (9, 4), "three": (12, 4), "several": (8, 4)}.items():
            self.register_parameter(name, torch.nn.Parameter(torch.randn(shape, dtype=torch.float64)))
        self.nothing = torch.nn.Parameter(torch.randn(4, dtype=torch.float64))

    def on_leaf(self, number, pair):
        row = torch.stack([number.double(), pair[0].double(), pair[1].double()], -1)
        return torch.tanh(row @ self.leaf), number.double()

    def on_pair(self, left, number, right):
        row = torch.cat([left[0], number.double()[..., None], right[0]], -1)
        return torch.tanh(row @ self.pair), left[1] - 2 * right[1]

    def on_three(self, children):
        row = children[0].flatten(-2)
        return torch.tanh(row @ self.three), children[1][..., 0] + children[1][..., 2]

    def on_several(self, children, last):
        there = torch.arange(children.data[1].shape[-1]) < children.lengths[..., None]
        total = (children.data[0].square() * there[..., None]).sum(-2)
        return torch.tanh(torch.cat([total, last[0]], -1) @ self.several), (children.data[1] * there).sum(-1) + last[1]

    def on_nothing(self):
        return self.nothing, torch.ones((), dtype=torch.float64)

    def functions(self):
        return [self.on_leaf, self.on_pair, self.on_three, self.on_several, self.on_nothing]

    def one(self, tree):
        """The state of one tree, by recursion."""
        tag, *parts = tree
        if tag == 0:
            return self.on_leaf(torch.tensor(parts[0]), tuple(map(torch.tensor, parts[1])))
        if tag == 1:
            return self.on_pair(self.one(parts[0]), torch.tensor(parts[1]), self.one(parts[2]))
        if tag == 2:
            return self.on_three(tuple(map(torch.stack, zip(*map(self.one, parts[0]), strict=True))))
        if tag == 3:
            states = [self.one(child) for child in parts[0]]
            data = tuple(map(torch.stack, zip(*states, strict=True))) if states else (
                torch.zeros(0, 4, dtype=torch.float64), torch.zeros(0, dtype=torch.float64))
            return self.on_several(Lists(data, torch.tensor(len(states))), self.one(parts[1]))
        return self.on_nothing()


def assert_close(one, other):
    assert len(one) == len(other)
    for x, y in zip(one, other, strict=True):
        assert x.shape == y.shape and x.dtype == y.dtype and torch.allclose(x, y, rtol=0, atol=1e-12)


def gradients(states, algebra):
    total = sum((x * torch.arange(1, x.numel() + 1).reshape(x.shape)).sum() for x in states)
    return [torch.zeros_like(weight) if one is None else one for weight, one in zip(
        algebra.parameters(), torch.autograd.grad(total, list(algebra.parameters()), allow_unused=True), strict=True)]


@settings(max_examples=60, deadline=None)
@given(st.lists(mixed(), min_size=1, max_size=5))
def test_a_fold_is_the_recursion(values):
    torch.manual_seed(0)
    algebra = Algebra()
    folded = fold_trees(trees(values, MIXED, dtype=torch.float64, likes=((0, (0.0, False)), (0,), None, None, None)),
                        algebra.functions())
    naive = tuple(map(torch.stack, zip(*map(algebra.one, values), strict=True)))
    assert_close(folded, naive)
    for x, y in zip(gradients(folded, algebra), gradients(naive, algebra), strict=True):
        assert torch.allclose(x, y, rtol=1e-10, atol=1e-10)
    # Nothing depends on what else there is in the batch.
    for place, value in enumerate(values):
        alone = fold_trees(tree_of(value, MIXED), algebra.functions())
        assert_close(alone, tuple(x[place] for x in folded))


@given(st.lists(rose(), max_size=5))
def test_a_fold_of_rose_trees_is_the_recursion(values):
    def total(tree):
        return tree[1] + sum(map(total, tree[2]))

    [folded] = fold_trees(trees(values, ROSE, likes=((0,),)), [rose_sum], like=(torch.tensor(0),))
    assert folded.tolist() == list(map(total, values)) and folded.dtype == torch.int64


def test_padded_children_are_zeros_behind_their_end():
    seen = []

    def noting(label, children):
        seen.append(children)
        return (label, label[:, None] * torch.ones(2))

    made = tree_of((0, 1, [(0, 2, []), (0, 3, [(0, 4, []), (0, 5, [])]), (0, 6, [(0, 7, [])])]), ROSE)
    fold_trees(made, [noting], like=(torch.tensor(0), torch.zeros(2)))
    assert [children.lengths.tolist() for children in seen] == [[0, 0, 0], [0, 2, 1], [3]]
    assert [children.data[0].tolist() for children in seen] == [[[0], [0], [0]], [[0, 0], [4, 5], [7, 0]], [[2, 3, 6]]]
    assert [children.data[1].shape for children in seen] == [(3, 1, 2), (3, 2, 2), (1, 3, 2)]


def test_without_children_the_state_is_that_of_a_leaf():
    def nodes(children):
        return (children.data.sum(1),)

    made = trees([(1, []), (1, [(1, []), (0, torch.ones(3))])], (("data",), ("list",)), likes=((torch.ones(3),), None))
    assert fold_trees(made, [lambda x: (x,), nodes])[0].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert refused(fold_trees, tree_of((0, 1, []), ROSE), [rose_sum]) == (
        "the state of a child is not known where there is none: give a state as `like`")


def test_no_children_at_all():
    made = trees([(0, ()), (1, ((0, ()),))], ((0,), (1,)))
    assert made.tolist() == [(0, ()), (1, ((0, ()),))]
    functions = [lambda none: (none[0].sum(1) + 1,), lambda one: (one[0][:, 0] * 2,)]
    assert fold_trees(made, functions, like=(torch.zeros(2),))[0].tolist() == [[1, 1], [2, 2]]


def test_a_fold_of_no_trees():
    algebra = Algebra()
    states = fold_trees(trees([], MIXED, likes=((0, (0.0, False)), (0,), None, None, None)), algebra.functions())
    assert [x.shape for x in states] == [(0, 4), (0,)]
    assert [x.shape for x in fold_trees(trees([], ROSE), [rose_sum], like=(torch.zeros(5),))] == [(0, 5)]
    nothing = fold_trees(trees([], ((), ("tree",))), [lambda: (torch.ones(3),), lambda tree: tree])
    assert [x.shape for x in nothing] == [(0, 3)]


def test_one_leaf():
    assert fold_trees(tree_of((0, 5), BINARY), [lambda x: (x,), None])[0].item() == 5


def test_a_constructor_without_tensors_has_one_state():
    naturals = ((), ("tree",))
    functions = [lambda: (torch.zeros(2),), lambda tree: (tree[0] + 1,)]
    made = trees([(1, (1, (0,))), (0,), (1, (0,))], naturals)
    assert fold_trees(made, functions)[0].tolist() == [[2, 2], [0, 0], [1, 1]]
    unit = trees([(1, (1, (0, ()))), (0, ())], (("data",), ("tree",)))
    assert unit.tolist() == [(1, (1, (0, ()))), (0, ())]
    assert fold_trees(unit, [lambda unit: (torch.zeros(()),), functions[1]])[0].tolist() == [2, 0]


def test_prepared_data_replace_the_tree_s():
    table = torch.randn(10, 4, dtype=torch.float64, requires_grad=True)
    made = trees([(1, (0, 5), (1, (0, 1), (0, 2))), (0, 3)], BINARY)
    direct = fold_trees(made, [lambda x: (table[x],), lambda left, right: (left[0] * 2 - right[0],)])
    prepared = fold_trees(made, [lambda x: (x,), lambda left, right: (left[0] * 2 - right[0],)],
                          prepared=((table[made.data[0][0]],), None))
    assert_close(direct, prepared)
    assert_close(torch.autograd.grad(direct[0].sum(), table), torch.autograd.grad(prepared[0].sum(), table))
    assert refused(fold_trees, made, [None, None], prepared=((), ())) == (
        "constructor 0: 0 parts prepared, of which it has 1")


def test_states_are_looked_over():
    made = trees([(0, 5), (0, 6)], BINARY)
    assert refused(fold_trees, made, [lambda x: (x.sum(),), None]) == (
        "constructor 0: the states of 2 nodes are an int64 tensor of shape []")
    with pytest.raises(TypeError, match="constructor 0: a state is a tuple of tensors, not an int64 tensor"):
        fold_trees(made, [lambda x: x, None])


def test_several_batch_axes_of_trees():
    grown = unfold_trees(halves, (torch.arange(6).reshape(2, 3),), 9, HALVES, 2, batch_rank=2)
    assert grown.shape == (2, 3) and [len(row) for row in grown.tolist()] == [3, 3]
    assert fold_trees(grown, [lambda x: (x,), lambda left, right: (left[0] + right[0],), None])[0].tolist() == [
        [0, 1, 2], [3, 4, 5]]


def test_the_backward_pass_is_linear():
    def backward(size):
        made = tree_of(chain(size), BINARY)
        rows = torch.randn(size + 1, 4, requires_grad=True)
        [state] = fold_trees(made, [lambda x: (x,), lambda left, right: (torch.tanh(left[0] + right[0]),)],
                             prepared=((rows,), None))
        return lambda: torch.autograd.grad(state.sum(), rows, retain_graph=True)

    # Had each level a gradient of all rows, this would be 64 times as long, not 8 times.
    assert best(backward(16000)) < 24 * best(backward(2000))


# ------------------------------------------------------------------ unfolds

#: A number as a leaf, or as the sum of two trees; or an end.
HALVES = (("data",), ("tree", "tree"), ())


def halves(states):
    [number] = states
    tags = (number > 1).long()
    return tags, ((number,), ((number // 2,), (number - number // 2,)), ())


def test_an_unfold():
    grown = unfold_trees(halves, (torch.tensor([3, 0, 2]),), 5, HALVES, 2)
    assert grown.tolist() == [(1, (0, 1), (1, (0, 1), (0, 1))), (0, 0), (1, (0, 1), (0, 1))]
    assert_same(grown, trees(grown.tolist(), HALVES))
    assert unfold_trees(halves, (torch.tensor(3),), 5, HALVES, 2, 0).tolist() == (1, (0, 1), (1, (0, 1), (0, 1)))


def test_growth_stops_at_the_bound():
    grown = unfold_trees(halves, (torch.tensor([4, 1]),), 1, HALVES, 2)
    assert grown.tolist() == [(1, (2,), (2,)), (0, 1)]
    nothing = unfold_trees(halves, (torch.tensor([4, 1]),), 0, HALVES, 2)
    assert nothing.tolist() == [(2,), (2,)] and nothing.data[0][0].shape == (0,)


def test_an_unfold_of_nothing():
    grown = unfold_trees(halves, (torch.zeros(0, dtype=torch.int64),), 5, HALVES, 2)
    assert grown.tolist() == [] and grown.shape == (0,) and grown.data[0][0].dtype == torch.int64


def test_an_unfold_with_all_kinds_of_parts():
    kinds = (("data", "list"), (2, "data"), ())

    def function(states):
        number, row = states
        smaller = torch.stack([number - 1, number - 2], 1), torch.stack([row + 1, row + 2], 1)
        return number % 2, (((number, row), Lists(smaller, (number > 0) * 2)), (smaller, row), ())

    state = torch.tensor([2, 1]), torch.zeros(2, 1)
    grown = unfold_trees(function, state, 2, kinds, 2)
    back = grown.tolist()
    assert [(one[0], len(one[-2] if one[0] else one[-1])) for one in back] == [(0, 2), (1, 2)]
    assert back[0][1][0] == 2 and back[0][2][0][0] == 1 and back[0][2][0][1] == ((2,), (2,))
    assert back[0][2][0][2].tolist() == [1] and back[0][2][1][1][1].tolist() == [2]
    assert back[1][1][0][0] == 0 and back[1][1][0][2] == [] and back[1][2].tolist() == [0]
    assert grown.counts[0][0].tolist() == [2, 0, 0]


def test_gradients_go_through_an_unfold():
    x = torch.tensor([5.5, 0.5], dtype=torch.float64, requires_grad=True)
    grown = unfold_trees(halves_of_reals, (x,), 9, HALVES, 2)
    [total] = fold_trees(grown, [lambda x: (x ** 2,), lambda left, right: (left[0] + right[0],), None])
    [gradient] = torch.autograd.grad(total.sum(), x)
    assert torch.allclose(gradient, 2 * x.detach() / torch.tensor([8, 1]))


def halves_of_reals(states):
    [number] = states
    return (number > 1).long(), ((number,), ((number / 2,), (number / 2,)), ())


def test_mistakes_in_an_unfold():
    state = (torch.tensor([4, 1]),)
    assert refused(unfold_trees, halves, state, 5, HALVES, 0) == "growth stops with constructor 0, which has parts"
    assert refused(unfold_trees, halves, state, -1, HALVES, 2) == (
        "the bound is -1, but has to be a whole number, at least 0")
    assert refused(unfold_trees, lambda states: (states[0], ((), (), ())), state, 5, HALVES, 2) == (
        "2 nodes have the constructors [4, 1] of 0 to 2")
    assert refused(unfold_trees, lambda states: (states[0] * 0, ((), (), ())), state, 5, HALVES, 2) == (
        "0 given where a constructor has 1 parts")
