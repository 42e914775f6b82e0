"""``catlang new``: makes a folder with a spec, what trains it, and what tests both.

The files stand in ``new.md`` beside this one, in the format of the pages of ``catlang explain``.
"""

from __future__ import annotations

import keyword
import os
import re
import sys
import unicodedata
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = """\
usage: catlang new NAME

Makes the folder NAME: a spec that checks, `train.py`, which compiles it and trains it on data that comes with Python,
a test, and what a Python project needs besides. NAME is a module's name, since compiling makes a module of that name;
a path may stand in front of it.

Exit code: 0 made, 2 not called like this, or there is something in the folder already.
"""

OPTIONS = Options()

#: Modules that those in the folder import: one there of the same name would stand in their place.
TAKEN = frozenset(["catlang", "numpy", "pytest", "safetensors", "setuptools", "torch", "train"])
#: No file system holds longer names, with `test_` and an ending.
LONGEST = 100


def run(arguments: Sequence[str]) -> int:
    names, _ = OPTIONS.read(arguments)
    if len(names) != 1 or not names[0]:
        raise Misuse("one folder at a time" if len(names) > 1 else "no name is given: `catlang new my_net`")
    folder = names[0]
    name = os.path.basename(os.path.abspath(folder))
    wrong = why_not(name)
    if wrong:
        raise Misuse(f"`{name}` cannot be the name: {wrong}; `{proposed(name)}` would do")
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise Misuse(f"`{folder}` exists already, and is no folder")
    made = files(name)
    try:
        if os.path.isdir(folder) and os.listdir(folder):
            raise Misuse(f"the folder `{folder}` exists already, and is not empty")
        os.makedirs(folder, exist_ok=True)
        for file, text in made.items():
            with open(os.path.join(folder, file), "x", encoding="utf-8", newline="\n") as out:
                out.write(text)
    except OSError as why:
        raise Misuse(f"`{folder}` cannot be made: {(why.strerror or str(why)).lower()}") from None
    from catlang.visible import visible

    sys.stdout.write(f"made {visible(folder)}: {', '.join(made)}\n"
                     f"next: `cd {visible(folder)}`, `catlang check {name}.cat`, `python train.py`, `pytest`\n")
    return 0


def files(name: str) -> dict[str, str]:
    """The files of a new folder, by their names."""
    from catlang.explained import parsed

    with open(os.path.splitext(os.path.abspath(__file__))[0] + ".md", encoding="utf-8") as file:
        text = file.read()
    text = text.replace("PROJECT", name.strip("_").lower().replace("_", "-")).replace("NAME", name)
    return {part.file: part.text for part in parsed(text) if part.purpose == "file"}


def why_not(name: str) -> str:
    """What keeps a name from being that of a module, and of a project; empty where nothing does.

    >>> why_not("my_net"), why_not("my-net"), why_not("class"), why_not("torch")
    ('', 'a module is called by letters of ASCII, digits and `_`', 'it is a word of Python', 'a module is called so')
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return "it begins with a digit" if re.fullmatch(r"[A-Za-z0-9_]+", name) else (
            "a module is called by letters of ASCII, digits and `_`")
    if not name.strip("_"):
        return "it has no letter"
    if len(name) > LONGEST:
        return f"it has more than {LONGEST} characters"
    if keyword.iskeyword(name):
        return "it is a word of Python"
    if name in TAKEN or name in sys.stdlib_module_names:
        return "a module is called so"
    return ""


def proposed(name: str) -> str:
    """A name near one that cannot be.

    >>> proposed("my-net"), proposed("3d net"), proposed("Café.1"), proposed("torch"), proposed("自然")
    ('my_net', 'net_3d_net', 'Cafe_1', 'torch_net', 'my_net')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    near = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[: LONGEST - 10].rstrip("_")
    if not near:
        return "my_net"
    if near[0].isdigit():
        near = f"net_{near}"
    return near if not why_not(near) else f"{near}_net"
