"""What was derived, where, and by which law."""

from __future__ import annotations

from dataclasses import dataclass, field

from catlang.span import Span
from catlang.visible import visible


@dataclass
class Account:
    """The derived forms of one compilation, in the order in which they were found; and the loops that stay loops."""

    lines: list[tuple[Span | None, str, str]] = field(default_factory=list)

    def note(self, span: Span | None, form: str, law: str) -> None:
        """One form, and the law by which it is the same."""
        self.lines.append((span, form, f"by: {law}"))

    def stays(self, span: Span | None, why: str) -> None:
        """A loop of which nothing was derived, and why."""
        self.lines.append((span, "nothing derived, the loop stays as it is written", f"why: {why}"))

    def report(self, name: str) -> str:
        """A line for each form with its place, and one for its law."""
        if not self.lines:
            return f"{name}: nothing derived, there is no loop in it\n"
        text = []
        for span, form, reason in self.lines:
            text += [f"{visible(span.place) if span is not None else name}: {form}", f"    {reason}"]
        return "\n".join(text) + "\n"
