"""Loops along padded lists, of which emitted sources carry copies: folds, unfoldings, and the one after the other."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.gathering import Gathered, put
from catlang.compiler.emitted.lists import beside, inside
from catlang.compiler.emitted.products import watched
from catlang.compiler.emitted.reverse import Reversed


def fold_along(step, state, inputs, size, lengths=None, backwards=False, rank=None, steady=(), around=(),
               reverse=None, puts=()):
    """The state that steps along an axis end in; a tuple of them, where there is more than one."""
    return ran_along(step, state, inputs, size, (), lengths, backwards, rank, steady, around, reverse, puts)[0]


def run_along(step, state, inputs, size, places, lengths=None, backwards=False, rank=None, steady=(), around=(),
              reverse=None, puts=()):
    """The state that steps along an axis end in, and what they gave on the way, along that axis."""
    state, given = ran_along(step, state, inputs, size, places, lengths, backwards, rank, steady, around, reverse, puts)
    return state, given[0] if len(given) == 1 else given


def ran_along(step, state, inputs, size, places, lengths, backwards, rank, steady, around, reverse, puts):
    """A loop. `inputs` are tensors, each with the place of the axis in it and the product that it is an entry of, if
    any; `places` are those of the axis in what the steps give.

    `step` takes the state, an entry of each input, what is `steady` (weights, the same at every place) and what is
    `around` (of each list), and gives the state, then what else it gives, and then what its reverse derivative needs.
    With a `rank`, that of the state's own axes, everything has all axes of the batch; lists that are shorter than the
    axis are then packed, and nothing is computed behind their ends. `reverse` says how gradients go back (see
    `Reversed`), and `puts` what the step puts where it is told to (see `Gathered`), while nobody looks at it."""
    single = not isinstance(state, tuple)
    state = (state,) if single else state
    shortest = size
    if lengths is not None and not lengths.is_meta:
        # In a graph there is no looking at numbers: every step is taken for some lists only.
        shortest = 0 if torch.compiler.is_compiling() else int(lengths.min()) if lengths.numel() else size
    packs = shortest < size and rank is not None and not torch.compiler.is_compiling()
    gathered = None

    def looped(begin, number, places, state, arrays, steady, around):
        """So many of the steps."""
        # Whether somebody looks is asked here: `Reversed` takes the same loop without gradients.
        nonlocal gathered
        if gathered is None:
            alone = (packs or shortest == size) and not torch.is_grad_enabled() and not watched(*state, *arrays)
            gathered = Gathered(*puts) if alone else Gathered()
        # Of all of them nothing is cut off: on the way back even that would be a copy.
        given = [(x if number == size else x.narrow(place, begin, number), place, entry)
                 for x, (_, place, entry) in zip(arrays, inputs, strict=True)]
        if packs:
            return packed_loop(step, state, given, number, places, lengths, backwards, rank, steady, around,
                               gathered)
        return padded_loop(step, state, given, number, places, lengths, shortest, backwards, rank, steady, around,
                           gathered)

    arrays = [x for x, _, _ in inputs]
    if reverse is not None and size and (packs or shortest == size):
        learned = [one for product in reverse[2] for one in (product.weight, product.bias) if one is not None]
        tensors = (*state, *arrays, *steady, *around, *learned)
        if torch.is_grad_enabled() and any(x.requires_grad for x in tensors) and not watched(*tensors):
            counts = [len(state), len(inputs), len(steady), len(around)]
            axes = [place for _, place, _ in inputs], places, reverse[1]
            made = Reversed.apply(looped, reverse, counts, axes, size, lengths if packs else None, backwards, *tensors)
            return made[0] if single else made[:len(state)], made[len(state):]
    state, given = looped(0, size, places, state, arrays, steady, around)
    return state[0] if single else state, apart(given) if gathered.told else given


def padded_loop(step, state, inputs, size, places, lengths, shortest, backwards, rank, steady, around, gathered):
    """All steps with all lists; where one has ended its state stays."""
    arrays = [begun(x.movedim(place, 0), entry, backwards) for x, place, entry in inputs]
    if torch.is_grad_enabled():
        arrays += [repeated(x, size, state[0], rank) for x in steady]
    else:
        around = (*steady, *around)
    # Unbound once: to index in the loop would make the backward pass quadratic.
    rows = list(zip(*(x.unbind(0) for x in arrays), strict=True)) if arrays else [()] * size
    masks = inside(lengths, size).unbind(-1) if shortest < size else None
    count, columns = len(state), [[] for _ in places]
    told, left = gathered.along(size, state, backwards), gathered.left(columns, count)
    for place in reversed(range(size)) if backwards else range(size):
        made = step(*state, *rows[place], *around, *told[place])
        made = made if isinstance(made, tuple) else (made,)
        if gathered.waits():
            gathered.shown(made, state, len(places))
            told, left = gathered.along(size, state, backwards), gathered.left(columns, count)
            put(told[place], made, gathered.told)
        for column, thing in left:
            column.append(made[thing])
        after = made[:count]
        if masks is not None and place >= shortest:
            after = tuple(torch.where(beside(masks[place], one), one, old)
                          for one, old in zip(after, state, strict=True))
        state = after
    if size == 0 and places:
        empty = step(*state, *(x.sum(0) for x in arrays), *around)
        columns = [[one] for one in empty[count:count + len(places)]]
    given = []
    for thing, (column, place) in enumerate(zip(columns, places, strict=True)):
        whole = gathered.thing(thing)
        if whole is None:
            whole = torch.stack(column[::-1] if backwards else column)
            whole = whole if size else whole[:0]
        given.append(whole.movedim(0, place))
    return tuple(one.clone() for one in state) if gathered.told else state, tuple(given)


def apart(arrays):
    """Arrays no two of which share memory, as a state does that is given as found and as made."""
    seen, found = set(), []
    for one in arrays:
        place = one.untyped_storage().data_ptr()
        found.append(one.clone() if place in seen else one)
        seen.add(place)
    return tuple(found)


def repeated(x, size, state, rank):
    """A weight for each step, as so many views: their gradients come together once, and are not added up step by step.

    Of a small batch they are one for each list, too: a gradient is then not even summed at each step."""
    batch = state.shape[:state.dim() - rank] if rank is not None else ()
    return x.expand(size, *batch, *x.shape) if batch and batch.numel() <= 4 else x.expand(size, *x.shape)


def packed_loop(step, state, inputs, size, places, lengths, backwards, rank, steady, around, gathered):
    """The same for lists of different lengths: each step is taken with those lists only that go as far."""
    shape = state[0].shape[: state[0].dim() - rank]
    axes, number = len(shape), shape.numel()
    ends = lengths.expand(shape).reshape(-1)
    order = ends.argsort(descending=True, stable=True)
    there = torch.arange(size, device=ends.device)[:, None] < ends[order]
    counts = [count for count in there.sum(1).tolist() if count]
    cells = (torch.arange(size, device=ends.device)[:, None] * number + order)[there]
    start = tuple(one.reshape(number, *one.shape[axes:]).index_select(0, order) for one in state)
    around = tuple(one.reshape(number, *one.shape[axes:]).index_select(0, order) for one in around)
    arrays = []
    for x, place, entry in inputs:
        x = x.movedim(place, 0)
        arrays.append(begun(x.reshape(-1, *x.shape[axes + 1:]).index_select(0, cells), entry, backwards))
    rows = [x.split(counts) for x in arrays] + [x.expand(len(counts), *x.shape).unbind(0) for x in steady]
    rows = list(zip(*rows, strict=True)) if rows else [()] * len(counts)
    count, columns, ended = len(state), [[] for _ in places], []
    if backwards:
        sizes = [counts[-1], *(one - other for one, other in zip(counts[-2::-1], counts[:0:-1], strict=True))] if (
            counts) else []
        joining = list(zip(*(one.split([*sizes, number - sum(sizes)]) for one in start), strict=True))
        state = joining[0]
    else:
        state = start
    told, left = gathered.packed(counts), gathered.left(columns, count)
    for turn, place in enumerate(reversed(range(len(counts))) if backwards else range(len(counts))):
        wanted, here = counts[place], state[0].shape[0]
        if backwards and turn:
            state = tuple(map(torch.cat, zip(state, joining[turn], strict=True)))
        elif wanted < here:
            state, done = zip(*(one.split([wanted, here - wanted]) for one in state), strict=True)
            ended.append(done)
        made = step(*state, *rows[place], *(one[:wanted] for one in around), *told[place])
        made = made if isinstance(made, tuple) else (made,)
        if gathered.waits():
            gathered.shown(made, state, len(places))
            told, left = gathered.packed(counts), gathered.left(columns, count)
            put(told[place], made, gathered.told)
        for column, thing in left:
            column.append(made[thing])
        state = made[:count]
    ended = [joining[-1]] if backwards and counts else ended[::-1] if counts else []
    back = order.argsort()
    final = tuple(torch.cat(parts).index_select(0, back).reshape((*shape, *parts[0].shape[1:]))
                  for parts in zip(state, *ended, strict=True))
    given = []
    for thing, (column, place) in enumerate(zip(columns, places, strict=True)):
        packed = gathered.thing(thing)
        if packed is None and not column:
            none = step(*start, *(x.new_zeros(number, *x.shape[1:]) for x in arrays), *steady, *around)
            none = none[count + thing]
            whole = none.new_zeros(size * number, *none.shape[1:])
        else:
            packed = torch.cat(column[::-1] if backwards else column) if packed is None else packed
            whole = packed.new_zeros(size * number, *packed.shape[1:]).index_copy(0, cells, packed)
        given.append(whole.reshape(size, *shape, *whole.shape[1:]).movedim(0, place))
    return final, tuple(given)


def begun(x, entry, backwards):
    """Entries as the steps are given them."""
    return x if entry is None else entry.begin(x, backwards)


def grow_along(step, state, bound, places, batch_rank=None):
    """What is given step by step until the tag says no, at most `bound` times: the lengths, and what was given.

    `step` takes the state and gives a tag, the new state, and what else it gives. With a `batch_rank`, of the axes in
    front, a step does with each list the same whichever others there are: it is taken with those that have not
    ended."""
    state = state if isinstance(state, tuple) else (state,)
    looks = not state[0].is_meta and not torch.compiler.is_compiling()
    if batch_rank and looks and not torch.is_grad_enabled():
        shape = state[0].shape[:batch_rank]
        state = tuple(one.flatten(0, batch_rank - 1) for one in state)
        turns = [grow_rows(step, turn, bound, len(places))
                 for turn in zip(*(one.split(at_once(state)) for one in state), strict=True)]
        lengths = torch.cat([one for one, _ in turns]).unflatten(0, shape)
        given = [torch.cat(parts, 1).unflatten(1, shape) for parts in zip(*(given for _, given in turns), strict=True)]
    else:
        lengths, given = grow_all(step, state, bound, len(places), looks)
    given = tuple(one.movedim(0, place) for one, place in zip(given, places, strict=True))
    return lengths, given[0] if len(given) == 1 else given


def grow_all(step, state, bound, number, looks):
    """With all lists at every step: of those that have ended the state stays, and zeros are given."""
    count, columns, going, lengths = len(state), [[] for _ in range(number)], None, None
    most = left = max(bound, 1)
    while left:
        left -= 1
        tag, *made = step(*state)
        tag = goes(tag)
        if going is None and looks and all(one.shape[:tag.dim()] == tag.shape for one in made) and all(
                one.shape == old.shape for one, old in zip(made, state, strict=False)) and tag.all():
            # All lists go on: there is nothing to choose.
            state = tuple(made[:count])
            for column, one in zip(columns, made[count:], strict=True):
                column.append(one)
            continue
        if lengths is None:
            lengths = torch.full_like(tag, most - left - 1, dtype=torch.int64)
        going = tag if going is None else going & tag
        lengths = lengths + going.long()
        for column, one in zip(columns, made[count:], strict=True):
            column.append(torch.where(beside(going, one), one, torch.zeros_like(one)))
        state = tuple(torch.where(beside(going, one), one, old) for one, old in zip(made, state, strict=False))
        if looks and not going.any():
            break
    given = []
    for column in columns:
        column += [torch.zeros_like(column[0])] * left
        whole = torch.stack(column)
        given.append(whole if bound else whole[:0])
    return torch.full_like(tag, bound, dtype=torch.int64) if lengths is None else lengths.clamp(max=bound), given


def grow_rows(step, state, bound, number):
    """With those lists alone that have not ended, the lists in rows."""
    count, total = len(state), state[0].shape[0]
    lengths = torch.full((total,), bound, device=state[0].device)
    # Between two ends the rows are the same.
    rows, columns, stretches = None, [[] for _ in range(number)], []
    for place in range(max(bound, 1)):
        tag, *made = step(*state)
        going = goes(tag)
        if not going.all():
            ended, here = (one.nonzero().squeeze(1) for one in (~going, going))
            lengths[ended if rows is None else rows[ended]] = place
            stretches.append((rows, columns))
            rows, columns = here if rows is None else rows[here], [[] for _ in range(number)]
            made = [one.index_select(0, here) for one in made]
        state = tuple(made[:count])
        for column, one in zip(columns, made[count:], strict=True):
            column.append(one)
        if rows is not None and not rows.numel():
            break
    stretches.append((rows, columns))
    given = [in_rows([(rows, columns[one]) for rows, columns in stretches], max(bound, 1), total)
             for one in range(number)]
    return lengths, given if bound else [one[:0] for one in given]


def goes(tag):
    """Whether there is more, of the tag of a sum or as it was told."""
    return tag if tag.dtype == torch.bool else tag != 0


def in_rows(stretches, size, total):
    """Rows that were given step by step as an array of all rows at all steps, zero where nothing was given."""
    whole, place = None, 0
    for rows, column in stretches:
        if column:
            block = torch.stack(column)
            if rows is None and len(block) == size:
                return block
            whole = block.new_zeros(size, total, *block.shape[2:]) if whole is None else whole
            part = whole.narrow(0, place, len(block))
            part.copy_(block) if rows is None else part.index_copy_(1, rows, block)
            place += len(block)
    return whole


def at_once(state):
    """How many rows a step is best taken with, of states of such a width: so many that what it makes of them stays
    near a core, at a guess."""
    width = sum(one.shape[1:].numel() for one in state)
    return max(64, 2**17 // max(1, width)) if state[0].device.type == "cpu" else 2**31


def hylo_along(grow, state, fold, start, bound, backwards=False):
    """The fold, from `start`, of what is grown from a state until the tag is 0, at most `bound` times: a tuple.

    `grow` gives a tag, the new state, and what `fold` takes behind its state."""
    going, kept, folded, left = None, [], start, bound
    while left:
        left -= 1
        tag, *made = grow(*state)
        going = goes(tag) if going is None else going & goes(tag)
        if not going.is_meta and not torch.compiler.is_compiling() and not going.any():
            break
        if backwards:
            # Its turn comes on the way back.
            kept.append((going, made[len(state):]))
        else:
            folded = folded_once(fold, folded, going, made[len(state):])
        state = tuple(torch.where(beside(going, one), one, old) for one, old in zip(made, state, strict=False))
    while kept:
        folded = folded_once(fold, folded, *kept.pop())
    return folded


def folded_once(fold, state, going, given):
    """One step of a fold, for those lists that go as far."""
    made = fold(*state, *given)
    made = made if isinstance(made, tuple) else (made,)
    return tuple(torch.where(beside(going, one), one, old) for one, old in zip(made, state, strict=True))
