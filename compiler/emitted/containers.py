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


# ------------------------------------------------------------------ data


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
    return [entry_of(values, place) for place in range(lengths)]


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


# ------------------------------------------------------------------ data from Python


def column_of(values, like, dtype, forced, where, path=()):
    """Data of Python, all of one kind, as the rows of one tensor; as a tuple of columns where they are tuples.

    The kind is that of `like`, or that of the first: a number, a tensor, or a tuple of such. Ints are int64 and may
    stand among floats. A dtype replaces that of floats, and any where it is `forced`. `where` names a place, of
    a row and the path to a component in it, for the ValueError that is raised where a value is of another kind."""
    example = torch.zeros((), dtype=dtype) if like is None and not values else values[0] if like is None else like
    if isinstance(example, tuple):
        for row, value in enumerate(values):
            if not isinstance(value, tuple) or len(value) != len(example):
                raise ValueError(f"{where(row, path)}: {said_of(value)} where a tuple of {len(example)} belongs")
        columns = []
        for place in range(len(example)):
            column, one = [value[place] for value in values], None if like is None else like[place]
            columns.append(column_of(column, one, dtype, False, where, (*path, place)))
        return tuple(columns)
    if dtype_of(example) is None:
        if like is not None:
            raise TypeError(f"{said_of(like)} is like no number, tensor, or tuple of such")
        raise ValueError(f"{where(0, path)}: {said_of(example)} is no number, tensor, or tuple of such")
    types = set(map(type, values))
    kind, shape = dtype_of(example), tuple(example.shape) if isinstance(example, torch.Tensor) else ()
    if kind == torch.int64 and like is None and float in types:
        kind = torch.float64
    if kind == torch.float64 and isinstance(example, (int, float)):
        kind = torch.get_default_dtype()
    target = dtype if dtype is not None and (forced or kind.is_floating_point) else kind
    numbers = {bool} if target == torch.bool else {int, float} if target.is_floating_point else {int}
    if shape or not types <= numbers:
        for row, value in enumerate(values):
            found = dtype_of(value)
            fits = found is not None and tuple(getattr(value, "shape", ())) == shape
            fits = fits and (found == torch.bool) == (target == torch.bool) and torch.can_cast(found, target)
            if isinstance(value, torch.Tensor) and like is None:
                # Tensors of several dtypes would all be rounded as the first of them is.
                fits = fits and found == kind
            if not fits:
                wanted = said_of_dtype(target) + (f" tensor of shape {list(shape)}" if shape else "")
                article = "an" if wanted.startswith("int") else "a"
                raise ValueError(f"{where(row, path)}: {said_of(value)} where {article} {wanted} belongs")
    if not values:
        return torch.zeros((0, *shape), dtype=target, device=getattr(like, "device", None))
    if any(issubclass(one, torch.Tensor) for one in types):
        return torch.stack([torch.as_tensor(value, dtype=target) for value in values])
    try:
        return torch.tensor(values, dtype=target)
    except (RuntimeError, OverflowError, ValueError):
        for row, value in enumerate(values):
            try:
                torch.tensor(value, dtype=target)
            except (RuntimeError, OverflowError, ValueError):
                message = f"{where(row, path)}: {said_of(value)} does not fit in {said_of_dtype(target)}"
                raise ValueError(message) from None
        raise


def dtype_of(value):
    """The dtype that holds a number or a tensor; None for other values."""
    if isinstance(value, torch.Tensor):
        return value.dtype
    if isinstance(value, bool):
        return torch.bool
    return torch.int64 if isinstance(value, int) else torch.float64 if isinstance(value, float) else None


# ------------------------------------------------------------------ lists from Python


def lists(values, dtype=None, depth=1, like=None):
    """A batch of lists, given as a sequence of Python lists; at depth 2 of lists of lists, and so on.

    An element is a number, a tensor or a tuple of elements; a list whose elements are tensors may be one tensor.
    Where there may be no elements, `like`, an element, or `dtype`, that of numbers, says what they would be. With
    `dtype`, elements that are numbers or tensors have it, and so have floating-point components of tuples.
    ValueError says which element is not as the others are."""
    return lists_from(values, dtype, depth, like, False)


