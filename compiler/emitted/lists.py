"""Functions on padded lists and loops along them, of which emitted sources carry copies.

A list is an array with an axis of padded size, of whose entries the first so many, its length, are its own. What stands
behind them is finite, whatever it is.
"""

from __future__ import annotations

import torch

from catlang.compiler.emitted.scans import (
    affine_loop,
    affine_scan,
    block_loop,
    block_scan,
    matrix_loop,
    matrix_scan,
    prefers_scan,
)


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
    rows = list(zip(*(x.movedim(place, 0).unbind(0) for x, place in inputs), strict=True)) if inputs else [()] * size
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
        given = tuple(torch.stack(column[::-1] if backwards else column).movedim(0, place)
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


class Recurrence:
    """A learned product in each step of a loop, added to an entry: `entries` are what the steps are then given.

    Where gradients are wanted the weight's is not added up step by step: it is one product over all steps, taken when
    the gradients of all entries are there."""

    def __init__(self, weight, bias, x, place, backwards=False):
        if bias is not None:
            x = x + bias
        self.seen = None
        if torch.is_grad_enabled() and weight.requires_grad and not watched(weight, x):
            self.seen = []
            x, weight = Deferred.apply(x, weight, self.seen, place, backwards), weight.detach()
        self.entries, self.weight = x, weight.t()

    def __call__(self, x, entry):
        if self.seen is not None:
            self.seen.append(x.detach())
        return torch.addmm(entry, x, self.weight) if x.dim() == 2 else entry + x @ self.weight


class Deferred(torch.autograd.Function):
    """The same array; its gradient is, with what the loop has seen, also that of a weight."""

    @staticmethod
    def forward(ctx, x, weight, seen, place, backwards):
        ctx.seen, ctx.place, ctx.backwards = seen, place, backwards
        return x.view_as(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        x = torch.stack(ctx.seen[::-1] if ctx.backwards else ctx.seen)
        along = gradient.movedim(ctx.place, 0)
        weight = along.reshape(-1, along.shape[-1]).t() @ x.reshape(-1, x.shape[-1])
        return gradient, weight, None, None, None


def watched(*tensors):
    """Whether somebody looks at every single step: a graph being traced, a transformation of functions, autocast."""
    return (torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
            or torch.is_autocast_enabled(tensors[0].device.type) or any(tensor.is_meta for tensor in tensors))


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
    return x.gather(place, beside(reversed_places(lengths, x.shape[place]), x).expand(x.shape))


def reversed_places(lengths, size):
    """Where the entries of lists stand once each list is turned around: (*batch, size)."""
    index = torch.arange(size, device=lengths.device)
    return torch.where(index < lengths[..., None], lengths[..., None] - 1 - index, index)


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


def kernel_along(kind, x, place, state, weights, lengths=None, backwards=False):
    """One of PyTorch's recurrent kernels along an axis: the states it ends in, and the first state at each place.

    `kind` is lstm, gru, rnn_tanh or rnn_relu; `weights` are weight_ih, weight_hh and, where there are any, both biases."""
    single = not isinstance(state, tuple)
    state = (state,) if single else state
    batch, size = state[0].shape[:-1], x.shape[place]
    x = x.expand(*batch, *x.shape[-2:]).reshape(-1, *x.shape[-2:]).transpose(0, 1)
    begin = tuple(one.reshape(1, -1, one.shape[-1]) for one in state)
    shorter = None
    if lengths is not None:
        lengths = lengths.expand(batch).reshape(-1)
        if torch.compiler.is_compiling() or (not lengths.is_meta and bool((lengths < size).any())):
            shorter = lengths
    # Where all lists are as long as the axis, or the lists begin together, the kernel goes along all of it.
    if backwards:
        turned = None if shorter is None else reversed_places(shorter, size).t()[..., None]
        x = x.flip(0) if turned is None else x.gather(0, turned.expand(x.shape))
    function = getattr(torch, kind)
    hidden = begin if kind == "lstm" else begin[0]
    options = (len(weights) == 4, 1, 0.0, False, False)
    if shorter is None or kind != "lstm":
        y, *final = function(x, hidden, list(weights), *options, False)
        if shorter is not None:
            final = [state_at_end(y, begin[0][0], shorter, 0)[None]]
    else:
        y, final = packed_along(function, x, begin, weights, options, shorter)
    if backwards:
        y = y.flip(0) if turned is None else y.gather(0, turned.expand(y.shape))
    final = tuple(one.reshape(*batch, one.shape[-1]) for one in final)
    return final[0] if single else final, y.transpose(0, 1).reshape(*batch, size, y.shape[-1])


def packed_along(function, x, begin, weights, options, lengths):
    """An LSTM on lists of different lengths, packed; of an empty list the state stays what it was."""
    order = lengths.clamp(min=1).argsort(descending=True, stable=True)
    back = order.argsort()
    sizes = lengths.clamp(min=1)[order]
    counts = (torch.arange(int(sizes[0]), device=sizes.device)[:, None] < sizes[None]).sum(1).cpu()
    places = torch.arange(int(sizes[0]), device=sizes.device)[:, None] < sizes[None]
    sorted_x = x[: int(sizes[0])].index_select(1, order)
    data = sorted_x[places]
    hidden = tuple(one.index_select(1, order) for one in begin)
    y, *final = function(data, counts, hidden, list(weights), *options)
    padded = y.new_zeros(x.shape[0], x.shape[1], y.shape[-1])
    padded[: int(sizes[0])] = y.new_zeros(*places.shape, y.shape[-1]).masked_scatter(places[..., None], y)
    empty = (lengths == 0)[None, :, None]
    final = tuple(torch.where(empty, old, one.index_select(1, back)) for one, old in zip(final, begin, strict=True))
    return padded.index_select(1, back), final


def state_at_end(states, start, lengths, place):
    """Of the states at each place the one at the end of each list; of an empty list what it began with."""
    last = (lengths - 1).clamp(min=0)
    own = states.dim() + place if place < 0 else place
    index = beside(last, start).unsqueeze(own)
    found = states.gather(own, index.expand(*index.shape[: own + 1], *start.shape[own:])).squeeze(own)
    return torch.where(beside(lengths == 0, start), start, found)


def affine_along(state, coefficients, offsets, place, size, lengths=None, backwards=False):
    """A state that each step along an axis maps affinely: where it ends, and what it is at every place.

    Of a state of k parts there are k by k coefficients (None is 0) and k offsets, each with the axis, of size 1 where it
    is the same everywhere."""
    single = not isinstance(state, tuple)
    state = (state,) if single else state
    shorter, turn = along_lists(lengths, size, backwards)
    coefficients = tuple(tuple(None if one is None else turn(one, place) for one in row) for row in coefficients)
    offsets = tuple(turn(one, place) for one in offsets)
    offsets = tuple(one.expand(*one.shape[:place], size, *one.shape[one.dim() + place + 1:]) for one in offsets)
    row = max(one.numel() for one in offsets) // max(size, 1)
    scans = prefers_scan(size, row, len(state))
    if single and coefficients[0][0] is not None:
        states = ((affine_scan if scans else affine_loop)(coefficients[0][0], offsets[0], state[0], place),)
    else:
        states = (block_scan if scans else block_loop)(coefficients, offsets, state, place)
    if shorter is None:
        final = tuple(one.select(place, -1) if size else first for one, first in zip(states, state, strict=True))
    else:
        final = tuple(state_at_end(one, first, shorter, place) for one, first in zip(states, state, strict=True))
    states = tuple(turn(one, place) for one in states)
    return (final[0], states[0]) if single else (final, states)


def linear_along(state, weight, offset, place, size, lengths=None, backwards=False):
    """The same for a state that goes through one matrix at each step, and is then added to."""
    shorter, turn = along_lists(lengths, size, backwards)
    offset = turn(offset, place).expand(*state.shape[:-1], size, state.shape[-1])
    row = offset.numel() // max(size, 1)
    scans = prefers_scan(size, row, 1, state.shape[-1])
    states = (matrix_scan if scans else matrix_loop)(weight, offset, state, place)
    if shorter is None:
        final = states.select(place, -1) if size else state
    else:
        final = state_at_end(states, state, shorter, place)
    return final, turn(states, place)


def along_lists(lengths, size, backwards):
    """The lengths, where some list is shorter than the axis, and what turns the lists around for a loop from their end."""
    shorter = None
    if lengths is not None and not lengths.is_meta and (
            torch.compiler.is_compiling() or bool((lengths < size).any())):
        shorter = lengths

    def turn(x, place):
        if not backwards or x.shape[place] == 1 != size:
            return x
        return x.flip(place) if shorter is None else list_reverse(x, shorter, place)

    return shorter, turn
