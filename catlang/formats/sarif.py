"""SARIF 2.1.0, which code scanning reads: ``catlang check --format sarif``.

One run. Rules are the codes that occur, in their order; paths are relative to the folder in which the check was run,
which is ``%SRCROOT%``. A fingerprint is made of the code, the declaration and the headline, and of a number where a
file has the same several times, so that lines may move. The text is ASCII, whatever it says.
"""

from __future__ import annotations

import os
from json import dumps
from typing import TYPE_CHECKING, Any

from catlang.codes import CODES, topic
from catlang.formats import whole
from catlang.formats.path import below, slashed, uri
from catlang.identity import identities
from catlang.version import VERSION

if TYPE_CHECKING:
    from catlang.diagnostic import Diagnostic, Label
    from catlang.formats import Found
    from catlang.identity import Identity
    from catlang.span import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"


def write(found: Found) -> str:
    """All that was found as one log of one run."""
    codes = sorted({diagnostic.code for diagnostic in found.diagnostics})
    results: list[dict[str, Any]] = []
    times: dict[Identity, int] = {}
    for diagnostic, identity in zip(found.diagnostics, identities(found.diagnostics), strict=True):
        times[identity] = times.get(identity, 0) + 1
        results.append(_result(diagnostic, codes.index(diagnostic.code), fingerprint(identity, times[identity])))
    return dumps({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "catlang", "semanticVersion": VERSION, "rules": list(map(_rule, codes))}},
            "columnKind": "unicodeCodePoints",
            "newlineSequences": ["\r\n", "\n", "\r"],
            "originalUriBaseIds": {ROOT: {"description": {"text": "The folder in which catlang check was run."}}},
            "results": results,
        }],
    }, indent=2) + "\n"


def fingerprint(identity: Identity, time: int) -> str:
    """What a mistake is known by from run to run: the ``time``-th in its file of all that are called alike."""
    from hashlib import sha256

    parts = (identity.code, identity.declaration, identity.text, str(time))
    return sha256("\n".join(map(whole, parts)).encode()).hexdigest()


def _rule(code: str) -> dict[str, Any]:
    about = CODES.get(code, "a mistake")
    return {
        "id": code,
        "shortDescription": {"text": f"{about[0].upper()}{about[1:]}."},
        "help": {"text": f"{code}: {about}. It is a mistake about {topic(code)}. The message of a result says what is "
                         "wrong there, why it is, and what helps; `catlang check` shows it in the source."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": [topic(code)]},
    }


def _result(diagnostic: Diagnostic, rule: int, mark: str) -> dict[str, Any]:
    primary = diagnostic.span
    label = next((label for label in diagnostic.labels if label.span is primary), None)
    others = [one for one in diagnostic.labels if one is not label]
    rows = [diagnostic.headline]
    if label is not None and label.text and label.text not in diagnostic.headline:
        rows.append(label.text)
    for kind, texts in (("why", diagnostic.why), ("help", diagnostic.help)):
        rows += [f"{kind}: {text}" for text in texts]
    found = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity if diagnostic.severity in ("error", "warning") else "note",
        "message": _message("\n".join(rows)),
        "locations": [{"physicalLocation": _place(primary)}] if primary is not None else [],
        "partialFingerprints": {"catlangMistake/v1": mark},
    }
    if others:
        found["relatedLocations"] = [_related(number, one) for number, one in enumerate(others, 1)]
    return found


def _related(number: int, label: Label) -> dict[str, Any]:
    found: dict[str, Any] = {"id": number, "physicalLocation": _place(label.span)}
    return {**found, "message": _message(label.text)} if label.text else found


def _message(text: str) -> dict[str, str]:
    """A message that is read as it stands: braces are doubled, as placeholders ask for, and ``](`` makes no link."""
    return {"text": whole(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _place(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    last, behind = span.source.position(span.end)
    return {
        "artifactLocation": _file(span),
        "region": {"startLine": line, "startColumn": column, "endLine": last, "endColumn": behind},
    }


def _file(span: Span) -> dict[str, str]:
    name = span.source.name
    if span.source.path is None:
        return {"uri": uri(name)}
    if os.path.isabs(name) and below(name, os.getcwd()) is None:
        rooted = slashed(name, os.getcwd())
        return {"uri": ("file://" if rooted.startswith("/") else "file:///") + uri(rooted)}
    return {"uri": uri(slashed(name, os.getcwd())), "uriBaseId": ROOT}
