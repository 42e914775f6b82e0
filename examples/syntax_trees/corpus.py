"""Blocks of statements from the source of Python's standard library, and whether control can run past their ends.

An example is the syntax tree of a block (the body of a function, a loop, a branch, …), without any identifiers, and an
answer: 1 if control can run past the end of the block, 0 if every way through it ends in a `return`, `raise`, `break`
or `continue`, or never ends. It is what a type checker wants to know when it reports a missing `return`.

It hangs on where the jumps stand, and hardly on which there are, for in each half of the corpus the examples are
matched: for each block that control can run past there is one that it cannot, with as many tokens of each kind that
directs control (`CONTROL`). A bag of those tokens is right half of the time, whatever it answers; what is left to a bag
of all tokens are habits, such as to end in an assignment. The two halves are from different modules.

The trees are those of the Python that runs this; from one version to another the library changes a little.
"""

from __future__ import annotations

import ast
import random
import sysconfig
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TypeAlias

# Modules and packages of the standard library that every Python from 3.11 on has: to learn from, and to be tested on.
TRAINING = """
    _collections_abc _compat_pickle _osx_support _pydecimal _pyio _strptime _threading_local _weakrefset abc argparse
    ast asyncio base64 bdb bisect bz2 calendar cmd code codecs codeop collections colorsys compileall concurrent
    configparser contextlib contextvars copy copyreg csv ctypes curses dataclasses dbm decimal difflib dis doctest email
    enum filecmp fileinput fnmatch fractions ftplib functools genericpath getopt getpass glob gzip hashlib heapq hmac
    html http imaplib importlib inspect io ipaddress json keyword linecache locale logging lzma mailbox mimetypes
    modulefinder multiprocessing netrc ntpath numbers opcode operator optparse os pathlib pdb pickle pickletools pkgutil
    platform plistlib poplib posixpath pprint pstats pty py_compile pyclbr pydoc queue quopri random re reprlib
    rlcompleter runpy sched secrets selectors shelve shlex shutil signal site smtplib socket socketserver sqlite3 ssl
    stat statistics string stringprep struct subprocess symtable sysconfig
"""
TEST = """
    tabnanny tarfile tempfile textwrap this threading timeit token tokenize tomllib trace traceback tracemalloc tty
    types typing unittest urllib uuid warnings wave weakref webbrowser wsgiref xml xmlrpc zipapp zipfile zipimport
    zoneinfo
"""

LARGEST = 100       # nodes of a tree
RAREST = 10         # times that a label of the vocabulary stands in the training half
OTHER = "other"     # the label of what is rarer

JUMPS = frozenset({"Return", "Raise", "Break", "Continue"})
# What directs control: jumps, what holds statements, and the lists of statements that it holds.
CONTROL = JUMPS | {
    "If", "For", "AsyncFor", "While", "Try", "TryStar", "ExceptHandler", "With", "AsyncWith", "Match", "match_case",
    "FunctionDef", "AsyncFunctionDef", "ClassDef", "body", "orelse", "finalbody",
}

Tree: TypeAlias = "tuple[int, int, list[Tree]]"     # 0 (there is one kind of node), the label's index, the children


@dataclass(frozen=True)
class Node:
    """A node of a syntax tree: what it is, and what is below it."""

    label: str
    children: tuple[Node, ...]

    def labels(self) -> Iterator[str]:
        """The labels of all nodes: the bag that the tree is made of."""
        yield self.label
        for child in self.children:
            yield from child.labels()


@dataclass(frozen=True)
class Block:
    """A block of statements: the line where it begins, its tree, and whether control can run past its end."""

    line: int
    tree: Node
    passable: bool


@dataclass(frozen=True)
class Corpus:
    """Trees and answers, and the vocabulary, of which a label in a tree is an index."""

    vocabulary: tuple[str, ...]
    training: list[tuple[Tree, int]]
    test: list[tuple[Tree, int]]


# ------------------------------------------------------------------ the answer


def can_pass(statements: list[ast.stmt]) -> bool:
    """Whether control can run past the last of the statements, as far as one can tell without knowing any values.

    It is what CPython's compiler finds too, but that a `with` is taken here not to swallow exceptions.
    """
    return all(can_pass_one(statement) for statement in statements)


def can_pass_one(statement: ast.stmt) -> bool:
    match statement:
        case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
            return False
        case ast.Assert(test=ast.Constant(value=value)):
            return bool(value)
        case ast.If():
            return can_pass(statement.body) or can_pass(statement.orelse)
        case ast.While(test=ast.Constant(value=value)) if value:
            return has_break(statement.body)
        case ast.While() | ast.For() | ast.AsyncFor():
            return has_break(statement.body) or can_pass(statement.orelse)
        case ast.With() | ast.AsyncWith():
            return can_pass(statement.body)
        case ast.Try() | ast.TryStar():
            whole = can_pass(statement.body) and can_pass(statement.orelse)
            caught = any(can_pass(handler.body) for handler in statement.handlers)
            return (whole or caught) and can_pass(statement.finalbody)
        case ast.Match():
            return not always_matches(statement.cases[-1]) or any(can_pass(case.body) for case in statement.cases)
    return True


