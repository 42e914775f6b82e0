"""Scaled dot-product attention, which PyTorch fuses."""

import ast
from typing import Any

from catlang.compiler.lowering.row import fill, lower, quote


def _attend(site: Any) -> ast.expr:
    if not site.constants["causal"]:
        return fill(quote("F.scaled_dot_product_attention(x, y, z)"), site.values)
    if site.same("q", "s"):
        return fill(quote("F.scaled_dot_product_attention(x, y, z, is_causal=True)"), site.values)
    # PyTorch aligns the first query with the first key; here the last ones meet.
    return fill(quote("F.scaled_dot_product_attention(x, y, z, attn_mask=causal_mask(q, s, x.device))"), site.values)


lower("attend", _attend, align="expand")
# PyTorch makes numbers of the mask: were it expanded, of every copy.
lower("masked_attend", "F.scaled_dot_product_attention(x, y, z, attn_mask=w)", align="expand", loose=(3,))
