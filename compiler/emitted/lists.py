"""Functions on padded lists and loops along them, of which emitted sources carry copies.

A list is an array with an axis of padded size, of whose entries the first so many, its length, are its own. What stands
behind them is finite, whatever it is.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - as emitted sources import it

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


def fold_along(step, state, inputs, size, lengths=None, backwards=False, rank=None, steady=(), around=(),
               reverse=None):
    """The state that steps along an axis end in; a tuple of them, where there is more than one."""
    return ran_along(step, state, inputs, size, (), lengths, backwards, rank, steady, around, reverse)[0]


def run_along(step, state, inputs, size, places, lengths=None, backwards=False, rank=None, steady=(), around=(),
              reverse=None):
    """The state that steps along an axis end in, and what they gave on the way, along that axis."""
    state, given = ran_along(step, state, inputs, size, places, lengths, backwards, rank, steady, around, reverse)
    return state, given[0] if len(given) == 1 else given


def ran_along(step, state, inputs, size, places, lengths, backwards, rank, steady, around, reverse):
    """A loop. `inputs` are tensors, each with the place of the axis in it and the product that it is an entry of, if
    any; `places` are those of the axis in what the steps give.

    `step` takes the state, an entry of each input, what is `steady` (weights, the same at every place) and what is
    `around` (of each list), and gives the state, then what else it gives, and then what its reverse derivative needs.
    With a `rank`, that of the state's own axes, everything has all axes of the batch; lists that are shorter than the
    axis are then packed, and nothing is computed behind their ends. `reverse` says how gradients go back (see
    `Reversed`)."""
    single = not isinstance(state, tuple)
    state = (state,) if single else state
    shortest = size
    if lengths is not None and not lengths.is_meta:
        # In a graph there is no looking at numbers: every step is taken for some lists only.
        shortest = 0 if torch.compiler.is_compiling() else int(lengths.min()) if lengths.numel() else size
    packs = shortest < size and rank is not None and not torch.compiler.is_compiling()

    def looped(begin, number, places, state, arrays, steady, around):
        """So many of the steps."""
        given = [(x.narrow(place, begin, number), place, entry)
                 for x, (_, place, entry) in zip(arrays, inputs, strict=True)]
        if packs:
            return packed_loop(step, state, given, number, places, lengths, backwards, rank, steady, around)
        return padded_loop(step, state, given, number, places, lengths, shortest, backwards, rank, steady, around)

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
    return state[0] if single else state, given


class Reversed(torch.autograd.Function):
    """A loop whose gradients go back by the reverse derivative of its step, with no node for each operation of it.

    `reverse` is a function, the places of the axis in what the steps keep for it, and the products with weights. The
    function takes a number of steps, the lengths, what comes back to the last state and to what was given, and what was
    kept. It gives what comes back to the first state, to all else that the loop takes, and for each product what comes
    back to it and what it was taken of. It is called for some steps at a time, so that what it makes stays near."""

    @staticmethod
    def forward(ctx, looped, reverse, counts, axes, size, lengths, backwards, *tensors):
        _, places, kept_places = axes
        state, arrays, steady, around = in_groups(tensors, counts)
        turns = turns_of(size, state)
        # Packed lists are so all at once.
        loops = turns if lengths is None else [(0, size)]
        given, kept = [None] * len(loops), [None] * len(loops)
        for turn in reversed(range(len(loops))) if backwards else range(len(loops)):
            state, made = looped(*loops[turn], (*places, *kept_places), state, arrays, steady, around)
            given[turn], kept[turn] = made[:len(places)], made[len(places):]
        if lengths is not None:
            kept = [[one.narrow(place, *turn) for one, place in zip(kept[0], kept_places, strict=True)]
                    for turn in turns]
        ctx.reverse, ctx.counts, ctx.axes, ctx.turns = reverse, counts, axes, turns
        ctx.lengths, ctx.backwards, ctx.shapes = lengths, backwards, [x.shape for x in tensors]
        # Of what the loop took the state and the arrays are not needed; the rest must not have changed meanwhile.
        ctx.save_for_backward(*(one for some in kept for one in some), *tensors[counts[0] + counts[1]:])
        return (*state, *(torch.cat(some, place) if len(some) > 1 else some[0]
                          for some, place in zip(zip(*given, strict=True), places, strict=True)))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, *back):
        input_places, places, kept_places = ctx.axes
        states, entries = ctx.counts[:2]
        found, kept = [None] * len(ctx.shapes), ctx.saved_tensors
        function, _, products = ctx.reverse
        back, given = back[:states], back[states:]
        for turn in range(len(ctx.turns)) if ctx.backwards else reversed(range(len(ctx.turns))):
            begin, number = ctx.turns[turn]
            some = [one.narrow(place, begin, number) for one, place in zip(given, places, strict=True)]
            lengths = None if ctx.lengths is None else (ctx.lengths - begin).clamp(0, number)
            own = kept[turn * len(kept_places):(turn + 1) * len(kept_places)]
            back, others, pairs = function(number, lengths, *back, *some, *own)
            for place, (one, axis) in enumerate(zip(others[:entries], input_places, strict=True), states):
                if one is not None:
                    put_entries(found, place, one, axis, begin, ctx.shapes[place])
            for place, one in enumerate(others[entries:], states + entries):
                if one is not None:
                    one = one.sum_to_size(ctx.shapes[place])
                    found[place] = one if found[place] is None else found[place] + one
            put_products(found, sum(ctx.counts), products, pairs)
        found[:states] = [one.sum_to_size(shape) for one, shape in zip(back, ctx.shapes, strict=False)]
        return (None,) * 7 + tuple(found)


def turns_of(size, state):
    """Some steps at a time, each turn where it begins and how many: so many that what is made of them stays in a core's
    own cache."""
    number = max(8, 40_000 // max(1, *(one.numel() for one in state)))
    return [(begin, min(number, size - begin)) for begin in range(0, size, number)]


def put_entries(found, place, some, axis, begin, shape):
    """Puts what comes back to some entries of an array into its place."""
    if found[place] is None:
        others = [*shape]
        del others[axis]
        # Place by place, as the loop goes.
        found[place] = some.new_empty(shape[axis], *others).movedim(0, axis)
    found[place].narrow(axis, begin, some.shape[axis]).copy_(some)


def put_products(found, place, products, pairs):
    """Adds what comes back to weights, and to biases where there are any: products over all steps of a turn."""
    for product, (back, x) in zip(products, pairs, strict=True):
        # Place by place, as both lie in memory.
        rows, of = (one.movedim(-2, 0).reshape(-1, one.shape[-1]) for one in (back, x))
        found[place] = rows.t() @ of if found[place] is None else found[place].addmm_(rows.t(), of)
        place += 1
        if product.bias is not None:
            found[place] = rows.sum(0) if found[place] is None else found[place].add_(rows.sum(0))
            place += 1


def in_groups(tensors, counts):
    """The tensors in groups of so many; what is left over is in none."""
    groups, begin = [], 0
    for count in counts:
        groups.append(tensors[begin:begin + count])
        begin += count
    return groups


def padded_loop(step, state, inputs, size, places, lengths, shortest, backwards, rank, steady, around):
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
    for place in reversed(range(size)) if backwards else range(size):
        made = step(*state, *rows[place], *around)
        made = made if isinstance(made, tuple) else (made,)
        for column, one in zip(columns, made[count:], strict=False):
            column.append(one)
        after = made[:count]
        if masks is not None and place >= shortest:
            after = tuple(torch.where(beside(masks[place], one), one, old)
                          for one, old in zip(after, state, strict=True))
        state = after
    if size == 0 and places:
        empty = step(*state, *(x.sum(0) for x in arrays), *around)
        columns = [[one] for one in empty[count:count + len(places)]]
    given = tuple(torch.stack(column[::-1] if backwards else column)[:size].movedim(0, place)
                  for column, place in zip(columns, places, strict=True))
    return state, given


def repeated(x, size, state, rank):
    """A weight for each step, as so many views: their gradients come together once, and are not added up step by step.

    Of a small batch they are one for each list, too: a gradient is then not even summed at each step."""
    batch = state.shape[:state.dim() - rank] if rank is not None else ()
    return x.expand(size, *batch, *x.shape) if batch and batch.numel() <= 4 else x.expand(size, *x.shape)


def packed_loop(step, state, inputs, size, places, lengths, backwards, rank, steady, around):
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
    for turn, place in enumerate(reversed(range(len(counts))) if backwards else range(len(counts))):
        wanted, here = counts[place], state[0].shape[0]
        if backwards and turn:
            state = tuple(map(torch.cat, zip(state, joining[turn], strict=True)))
        elif wanted < here:
            state, done = zip(*(one.split([wanted, here - wanted]) for one in state), strict=True)
            ended.append(done)
        made = step(*state, *rows[place], *(one[:wanted] for one in around))
        made = made if isinstance(made, tuple) else (made,)
        for column, one in zip(columns, made[count:], strict=False):
            column.append(one)
        state = made[:count]
    ended = [joining[-1]] if backwards and counts else ended[::-1] if counts else []
    back = order.argsort()
    final = tuple(torch.cat(parts).index_select(0, back).reshape((*shape, *parts[0].shape[1:]))
                  for parts in zip(state, *ended, strict=True))
    given = []
    for column, place in zip(columns, places, strict=True):
        if not column:
            none = step(*start, *(x.new_zeros(number, *x.shape[1:]) for x in arrays), *steady, *around)
            none = none[count + len(given)]
            whole = none.new_zeros(size * number, *none.shape[1:])
        else:
            packed = torch.cat(column[::-1] if backwards else column)
            whole = packed.new_zeros(size * number, *packed.shape[1:]).index_copy(0, cells, packed)
        given.append(whole.reshape(size, *shape, *whole.shape[1:]).movedim(0, place))
    return final, tuple(given)


def begun(x, entry, backwards):
    """Entries as the steps are given them."""
    return x if entry is None else entry.begin(x, backwards)


def grow_along(step, state, bound, places, batch_rank=None):
    """What is given step by step until the tag is 0, at most `bound` times: the lengths, and what was given.

    `step` takes the state and gives a tag, the new state, and what else it gives. With a `batch_rank`, of the axes in
    front, a step does with each list the same whichever others there are: it is taken with those that have not
    ended."""
    single = not isinstance(state, tuple)
    state, count = (state,) if single else state, 1 if single else len(state)
    drops = batch_rank and not torch.is_grad_enabled() and not torch.compiler.is_compiling() and not state[0].is_meta
    shape = state[0].shape[:batch_rank] if drops else None
    if drops:
        state = tuple(one.flatten(0, batch_rank - 1) for one in state)
    going, lengths, columns, rows, left = None, None, [[] for _ in places], None, max(bound, 1)
    while left:
        left -= 1
        tag, *made = step(*state)
        tag = tag != 0
        # Of the lists that are left, those that have not ended before.
        going = tag if going is None or rows is not None else going & tag
        lengths = going.long() if lengths is None else lengths + spread(going.long(), rows, lengths)
        looks = not going.is_meta and not torch.compiler.is_compiling()
        some = int(going.sum()) if looks else None
        for column, one in zip(columns, made[count:], strict=True):
            # Where all go on, there is nothing to choose.
            if some != going.numel() or one.shape[: going.dim()] != going.shape:
                one = torch.where(beside(going, one), one, torch.zeros_like(one))
            column.append(spread(one, rows, column[0] if column else one))
        state = tuple(
            one if some == going.numel() and one.shape == old.shape else torch.where(beside(going, one), one, old)
            for one, old in zip(made[:count], state, strict=True))
        if looks:
            if not some:
                break
            if drops and (rows is not None or some < 0.8 * going.numel()):
                here = going.nonzero().squeeze(1)
                rows = here if rows is None else rows[here]
                state = tuple(one.index_select(0, here) for one in state)
    given = []
    for column, place in zip(columns, places, strict=True):
        column += [torch.zeros_like(column[0])] * left
        whole = torch.stack(column)[:bound]
        whole = whole.unflatten(1, shape) if drops else whole
        given.append(whole.movedim(0, place))
    lengths = lengths.clamp(max=bound)
    return lengths.unflatten(0, shape) if drops else lengths, given[0] if len(given) == 1 else tuple(given)


def hylo_along(grow, state, fold, start, bound, backwards=False):
    """The fold, from `start`, of what is grown from a state until the tag is 0, at most `bound` times: a tuple.

    `grow` gives a tag, the new state, and what `fold` takes behind its state."""
    going, kept, folded, left = None, [], start, bound
    while left:
        left -= 1
        tag, *made = grow(*state)
        going = tag != 0 if going is None else going & (tag != 0)
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


def spread(x, rows, like):
    """Rows of an array that is zero elsewhere."""
    return x if rows is None else torch.zeros_like(like).index_copy(0, rows, x)


class Lookup:
    """A learned product of a learned point: a row of the product with all points, where so many uses are worth that."""

    def __init__(self, points, weight, bias, uses):
        self.points, self.weight, self.bias = points, weight, bias
        self.table = F.linear(points, weight, bias) if uses >= points.shape[0] else None

    def __call__(self, index):
        if self.table is None:
            return F.linear(F.embedding(index, self.points), self.weight, self.bias)
        return F.embedding(index, self.table)


class Recurrence:
    """A learned product in each step of a loop, added to an entry.

    Where gradients are wanted the weight's is not added up step by step: it is one product over all steps, taken when
    the gradients of all entries are there."""

    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias
        self.seen, self.turned = None, weight.t()

    def begin(self, x, backwards):
        """The entries, before the loop begins; their order is that in which the loop goes along them, or the
        opposite."""
        if self.bias is not None and (x.stride(-1) or self.defers(x)):
            x = x + self.bias
        if self.defers(x):
            self.seen = []
            x, self.turned = Deferred.apply(x, self.weight, self.seen, backwards), self.weight.detach().t()
        return x

    def defers(self, x):
        """Whether the gradient of the weight waits."""
        return torch.is_grad_enabled() and self.weight.requires_grad and not watched(self.weight, x)

    def __call__(self, x, entry=None):
        if self.seen is not None and entry is not None:
            self.seen.append(x.detach())
        elif entry is None or entry.stride(-1) == 0:
            # Added to nothing.
            return F.linear(x, self.weight, self.bias)
        return torch.addmm(entry, x, self.turned) if x.dim() == 2 else entry + x @ self.turned


class Deferred(torch.autograd.Function):
    """The same array; its gradient is, with what the loop has seen, also that of a weight."""

    @staticmethod
    def forward(ctx, x, weight, seen, backwards):
        ctx.seen, ctx.backwards = seen, backwards
        return x.view_as(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        rows = [x.reshape(-1, x.shape[-1]) for x in ctx.seen]
        weight = gradient.reshape(-1, gradient.shape[-1]).t() @ torch.cat(rows[::-1] if ctx.backwards else rows)
        return gradient, weight, None, None


def watched(*tensors):
    """Whether somebody looks at every single step: a graph being traced, a transformation of functions, derivatives
    forwards, autocast."""
    return (torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
            or torch.autograd.forward_ad._current_level >= 0 or any(tensor.is_meta for tensor in tensors)
            or torch.is_autocast_enabled(tensors[0].device.type))


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


def packed(x, mask):
    """The entries of lists that are their own, as rows: (*batch, n, ...) to (rows, ...)."""
    return x.expand(*mask.shape, *x.shape[mask.dim():])[mask]


def packed_for_each(x, mask, rank):
    """What a list has besides its entries, for each of these: (*batch, ...) to (rows, ...), of so many own axes."""
    return packed(x.unsqueeze(x.dim() - rank), mask)


def unpacked(rows, mask):
    """The entries of lists out of rows, zeros behind the ends of the lists."""
    return rows.new_zeros(*mask.shape, *rows.shape[1:]).index_put(mask.nonzero(as_tuple=True), rows)


def cleaned(x, *around):
    """Entries of lists with zeros behind the lists' ends, whatever stood there; `around` are the lengths, outermost
    first."""
    for lengths in around:
        size = x.shape[lengths.dim()]
        if torch.compiler.is_compiling() or lengths.is_meta or bool((lengths < size).any()):
            mask = inside(lengths, size)
            x = torch.where(beside(mask, x), x, torch.zeros_like(x))
    return x


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


def kernel_along(kind, x, place, state, weights, lengths=None, backwards=False):
    """One of PyTorch's recurrent kernels along an axis: the states it ends in, and the first state at each place.

    `kind` is lstm, gru, rnn_tanh or rnn_relu; `weights` are weight_ih, weight_hh and, where there are any, both
    biases."""
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
    if shorter is None or (kind != "lstm" and torch.compiler.is_compiling()):
        y, *final = function(x, hidden, list(weights), *options, False)
        if shorter is not None:
            final = [state_at_end(y, begin[0][0], shorter, 0)[None]]
    else:
        y, final = packed_along(function, x, hidden, weights, options, shorter)
    if backwards:
        y = y.flip(0) if turned is None else y.gather(0, turned.expand(y.shape))
    final = tuple(one.reshape(*batch, one.shape[-1]) for one in final)
    return final[0] if single else final, y.transpose(0, 1).reshape(*batch, size, y.shape[-1])


def packed_along(function, x, begin, weights, options, lengths):
    """A kernel on lists of different lengths, packed; of an empty list the state stays what it was."""
    order = lengths.clamp(min=1).argsort(descending=True, stable=True)
    back = order.argsort()
    sizes = lengths.clamp(min=1)[order]
    counts = (torch.arange(int(sizes[0]), device=sizes.device)[:, None] < sizes[None]).sum(1).cpu()
    places = torch.arange(int(sizes[0]), device=sizes.device)[:, None] < sizes[None]
    sorted_x = x[: int(sizes[0])].index_select(1, order)
    data = sorted_x[places]
    single = not isinstance(begin, tuple)
    begin = (begin,) if single else begin
    hidden = tuple(one.index_select(1, order) for one in begin)
    y, *final = function(data, counts, hidden[0] if single else hidden, list(weights), *options)
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

    Of a state of k parts there are k by k coefficients (None is 0) and k offsets, each with the axis, of size 1 where
    it is the same everywhere."""
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
    """The lengths, where some list is shorter than the axis, and what turns the lists around for a loop from their
    end."""
    shorter = None
    if lengths is not None and not lengths.is_meta and (
            torch.compiler.is_compiling() or bool((lengths < size).any())):
        shorter = lengths

    def turn(x, place):
        if not backwards or x.shape[place] == 1 != size:
            return x
        return x.flip(place) if shorter is None else list_reverse(x, shorter, place)

    return shorter, turn
