"""No text of a file and no name of one breaks a format: documents parse back to what was found, and GitHub's runner
finds the annotations that were meant, and no other command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given

from catlang.diagnostic import Diagnostic, Label
from catlang.formats import FORMATS, Found, github, whole, written
from catlang.span import Source, Span
from catlang.visible import visible

from .hostile import FOUND, PATIENT

REPOSITORY = Path(__file__).parents[2]
#: The commands that a runner knows.
REGISTERED = {"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "set-env", "add-path",
              "set-output", "save-state", "stop-commands", "echo", "add-matcher", "remove-matcher",
              "internal-set-repo-path"}


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands that GitHub's runner takes a text to give: those of today, at the start of a line behind blanks, and
    those of old, anywhere in one."""
    found = []
    for line in re.split("\r\n|\r|\n", text):
        if line.lstrip().startswith("::"):
            name, colons, data = line.lstrip()[2:].partition("::")
            word, _, rest = name.partition(" ")
            if colons and word.lower() in REGISTERED:
                pairs = [pair.split("=", 1) for pair in rest.strip().split(",") if "=" in pair]
                found.append((word, {key: unescaped(value, property=True) for key, value in pairs}, unescaped(data)))
                continue
        if "##[" in line:
            name, bracket, data = line.partition("##[")[2].partition("]")
            if bracket and name.partition(" ")[0].lower() in REGISTERED:
                found.append((name, {}, data))
    return found


def unescaped(text: str, property: bool = False) -> str:
    pairs = [("%0D", "\r"), ("%0A", "\n"), *([("%3A", ":"), ("%2C", ",")] if property else []), ("%25", "%")]
    for written_as, character in pairs:
        text = text.replace(written_as, character)
    return text


def test_the_model_of_the_runner_finds_commands() -> None:
    assert commands(" \t::error file=a%2Cb,line=3::50%25%0Amore\nx ##[add-path]/evil\n:: error::\n##[none]\n") == [
        ("error", {"file": "a,b", "line": "3"}, "50%\nmore"), ("add-path", {}, "/evil")]


@PATIENT
@given(FOUND)
def test_a_runner_finds_the_annotations_and_no_other_command(found: Found) -> None:
    text = written(found, "github")
    given_back = commands(text)
    wanted: list[tuple[str, str]] = []
    for severity in ("error", "warning"):
        all_of_them = [one for one in found.diagnostics if one.severity == severity]
        shown = all_of_them if len(all_of_them) <= 10 else all_of_them[:9]
        wanted += [(severity, visible(one.headline)) for one in shown]
        if len(shown) < len(all_of_them):
            left = len(all_of_them) - 9
            wanted.append((severity, f"{left} more {severity}s are told in the log of this step"))
    assert [(name, data.split("\n")[0]) for name, _, data in given_back] == wanted
    assert {key for _, properties, _ in given_back for key in properties} <= {
        "file", "line", "endLine", "col", "endColumn", "title"}
    lines = text.split("\n")
    assert len(lines) == len(found.diagnostics) + len(given_back) + 1
    assert all(line == visible(line) for line in lines)
    # All of them are in the log, in lines of their own.
    assert all(re.match(r"(error|warning)\[E\d{4}\]", line) for line in lines[: len(found.diagnostics)])


@PATIENT
@given(FOUND)
def test_json_parses_back(found: Found) -> None:
    data = json.loads(written(found, "json"))
    assert [one["headline"] for one in data["diagnostics"]] == [whole(one.headline) for one in found.diagnostics]
    for one, diagnostic in zip(data["diagnostics"], found.diagnostics, strict=True):
        names = [whole(label.span.source.name) for label in diagnostic.labels]
        assert [label["file"] for label in one["labels"]] == names
        for place, label in zip(one["labels"], diagnostic.labels, strict=True):
            source = label.span.source
            start, end = (source.offset(place[at]["line"], place[at]["column"]) for at in ("start", "end"))
            assert source.text[start:end] == label.span.text
    assert data["summary"]["errors"] + data["summary"]["warnings"] == len(found.diagnostics)


@PATIENT
@given(FOUND)
def test_sarif_parses_back(found: Found) -> None:
    [run] = json.loads(written(found, "sarif"))["runs"]
    assert len(run["results"]) == len(found.diagnostics)
    for result, diagnostic in zip(run["results"], found.diagnostics, strict=True):
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == diagnostic.code
        message = result["message"]["text"].replace("{{", "{").replace("}}", "}").replace("] (", "](")
        assert message.startswith(whole(diagnostic.headline).replace("] (", "]("))
        assert not re.search(r"\]\(", result["message"]["text"])
        for location in [*result["locations"], *result.get("relatedLocations", ())]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"(file:///?)?(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri), uri
            region = location["physicalLocation"]["region"]
            assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])
            assert min(region.values()) >= 1