def list_of(values, dtype=None, depth=1, like=None):
    """One list, without a batch axis; see `lists`."""
    return lists_from([values], dtype, depth, like, True)[0]


def lists_from(values, dtype, depth, like, single):
    """What `lists` makes; messages say `list 0` only where it is not the single one."""
    if not isinstance(values, (list, tuple)) and not (isinstance(values, torch.Tensor) and values.dim()):
        raise TypeError(f"{said_of(values)} is no batch of lists")
    if not isinstance(depth, int) or depth < 1:
        raise ValueError(f"depth is {depth!r}, but has to be a whole number, at least 1")
    lengths, level, data = [], list(values), None

    def where(row, path):
        return element_name(lengths, row, path, single)

    for below in reversed(range(depth)):
        for row, one in enumerate(level):
            if not isinstance(one, list) and not (isinstance(one, torch.Tensor) and one.dim()):
                raise ValueError(f"{where(row, ())}: {said_of(one)} where a list belongs")
        if level and below == 0 and all(isinstance(one, torch.Tensor) for one in level):
            firsts = [one[0] if len(one) else one.new_zeros(one.shape[1:]) for one in level]
            kind = column_of(firsts, like, dtype, True, lambda row, path: f"{where(row, path)}, element 0").dtype
            data = torch.cat(level).to(kind)
        lengths.append([len(one) for one in level])
        level = [element for one in level for element in one] if data is None else []
    if data is None:
        data = column_of(level, like, dtype, True, where)
    for sizes in reversed(lengths):
        data = Lists(in_lists(data, sizes, 1), torch.tensor(sizes, dtype=torch.int64))
    return data


def element_name(lengths, row, path, single):
    """Names an element, `list 3, element 2`, or its component, by its number among all; `lengths` are by depth."""
    names = []
    for sizes in reversed(lengths):
        number = 0
        while row >= sizes[number]:
            row -= sizes[number]
            number += 1
        names.append(f"element {row}")
        row = number
    names += [] if single else [f"list {row}"]
    return ", ".join([*reversed(names), *(f"part {place}" for place in path)]) or "the list"


# ------------------------------------------------------------------ trees from Python


def trees(values, constructors, dtype=None, likes=None):
    """A batch of trees, given as a sequence of Python values.

    A value is a tuple of its constructor's number and its parts: data (a number, a tensor, a tuple of data), a tree,
    a tuple or list of k trees, a list of trees. Ints are int64; floats have the dtype, or PyTorch's default one.
    `likes` are examples of data, by constructor and data part (None for what needs none): they say what data would
    be where there may be none, and what dtype they have. ValueError names the node that is malformed by the numbers
    of the parts that lead to it: `tree 3, at .1.0`; within X^k and lists the number of the child follows."""
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{said_of(values)} is no batch of trees, which is a list")
    return trees_from(list(values), constructors, dtype, likes, (len(values),))


def tree_of(value, constructors, dtype=None, likes=None):
    """One tree, without a batch axis; see `trees`."""
    return trees_from([value], constructors, dtype, likes, ())


