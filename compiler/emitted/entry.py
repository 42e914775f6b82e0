"""What is checked of lists and trees where a network is called, of which emitted sources carry copies."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.lists import beside, inside


def checked_lengths(name, lengths, size, *around):
    """Raises a ValueError, with its index, for a length that is negative or longer than the lists are padded to."""
    if lengths.is_meta or torch.compiler.is_compiling() or not lengths.numel():
        return
    wrong = (lengths < 0) | (lengths > size)
    for outer in around:
        # What stands behind the end of a list is nobody's.
        wrong = wrong & beside(inside(outer, lengths.shape[outer.dim()]), wrong)
    if wrong.any():
        index = wrong.nonzero()[0].tolist()
        what = f"list {index[0] if len(index) == 1 else tuple(index)} of " if index else ""
        raise ValueError(f"{what}{name} has the length {lengths[tuple(index)].item()}, which does not lie between 0 "
                         f"and {size}, the size that its data has")


def checked_elements(name, x, size, rank, *around):
    """Raises a ValueError, with its index, for an element of a list that is no index of a set of so many."""
    if x.is_meta or torch.compiler.is_compiling() or not x.numel():
        return
    wrong = (x < 0) | (x >= size)
    if not wrong.any():
        return
    # What stands behind the end of a list is nobody's.
    for lengths in around:
        place = lengths.dim()
        wrong = wrong & beside(inside(lengths, x.shape[place]), wrong)
    if wrong.any():
        index = wrong.nonzero()[0].tolist()
        batch = x.dim() - rank
        where = [f"list {tuple(index[:batch]) if batch > 1 else index[0]}"] if batch else []
        places = index[batch:]
        where.append(f"element {tuple(places) if len(places) > 1 else places[0]}")
        raise ValueError(f"{', '.join(where)} of {name} is {x[tuple(index)].item()}, which is none of the {size} there "
                         "are")


def checked_trees(name, tree, constructors, sets, like=None):
    """The trees; raises where something is no batch of trees of these constructors, or a datum is none of its set.

    `sets` says of each array in the data how many indices there are (0: truth values, -1: numbers) and its axes: a
    size, or a name and what to multiply and to add for the size, or None for any. Where no node is of a constructor,
    nothing told what its data would be: they are made, with no rows, and of the dtype that `like` has."""
    if not all(hasattr(tree, field) for field in ("data", "levels", "constructors", "shape")):
        raise TypeError(f"{name} takes trees, as catlang.trees makes them, not {type(tree).__name__}")
    if tree.constructors != constructors:
        raise ValueError(f"{name} has the constructors {constructors}, those of the trees given are "
                         f"{tree.constructors}")
    missing = [not any(level[number] for level in tree.levels) and not fits(tree.data[number], sets[number])
               for number in range(len(constructors))]
    for number, (data, kinds) in enumerate(zip(tree.data, sets, strict=True)):
        for part, kind in zip(data, kinds, strict=True):
            if not missing[number]:
                checked_datum(name, number, part, kind)
    return with_data_of_none(tree, missing, sets, like) if any(missing) else tree


def with_data_of_none(tree, missing, sets, like):
    """Trees in which the data of these constructors are made, of the sizes that the others have."""
    sizes = {}
    there = [number for number in range(len(missing)) if not missing[number]]
    # What nodes hold tells more than what somebody says that they would hold.
    for number in sorted(there, key=lambda number: not any(level[number] for level in tree.levels)):
        tell_sizes(tree.data[number], sets[number], sizes)
    given = torch.utils._pytree.tree_leaves(tuple(tree.data))
    held = torch.utils._pytree.tree_leaves([tree.data[number] for number in there])
    floating = [x.dtype for x in (like, *held, *given) if x is not None and x.is_floating_point()]
    dtype = floating[0] if floating else torch.get_default_dtype()
    data = tuple(datum_of_none(kinds, sizes, dtype, given[0].device) if absent else own
                 for own, kinds, absent in zip(tree.data, sets, missing, strict=True))
    return type(tree)(data, tree.counts, tree.orders, tree.levels, tree.shape, tree.constructors)


def datum_of_none(kind, sizes, dtype, device):
    """The data of no nodes; a size that nobody has is 1."""
    if "of" not in kind:
        return tuple(datum_of_none(inner, sizes, dtype, device) for inner in kind)
    size, _, *axes = kind
    shape = [0]
    for axis in axes:
        if isinstance(axis, tuple):
            label, factor, more = axis
            axis = factor * sizes.get(label, 1) + more
        shape.append(1 if axis is None else axis)
    return torch.zeros(shape, dtype=dtype if size == -1 else dtype_of_set(size), device=device)


def tell_sizes(x, kind, sizes):
    """Notes by name the sizes that the axes of data are of."""
    if "of" not in kind:
        for one, inner in zip(x, kind, strict=True):
            tell_sizes(one, inner, sizes)
        return
    for axis, found in zip(kind[2:], x.shape[1:], strict=True):
        if isinstance(axis, tuple):
            label, factor, more = axis
            sizes.setdefault(label, (found - more) // factor)


def fits(x, kind):
    """Whether data are of a kind."""
    if "of" not in kind:
        return isinstance(x, tuple) and len(x) == len(kind) and all(map(fits, x, kind))
    size, _, *axes = kind
    if not isinstance(x, torch.Tensor) or not has_axes(x, axes):
        return False
    return x.is_floating_point() if size == -1 else x.dtype == dtype_of_set(size)


def has_axes(x, axes):
    """Whether each axis behind the first has its size, where that is known."""
    return x.dim() == len(axes) + 1 and all(
        axis is None or isinstance(axis, tuple) or axis == found for axis, found in zip(axes, x.shape[1:], strict=True))


def dtype_of_set(size):
    """The dtype of truth values (0), or of indices."""
    return torch.bool if size == 0 else torch.int64


def checked_datum(name, number, x, kind):
    """Raises where the data of a constructor are of another kind."""
    if "of" not in kind:
        if not isinstance(x, tuple) or len(x) != len(kind):
            raise ValueError(f"the data of constructor {number} of {name} are no tuple of {len(kind)}")
        for one, inner in zip(x, kind, strict=True):
            checked_datum(name, number, one, inner)
        return
    size, _, *axes = kind
    dtype = dtype_of_set(size)
    if (not x.is_floating_point() if size == -1 else x.dtype != dtype):
        wanted = "floating point" if size == -1 else dtype
        raise TypeError(f"the data of constructor {number} of {name} are {x.dtype}, not {wanted}")
    if not has_axes(x, axes):
        wanted = ", ".join("any" if axis is None or isinstance(axis, tuple) else str(axis) for axis in axes)
        wanted = f"({wanted}{',' if len(axes) == 1 else ''})"
        own = tuple(x.shape[1:])
        raise ValueError(f"the data of constructor {number} of {name} have the shape {own}, not {wanted}")
    if size > 0 and not x.is_meta and not torch.compiler.is_compiling():
        wrong = (x < 0) | (x >= size)
        if wrong.any():
            index = wrong.nonzero()[0].tolist()
            raise ValueError(f"node {index[0]} of constructor {number} of {name} holds {x[tuple(index)].item()}, which "
                             f"is none of the {size} there are")
