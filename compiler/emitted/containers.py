"""Values of recursive types: batches of lists, padded, and batches of trees, laid out by level.

An emitted source that needs them carries a copy of what it uses, as it does of the functions in `emitted`, so each
name here is a class or a function that needs PyTorch alone. Two copies are two pairs of classes, of the same fields:
what is given from outside is read by its fields, never told by its class.

Data are a tensor, a tuple of data (a product; the unit object is the empty tuple), or a `Lists`.
"""

from __future__ import annotations

import torch


class Container:
    """What does not change once it is made, and is a pytree: `children()` hold its tensors, `context()` the rest.

    A class below it has `names`, those of its children, and is made of its children followed by its context."""

    def __init_subclass__(cls):
        keys = [torch.utils._pytree.GetAttrKey(name) for name in cls.names]

        def flattened(made):
            return made.children(), made.context()

        def flattened_with_keys(made):
            return list(zip(keys, made.children(), strict=True)), made.context()

        def unflattened(children, context):
            return cls(*children, *context)

        # There is no public way for what is not a dataclass all of whose fields are children.
        register, name = torch.utils._pytree.register_pytree_node, f"{cls.__module__}.{cls.__qualname__}"
        register(cls, flattened, unflattened, flatten_with_keys_fn=flattened_with_keys, serialized_type_name=name)

    def __setattr__(self, name, value):
        raise AttributeError(f"{type(self).__name__} does not change: `{name}` cannot be set")

    def __delattr__(self, name):
        raise AttributeError(f"{type(self).__name__} does not change: `{name}` cannot be deleted")

    def children(self):
        return tuple(getattr(self, name) for name in self.names)

    def context(self):
        return ()

    def to(self, *to, **named):
        """Takes what `torch.Tensor.to` takes; as with modules, only floating-point data change their dtype."""

        def moved(x):
            if x.is_floating_point() or x.is_complex():
                return x.to(*to, **named)
            # Where a dtype says nothing of the device, this stays where it is.
            return x.to(x.new_empty(0).to(*to, **named).device, non_blocking=named.get("non_blocking", False))

        return torch.utils._pytree.tree_map(moved, self)


class Lists(Container):
    """A batch of lists: `lengths` (*batch) of int64, and `data` (*batch, n, ...) with n at least the largest length.

    The batch may have any number of axes; without any it is one list. What stands behind the end of a list is
    arbitrary; functions here put zeros there. `data` that is a `Lists` has lengths of shape (*batch, n)."""

    names = ("data", "lengths")

    def __init__(self, data, lengths):
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "lengths", lengths)

    def __repr__(self):
        return f"Lists(lengths={self.lengths!r}, data={said_of_data(self.data)})"

    def __len__(self):
        """The size of the first batch axis; of one list, its length."""
        return self.lengths.shape[0] if self.lengths.dim() else int(self.lengths)

    def __getitem__(self, index):
        """Part of the batch, by any index for its first axis; of one list the element that an int says."""
        if self.lengths.dim():
            return Lists(over_leaves(lambda x: x[index], self.data), self.lengths[index])
        place = range(len(self))[index]
        if not isinstance(place, int):
            raise TypeError(f"an element of a list has an int as its index, not {index!r}")
        return over_leaves(lambda x: x[place], self.data)

    def tolist(self):
        """Nested Python lists; products are tuples, tensors are nested lists too."""
        return list_entries(python_of(self.data), self.lengths.tolist())


class Trees(Container):
    """A batch of values of the least fixed point of a polynomial endofunctor, laid out by level; roots are level 0.

    `constructors` is the endofunctor: by constructor a tuple of its parts, each of them `"data"`, `"tree"` (a child),
    a number k (that many children) or `"list"` (a list of children).

    * `data`: by constructor, by data part: data with an axis of all nodes of that constructor in front, in the order
      of levels, and within a level in the order below.
    * `counts`: by constructor, by list part: how many children each node has (int64), in that order of the nodes.
    * `orders`: by level. The nodes of a level are grouped by constructor, and `grouped[orders[level]]` brings them in
      the order in which they are wanted: the roots in that of the batch; others as children of the level above, by
      constructor, by its parts, by node, and within a node in their order. None where the two orders are one. Within
      a group nodes stand as wanted.
    * `levels`: by level, by constructor, the number of nodes; there is always a level 0.
    * `shape`: the shape of the batch; () is one tree."""

    names = ("data", "counts", "orders")

    def __init__(self, data, counts, orders, levels, shape, constructors):
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "orders", tuple(None if isinstance(order, tuple) else order for order in orders))
        object.__setattr__(self, "levels", levels)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "constructors", constructors)

    def children(self):
        # In a pytree None is a leaf, and the empty tuple is none.
        return self.data, self.counts, tuple(() if order is None else order for order in self.orders)

    def context(self):
        return self.levels, self.shape, self.constructors

    def __repr__(self):
        nodes = sum(sum(level) for level in self.levels)
        size = f"shape={self.shape}, levels={len(self.levels)}, nodes={nodes}"
        return f"Trees({size}, data={said_of_data(self.data)}, constructors={self.constructors})"

    def tolist(self):
        """What `trees` takes, in nested lists as the batch has axes; X^k are tuples, data of some shape tensors."""
        totals = [sum(level[number] for level in self.levels) for number in range(len(self.constructors))]
        rows = [[rows_of(part, total) for part in parts] for parts, total in zip(self.data, totals, strict=True)]
        counts = [[part.tolist() for part in parts] for parts in self.counts]
        below = []
        for sizes, order in zip(reversed(self.levels), reversed(self.orders), strict=True):
            level, start = [], 0
            for number, size in enumerate(sizes):
                first, last = totals[number] - size, totals[number]
                totals[number] = first
                columns, data, lengths = [[number] * size], iter(rows[number]), iter(counts[number])
                for part in self.constructors[number]:
                    if part == "data":
                        columns.append(next(data)[first:last])
                    elif part == "tree":
                        columns.append(below[start:start + size])
                        start += size
                    elif part == "list":
                        column = []
                        for length in next(lengths)[first:last]:
                            column.append(below[start:start + length])
                            start += length
                        columns.append(column)
                    else:
                        last_child = start + part * size
                        column = [tuple(below[child:child + part]) for child in range(start, last_child, part or 1)]
                        columns.append(column if part else [()] * size)
                        start = last_child
                level += zip(*columns, strict=True)
            below = level if order is None else [level[place] for place in order.tolist()]
        for axis in reversed(range(1, len(self.shape))):
            size, number = self.shape[axis], product_of(self.shape[:axis])
            below = [below[size * place:size * (place + 1)] for place in range(number)]
        return below if self.shape else below[0]