def trees_from(values, constructors, dtype, likes, shape):
    """What `trees` makes, as a batch of this shape; level by level, so that no depth is too deep."""
    constructors = checked_constructors(constructors)
    data = [[[] for part in parts if part == "data"] for parts in constructors]
    counts = [[[] for part in parts if part == "list"] for parts in constructors]
    orders, levels, level = [], [], values
    while level or not levels:
        tags = [node[0] for node in level if isinstance(node, tuple) and node]
        used = set(tags) if set(map(type, tags)) <= {int} else {-1}
        if len(tags) != len(level) or not used <= set(range(len(constructors))):
            raise malformed(values, constructors, shape)
        groups = [[] for _ in constructors]
        for tag in used:
            groups[tag] = level if len(used) == 1 else [node for node in level if node[0] == tag]
        levels.append(tuple(map(len, groups)))
        orders.append(order_of(tags, levels[-1]))
        level = []
        for number in sorted(used):
            group, parts = groups[number], constructors[number]
            if set(map(len, group)) != {len(parts) + 1}:
                raise malformed(values, constructors, shape)
            columns, lengths = iter(data[number]), iter(counts[number])
            for place, part in enumerate(parts, start=1):
                column = [node[place] for node in group]
                if part == "data":
                    next(columns).extend(column)
                elif part == "tree":
                    level += column
                else:
                    sizes = [len(children) for children in column if isinstance(children, (tuple, list))]
                    if len(sizes) != len(column) or (part != "list" and set(sizes) != {part}):
                        raise malformed(values, constructors, shape)
                    if part == "list":
                        next(lengths).extend(sizes)
                    for children in column:
                        level += children

    def column(number, place):
        like = likes[number][place] if likes is not None and likes[number] is not None else None
        parts = [part for part, kind in enumerate(constructors[number]) if kind == "data"]

        def where(row, path):
            sites = (site for site in tree_sites(values, constructors, shape) if site[0] == number)
            for _ in range(row):
                next(sites)
            return site_name(*next(sites)[1:], (parts[place], *path), shape)

        return column_of(data[number][place], like, dtype, False, where)

    return Trees(
        tuple(tuple(column(number, place) for place in range(len(parts))) for number, parts in enumerate(data)),
        tuple(tuple(torch.tensor(part, dtype=torch.int64) for part in parts) for parts in counts),
        tuple(orders), tuple(levels), shape, constructors)


def checked_constructors(constructors):
    """The constructors as tuples; ValueError where one has a part that is none."""
    for number, parts in enumerate(constructors):
        for place, part in enumerate(parts):
            if part not in ("data", "tree", "list") and not (type(part) is int and part >= 0):
                raise ValueError(f"constructor {number}, part {place}: {part!r} is neither 'data', 'tree', 'list' nor "
                                 "a number of trees")
    return tuple(tuple(parts) for parts in constructors)


def order_of(tags, sizes):
    """Where each node is found once they are grouped by tag, of which there are so many each; None for in place."""
    if tags == sorted(tags):
        return None
    places = [iter(range(sum(sizes[:tag]), sum(sizes[:tag + 1]))) for tag in range(len(sizes))]
    return torch.tensor([next(places[tag]) for tag in tags])


def malformed(values, constructors, shape):
    """The exception for trees that have been found malformed."""
    try:
        for _ in tree_sites(values, constructors, shape):
            pass
    except ValueError as error:
        return error
    return ValueError("the trees changed while they were read")


def tree_sites(values, constructors, shape):
    """Of each node, by level: its constructor, the number of its tree, and its path.

    A path is None, or that of the parent with the numbers that lead on. ValueError where a node is malformed; `shape`
    is that of the batch."""
    level = [(value, tree, None) for tree, value in enumerate(values)]
    while level:
        groups = [[] for _ in constructors]
        for site in level:
            fault, steps = tree_fault(site[0], constructors)
            if fault is not None:
                raise ValueError(f"{site_name(*site[1:], steps, shape)}: {fault}")
            groups[site[0][0]].append(site)
            yield site[0][0], *site[1:]
        level = []
        for parts, group in zip(constructors, groups, strict=True):
            for place, part in enumerate(parts):
                for node, tree, path in group:
                    if part == "tree":
                        level.append((node[place + 1], tree, (path, (place,))))
                    elif part != "data":
                        level += [(child, tree, (path, (place, index))) for index, child in enumerate(node[place + 1])]


def tree_fault(node, constructors):
    """What is wrong with a node, itself and not below it, and in which part; (None, ()) where nothing is."""
    if not isinstance(node, tuple) or not node:
        return f"{said_of(node)} where a tree belongs, a tuple of the number of a constructor and its parts", ()
    number = node[0]
    if type(number) is not int or not 0 <= number < len(constructors):
        last = len(constructors) - 1
        return f"{said_of(number)} is no constructor; {f'they are 0 to {last}' if last else 'the only one is 0'}", ()
    parts = constructors[number]
    if len(node) != len(parts) + 1:
        plural = "" if len(parts) == 1 else "s"
        return f"{len(node) - 1} given where constructor {number} has {len(parts)} part{plural}", ()
    for place, part in enumerate(parts):
        children = node[place + 1]
        if part not in ("data", "tree") and not (
                isinstance(children, (tuple, list)) and part in ("list", len(children))):
            wanted = "a list of trees" if part == "list" else f"a tuple of {part} trees"
            return f"{said_of(children)} where {wanted} belongs", (place,)
    return None, ()


