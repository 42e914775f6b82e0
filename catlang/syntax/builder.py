"""Nodes out of what the grammar recognises: one method a rule, called by the parser as it reduces.

Mistakes that the grammar cannot see (two signs mixed in one chain, a pattern that is no pattern) are noted in
``mistakes`` as ``(code, headline, start, end, help)`` and worded no further here: the parse goes on.
"""

from __future__ import annotations

from typing import Any

from catlang.syntax import tree as t


def fold(text: str) -> str:
    """The NFKC form of a name, which is what tells two names apart, here as in Python."""
    if text.isascii():
        return text
    import unicodedata

    return unicodedata.normalize("NFKC", text)


def _flat(kids: list[Any]) -> list[Any]:
    """The nodes among a rule's children: optional parts that are absent and signs are left out."""
    return [kid for kid in kids if isinstance(kid, t.Node)]


class Builder:
    """Called by Lark with each rule's children; holds the declarations finished so far."""

    def __init__(self) -> None:
        self.declarations: list[t.Declaration] = []
        self.mistakes: list[tuple[str, str, int, int, str]] = []

    def mistake(self, code: str, headline: str, start: int, end: int, help: str) -> None:
        self.mistakes.append((code, headline, start, end, help))

    def _node(self, kind: type[Any], start: int, end: int, below: list[Any], *values: Any) -> Any:
        """A node one deeper than what is below it; too deep is a mistake once, where the limit is crossed."""
        node = kind(start, end, *values)
        deepest = 0
        for kid in below:
            if kid is not None and kid.depth > deepest:
                deepest = kid.depth
        node.depth = deepest + 1
        if deepest == t.DEEPEST:
            self._too_deep(start, end)
        return node

    def _too_deep(self, start: int, end: int) -> None:
        self.mistake("E0106", f"this is nested more than {t.DEEPEST} deep", start, min(end, start + 1),
                     "name a part of it with `let` or a declaration of its own")

    def _longer(self, chain: Any, part: Any) -> Any:
        """The chain, one part longer: as deep as that part may make it."""
        if chain.depth <= t.DEEPEST == part.depth:
            self._too_deep(chain.start, chain.end)
        chain.depth = max(chain.depth, part.depth + 1)
        return chain

    # -------------------------------------------------------------- atoms

    def name(self, kids: list[Any]) -> t.Node:
        token = kids[0]
        return t.Name(token.start_pos, token.end_pos, fold(token))

    def spread(self, kids: list[Any]) -> t.Node:
        return t.Spread(kids[0].start_pos, kids[1].end_pos, fold(kids[0]))

    def number(self, kids: list[Any]) -> t.Node:
        token = kids[0]
        text = token.replace("_", "")
        value: int | float
        if "." in text or "e" in text or "E" in text:
            value = float(text)
            if value in (float("inf"),):
                self.mistake("E0107", "this number is too large for a real", token.start_pos, token.end_pos,
                             "the largest is about 1.8e308")
                value = 1.0
        elif len(text) > 60:
            self.mistake("E0107", f"this number has {len(text)} digits", token.start_pos, token.end_pos,
                         "sizes end at 2^63 - 1")
            value = 1
        else:
            value = int(text)
        return t.Number(token.start_pos, token.end_pos, value)

    def hole(self, kids: list[Any]) -> t.Node:
        return t.Hole(kids[0].start_pos, kids[0].end_pos)

    def wildcard(self, kids: list[Any]) -> t.Node:
        return t.Wildcard(kids[0].start_pos, kids[0].end_pos)

    def group(self, kids: list[Any]) -> t.Node:
        """Parentheses: a lone item is that item, marked ``grouped``; anything else a tuple."""
        opened, items, closed = kids
        start, end = opened.start_pos, closed.end_pos
        if items is not None and len(items) == 1 and not isinstance(items[0], t.Typed | t.Named):
            item = items[0]
            item.grouped = True
            item.start, item.end = start, end
            item.depth += 1
            if item.depth == t.DEEPEST + 1:
                self._too_deep(start, end)
            return item
        if items is not None and len(items) == 1 and isinstance(items[0], t.Typed):
            items[0].start, items[0].end = start, end
            return items[0]
        return self._node(t.Tuple, start, end, items or [], items or [])

    def items(self, kids: list[Any]) -> list[Any]:
        return _flat(kids)

    def case(self, kids: list[Any]) -> t.Node:
        opened, items, closed = kids
        return self._node(t.Case, opened.start_pos, closed.end_pos, items, items)

    def typed(self, kids: list[Any]) -> t.Node:
        token, type_ = kids
        return self._node(t.Typed, token.start_pos, type_.end, [type_], fold(token), token.start_pos, type_)

    def named(self, kids: list[Any]) -> t.Node:
        token, value = kids
        return self._node(t.Named, token.start_pos, value.end, [value], fold(token), value)

    given = named

    def apply(self, kids: list[Any]) -> t.Node:
        function, _, items, closed = kids
        items = items or []
        return self._node(t.Apply, function.start, closed.end_pos, [function, *items], function, items)

    def index(self, kids: list[Any]) -> t.Node:
        function, _, items, closed = kids
        items = items or []
        return self._node(t.Index, function.start, closed.end_pos, [function, *items], function, items)

    def attribute(self, kids: list[Any]) -> t.Node:
        value, token = kids
        return self._node(t.Attribute, value.start, token.end_pos, [value], value, fold(token))

    def label(self, kids: list[Any]) -> t.Node:
        body, token = kids
        return self._node(t.Labelled, body.start, token.end_pos, [body], body, fold(token))

    def initialised(self, kids: list[Any]) -> t.Node:
        body, _, (initialisers, end) = kids
        return self._node(t.Initialised, body.start, end, [body], body, initialisers)

    def initialiser(self, kids: list[Any]) -> tuple[list[t.Initialiser], int]:
        token, _, arguments, closed = kids
        end = closed.end_pos if closed is not None else token.end_pos
        return [t.Initialiser(token.start_pos, end, None, fold(token), arguments or [])], end

    def initial_items(self, kids: list[Any]) -> list[t.Node]:
        return kids

    def initialisers(self, kids: list[Any]) -> tuple[list[t.Initialiser], int]:
        found = []
        for weight, ([one], _) in zip(kids[1:-1:2], kids[2:-1:2], strict=True):
            one.weight, one.start = fold(weight), weight.start_pos
            found.append(one)
        return found, kids[-1].end_pos

    # -------------------------------------------------------------- operators

    def over(self, kids: list[Any]) -> t.Node:
        body, semiring = kids
        return self._node(t.Over, body.start, semiring.end, kids, body, semiring)

    def prefix(self, kids: list[Any]) -> t.Node:
        sign, body = kids
        operator = {"μ": "mu", "ν": "nu"}.get(sign, str(sign))
        return self._node(t.Prefix, sign.start_pos, body.end, [body], operator, body)

    def binary(self, kids: list[Any]) -> t.Node:
        left, sign, right = kids
        if sign == "^" and isinstance(left, t.Prefix) and left.operator == "-" and not left.grouped:
            self.mistake("E0105", "`-x^n` can be read in two ways", left.start,
                         right.end, "write `(-x)^n` or `-(x^n)`")
        return self._node(t.Binary, left.start, right.end, [left, right], str(sign), left, right)

    def _chain(self, kind: type[Any], kids: list[Any], *more: Any) -> t.Node:
        left, right = kids
        if type(left) is kind and not left.grouped:
            (left.parts if kind is t.Compose else left.items).append(right)
            left.end = right.end
            return self._longer(left, right)
        return self._node(kind, left.start, right.end, kids, [left, right], *more)

    def times(self, kids: list[Any]) -> t.Node:
        return self._chain(t.Times, kids)

    def plus(self, kids: list[Any]) -> t.Node:
        return self._chain(t.Plus, kids)

    def _mixed(self, left: Any, right: Any, backwards: bool) -> None:
        if isinstance(left, t.Compose) and not left.grouped and left.backwards != backwards:
            self.mistake("E0104", "`>>` and `∘` stand in one chain", left.start, right.end,
                         "write it all with `>>`, or put one of them in parentheses")

    def compose(self, kids: list[Any]) -> t.Node:
        self._mixed(kids[0], kids[1], backwards=False)
        return self._chain(t.Compose, kids, False)

    def after(self, kids: list[Any]) -> t.Node:
        later, earlier = kids
        self._mixed(later, earlier, backwards=True)
        if type(later) is t.Compose and not later.grouped:
            later.parts.insert(0, earlier)
            later.end = earlier.end
            return self._longer(later, earlier)
        return self._node(t.Compose, later.start, earlier.end, kids, [earlier, later], True)

    def along(self, kids: list[Any]) -> t.Node:
        return self._node(t.Along, kids[0].start, kids[1].end, kids, *kids)

    def lambda_(self, kids: list[Any]) -> t.Node:
        pattern, body = kids
        self._pattern(pattern)
        return self._node(t.Lambda, pattern.start, body.end, kids, pattern, body)

    def _pattern(self, pattern: Any) -> None:
        if isinstance(pattern, t.Tuple):
            for item in pattern.items:
                self._pattern(item)
        elif isinstance(pattern, t.Typed):
            return
        elif not isinstance(pattern, t.Name | t.Wildcard):
            self.mistake("E0103", "this is no pattern: variables are bound by names, `_` and tuples of them",
                         pattern.start, pattern.end,
                         "write it as `(x, y) |-> ...`" if isinstance(pattern, t.Number) else
                         "put the lambda in parentheses if it is one part of a larger morphism: `f >> (x |-> g(x))`")

    def binding(self, kids: list[Any]) -> t.Node:
        pattern, value = kids
        self._pattern(pattern)
        return self._node(t.Binding, pattern.start, value.end, kids, pattern, value)

    def let(self, kids: list[Any]) -> t.Node:
        word, *bindings, body = kids
        return self._node(t.Let, word.start_pos, body.end, [*bindings, body], bindings, body)

    # -------------------------------------------------------------- axis patterns

    def axes(self, kids: list[Any]) -> t.Node:
        start = kids[0].start if kids else 0
        end = kids[-1].end if kids else 0
        return self._node(t.Axes, start, end, kids, kids)

    axis_name = name
    axis_spread = spread
    axis_number = number

    def axis_group(self, kids: list[Any]) -> t.Node:
        opened, *items, closed = kids
        return self._node(t.Axes, opened.start_pos, closed.end_pos, items, items)

    def _shuffle(self, kind: str, kids: list[Any]) -> t.Node:
        word, closed = kids[0], kids[-1]
        sides = _flat(kids)
        end = kids[1].end_pos
        for side in sides:
            if not side.items:
                side.start = side.end = end
            end = side.end
        how = fold(kids[2]) if kind == "reduce" else None
        return self._node(t.Shuffle, word.start_pos, closed.end_pos, sides, kind, how, sides[:-1], sides[-1])

    def rearrange(self, kids: list[Any]) -> t.Node:
        return self._shuffle("rearrange", kids)

    def repeat(self, kids: list[Any]) -> t.Node:
        return self._shuffle("repeat", kids)

    def contract(self, kids: list[Any]) -> t.Node:
        return self._shuffle("contract", kids)

    def reduce(self, kids: list[Any]) -> t.Node:
        return self._shuffle("reduce", kids)

    # -------------------------------------------------------------- parts of declarations

    def arrow(self, kids: list[Any]) -> t.Node:
        return self._node(t.Arrow, kids[0].start, kids[1].end, kids, *kids)

    def where(self, kids: list[Any]) -> list[Any]:
        return kids

    def relation(self, kids: list[Any]) -> t.Node:
        sides, relators = kids[::2], kids[1::2]
        return self._node(t.Relation, sides[0].start, sides[-1].end, sides, sides, relators, None)

    def guarded(self, kids: list[Any]) -> t.Node:
        relation, name, _, value = kids
        relation.guard = (fold(name), fold(value))
        relation.end = value.end_pos
        return relation

    def relator(self, kids: list[Any]) -> str:
        return {"≤": "<=", "≥": ">=", "≠": "!="}.get(kids[0], str(kids[0]))

    def generics(self, kids: list[Any]) -> list[Any]:
        return _flat(kids)

    def generic(self, kids: list[Any]) -> t.Node:
        token, dots, kind, default = kids
        end = max(part.end for part in (default, kind) if part is not None) if kind or default else (
            dots.end_pos if dots is not None else token.end_pos)
        return t.Generic(token.start_pos, end, fold(token), dots is not None, kind, default)

    def parameters(self, kids: list[Any]) -> list[Any]:
        """``x, y : A`` gives ``A`` to both."""
        found = _flat(kids)
        type_: Any = None
        for one in reversed(found):
            if one.type is None:
                one.type = type_
                if type_ is None:
                    self.mistake("E0102", f"`{one.name}` has no type", one.start, one.end,
                                 f"write `{one.name} : A -> B` for a morphism, `{one.name} : A` for an element")
                    one.type = t.Hole(one.start, one.end)
            type_ = one.type
        return found

    def parameter(self, kids: list[Any]) -> t.Node:
        token, type_ = kids
        return t.Parameter(token.start_pos, type_.end if type_ else token.end_pos, fold(token), type_)

    def weights(self, kids: list[Any]) -> t.Node:
        return t.Bank(kids[0].start_pos, kids[1].end, "weights", kids[1])

    def state(self, kids: list[Any]) -> t.Node:
        return t.Bank(kids[0].start_pos, kids[1].end, "state", kids[1])

    def noise(self, kids: list[Any]) -> t.Node:
        return t.Bank(kids[0].start_pos, kids[1].end, "noise", kids[1])

    def copies(self, kids: list[Any]) -> t.Node:
        return t.Bank(kids[0].start_pos, kids[1].end, "copies", kids[1])

    def reduces(self, kids: list[Any]) -> t.Node:
        token = kids[1]
        return t.Bank(kids[0].start_pos, token.end_pos, "reduces",
                      t.Name(token.start_pos, token.end_pos, fold(token)))

    # -------------------------------------------------------------- declarations

    def _declared(self, kind: type[Any], word: Any, name: Any, *values: Any, keyword: str | None = None) -> None:
        """Keeps a declaration; its end is that of the last of its values that has one."""
        end = name.end_pos
        for value in values:
            parts = value if isinstance(value, list) else [value]
            for part in parts:
                if isinstance(part, t.Node) and part.end > end:
                    end = part.end
        first = () if keyword is None else (keyword,)
        self.declarations.append(kind(word.start_pos, end, *first, fold(name), name.start_pos, *values))

    def start(self, kids: list[Any]) -> list[t.Declaration]:
        return self.declarations

    def module_path(self, kids: list[Any]) -> tuple[Any, int, int]:
        path: Any = kids[0][1:-1] if kids[0].type == "STRING" else tuple(fold(kid) for kid in kids)
        return path, kids[0].start_pos, kids[-1].end_pos

    def givens(self, kids: list[Any]) -> tuple[list[Any], int]:
        return _flat(kids), kids[-1].end_pos

    def import_(self, kids: list[Any]) -> None:
        word, (path, start, end), dims, alias = kids
        given, last = dims if dims is not None else ([], end)
        if alias is not None:
            last = alias.end_pos
        self.declarations.append(
            t.Import(word.start_pos, last, path, start, end, given, fold(alias) if alias else None))

    def allow(self, kids: list[Any]) -> None:
        word, code, file, reason = kids
        end = max(part.end_pos for part in (code, file, reason) if part is not None)
        self.declarations.append(t.Allow(word.start_pos, end, str(code), code.start_pos, file is not None,
                                         str(reason)[1:-1] if reason is not None else None))

    def dims(self, kids: list[Any]) -> None:
        word, *items, where = kids
        end = where[-1].end if where else items[-1].end
        self.declarations.append(t.Dims(word.start_pos, end, items, where or []))

    def dim_item(self, kids: list[Any]) -> t.Node:
        token, bound, value = kids
        relator, limit = bound if bound is not None else (None, None)
        end = value.end if value is not None else limit.end if limit is not None else token.end_pos
        return t.DimItem(token.start_pos, end, fold(token), relator, limit, value)

    def dim_bound(self, kids: list[Any]) -> tuple[str, Any]:
        return {"≤": "<=", "≥": ">="}.get(kids[0], str(kids[0])), kids[1]

    def param(self, kids: list[Any]) -> None:
        word, name, type_, default = kids
        self._declared(t.Param, word, name, type_, default)

    def object_alias(self, kids: list[Any]) -> None:
        word, name, generics, body, where = kids
        self._declared(t.Object, word, name, generics or [], False, body, where or [])

    def object_nominal(self, kids: list[Any]) -> None:
        word, name, generics, body, where = kids
        self._declared(t.Object, word, name, generics or [], True, body, where or [])

    def morphism(self, kids: list[Any]) -> None:
        word, name, generics, parameters, type_, state, body, evaluation, where = kids
        self._declared(t.Morphism, word, name, generics or [], parameters or [], type_, state, body, evaluation,
                       where or [], keyword=str(word))

    def extern(self, kids: list[Any]) -> None:
        word, _, name, generics, type_, _, reference, given, where = kids
        given, end = given if given is not None else ([], reference.end_pos)
        self._declared(t.Extern, word, name, generics or [], [], type_, [], where or [], str(reference)[1:-1],
                       reference.start_pos, given)
        self.declarations[-1].end = max(self.declarations[-1].end, end)

    def primitive(self, kids: list[Any]) -> None:
        word, name, generics, parameters, type_, *banks, where = kids
        self._declared(t.Primitive, word, name, generics or [], parameters or [], type_, banks, where or [])

    def endofunctor(self, kids: list[Any]) -> None:
        word, name, generics, *variable, body = kids
        [_, token, _] = variable if len(variable) == 3 else [None] * 3
        self._declared(t.Endofunctor, word, name, generics or [], fold(token) if token is not None else None,
                       token.start_pos if token is not None else name.start_pos, body)

    def algebra(self, kids: list[Any]) -> None:
        word, name, generics, parameters, type_, of, _, monad, body, where = kids
        if of is not None:
            self.mistake("E0901", "an algebra of a monad is not there yet", of.start_pos, monad.end,
                         "an algebra of an endofunctor is written without it")
        self._declared(t.Morphism, word, name, generics or [], parameters or [], type_, None, body, None, where or [],
                       keyword=str(word))

    def cell(self, kids: list[Any]) -> None:
        word, name, generics, source, target, body = kids
        self._declared(t.Cell, word, name, generics or [], source, target, body)

    def frozen(self, kids: list[Any]) -> None:
        word, name, type_ = kids
        initialisers: list[t.Initialiser] = []
        end = type_.end
        if isinstance(type_, t.Initialised):
            initialisers, type_ = type_.initialisers, type_.body
        self._declared(t.Frozen, word, name, type_, initialisers)
        self.declarations[-1].end = end

    # -------------------------------------------------------------- theories and models

    def theory(self, kids: list[Any]) -> None:
        word, name, *entries, closed = kids
        self._declared(t.Theory, word, name, _flat(entries))
        self.declarations[-1].end = closed.end_pos

    def sort(self, kids: list[Any]) -> t.Node:
        word, name = kids
        return t.Sort(word.start_pos, name.end_pos, fold(name), name.start_pos)

    def operation(self, kids: list[Any]) -> t.Node:
        word, name, type_ = kids
        return self._node(t.Operation, word.start_pos, type_.end, [type_], fold(name), name.start_pos, type_)

    def equation(self, kids: list[Any]) -> t.Node:
        word, name, parameters, relation, where = kids
        last = where or relation
        return self._node(t.Equation, word.start_pos, last.end, [relation], fold(name) if name is not None else None,
                          (name or word).start_pos, parameters or [], relation, where)

    def model(self, kids: list[Any]) -> None:
        word, name, generics, theory, *entries, closed, where = kids
        self._declared(t.Model, word, name, generics or [], theory, _flat(entries), where or [])
        self.declarations[-1].end = max(self.declarations[-1].end, closed.end_pos)

    def model_entry(self, kids: list[Any]) -> t.Node:
        name, value = kids
        return self._node(t.ModelEntry, name.start_pos, value.end, [value], fold(name), name.start_pos, value)

    # -------------------------------------------------------------- what is answered with "not yet"

    def _later(self, kids: list[Any]) -> None:
        word = next(kid for kid in kids if hasattr(kid, "start_pos"))
        names = [kid for kid in kids if getattr(kid, "type", None) == "NAME"]
        name = names[0] if names else None
        place = name if name is not None else word
        keyword = str(word) if word.type != "LAX" else "hom"
        self.declarations.append(
            t.Later(word.start_pos, place.end_pos, keyword, fold(name) if name else None, place.start_pos))

    law = later_transformation = later_body = _later
    later_action = later_hom = later_budget = later_strength = _later

    def body(self, kids: list[Any]) -> None:
        return None

    def entry(self, kids: list[Any]) -> None:
        return None
