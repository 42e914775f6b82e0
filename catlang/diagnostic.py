"""A diagnostic is one mistake: its code, a headline, the places it is about, why it is one, and what helps.

Diagnostics are values: equal where their contents are, ordered by place. A bag collects those of every stage;
what comes out of it is sorted, and says each thing once.

>>> from catlang.span import Source, Span
>>> source = Source("model.cat", None, "dim n\\ndim n\\n")
>>> twice = Diagnostic("E0101", "`n` is declared twice", [
...     Label(Span(source, 10, 11), "declared again here"),
...     Label(Span(source, 4, 5), "first declared here", primary=False)])
>>> twice.span.place
'model.cat:2:5'
>>> bag = Bag()
>>> bag.add(twice); bag.add(twice)
>>> bag.errors, list(bag) == [twice]
(1, True)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from catlang.span import Span


class Label:
    """What is to be said about one place; the primary ones are where the mistake is."""

    __slots__ = ("primary", "span", "text")

    def __init__(self, span: Span, text: str = "", primary: bool = True) -> None:
        self.span = span
        self.text = text
        self.primary = primary

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Label):
            return NotImplemented
        return self.primary == other.primary and self.text == other.text and self.span == other.span

    def __hash__(self) -> int:
        return hash((self.span, self.text, self.primary))

    def __repr__(self) -> str:
        kind = "primary" if self.primary else "secondary"
        return f"<Label {self.span.place} {kind} {self.text!r}>"


class Diagnostic:
    """One mistake, as a value. `why` and `help` are sentences shown below the source."""

    __slots__ = ("code", "headline", "help", "labels", "severity", "why")

    def __init__(
        self,
        code: str,
        headline: str,
        labels: Iterable[Label] = (),
        why: Iterable[str] = (),
        help: Iterable[str] = (),
        severity: str = "error",
    ) -> None:
        if isinstance(why, str) or isinstance(help, str):
            raise TypeError("`why` and `help` are tuples of sentences, not one sentence")
        self.code = code
        self.headline = headline
        self.labels = tuple(labels)
        self.why = tuple(why)
        self.help = tuple(help)
        self.severity = severity

    @property
    def span(self) -> Span | None:
        """The place of the mistake: its first primary label's; None where it has no place in any source."""
        for label in self.labels:
            if label.primary:
                return label.span
        return self.labels[0].span if self.labels else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Diagnostic):
            return NotImplemented
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def __lt__(self, other: Diagnostic) -> bool:
        return self.order() < other.order()

    def __repr__(self) -> str:
        place = self.span.place if self.span else "nowhere"
        return f"<Diagnostic {place} {self.severity}[{self.code}] {self.headline!r}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from catlang.notebook.display import diagnostics

        return diagnostics([self])

    def order(self) -> tuple[str, int, int, str, str, str]:
        """What diagnostics are sorted by: the source's name, the place in it, the code, the words."""
        span = self.span
        if span is None:
            return ("", -1, -1, self.code, self.headline, self.severity)
        return (span.source.name, span.start, span.end, self.code, self.headline, self.severity)

    def _content(self) -> tuple[object, ...]:
        return (self.code, self.headline, self.labels, self.why, self.help, self.severity)


class Bag:
    """A growing collection of diagnostics that keeps one of each code at each span, the first that came."""

    __slots__ = ("_kept", "errors")

    def __init__(self, diagnostics: Iterable[Diagnostic] = ()) -> None:
        self._kept: dict[tuple[object, ...], Diagnostic] = {}
        self.errors = 0
        self.extend(diagnostics)

    def add(self, diagnostic: Diagnostic) -> None:
        span = diagnostic.span
        place: object = diagnostic.headline if span is None else span
        key = (diagnostic.code, diagnostic.severity, place)
        if key not in self._kept:
            self._kept[key] = diagnostic
            self.errors += diagnostic.severity == "error"

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def warnings(self) -> int:
        return sum(diagnostic.severity == "warning" for diagnostic in self._kept.values())

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._kept.values()))

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"<Bag {self.errors} errors, {self.warnings} warnings>"