def site_name(tree, path, steps, shape):
    """Names a node: `tree 3, at .1.0`; what is in the middle of a long path is left out."""
    steps = list(reversed(steps))
    while path is not None:
        path, more = path
        steps += reversed(more)
    steps = [f".{step}" for step in reversed(steps)]
    if len(steps) > 24:
        steps = [*steps[:8], f" (and {len(steps) - 16} more) ", *steps[-8:]]
    name = f"tree {tree}" if shape else "the tree"
    return f"{name}, at {''.join(steps)}" if steps else name


# ------------------------------------------------------------------ folds and unfolds


def fold_trees(tree, functions, prepared=None, like=None, around=()):
    """The fold of trees, level by level from the deepest: the states of the roots, (*shape, ...).

    A state is a tuple of tensors. `functions` has a function by constructor. It takes the constructor's parts, in
    their order, for all m nodes of that constructor in one level, and returns their states, a tuple of tensors
    (m, ...). Data parts are as in `tree.data`. Children are given by their states: of a tree as the tuple of tensors
    (m, ...), of k trees as the tuple of tensors (m, k, ...), of a list of trees as a `Lists` with m lengths, whose data
    are the tuple of tensors (m, n, ...), or just the tensor where a state is only one. A constructor in whose parts
    there is no tensor has one state, returned without the axis of nodes.

    `prepared` replaces `tree.data`, by constructor, where it is not None: as many parts, computed for all nodes at
    once. `around` are tensors with the axes of the batch in front: behind its parts a function takes the entries of
    each for the trees that the nodes are of. `like` is an example of a state, without the axis of nodes. It is needed
    where nodes have no children in a list, or in X^0, and nothing else tells what a child's state would be; that is
    tried first by calling the function of a constructor without children with no rows."""
    layers = []
    for number in range(len(tree.constructors)):
        own = tree.data[number]
        if prepared is not None and prepared[number] is not None:
            own = prepared[number]
            if len(own) != len(tree.data[number]):
                wanted = len(tree.data[number])
                raise ValueError(f"constructor {number}: {len(own)} parts prepared, of which it has {wanted}")
        sizes = [level[number] for level in tree.levels if level[number]]
        layers.append((pieces_of(tuple(own), sizes) if sizes else [], over_leaves(lambda x: x[:0], tuple(own)),
                       pieces_of(tuple(tree.counts[number]), sizes) if sizes else []))
    return folded_layers(tree.constructors, tree.levels, tree.orders, tree.shape, layers, functions, like, around)


def hylo_trees(function, states, bound, constructors, stop, functions, batch_rank=1, like=None, around=()):
    """The fold of what is unfolded, `fold_trees` of `unfold_trees`, without the trees: their layers are kept until they
    are folded, and never put together."""
    data, counts, orders, levels, shape = grown_layers(function, states, bound, constructors, stop, batch_rank)
    layers = []
    for number in range(len(constructors)):
        there = [place for place in range(len(levels)) if levels[place][number]]
        # Of the first level there is a piece in any case.
        parts = [part[len(part) - len(there):] for part in data[number]]
        sizes = [part[len(part) - len(there):] for part in counts[number]]
        none = tuple(over_leaves(lambda x: x[:0], part[0]) for part in data[number])
        layers.append((list(zip(*parts, strict=True)) if parts else [()] * len(there), none,
                       list(zip(*sizes, strict=True)) if sizes else [()] * len(there)))
    constructors = checked_constructors(constructors)
    return folded_layers(constructors, levels, orders, shape, layers, functions, like, around)


