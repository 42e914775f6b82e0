"""An exported program: nodes in their order, each with the module whose call it belongs to.

Everything in it comes from a file that somebody wrote, so nothing is taken to be there, and sizes are read by a parser
of arithmetic of a few lines, not evaluated.
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, field
from typing import Any

from catlang.dims import Dim, Variable, floor_quotient
from catlang.imported.archive import Archive, refused

ATEN = "torch.ops.aten."


@dataclass(frozen=True)
class Named:
    """A tensor, or a size, that an argument mentions."""

    name: str


@dataclass(frozen=True)
class Call:
    """The call of a module around a node: the module's key (a second call has another), its address and its class."""

    key: str
    address: str
    kind: str


@dataclass
class Node:
    """One operation."""

    op: str
    arguments: dict[str, Any]
    outputs: list[Any]
    calls: tuple[Call, ...]
    trace: str

    @property
    def address(self) -> str:
        return self.calls[-1].address if self.calls else ""


@dataclass
class Meta:
    """The type and the sizes of a tensor."""

    type: int
    sizes: tuple[Dim, ...]


@dataclass
class Program:
    """The graph of an exported program."""

    path: str
    archive: Archive
    nodes: list[Node]
    tensors: dict[str, Meta]
    sizes: dict[str, Dim]
    #: What comes in, by the names in the graph: the data with the names of the arguments, and the weights with theirs.
    inputs: list[str]
    weights: dict[str, str]
    #: The values that come out, with the names of their parts where they have some.
    outputs: list[str]
    parts: list[str]
    root: str
    symbols: dict[str, Variable] = field(default_factory=dict)
    #: Which weights are trained: the others are buffers, and constants in the code.
    trained: set[str] = field(default_factory=set)


class Malformed(Exception):
    """A graph in which something is missing or of another kind."""


def read(archive: Archive) -> Program:
    """The program of an archive; raises ``Unreadable``."""
    try:
        return _Reader(archive).program()
    except (Malformed, LookupError, TypeError, ValueError, AttributeError, RecursionError, ArithmeticError) as bad:
        reason = f"`{bad.args[0]}` is missing" if isinstance(bad, KeyError) else " ".join(str(bad).split())
        raise refused(archive.path, "E0820", f"`{os.path.basename(archive.path)}` is damaged",
                      f"its graph does not have the form of one: {reason[:200]}",
                      "write it anew with `torch.export.save`") from None


