"""Lists and trees as containers: PyTorch sees tensors in them, and they are copied, moved and shown as values are.

The definitions that an emitted source has of them stand alone, and are those that catlang has.
"""

from __future__ import annotations

import ast
import copy
import inspect
import pickle
import types

import pytest
import torch
from torch.utils import _pytree as pytree

from catlang.compiler.emission.layout import definition
from catlang.compiler.emitted import construction, containers
from catlang.compiler.emitted import trees as trees_module
from catlang.compiler.emitted.construction import list_of, lists, tree_of, trees
from catlang.compiler.emitted.containers import Lists, Trees
from catlang.compiler.emitted.trees import fold_trees

from .containers import BINARY, MIXED, ROSE, assert_same, rose_sum


def examples():
    return [
        lists([[1], [2, 3]]), list_of([1.5, 2.5]), lists([[[(1, True)]], []], depth=2), lists([[()], []]),
        trees([(1, (0, 5), (1, (0, 1), (0, 2))), (0, 3)], BINARY), tree_of((0, 5, [(0, 1, []), (0, 2, [])]), ROSE),
        trees([(3, [(0, 1, (1.5, True)), (4,)], (1, (4,), 7, (4,)))], MIXED)]


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
