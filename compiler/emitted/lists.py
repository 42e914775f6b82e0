"""Functions on padded lists and loops along them, of which emitted sources carry copies.

A list is an array with an axis of padded size, of whose entries the first so many, its length, are its own. What stands
behind them is finite, whatever it is.
"""

from __future__ import annotations

import torch


def inside(lengths, size, least=0):
    """Of each of so many places whether it lies in a list: (*batch, size). Those below `least` do in any case."""
    return torch.arange(size, device=lengths.device) < lengths.clamp(min=least)[..., None]


def beside(mask, x):
    """A mask with axes behind its own, as many as the array has more."""
    return mask.reshape(mask.shape + (1,) * (x.dim() - mask.dim()))


def fold_along(step, state, inputs, size, lengths=None, backwards=False):
    """The state that steps along an axis end in; a tuple of them, where there is more than one."""
    return ran_along(step, state, inputs, size, (), lengths, backwards)[0]


def run_along(step, state, inputs, size, places, lengths=None, backwards=False):
    """The state that steps along an axis end in, and what they gave on the way, along that axis."""
    state, given = ran_along(step, state, inputs, size, places, lengths, backwards)
    return state, given[0] if len(given) == 1 else given


def ran_along(step, state, inputs, size, places, lengths, backwards):
    """A loop. `inputs` are tensors, each with the place of the axis in it; `places` those in what the steps give.

    `step` takes the state and then an entry of each input, and gives the state and then what else it gives."""
    single = not isinstance(state, tuple)
    state, count = (state,) if single else state, 1 if single else len(state)
    # Unbound once: to index in the loop would make the backward pass quadratic.
    rows = list(zip(*(x.unbind(place) for x, place in inputs), strict=True)) if inputs else [()] * size
    masks, shortest = None, size
    if lengths is not None and not lengths.is_meta:
        # In a graph there is no looking at numbers: every step is taken for some lists only.
        shortest = 0 if torch.compiler.is_compiling() else int(lengths.min()) if lengths.numel() else size
        if shortest < size:
            masks = inside(lengths, size).unbind(-1)
    columns = [[] for _ in places]
    for place in reversed(range(size)) if backwards else range(size):
        made = step(*state, *rows[place])
        made = made if isinstance(made, tuple) else (made,)
        for column, one in zip(columns, made[count:], strict=True):
            column.append(one)
        after = made[:count]
        if masks is not None and place >= shortest:
            # Where a list has ended its state stays.
            after = tuple(torch.where(beside(masks[place], one), one, old)
                          for one, old in zip(after, state, strict=True))
        state = after
    if size == 0:
        empty = step(*state, *(x.sum(place) for x, place in inputs))
        empty = empty if isinstance(empty, tuple) else (empty,)
        given = tuple(torch.stack([one], place).narrow(place, 0, 0)
                      for one, place in zip(empty[count:], places, strict=True))
    else:
        given = tuple(torch.stack(column[::-1] if backwards else column, place)
                      for column, place in zip(columns, places, strict=True))
    return state[0] if single else state, given


def grow_along(step, state, bound, places):
    """What is given step by step until the tag is 0, at most `bound` times: the lengths, and what was given.

    `step` takes the state and gives a tag, the new state, and what else it gives."""
    single = not isinstance(state, tuple)
    state, count = (state,) if single else state, 1 if single else len(state)
    going, lengths, columns = None, None, [[] for _ in places]
    rest = max(bound, 1)
    while rest:
        rest -= 1
        tag, *made = step(*state)
        going = tag != 0 if going is None else going & (tag != 0)
        lengths = going.long() if lengths is None else lengths + going
        for column, one in zip(columns, made[count:], strict=True):
            column.append(torch.where(beside(going, one), one, torch.zeros_like(one)))
        state = tuple(torch.where(beside(going, one), one, old) for one, old in zip(made[:count], state, strict=True))
        if not going.is_meta and not torch.compiler.is_compiling() and not going.any():
            break
    given = []
    for column, place in zip(columns, places, strict=True):
        column += [torch.zeros_like(column[0])] * rest
        given.append(torch.stack(column, place).narrow(place, 0, bound))
    lengths = lengths.clamp(max=bound)
    return lengths, given[0] if len(given) == 1 else tuple(given)


