"""Scans that emitted sources may need, of recurrences affine in their state, and the loops that they stand for."""

from __future__ import annotations

import torch


def affine_scan(coefficient, offset, start, dim):
    """Every state of `h = coefficient * h + offset` from `start`, with time along the negative `dim`."""
    return block_scan(((coefficient,),), (offset,), (start,), dim)[0]


def affine_loop(coefficient, offset, start, dim):
    """What `affine_scan` is, step by step."""
    (coefficient,), (offset,), (start,) = steps_and_rows((coefficient,), (offset,), (start,), dim)
    coefficients, state, states = coefficient.unbind(dim), start.squeeze(dim), []
    constant = len(coefficients) == 1
    for t, row in enumerate(offset.unbind(dim)):
        state = coefficients[0 if constant else t] * state + row
        states.append(state)
    return torch.stack(states, dim) if states else offset


def block_scan(coefficients, offsets, starts, dim):
    """Every state of `h[i] = sum of coefficients[i][j] * h[j] + offsets[i]`, elementwise; a coefficient may be None."""
    given = [one for row in coefficients for one in row if one is not None]
    given, offsets, starts = steps_and_rows(given, offsets, starts, dim)
    links = iter(given)
    coefficients = tuple(tuple(None if one is None else next(links) for one in row) for row in coefficients)
    if offsets[0].shape[dim] == 0:
        return offsets
    if recorded():
        moved = [tuple(None if one is None else one.movedim(dim, 0) for one in row) for row in coefficients]
        offsets, starts = ([one.movedim(dim, 0) for one in many] for many in (offsets, starts))
        heads = combined([x[:1] for x in offsets], steps_of(moved, slice(0, 1)), starts)
        states = [torch.cat((head, x[1:])) for head, x in zip(heads, offsets, strict=True)]
        return tuple(h.movedim(0, dim) for h in swept(steps_of(moved, slice(1, None)), states))
    places = tuple((i, j) for i, row in enumerate(coefficients) for j, one in enumerate(row) if one is not None)
    return BlockScan.apply(dim, False, places, *given, *offsets, *starts)


def block_loop(coefficients, offsets, starts, dim):
    """What `block_scan` is, step by step."""
    given = [one for row in coefficients for one in row if one is not None]
    given, offsets, starts = steps_and_rows(given, offsets, starts, dim)
    steps = offsets[0].shape[dim]
    if steps == 0:
        return offsets
    links = iter([one.unbind(dim) if one.shape[dim] == steps else one.unbind(dim) * steps for one in given])
    links = [[None if one is None else next(links) for one in row] for row in coefficients]
    rows = [one.unbind(dim) for one in offsets]
    state = [one.squeeze(dim) for one in starts]
    states = []
    for t in range(steps):
        now = [[None if one is None else one[t] for one in row] for row in links]
        state = combined([one[t] for one in rows], now, state)
        states.append(state)
    return tuple(torch.stack(one, dim) for one in zip(*states, strict=True))


def matrix_scan(weight, offset, start, dim):
    """Every state of `h = h @ weight.T + offset` from `start`, with features last and time along the negative `dim`."""
    _, (offset,), (start,) = steps_and_rows((), (offset,), (start,), dim)
    device, weight = offset.device.type, weight.to(offset.dtype)
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        # Rounding the powers of the matrix would be another thing than rounding the matrix.
        with torch.autocast(device, enabled=False):
            return matrix_scan(weight, offset, start.squeeze(dim), dim)
    if offset.shape[dim] == 0:
        return offset
    if not recorded():
        return MatrixScan.apply(dim, False, weight, offset, start)
    offset, start = offset.movedim(dim, 0), start.movedim(dim, 0)
    head = offset[:1] + torch.matmul(start, weight.mT)
    return swept_rows(weight, torch.cat((head, offset[1:]))).movedim(0, dim)


def matrix_loop(weight, offset, start, dim):
    """What `matrix_scan` is, step by step."""
    _, (offset,), (start,) = steps_and_rows((), (offset,), (start,), dim)
    state = start.squeeze(dim)
    states = []
    for row in offset.unbind(dim):
        state = torch.matmul(state, weight.mT) + row
        states.append(state)
    return torch.stack(states, dim) if states else offset