class _Reader:
    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.symbols: dict[str, Variable] = {}

    def program(self) -> Program:
        module = self.archive.program["graph_module"]
        graph, signature = module["graph"], module["signature"]
        tensors = {name: Meta(int(meta["dtype"]), tuple(self.size(size) for size in meta["sizes"]))
                   for name, meta in graph["tensor_values"].items()}
        sizes = {name: self.size(value) for name, value in graph["sym_int_values"].items()}
        inputs: list[str] = []
        weights: dict[str, str] = {}
        trained: set[str] = set()
        for spec in signature["input_specs"]:
            [(kind, value)] = spec.items()
            if kind == "user_input":
                argument = self.argument(value["arg"])
                if isinstance(argument, Named):
                    inputs.append(argument.name)
            elif kind in ("parameter", "buffer", "tensor_constant"):
                weights[value["arg"]["name"]] = str(value[f"{kind}_name"])
                if kind == "parameter":
                    trained.add(str(value["parameter_name"]))
        outputs = []
        for spec in signature["output_specs"]:
            [(kind, value)] = spec.items()
            if kind == "user_output":
                argument = self.argument(value["arg"])
                outputs.append(argument.name if isinstance(argument, Named) else "")
        nodes = [self.node(node) for node in graph["nodes"]]
        root = next((node.calls[0].kind for node in nodes if node.calls), "network")
        return Program(self.archive.path, self.archive, nodes, tensors, sizes, inputs, weights, outputs,
                       self.parts(module, len(outputs)), root, self.symbols, trained)

    def node(self, node: dict[str, Any]) -> Node:
        metadata = node.get("metadata") or {}
        calls = []
        for one in str(metadata.get("nn_module_stack", "")).split(";"):
            # The class may hold commas, in the brackets of a generic; the two before it hold none.
            key, *rest = one.split(",", 2)
            if len(rest) == 2 and rest[0] != key:
                calls.append(Call(key, rest[0], rest[1]))
        return Node(str(node["target"]), {one["name"]: self.argument(one["arg"]) for one in node["inputs"]},
                    [self.argument(one) for one in node["outputs"]], tuple(calls), str(metadata.get("stack_trace", "")))

    def argument(self, value: dict[str, Any]) -> Any:
        """An argument as Python has it; what cannot be one of an operation that is known is a ``dict``."""
        [(kind, content)] = value.items()
        if kind == "as_none":
            return None
        if kind == "as_tensor":
            return Named(str(content["name"]))
        if kind in ("as_tensors", "as_optional_tensors", "as_sym_ints"):
            return [self.argument(one) if "name" not in one else Named(str(one["name"])) for one in content]
        if kind in ("as_sym_int", "as_optional_tensor", "as_sym_float", "as_sym_bool"):
            return self.argument(content)
        if kind == "as_name":
            return Named(str(content))
        if kind in ("as_int", "as_float", "as_bool", "as_string", "as_ints", "as_floats", "as_bools", "as_strings",
                    "as_scalar_type", "as_memory_format", "as_layout"):
            return content
        return {kind: content}

    def size(self, value: dict[str, Any]) -> Dim:
        if "as_int" in value:
            return int(value["as_int"])
        text = str(value["as_expr"]["expr_str"])
        if len(text) > 10_000:
            raise Malformed("a size is too long")
        try:
            return self.term(ast.parse(text, mode="eval").body)
        except (SyntaxError, MemoryError):
            raise Malformed(f"the size `{text[:80]}`") from None

    def term(self, node: ast.expr) -> Dim:
        """A size out of the arithmetic that PyTorch writes: symbols, whole numbers, sums, products, floor division."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        if isinstance(node, ast.Name):
            return self.symbol(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.term(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = self.term(node.left), self.term(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, ast.FloorDiv):
                return floor_quotient(left, right)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            if name in ("Symbol", "Integer") and node.args and isinstance(node.args[0], ast.Constant):
                inner = node.args[0].value
                return self.symbol(inner) if isinstance(inner, str) else self.term(node.args[0])
            terms = [self.term(one) for one in node.args]
            if name == "Add":
                return sum(terms[1:], start=terms[0])
            if name == "Mul":
                made: Dim = 1
                for term in terms:
                    made = made * term
                return made
            if name in ("FloorDiv", "floor_div") and len(terms) == 2:
                return floor_quotient(*terms)
            if name == "Pow" and len(terms) == 2 and isinstance(terms[1], int) and 0 <= terms[1] <= 8:
                return terms[0] ** terms[1]
        raise Malformed(f"the size `{ast.unparse(node)[:80]}`")

    def symbol(self, name: str) -> Dim:
        if not re.fullmatch(r"[A-Za-z_]\w{0,40}", name, re.ASCII):
            raise Malformed("the name of a size")
        if name not in self.symbols:
            self.symbols[name] = Variable(name)
        return self.symbols[name].poly

    def parts(self, module: dict[str, Any], count: int) -> list[str]:
        """The names of the parts that come out: the keys of a dictionary, or of a class that stands for one."""
        import json

        try:
            entry = next(one for one in module["module_call_graph"] if one["fqn"] == "")
            spec = json.loads(entry["signature"]["out_spec"])[1]
            names = json.loads(spec["context"])
            if isinstance(names, dict):
                names = names.get("field_names", [])
        except (KeyError, TypeError, ValueError, IndexError, StopIteration, RecursionError):
            return []
        if not isinstance(names, list) or len(names) != count or not all(isinstance(one, str) for one in names):
            return []
        return names if len(set(names)) == count else []