def folded_layers(constructors, levels, orders, shape, layers, functions, like, around):
    """The fold of trees in layers: by constructor the data of its levels, data of no rows, and the counts of its
    levels."""
    data = [list(pieces) for pieces, _, _ in layers]
    counts = [list(pieces) for _, _, pieces in layers]
    lengths = [[[count for piece in pieces for count in piece[place].tolist()]
                for place in range(parts.count("list"))] for parts, (_, _, pieces) in zip(
                    constructors, layers, strict=True)]
    states, known = None, None if like is None else tuple(like)
    owners = owners_of(constructors, levels, orders, shape, lengths) if around else None
    around = tuple(x.reshape(-1, *x.shape[len(shape):]) for x in around)

    def unknown():
        """The states of no nodes."""
        if known is not None:
            return tuple(x.new_zeros(0, *x.shape) for x in known)
        for number, parts in enumerate(constructors):
            if all(part == "data" for part in parts):
                none = layers[number][1]
                return node_states(functions[number], number, (*none, *(x[:0] for x in around)), 0)
        raise ValueError("the state of a child is not known where there is none: give a state as `like`")

    for depth in reversed(range(len(levels))):
        inner = []
        for number, size in enumerate(levels[depth]):
            for place, part in enumerate(constructors[number] if size else ()):
                if part == "list":
                    own = lengths[number][constructors[number][:place].count("list")]
                    inner.append(own[len(own) - size:])
                    del own[len(own) - size:]
                elif part != "data":
                    inner.append(size if part == "tree" else size * part)
        if inner:
            sizes = [sum(one) if isinstance(one, list) else one for one in inner]
            # Where nobody has a child there is no level below.
            sections = iter(pieces_of(unknown() if states is None else states, sizes))
            inner = iter(inner)
        outputs = []
        for number, size in enumerate(levels[depth]):
            if not size:
                continue
            given, own, sizes = [], iter(data[number].pop()), iter(counts[number].pop())
            for part in constructors[number]:
                if part == "data":
                    given.append(next(own))
                    continue
                section, rows = next(sections), next(inner)
                if part == "list":
                    # A maximum over children wants one of them, even where it is no child.
                    section = in_lists(section, rows, 1)
                    given.append(Lists(section[0] if len(section) == 1 else section, next(sizes)))
                elif part == "tree":
                    given.append(section)
                else:
                    given.append(tuple(x.reshape(size, part, *x.shape[1:]) for x in section))
            if around:
                owner = owners[depth][number].to(around[0].device)
                given += [x.index_select(0, owner) for x in around]
            outputs.append(node_states(functions[number], number, given, size))
        if not outputs:
            # An empty batch, of which this is the only level.
            outputs.append(unknown())
        states = joined(outputs)
        if orders[depth] is not None:
            states = tuple(x.index_select(0, orders[depth]) for x in states)
    return tuple(x.reshape((*shape, *x.shape[1:])) for x in states)


def owners_of(constructors, levels, orders, shape, lengths):
    """By level and constructor, the number of the tree that each node is of; `lengths` are those of lists of nodes."""
    wanted, found = torch.arange(product_of(shape)), []
    starts = [[0] * len(parts) for parts in lengths]
    for sizes, order in zip(levels, orders, strict=True):
        grouped = wanted
        if order is not None:
            grouped = torch.empty_like(wanted)
            grouped[order.cpu()] = wanted
        groups = grouped.split(list(sizes))
        found.append(groups)
        below = []
        for number, (group, size) in enumerate(zip(groups, sizes, strict=True)):
            place = 0
            for part in constructors[number] if size else ():
                if part == "list":
                    start = starts[number][place]
                    counts = torch.tensor(lengths[number][place][start:start + size], dtype=torch.int64)
                    starts[number][place] += size
                    place += 1
                    below.append(group.repeat_interleave(counts))
                elif part != "data":
                    below.append(group if part == "tree" else group.repeat_interleave(part))
        wanted = torch.cat(below) if below else wanted[:0]
    return found


def node_states(function, number, parts, size):
    """What the function of a constructor makes of the parts of so many nodes, looked over."""
    states = function(*parts)
    if not isinstance(states, tuple):
        raise TypeError(f"constructor {number}: a state is a tuple of tensors, not {said_of(states)}")
    if not torch.utils._pytree.tree_leaves(tuple(parts)):
        return tuple(x.expand(size, *x.shape) for x in states)
    for x in states:
        if x.dim() == 0 or x.shape[0] != size:
            raise ValueError(f"constructor {number}: the states of {size} nodes are {said_of(x)}")
    return states