def prefers_scan(steps, row, leaves=1, features=0):
    """Whether the scan takes less time than the loop, given the elements of one leaf in a step; a matrix has features.

    A function of the shapes alone, so that the same shapes are always computed in the same way.
    """
    # Microseconds that a scan costs whatever its length, and that it gains with each step: for each product of a
    # coefficient and a state (or for the matrix), and for each element. Fitted to forward and backward together at
    # lengths 2 to 1024, 64 to 262144 elements in a step, 1 or 2 leaves, 16 to 512 features, the best of several runs:
    # float32, one thread of a server's processor.
    once, product, element = 200.0, 7.0, 4e-4
    return steps * ((5 if features else leaves**2) * product + leaves * row * element) > once


def steps_and_rows(coefficients, offsets, starts, dim):
    """All with the axes of a state and one of time; offsets and starts expanded, coefficients left to broadcast."""
    dtype = offsets[0].dtype
    for one in (*coefficients, *offsets, *starts):
        dtype = torch.promote_types(dtype, one.dtype)
    coefficients, offsets, starts = ([one.to(dtype) for one in many] for many in (coefficients, offsets, starts))
    starts = [one.reshape((*[1] * (-dim - 1 - one.dim()), *one.shape)).unsqueeze(dim) for one in starts]
    offsets = torch.broadcast_tensors(*offsets, *coefficients, *starts)[:len(offsets)]
    row = list(offsets[0].shape)
    coefficients = [one.reshape((*[1] * (len(row) - one.dim()), *one.shape)) for one in coefficients]
    row[dim] = 1
    return coefficients, tuple(offsets), tuple(one.expand(row) for one in starts)


def recorded():
    """Whether what runs now is traced or transformed, so that plain operations must do."""
    return (torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
            or torch.autograd.forward_ad._current_level >= 0)


def steps_of(coefficients, part):
    """Some steps of the coefficients, time first; a coefficient that has one step is constant."""
    return [[one if one is None or len(one) == 1 else one[part] for one in row] for row in coefficients]


def combined(offsets, coefficients, states):
    """The offsets and what the coefficients make of the states."""
    sums = []
    for offset, row in zip(offsets, coefficients, strict=True):
        for one, state in zip(row, states, strict=True):
            if one is not None:
                offset = torch.addcmul(offset, one, state)
        sums.append(offset)
    return sums


def combine(states, coefficients, others):
    """Adds to the states what the coefficients make of the others."""
    for state, row in zip(states, coefficients, strict=True):
        for one, other in zip(row, others, strict=True):
            if one is not None:
                state.addcmul_(one, other)


def composed(later, earlier):
    """The product of two blocks of coefficients, of which any may be None."""
    product = []
    for row in later:
        sums = [None] * len(row)
        for one, others in zip(row, earlier, strict=True):
            for k, other in enumerate(others):
                if one is not None and other is not None:
                    sums[k] = one * other if sums[k] is None else torch.addcmul(sums[k], one, other)
        product.append(sums)
    return product


