"""The specs that pictures are tested on: what is drawn of each is a thing of its own."""

from __future__ import annotations

from pathlib import Path

from catlang.checker.module import Module
from catlang.checking import check_file, check_source
from catlang.picture.picture import Picture
from catlang.span import Source

REPOSITORY = Path(__file__).parents[2]

NET = """\
dim d  # a symbolic size: the file holds for every one
object Hidden = R[d]

morphism residual[A](f : A -> A) : A -> A = (id, f) >> add
morphism mlp : Hidden -> Hidden = affine[_, 4*d] >> gelu >> affine
morphism net[n] : Hidden^n -> R[n, 10] = each(residual(layer_norm >> mlp)^6 >> affine as head)
"""

ATTENTION = """\
import std.nn
dim n
morphism net : R[n, 384] -> R[n, 384] = self_attention[12](attend)
"""

BANKS = """\
dim d
morphism net : R[d] -> R[d] = affine as inner >> batch_norm[d] as norm >> relu >> dropout[0.1] >> affine[d] as outer
"""

SHARED = """\
dim d
morphism twins : R[d] * R[d] -> R[d] * R[d] = affine as twin * affine as twin
morphism lost : R[d] * R[3] -> R[d] = fst >> relu
morphism swapped : R[d] * R[3] -> R[3] * R[d] = swap
morphism tied : R[d] -> R[d] = (affine >> gelu)^6 along copy
morphism again : R[d] -> R[d] = let g = linear[d, d] in g >> relu >> g
"""

#: A file of the repository, and a morphism in it.
FILES = {
    "minilm": ("examples/sentences/minilm.cat", "sentence"),
    "speech": ("examples/pronunciation/speech.cat", "say"),
    "flow": ("examples/syntax_trees/flow.cat", "passes"),
    "tied_embedding": ("tests/idioms/tied_embedding.cat", "net"),
    "lora": ("tests/idioms/lora.cat", "net"),
    "batch_norm": ("tests/idioms/batch_norm.cat", "net"),
    "unet": ("tests/idioms/unet.cat", "net"),
    "vae": ("tests/idioms/vae.cat", "net"),
    "mixture": ("tests/idioms/mixture.cat", "net"),
}

TEXTS = {
    "net": (NET, "net"), "attention": (ATTENTION, "net"), "banks": (BANKS, "net"), "twins": (SHARED, "twins"),
    "lost": (SHARED, "lost"), "swapped": (SHARED, "swapped"), "tied": (SHARED, "tied"), "again": (SHARED, "again"),
}

NAMES = [*TEXTS, *FILES]


def module_of(name: str) -> tuple[Module, str]:
    """A checked spec, and the morphism of it that is drawn."""
    if name in TEXTS:
        text, morphism = TEXTS[name]
        module = check_source(Source(f"{name}.cat", None, text))
    else:
        path, morphism = FILES[name]
        module = check_file(str(REPOSITORY / path))
    assert not module.bag.errors, [one.headline for one in module.bag]
    return module, morphism


def picture_of(name: str, depth: int | None = None) -> Picture:
    module, morphism = module_of(name)
    return Picture(module, module.scope.names[morphism], None, depth)  # type: ignore[arg-type]


def picture_of_text(text: str, morphism: str, depth: int | None = None) -> Picture:
    module = check_source(Source("spec.cat", None, text))
    assert not module.bag.errors, [one.headline for one in module.bag]
    return Picture(module, module.scope.names[morphism], None, depth)  # type: ignore[arg-type]
