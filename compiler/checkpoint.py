"""Files of named tensors, read without running anything that is in them.

A `.safetensors` file is data by design. A PyTorch file is a pickle, and is read by PyTorch's restricted
unpickler, which builds tensors and containers and calls nothing else; what it refuses is refused here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from catlang.compiler.renaming import WeightsError

Tensors = Mapping[str, Tensor]

_PICKLES = (".pt", ".pth", ".bin", ".ckpt")


def read(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors` file, of a PyTorch file, or of the shards of an `.index.json`."""
    path = Path(path)
    if not path.exists():
        raise WeightsError(f"there is no file `{path}`")
    if not path.is_file():
        raise WeightsError(f"`{path}` is not a file")
    if path.suffix == ".safetensors":
        found: object = _read_safetensors(path)
    elif path.suffix in _PICKLES:
        found = _read_pickle(path)
    elif path.name.endswith(".index.json"):
        found = _read_shards(path)
    else:
        known = ", ".join([".safetensors", *_PICKLES, ".index.json"])
        raise WeightsError(f"`{path}` has no ending of a file of weights, which are {known}")
    return _named_tensors(found, path)


def _read_safetensors(path: Path) -> object:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise WeightsError(f"reading `{path}` needs the package `safetensors`") from None
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as why:
        raise WeightsError(f"`{path}` is damaged or no safetensors file: {_first_line(why)}") from None


def _read_pickle(path: Path) -> object:
    from pickle import UnpicklingError

    try:
        with warnings.catch_warnings():
            # PyTorch warns of old and odd pickles; what is wrong with one shows by its being refused.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as why:
        named = re.search(r"(?:GLOBAL|global|class|function) `?([\w.]+)", str(why))
        text = f"it would run `{named[1]}`" if named else _first_line(why)
        raise WeightsError(
            f"`{path}` is refused: it is damaged, or a pickle that holds more than tensors ({text}), and "
            "unpickling that can run any code; save the `state_dict` alone, best as `.safetensors`"
        ) from None
    except Exception as why:
        raise WeightsError(f"`{path}` is damaged or no PyTorch file: {_first_line(why)}") from None


def _read_shards(path: Path) -> object:
    import json

    try:
        where = json.loads(path.read_bytes())["weight_map"]
        shards = sorted(set(where.values()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise WeightsError(f"`{path}` is no index of shards: it has no table `weight_map`") from None
    found: dict[str, Tensor] = {}
    for shard in shards:
        # An index may only speak of its own folder.
        if not isinstance(shard, str) or Path(shard).name != shard or shard.endswith(".index.json"):
            raise WeightsError(f"`{path}` names the shard `{shard}`, which is not a file beside it")
        found |= read(path.parent / shard)
    if lost := sorted(set(where) - set(found)):
        raise WeightsError(
            f"the shards of `{path}` lack `{lost[0]}`" + (f" and {len(lost) - 1} more" if lost[1:] else "")
        )
    return found


def _first_line(why: BaseException) -> str:
    text = str(why).strip().split("\n")[0].rstrip(". ")
    return text[:200] or type(why).__name__


def _named_tensors(found: object, path: Path) -> dict[str, Tensor]:
    if not isinstance(found, Mapping):
        raise WeightsError(f"`{path}` holds one `{type(found).__name__}`, not a dictionary of named tensors")
    inner = {key: value for key, value in found.items() if isinstance(value, Mapping) and _all_tensors(value)}
    if not any(isinstance(value, Tensor) for value in found.values()) and inner:
        # A training checkpoint: its one dictionary of tensors stands beside an epoch, an optimizer and so on.
        if len(inner) > 1:
            names = ", ".join(f"`{key}`" for key in inner)
            raise WeightsError(
                f"`{path}` holds several dictionaries of tensors ({names}); save the right one alone"
            )
        found = next(iter(inner.values()))
    tensors: dict[str, Tensor] = {}
    for name, value in found.items():
        if not isinstance(name, str):
            raise WeightsError(f"`{path}` has the key `{name!r}`, which is not a name")
        if not isinstance(value, Tensor):
            raise WeightsError(f"`{path}` holds a `{type(value).__name__}` at `{name}`, not a tensor")
        if value.layout is not torch.strided or value.is_quantized or value.is_meta:
            raise WeightsError(
                f"`{path}` holds a sparse, quantized or empty tensor at `{name}`, not a dense one"
            )
        tensors[name] = value.detach()
    return tensors


def _all_tensors(value: Mapping[Any, Any]) -> bool:
    return bool(value) and all(
        isinstance(name, str) and isinstance(item, Tensor) for name, item in value.items()
    )