def list_cons(first, x, place):
    """One entry more in front."""
    return torch.cat([first.unsqueeze(place), x], place)


def list_end(last, x, lengths, place):
    """One entry more behind all of a list and of its padding."""
    x = torch.cat([x, last.unsqueeze(place)], place)
    mask = beside(inside(lengths, x.shape[place]), x)
    return torch.where(mask, x, last.unsqueeze(place))


def list_tail(x, place):
    """All entries one place to the front; the last place keeps what it has."""
    return torch.cat([x.narrow(place, 1, x.shape[place] - 1), x.narrow(place, -1, 1)], place)


def list_reverse(x, lengths, place):
    """The entries of each list from the last to the first; its padding stays."""
    size = x.shape[place]
    index = torch.arange(size, device=lengths.device)
    index = torch.where(index < lengths[..., None], lengths[..., None] - 1 - index, index)
    return x.gather(place, beside(index, x).expand(x.shape))


def list_fit(x, size, place):
    """The axis cut or padded to a size."""
    here = x.shape[place]
    if here >= size:
        return x.narrow(place, 0, size)
    return torch.cat([x, x.narrow(place, 0, 1).expand_as(x.narrow(place, 0, 1)).repeat_interleave(size - here, place)],
                     place)


def checked_lengths(name, lengths, size, *around):
    """Raises a ValueError, with its index, for a length that is negative or longer than the lists are padded to."""
    if lengths.is_meta or torch.compiler.is_compiling() or not lengths.numel():
        return
    wrong = (lengths < 0) | (lengths > size)
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


def checked_trees(name, tree, constructors, sets):
    """Raises where something is no batch of trees of these constructors, or a datum in it is none of its set.

    `sets` says of each array in the data how many indices there are (0: truth values, -1: numbers) and its axes."""
    if not all(hasattr(tree, field) for field in ("data", "levels", "constructors", "shape")):
        raise TypeError(f"{name} takes trees, as catlang.trees makes them, not {type(tree).__name__}")
    if tree.constructors != constructors:
        raise ValueError(f"{name} has the constructors {constructors}, those of the trees given are "
                         f"{tree.constructors}")
    for number, (data, kinds) in enumerate(zip(tree.data, sets, strict=True)):
        for part, kind in zip(data, kinds, strict=True):
            checked_datum(name, number, part, kind)


def checked_datum(name, number, x, kind):
    """Raises where the data of a constructor are of another kind."""
    if "of" not in kind:
        if not isinstance(x, tuple) or len(x) != len(kind):
            raise ValueError(f"the data of constructor {number} of {name} are no tuple of {len(kind)}")
        for one, inner in zip(x, kind, strict=True):
            checked_datum(name, number, one, inner)
        return
    size, _, *axes = kind
    dtype = torch.bool if size == 0 else torch.int64
    if (not x.is_floating_point() if size == -1 else x.dtype != dtype):
        wanted = "floating point" if size == -1 else dtype
        raise TypeError(f"the data of constructor {number} of {name} are {x.dtype}, not {wanted}")
    own = tuple(x.shape[1:])
    if len(own) != len(axes) or any(axis not in (-1, found) for axis, found in zip(axes, own, strict=True)):
        raise ValueError(f"the data of constructor {number} of {name} have the shape {own}, not {tuple(axes)}")
    if size > 0 and not x.is_meta and not torch.compiler.is_compiling():
        wrong = (x < 0) | (x >= size)
        if wrong.any():
            index = wrong.nonzero()[0].tolist()
            raise ValueError(f"node {index[0]} of constructor {number} of {name} holds {x[tuple(index)].item()}, which "
                             f"is none of the {size} there are")
