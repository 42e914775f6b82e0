"""Passes over batches of trees, level by level, of which emitted sources carry copies."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.construction import checked_constructors, order_of
from catlang.compiler.emitted.containers import (
    Lists,
    Trees,
    in_lists,
    joined,
    over_leaves,
    pieces_of,
    product_of,
    said_of,
)


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
