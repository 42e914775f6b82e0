"""What a check said of some files, as bytes that are kept or sent, and back.

JSON, since reading it can build nothing but texts, numbers and lists, whoever wrote it, and since what is wrong in it
is seen. Nothing said of any file is no bytes at all. A source is referred to by its name; where that does not lead back
to it, the record holds the source itself, and can be sent, but not kept.

>>> from catlang.diagnostic import Diagnostic, Label
>>> from catlang.span import Source, Span
>>> source = Source("a.cat", "a.cat", "dim n")
>>> said = {"a.cat": [Diagnostic("E0201", "what", [Label(Span(source, 4, 5), "here")], why=["so"])], "b.cat": []}
>>> data, lasting = packed(said, {"a.cat": source}.get)
>>> lasting, unpacked(data, {"a.cat": source}.get) == {"a.cat": said["a.cat"]}
(True, True)
>>> packed({"b.cat": []}, {}.get), unpacked(b"", {}.get), unpacked(b"[1]", {}.get), unpacked(b"[", {}.get)
((b'', True), {}, None, None)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from catlang.diagnostic import Diagnostic
    from catlang.span import Source

    Sources = Callable[[str], Source | None]

LIBRARY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "library")


def packed(said: Mapping[str, Iterable[Diagnostic]], sources: Sources) -> tuple[bytes, bool]:
    """The record, and whether it may be kept. The outcome does not depend on the order of ``said``."""
    files = [(name, list(diagnostics)) for name, diagnostics in sorted(said.items())]
    if not any(diagnostics for _, diagnostics in files):
        return b"", True
    import json

    lasting = True

    def reference(source: Source) -> Any:
        nonlocal lasting
        if source == (shipped(source.name) or sources(source.name)):
            return source.name
        lasting = False
        return [source.name, source.path, source.text]

    rows = [[name, [[found.code, found.severity, found.headline, list(found.why), list(found.help),
                     [[reference(label.span.source), label.span.start, label.span.end, label.text, label.primary]
                      for label in found.labels]] for found in diagnostics]]
            for name, diagnostics in files if diagnostics]
    return json.dumps(rows, separators=(",", ":")).encode("ascii"), lasting


def unpacked(data: bytes, sources: Sources) -> dict[str, list[Diagnostic]] | None:
    """What was said of the files of which anything was said; None where the bytes are no record."""
    if not data:
        return {}
    import json

    try:
        return {_text(name): [_diagnostic(row, sources) for row in rows] for name, rows in json.loads(data)}
    except (ValueError, TypeError, RecursionError):
        return None


def _diagnostic(row: Any, sources: Sources) -> Diagnostic:
    from catlang.diagnostic import Diagnostic

    code, severity, headline, why, help, labels = row
    if severity not in ("error", "warning"):
        raise ValueError("a severity that does not exist")
    return Diagnostic(_text(code), _text(headline), [_label(one, sources) for one in labels],
                      [_text(one) for one in why], [_text(one) for one in help], severity)


def _label(row: Any, sources: Sources) -> Any:
    from catlang.diagnostic import Label
    from catlang.span import Source, Span

    reference, start, end, text, primary = row
    if isinstance(reference, list):
        name, path, whole = reference
        source: Source | None = Source(_text(name), path if path is None else _text(path), _text(whole))
    else:
        source = shipped(_text(reference)) or sources(reference)
    if source is None or type(start) is not int or type(end) is not int or not 0 <= start <= end:
        raise ValueError("a place that does not exist")
    if not isinstance(primary, bool):
        raise ValueError("neither primary nor not")
    return Label(Span(source, start, end), _text(text), primary)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


_shipped: dict[str, Source] = {}


def shipped(name: str) -> Source | None:
    """The file of the library that is shown under a name, if one is."""
    if not name.startswith("<") or not name.endswith(">"):
        return None
    if not _shipped:
        from catlang.source import read

        for place, _, files in os.walk(LIBRARY):
            for file in files:
                if file.endswith(".cat"):
                    path = os.path.join(place, file)
                    inside = os.path.relpath(path, LIBRARY)[:-4].replace(os.sep, ".")
                    _shipped[f"<{inside}>"] = read(path, f"<{inside}>")
    return _shipped.get(name)