@PATIENT
@given(FOUND)
def test_xml_parses(found: Found) -> None:
    root = ElementTree.fromstring(written(found, "junit"))
    failures = root.findall("testsuite/testcase/failure")
    assert int(root.attrib["failures"]) == len(failures)
    assert int(root.attrib["tests"]) == len(root.findall("testsuite/testcase"))
    assert {element.tag for element in root.iter()} <= {"testsuites", "testsuite", "testcase", "failure", "system-out"}


@PATIENT
@given(FOUND)
def test_every_format_ends_in_a_line_feed_and_is_text(found: Found) -> None:
    for format in FORMATS:
        text = written(found, format)
        assert text.endswith("\n") or (format == "github" and text == "")
        if format != "github":
            assert text.isascii()


def test_a_uri_is_the_bytes_of_the_name() -> None:
    source = Source("a b/\udc80:é.cat", "there", "dim n")
    text = written(Found([], [Diagnostic("E0100", "x", [Label(Span(source, 0, 3))])]), "sarif")
    location = json.loads(text)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "a%20b/%80%3A%C3%A9.cat", "uriBaseId": "%SRCROOT%"}
    assert unquote_to_bytes(location["uri"]).decode("utf-8", "surrogateescape") == source.name


def test_columns_are_of_code_points() -> None:
    source = Source("a.cat", "a.cat", "# 😀😀 x\n")
    text = written(Found([], [Diagnostic("E0100", "x", [Label(Span(source, 5, 6))])]), "json")
    assert json.loads(text)["diagnostics"][0]["labels"][0]["start"] == {"line": 1, "column": 6}


def test_an_annotation_is_placed_from_the_root_of_the_repository_on(tmp_path, monkeypatch) -> None:
    (tmp_path / "specs").mkdir()
    monkeypatch.chdir(tmp_path / "specs")
    diagnostic = Diagnostic("E0100", "x", [Label(Span(Source("net.cat", "net.cat", "dim n"), 0, 3))])
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    assert "file=net.cat," in github.write(Found([], [diagnostic]))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert "file=specs/net.cat," in github.write(Found([], [diagnostic]))


@pytest.mark.parametrize(("errors", "warnings"), [(10, 10), (11, 0), (3, 12), (25, 11), (0, 0)])
def test_ten_annotations_of_a_kind_are_what_github_shows(errors: int, warnings: int) -> None:
    source = Source("a.cat", "a.cat", "x\n" * 40)
    told = [Diagnostic("E0201", "x", [Label(Span(source, 2 * number, 2 * number + 1))], severity=severity)
            for number in range(max(errors, warnings)) for severity, count in (("error", errors), ("warning", warnings))
            if number < count]
    text = written(Found(["a.cat"], told), "github")
    shown = [(name, properties.get("line")) for name, properties, _ in commands(text)]
    expected = []
    for severity, count in (("error", errors), ("warning", warnings)):
        lines = [str(number + 1) for number in range(count)]
        expected += [(severity, line) for line in (lines if count <= 10 else [*lines[:9], None])]
    assert shown == expected
    for severity, count in (("error", errors), ("warning", warnings)):
        assert (f"::{count - 9} more {severity}s are told in the log of this step\n" in text) == (count > 10)
        assert text.count(f"{severity}[E0201] a.cat:") == count


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not have")
def test_real_files_with_hostile_names(tmp_path: Path) -> None:
    wrong = b"morphism f : R[3] -> R[4] = relu\n"
    names = [b"a\nb.cat", b"::error::x.cat", b"##[error]y.cat", b"]]>.cat", b"<&>\"'.cat", b"\xff.cat",
             "😀 é.cat".encode(), b"a,b:c%0A.cat", b"\x1b[2J.cat", b" ::warning::z.cat"]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(wrong)
    (tmp_path / "empty.cat").touch()
    given_back = {}
    for format in FORMATS:
        done = subprocess.run([sys.executable, "-m", "catlang", "check", ".", "--format", format], cwd=tmp_path,
                              capture_output=True, timeout=30,
                              env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUTF8": "1"})
        assert done.returncode == 1
        given_back[format] = done.stdout.decode("utf-8")
    assert [name for name, _, _ in commands(given_back["github"])] == ["error"] * 10
    assert len(json.loads(given_back["json"])["diagnostics"]) == 10
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            for result in json.loads(given_back["sarif"])["runs"][0]["results"]]
    assert sorted(map(unquote_to_bytes, uris)) == sorted(names)
    assert len(list(ElementTree.fromstring(given_back["junit"]).iter("testcase"))) == 11
