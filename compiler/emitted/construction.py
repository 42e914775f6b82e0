"""Batches of lists and trees out of Python's lists and tuples, and what is said of those that are none."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.containers import Lists, Trees, in_lists, said_of, said_of_dtype


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