def unfold_trees(function, states, bound, constructors, stop, batch_rank=1):
    """Trees grown level by level from states, a tuple of tensors with `batch_rank` axes of the batch in front.

    The function takes the states (m, ...) of all nodes of a level and returns their constructors, int64 (m), and by
    constructor a tuple of its parts as they would be for each of the m nodes: data (m, ...); for a tree the tuple of
    its states (m, ...), for k trees of their states (m, k, ...), for a list of trees a `Lists` of their states with
    m lengths. Nodes at depth `bound` are of the constructor `stop`, which has no parts. The function is called for
    the roots in any case: what it returns says what data would be that no node has."""
    data, counts, orders, levels, shape = grown_layers(function, states, bound, constructors, stop, batch_rank)
    return Trees(
        tuple(tuple(joined(part) for part in parts) for parts in data),
        tuple(tuple(joined(part) for part in parts) for parts in counts),
        tuple(orders), tuple(levels), shape, checked_constructors(constructors))


def grown_layers(function, states, bound, constructors, stop, batch_rank):
    """The layers of trees that are grown: data and counts in pieces by level, orders, numbers of nodes, the batch."""
    constructors = checked_constructors(constructors)
    if constructors[stop]:
        raise ValueError(f"growth stops with constructor {stop}, which has parts")
    if not isinstance(bound, int) or bound < 0:
        raise ValueError(f"the bound is {bound!r}, but has to be a whole number, at least 0")
    shape = tuple(states[0].shape[:batch_rank])
    number = product_of(shape)
    states = tuple(x.reshape(number, *x.shape[batch_rank:]) for x in states)
    device = states[0].device
    data = [[[] for part in parts if part == "data"] for parts in constructors]
    counts = [[[] for part in parts if part == "list"] for parts in constructors]
    orders, levels = [], []
    while states is not None:
        number = states[0].shape[0]
        if len(levels) < bound or not levels:
            tags, given = function(states)
            tags = tags.tolist()
            if len(tags) != number or not set(tags) <= set(range(len(constructors))):
                found = f"{tags[:8]}{' ...' if len(tags) > 8 else ''}"
                raise ValueError(f"{number} nodes have the constructors {found} of 0 to {len(constructors) - 1}")
        if len(levels) == bound:
            tags = [stop] * number
        groups = [[] for _ in constructors]
        for row, tag in enumerate(tags):
            groups[tag].append(row)
        sections = []
        for tag, group in enumerate(groups):
            # What no node has is taken once, for its shape.
            if group or not levels:
                sections += grown(given[tag], constructors[tag], group, number, data[tag], counts[tag])
        levels.append(tuple(map(len, groups)))
        order = order_of(tags, levels[-1])
        orders.append(None if order is None else order.to(device))
        states = joined(sections) if any(section[0].shape[0] for section in sections) else None
    return data, counts, orders, levels, shape


def grown(given, parts, group, number, data, counts):
    """The states of the children that a group among so many nodes has, as a list by part.

    Data and counts of the group are appended to those of its constructor."""
    if len(given) != len(parts):
        raise ValueError(f"{len(given)} given where a constructor has {len(parts)} parts")
    sections, data, counts = [], iter(data), iter(counts)
    index = torch.tensor(group, dtype=torch.int64)
    for part, one in zip(parts, given, strict=True):
        if len(group) != number:
            one = over_leaves(lambda x: x.index_select(0, index.to(x.device)), one)
        if part == "data":
            next(data).append(one)
        elif part == "tree":
            sections.append(tuple(one))
        elif part == "list":
            next(counts).append(one.lengths)
            children = one.data if isinstance(one.data, tuple) else (one.data,)
            there = torch.arange(children[0].shape[1], device=one.lengths.device) < one.lengths[:, None]
            sections.append(tuple(x[there] for x in children))
        else:
            for x in one:
                if x.dim() < 2 or x.shape[1] != part:
                    raise ValueError(f"the states of {part} children each are {said_of(x)}")
            sections.append(tuple(x.reshape(len(group) * part, *x.shape[2:]) for x in one))
    return sections