def over_leaves(function, data):
    """The function of each tensor in the data, lengths among them."""
    if isinstance(data, tuple):
        return tuple(over_leaves(function, one) for one in data)
    if isinstance(data, torch.Tensor):
        return function(data)
    return type(data)(over_leaves(function, data.data), function(data.lengths))


def joined(pieces):
    """Tensors, or equal tuples of them, one behind the other along the first axis."""
    if isinstance(pieces[0], tuple):
        return tuple(joined(column) for column in zip(*pieces, strict=True))
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)


def pieces_of(data, sizes):
    """A list of pieces of these sizes along the first axis; the backward pass of them all takes the time of one."""
    if isinstance(data, tuple):
        columns = [pieces_of(one, sizes) for one in data]
        return list(zip(*columns, strict=True)) if columns else [()] * len(sizes)
    return [data] if len(sizes) == 1 else list(data.split(sizes))


def in_lists(data, lengths, least=0):
    """Rows as lists of these lengths (Python numbers), one behind the other: (total, ...) to (lists, n, ...).

    n is the largest length, or `least` if that is larger, and zeros stand behind the end of a list."""
    size, number, places = max([least, *lengths]), len(lengths), None
    if size * number != sum(lengths):
        tensor = torch.tensor(lengths)
        ends = tensor.cumsum(0)
        places = (torch.arange(number) * size - ends + tensor).repeat_interleave(tensor) + torch.arange(int(ends[-1]))

    def padded(x):
        own = x.shape[1:]
        if places is not None:
            x = x.new_zeros(number * size, *own).index_copy(0, places.to(x.device), x)
        return x.reshape(number, size, *own)

    return over_leaves(padded, data)


def python_of(data):
    """Tensors as nested lists, in the tuples that they stand in."""
    return tuple(python_of(one) for one in data) if isinstance(data, tuple) else data.tolist()


def list_entries(values, lengths):
    """The elements up to the lengths, of nested lists or of tuples of such."""
    if isinstance(lengths, list):
        return [list_entries(entry_of(values, place), length) for place, length in enumerate(lengths)]
    return values[:lengths] if isinstance(values, list) else [entry_of(values, place) for place in range(lengths)]


def entry_of(values, place):
    """One entry of a list, or of each list in a tuple."""
    return tuple(entry_of(one, place) for one in values) if isinstance(values, tuple) else values[place]


def rows_of(data, number):
    """A list of the rows of data: numbers, tensors, tuples."""
    if isinstance(data, tuple):
        return list(zip(*(rows_of(one, number) for one in data), strict=True)) if data else [()] * number
    return data.tolist() if data.dim() == 1 else list(data.unbind(0))


def product_of(sizes):
    """The product of some numbers."""
    total = 1
    for size in sizes:
        total *= size
    return total


def said_of_data(data):
    """Data for people: the kinds and shapes of the tensors."""
    if isinstance(data, tuple):
        return f"({', '.join(map(said_of_data, data))}{',' if len(data) == 1 else ''})"
    return f"{said_of_dtype(data.dtype)}{list(data.shape)}" if isinstance(data, torch.Tensor) else repr(data)


def said_of_dtype(dtype):
    """A dtype for people."""
    return str(dtype).removeprefix("torch.")


def said_of(value):
    """A Python value for people."""
    if isinstance(value, torch.Tensor):
        kind = said_of_dtype(value.dtype)
        article = "an" if kind.startswith("int") else "a"
        return f"{article} {kind} tensor of shape {list(value.shape)}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, (int, float)):
        return f"the {type(value).__name__} {value!r}"
    return f"a value of type {type(value).__name__}"