def always_matches(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def has_break(statements: list[ast.stmt]) -> bool:
    """Whether there is a `break` of the loop around the statements."""
    for statement in statements:
        match statement:
            case ast.Break():
                return True
            case ast.While() | ast.For() | ast.AsyncFor():
                inside = statement.orelse       # a `break` in its body is its own
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                inside = []
            case _:
                inside = [below for part in parts(statement) for below in part]
        if has_break(inside):
            return True
    return False


def parts(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements that a node holds, itself or by its handlers or cases."""
    for _, value in ast.iter_fields(node):
        if not isinstance(value, list) or not value:
            continue
        if isinstance(value[0], ast.stmt):
            yield value
        elif isinstance(value[0], (ast.ExceptHandler, ast.match_case)):
            for below in value:
                yield from parts(below)


# ------------------------------------------------------------------ the tree


def label_of(node: ast.AST) -> str:
    """The name of the node's class; for a constant its type, or which one it is of those that have few."""
    if not isinstance(node, ast.Constant):
        return type(node).__name__
    if node.value is None or node.value is ... or isinstance(node.value, bool):
        return repr(node.value)
    return type(node.value).__name__


def blocks(source: str | bytes) -> list[Block]:
    """All blocks of statements in a source, each after those inside it."""
    found: list[Block] = []

    def encode(node: ast.AST) -> Node:
        children: list[Node] = []
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                children.append(encode(value))
            elif isinstance(value, list):
                nodes = [encode(part) for part in value if isinstance(part, ast.AST)]
                if nodes and isinstance(value[0], ast.stmt):
                    block = Node(name, tuple(nodes))
                    found.append(Block(value[0].lineno, block, can_pass(value)))
                    nodes = [block]
                children += nodes
        return Node(label_of(node), tuple(children))

    encode(ast.parse(source))
    return found


def sources(modules: str) -> Iterator[Path]:
    """The files of modules and of packages, without the tests in some of them."""
    library = Path(sysconfig.get_path("stdlib"))
    for module in modules.split():
        for path in [library / f"{module}.py", *sorted((library / module).rglob("*.py"))]:
            if path.exists() and not {"test", "tests"}.intersection(path.relative_to(library).parts):
                yield path


# ------------------------------------------------------------------ the corpus


def matched(modules: str, seen: set[str]) -> list[Block]:
    """As many blocks that control can run past as others, for each count of the tokens that direct it.

    No tree comes twice, nor one that has been seen; trees that differ only in the order of children count as one.
    """
    groups: dict[frozenset[tuple[str, int]], tuple[list[Block], list[Block]]] = defaultdict(lambda: ([], []))
    for path in sources(modules):
        for block in blocks(path.read_bytes()):
            labels = list(islice(block.tree.labels(), LARGEST + 1))
            if len(labels) > LARGEST or JUMPS.isdisjoint(labels) or (text := unordered(block.tree)) in seen:
                continue
            seen.add(text)
            count = Counter(label for label in labels if label in CONTROL)
            groups[frozenset(count.items())][block.passable].append(block)
    chance = random.Random(0)
    chosen: list[Block] = []
    for pair in groups.values():
        least = min(map(len, pair))
        for group in pair:
            chosen += chance.sample(group, least)
    if not chosen:
        raise FileNotFoundError("this Python comes without the source of its standard library")
    chance.shuffle(chosen)
    return chosen


def unordered(tree: Node) -> str:
    """A text that is the same for trees that differ only in the order of children, and for no others."""
    return f"{tree.label}({','.join(sorted(map(unordered, tree.children)))})"


def number(tree: Node, index: dict[str, int]) -> Tree:
    """The tree with numbers for labels."""
    return 0, index.get(tree.label, index[OTHER]), [number(child, index) for child in tree.children]


@cache
def corpus() -> Corpus:
    """The corpus, always the same on one version of Python."""
    seen: set[str] = set()
    halves = [matched(modules, seen) for modules in (TRAINING, TEST)]
    count = Counter(label for block in halves[0] for label in block.tree.labels())
    vocabulary = (OTHER, *sorted(label for label, times in count.items() if times >= RAREST))
    index = {label: place for place, label in enumerate(vocabulary)}
    training, test = ([(number(block.tree, index), int(block.passable)) for block in half] for half in halves)
    return Corpus(vocabulary, training, test)


if __name__ == "__main__":
    found = corpus()
    print(f"{len(found.training)} blocks to learn from and {len(found.test)} to be tested on, "
          f"in a vocabulary of {len(found.vocabulary)} labels")
