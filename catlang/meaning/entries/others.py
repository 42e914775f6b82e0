"""Attention, normalisation, losses; primitives of which nothing is known, those that draw noise or keep something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.meaning.entries import index
from catlang.meaning.entries.call import called
from catlang.meaning.entries.constants import constant
from catlang.meaning.entries.form import Form, size, summed
from catlang.meaning.entries.functions import exp, reciprocal, root
from catlang.meaning.entries.most import most
from catlang.meaning.entries.row import Entries, formless, means

if TYPE_CHECKING:
    from collections.abc import Callable

    from catlang.network.functor import Site

formless("it draws noise", "dropout", "normal", "uniform", "gumbel", "bernoulli")
formless("it keeps statistics", "batch_norm")

for name in ["group_norm", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d",
             "max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d", "upsample1d", "upsample2d",
             "masked_attend", "cross_entropy", "nll_loss", "bce_with_logits", "huber_loss", "kl_div"]:
    means(name)(lambda site, *inputs: called(site))


@means("attend")
def attend(site: Site[Entries], q: Entries, k: Entries, v: Entries) -> Entries | tuple[Entries, ...]:
    """A mean of the values, by a softmax of the products of queries and keys."""
    if site["causal"]:
        return called(site)
    query, key, inner, value = (index.fresh(var.size) for var in (
        q.indices[0], k.indices[0], q.indices[1], v.indices[1]))
    scale = reciprocal(root(size(inner.size)))
    weight = exp(summed(inner, q[(query, inner)] * k[(key, inner)]) * scale)
    total = summed(key, weight)
    return Entries((query, value), summed(key, weight * v[(key, value)]) * reciprocal(total))


@means("layer_norm")
def layer_norm(site: Site[Entries], x: Entries) -> Entries:
    apart = x.form - _average(x.form, x)
    deviation = root(_average(apart * apart, x) + constant(site, "eps"))
    weight, bias = (site.weight(name)[x.indices] for name in ("weight", "bias"))
    return Entries(x.indices, apart * reciprocal(deviation) * weight + bias)


@means("rms_norm")
def rms_norm(site: Site[Entries], x: Entries) -> Entries:
    root_mean = root(_average(x.form * x.form, x) + constant(site, "eps"))
    return Entries(x.indices, x.form * reciprocal(root_mean) * site.weight("weight")[x.indices])


def _average(form: Form, x: Entries) -> Form:
    """The mean of a form over all places of an array."""
    along = [index.fresh(var.size) for var in x.indices]
    total, number = form.put(dict(zip(x.indices, along, strict=True))), size(1)
    for var in along:
        total, number = summed(var, total), number * size(var.size)
    return total * reciprocal(number)


def _mean(x: Entries, y: Entries, loss: Callable[[Form], Form]) -> Entries:
    """The mean of what is lost by the difference at each entry."""
    return Entries((), _average(loss(x.form - y[x.indices]), x))


@means("mse_loss")
def mse_loss(site: Site[Entries], x: Entries, y: Entries) -> Entries:
    return _mean(x, y, lambda apart: apart * apart)


@means("l1_loss")
def l1_loss(site: Site[Entries], x: Entries, y: Entries) -> Entries:
    return _mean(x, y, lambda apart: most(apart, -apart))
