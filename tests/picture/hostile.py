"""Pictures every text of which is hostile."""

from __future__ import annotations

from typing import Any

from catlang.picture.picture import Picture
from catlang.picture.reading import opened

from .specs import picture_of_text

#: What runs if any of it runs; what asks for something if it is read as a link.
EVIL = ("<script>window.evil = 1</script>", '"><img src=x onerror="window.evil=1">', "'><svg onload=window.evil=1>",
        "]]><script>window.evil=1</script>", "--><script>window.evil=1</script>",
        "</title><script>window.evil=1</script>",
        "</style><script>window.evil=1</script>", "javascript:window.evil=1", "&lt;script&gt;", "{{constructor}}",
        "</text></svg><script>window.evil=1</script>", "\u202e\u0000\x1b[2J", "</script><script>window.evil=1</script>")

HOSTILE = """\
# <script>window.evil=1</script>
dim d
## <img src=x onerror=window.evil=1>
morphism f : R[d] -> R[d] = relu # ]]></style><script>window.evil=1</script>
param mode : choice(script, onload) = script
"""


def hostile(depth: int = 20) -> Picture:
    """A picture every text of which is hostile, however it might have come by it."""
    picture = picture_of_text("dim d\nmorphism g : R[d] -> R[d] = affine >> relu\n"
                              "morphism f : R[d] * R[3] -> R[d] * R[3] = (x, y) |-> (g as inner(x), relu(y))\n",
                              "f", depth)
    texts = iter(EVIL * 50)

    def poison(graph: Any) -> None:
        for strand in graph.inputs:
            strand.name, strand.spelled = next(texts), next(texts)
        for node in graph.nodes:
            node.title, node.subtitle, node.address, node.plate = (next(texts) for _ in range(4))
            node.about = [next(texts), next(texts)]
            for strand in node.outputs:
                strand.name, strand.spelled = next(texts), next(texts)
            for inside in opened(node):
                inside.title = next(texts)
                poison(inside.graph)

    poison(picture.graph)
    picture.heading = "".join(EVIL)
    return picture