def halves(links, steps, backwards):
    """The links into every second state, those into the others but the first, and those from second to second."""
    odd = steps % 2 if backwards else 0
    into_second, into_first = steps_of(links, slice(odd, None, 2)), steps_of(links, slice(1 - odd, None, 2))
    if steps < 4:
        return into_second, into_first, None
    count = steps // 2 - 1
    if backwards:
        later, earlier = slice(None, count), slice((steps - 1) // 2 - count, None)
    else:
        later, earlier = slice(1, None), slice(None, count)
    return into_second, into_first, composed(steps_of(into_second, later), steps_of(into_first, earlier))


def swept(links, states):
    """The states, time first, each with what the link between it and the one before brings: a new tensor each."""
    steps = len(states[0])
    if steps < 2:
        return states
    into_second, into_first, between = halves(links, steps, False)
    first, second = [x[::2] for x in states], [x[1::2] for x in states]
    second = combined(second, into_second, [x[:steps // 2] for x in first])
    second = swept(between, second)
    rest = combined([x[1:] for x in first], into_first, [x[:(steps - 1) // 2] for x in second])
    first = [torch.cat((x[:1], y)) for x, y in zip(first, rest, strict=True)]
    mixed = [torch.stack((x[:steps // 2], y), 1).flatten(0, 1) for x, y in zip(first, second, strict=True)]
    return [torch.cat((x, y[-1:])) for x, y in zip(mixed, first, strict=True)] if steps % 2 else mixed


def sweep(links, states, backwards):
    """Adds to each state, time first, what the link between it and the one before (or, backwards, after) brings."""
    steps = len(states[0])
    if steps <= 8:
        step_by_step(links, states, backwards)
        return
    into_second, into_first, between = halves(links, steps, backwards)
    odd = (steps - 1) % 2 if backwards else 0
    pairs, rest = steps // 2, (steps - 1) // 2
    first, second = [x[odd::2] for x in states], [x[1 - odd::2] for x in states]
    combine(second, into_second, [x[len(x) - pairs:] if backwards else x[:pairs] for x in first])
    sweep(between, second, backwards)
    combine([x[:-1] if backwards else x[1:] for x in first], into_first,
            [x[pairs - rest:] if backwards else x[:rest] for x in second])


def step_by_step(links, states, backwards):
    """What `sweep` does, for a few steps or wide ones."""
    links = [[None if one is None else one.unbind() for one in row] for row in links]
    states = list(zip(*(x.unbind() for x in states), strict=True))
    for t in range(len(states) - 2, -1, -1) if backwards else range(1, len(states)):
        link, before = (t, t + 1) if backwards else (t - 1, t - 1)
        now = [[None if one is None else one[link if len(one) > 1 else 0] for one in row] for row in links]
        combine(states[t], now, states[before])


def wide(coefficients, states, dim):
    """Whether a step has so much to do that taking the steps one by one, which does it once, costs less."""
    # Fitted to times of both ways at lengths 64 to 1024, with 1024 to 32768 elements in a step, and 1 or 2 leaves:
    # float32, forward and backward, one thread of a server's processor. Where the coefficients are constant, so that
    # there are no products of them to take, the other way costs less at every width.
    elements = sum(x.numel() // x.shape[dim] for x in states)
    return elements >= 8192 and any(one.shape[dim] > 1 for one in coefficients) and states[0].device.type == "cpu"


def halved(coefficients, states, dim):
    """The axis whose halves are scanned one after the other, so that a processor's cache holds what is at work."""
    shape = states[0].shape
    # Fitted as in `wide`, at lengths to 16384: with 2**17 to 2**20 elements at a time, or all of them. To halve the
    # last axis, along which memory is read, gains nothing.
    many = sum(x.numel() for x in states) > 2**19
    if many and states[0].device.type == "cpu" and not wide(coefficients, states, dim):
        for axis in range(-len(shape), -1):
            if axis != dim and shape[axis] > 1:
                return axis
    return None


def narrowed(x, axis, low, high):
    """A slice along an axis, unless the tensor is broadcast there."""
    return x if x.shape[axis] == 1 else x.narrow(axis, low, high - low)


class BlockScan(torch.autograd.Function):
    """The states of a recurrence, whose gradients are those of the recurrence that runs the other way."""

    @staticmethod
    def forward(ctx, dim, backwards, places, *tensors):
        count = len(places)
        leaves = (len(tensors) - count) // 2
        given, offsets, starts = tensors[:count], tensors[count:count + leaves], tensors[count + leaves:]
        states = [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in offsets]
        ctx.dim, ctx.backwards, ctx.places, ctx.leaves = dim, backwards, places, leaves
        learnt = any(ctx.needs_input_grad[3:3 + count])
        ctx.save_for_backward(*given, *((*starts, *states) if learnt else ()))
        scan_parts(given, offsets, starts, states, places, dim, backwards)
        return tuple(states)

    @staticmethod
    def backward(ctx, *gradients):
        count, leaves, places, dim = len(ctx.places), ctx.leaves, ctx.places, ctx.dim
        given, kept = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
        starts, states = kept[:leaves], kept[leaves:]
        wanted = ctx.needs_input_grad[3:3 + count]
        if not torch.is_grad_enabled():
            flows = [torch.empty_like(x, memory_format=torch.contiguous_format) for x in gradients]
            first = [x.new_empty(x.narrow(dim, 0, 1).shape) for x in flows]
            whole = [x.shape == flows[0].shape for x in given]
            learnt = [None if not one else (torch.empty_like if full else torch.zeros_like)(
                x, memory_format=torch.contiguous_format) for x, one, full in zip(given, wanted, whole, strict=True)]
            flow_parts(given, gradients, flows, first, starts, states, learnt, whole, places, dim, ctx.backwards)
            return None, None, None, *learnt, *flows, *first
        steps = gradients[0].shape[dim]
        rest, head, last = (1, steps - 1), (0, 1), (steps - 1, 1)
        others = (0, steps - 1)
        if ctx.backwards:
            rest, head, last, others = others, last, head, rest
        turned = tuple((j, i) for i, j in places)
        flows = [x.narrow(dim, *last) for x in gradients]
        if steps > 1:
            inner = BlockScan.apply(
                dim, not ctx.backwards, turned, *(x if x.shape[dim] == 1 else x.narrow(dim, *rest) for x in given),
                *(x.narrow(dim, *others) for x in gradients), *flows)
            flows = [torch.cat((x, y) if ctx.backwards else (y, x), dim) for x, y in zip(flows, inner, strict=True)]
        first = [torch.zeros_like(x.narrow(dim, *head)) for x in flows]
        learnt = [None] * count
        for n, ((i, j), one) in enumerate(zip(places, given, strict=True)):
            link = one if one.shape[dim] == 1 else one.narrow(dim, *head)
            first[j] = torch.addcmul(first[j], link, flows[i].narrow(dim, *head))
            if wanted[n]:
                before = (starts[j], states[j].narrow(dim, *others))
                before = torch.cat(before[::-1] if ctx.backwards else before, dim)
                learnt[n] = (flows[i] * before).sum_to_size(one.shape)
        return None, None, None, *learnt, *flows, *first


def blocks(places, tensors, leaves, dim):
    """The rows of coefficients at their places, time first."""
    links = [[None] * leaves for _ in range(leaves)]
    for (i, j), one in zip(places, tensors, strict=True):
        links[i][j] = one.movedim(dim, 0)
    return links


def scan_parts(given, offsets, starts, states, places, dim, backwards):
    """Writes the states of a recurrence, some rows at a time, so that a processor keeps them at hand."""
    axis = halved(given, states, dim)
    if axis is not None:
        size = states[0].shape[axis]
        for low, high in ((0, size // 2), (size // 2, size)):
            scan_parts(*([narrowed(x, axis, low, high) for x in many] for many in (given, offsets, starts, states)),
                       places, dim, backwards)
        return
    links = blocks(places, given, len(states), dim)
    for x, y in zip(states, offsets, strict=True):
        x.copy_(y)
    go = step_by_step if wide(given, states, dim) else sweep
    states, starts = ([x.movedim(dim, 0) for x in many] for many in (states, starts))
    head, rest = (slice(-1, None), slice(None, -1)) if backwards else (slice(0, 1), slice(1, None))
    combine([x[head] for x in states], steps_of(links, head), starts)
    go(steps_of(links, rest), states, backwards)


def flow_parts(given, gradients, flows, first, starts, states, learnt, whole, places, dim, backwards):
    """Writes the gradients of a recurrence: of its offsets, its starts, and those coefficients that learn."""
    axis = halved(given, flows, dim)
    if axis is not None:
        size = flows[0].shape[axis]
        for low, high in ((0, size // 2), (size // 2, size)):
            flow_parts(*([None if x is None else narrowed(x, axis, low, high) for x in many]
                         for many in (given, gradients, flows, first, starts, states, learnt)),
                       whole, places, dim, backwards)
        return
    for x, y in zip(flows, gradients, strict=True):
        x.copy_(y)
    links = blocks([(j, i) for i, j in places], given, len(flows), dim)
    go = step_by_step if wide(given, flows, dim) else sweep
    flows, first, starts, states = ([x.movedim(dim, 0) for x in many] for many in (flows, first, starts, states))
    head, rest = (slice(-1, None), slice(None, -1)) if backwards else (slice(0, 1), slice(1, None))
    before = slice(1, None) if backwards else slice(None, -1)
    go(steps_of(links, rest), flows, not backwards)
    for x in first:
        x.zero_()
    combine(first, steps_of(links, head), [x[head] for x in flows])
    for (i, j), total, all_of_it in zip(places, learnt, whole, strict=True):
        if total is not None:
            product = total.movedim(dim, 0) if all_of_it else torch.empty_like(flows[i])
            torch.mul(flows[i][rest], states[j][before], out=product[rest])
            torch.mul(flows[i][head], starts[j], out=product[head])
            if not all_of_it:
                total += product.movedim(0, dim).sum_to_size(total.shape)


class MatrixScan(torch.autograd.Function):
    """The states of a recurrence through a matrix, whose gradients are a recurrence through its transpose."""

    @staticmethod
    def forward(ctx, dim, backwards, weight, offset, start):
        states = time_first(offset, dim)
        states[-1 if backwards else 0].addmm_(time_first(start, dim)[0], weight.mT)
        powers = sweep_rows([weight], states, backwards)
        ctx.dim, ctx.backwards, ctx.powers = dim, backwards, len(powers)
        result = time_back(states, offset.shape, dim)
        learnt = ctx.needs_input_grad[2]
        ctx.save_for_backward(*powers, *((start, result) if learnt else ()))
        return result

    @staticmethod
    def backward(ctx, gradient):
        powers, kept = ctx.saved_tensors[:ctx.powers], ctx.saved_tensors[ctx.powers:]
        dim, backwards, weight = ctx.dim, ctx.backwards, powers[0]
        if torch.is_grad_enabled():
            steps = gradient.shape[dim]
            last = gradient.narrow(dim, 0 if backwards else steps - 1, 1)
            flow = last
            if steps > 1:
                rest = gradient.narrow(dim, 1 if backwards else 0, steps - 1)
                inner = MatrixScan.apply(dim, not backwards, weight.mT, rest, last)
                flow = torch.cat((last, inner) if backwards else (inner, last), dim)
        else:
            flow = time_first(gradient, dim)
            sweep_rows([one.mT for one in powers], flow, not backwards)
            flow = time_back(flow, gradient.shape, dim)
        flows = flow.movedim(dim, 0)
        head = -1 if backwards else 0
        first = torch.matmul(flows[head], weight).unsqueeze(dim)
        learnt = None
        if kept:
            start, states = (x.movedim(dim, 0) for x in kept)
            after, before = (flows[:-1], states[1:]) if backwards else (flows[1:], states[:-1])
            features = weight.shape[-1]
            learnt = torch.addmm(torch.mm(flows[head].reshape(-1, features).mT, start.reshape(-1, features)),
                                 after.reshape(-1, features).mT, before.reshape(-1, features))
        return None, None, learnt, flow, first


def time_first(x, dim):
    """A copy with the axes time, rows and features."""
    return x.movedim(dim, 0).flatten(1, -2).clone(memory_format=torch.contiguous_format) if x.dim() > 2 else (
        x[:, None].clone(memory_format=torch.contiguous_format))


def time_back(x, shape, dim):
    """What `time_first` had, of that shape."""
    others = [*shape]
    steps = others.pop(dim)
    return x.reshape(steps, *others).movedim(0, dim)


def worth(steps, rows, features):
    """Whether it takes less time to halve the steps, by the square of the matrix, than to take them one by one."""
    # Microseconds of a call, and, per element of the matrix, to read it and to use it for a row. Fitted to in-place
    # products of 1 to 1024 rows by matrices of 16 to 512 features: float32, one thread of a server's processor.
    call, read, use = 3.0, 7e-5, 2e-5
    # Halving takes away half of the calls, then does the work of the other half twice, and that of the square.
    return (steps / 2 - 2) * (call + read * features**2) > use * features**2 * (rows * steps / 2 + features) + 20


def sweep_rows(powers, states, backwards, depth=0):
    """Adds to each state, time first, what the matrix makes of the one before (or, backwards, after)."""
    steps, rows, features = states.shape
    power = powers[depth]
    if steps == 1:
        return powers
    if steps < 4 or states.device.type == "cpu" and not worth(steps, rows, features):
        states = states.unbind()
        for t in range(steps - 2, -1, -1) if backwards else range(1, steps):
            states[t].addmm_(states[t + 1 if backwards else t - 1], power.mT)
        return powers
    if depth + 1 == len(powers):
        powers = [*powers, power @ power]
    odd = (steps - 1) % 2 if backwards else 0
    pairs, rest = steps // 2, (steps - 1) // 2
    first, second = states[odd::2], states[1 - odd::2]
    add_rows(second, first[len(first) - pairs:] if backwards else first[:pairs], power)
    powers = sweep_rows(powers, second, backwards, depth + 1)
    add_rows(first[:-1] if backwards else first[1:], second[pairs - rest:] if backwards else second[:rest], power)
    return powers


def add_rows(states, others, weight):
    """Adds to states what a matrix makes of others."""
    if others.numel():
        states += torch.mm(others.reshape(-1, others.shape[-1]), weight.mT).reshape(states.shape)


def swept_rows(power, states):
    """What `sweep_rows` does, as a new tensor, for states with any axes between time and features."""
    steps = len(states)
    if steps < 2:
        return states
    first, second = states[::2], states[1::2]
    second = second + torch.matmul(first[:steps // 2], power.mT)
    second = swept_rows(power @ power, second) if steps > 3 else second
    first = torch.cat((first[:1], first[1:] + torch.matmul(second[:(steps - 1) // 2], power.mT)))
    mixed = torch.stack((first[:steps // 2], second), 1).flatten(0, 1)
    return torch.cat((mixed, first[-1:])) if steps % 2 else mixed
