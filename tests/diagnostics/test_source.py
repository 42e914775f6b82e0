"""Sources count lines and columns as an editor does; what cannot be read is a diagnostic that says why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from catlang import source as reading
from catlang.diagnostic import Bag, Diagnostic, Label
from catlang.source import Source, Span, Unreadable, read, scan_characters

if TYPE_CHECKING:
    from pathlib import Path


def refused(path: Path | str) -> Diagnostic:
    with pytest.raises(Unreadable) as raised:
        read(path)
    return raised.value.diagnostic


def place(diagnostic: Diagnostic) -> str:
    assert diagnostic.span is not None
    return os.path.basename(diagnostic.span.place)


def test_a_source_knows_its_path_and_is_shown_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "model.cat"
    file.write_text("dim n\n", encoding="utf-8")
    assert (read(file).name, read(file).path, read(file).text) == (str(file), str(file), "dim n\n")
    assert (read(file, "m.cat").name, read(file, "m.cat").path) == ("m.cat", str(file))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_counts_as_one(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "model.cat"
    file.write_bytes(f"\ufeffdim n # é{ending}{ending}dim d".encode())
    source = read(file)
    assert source.text == "dim n # é\n\ndim d"
    assert [source.line(n) for n in range(5)] == ["", "dim n # é", "", "dim d", ""]
    assert source.position(source.text.index("d", 5)) == (3, 1)


def test_spans() -> None:
    source = Source("model.cat", None, "dim n\ndim d\n")
    n, d = Span(source, 4, 5), Span(source, 10, 11)
    assert (n.text, n.place, n.join(d).text) == ("n", "model.cat:1:5", "n\ndim d")
    assert n == Span(Source("model.cat", None, source.text), 4, 5) != d
    assert len({n, d, Span(source, 4, 5)}) == 2
    with pytest.raises(ValueError, match="two sources"):
        n.join(Span(Source("other.cat", None, source.text), 4, 5))


def test_documentation_stands_directly_above() -> None:
    text = "## lost\n\n### rule\n  ## One\n  ##\n  ##two\n  dim n dim m\n# plain\ndim d\n"
    source = Source("model.cat", None, text)
    assert source.doc(text.index("dim n")) == "One\n\ntwo"
    assert source.doc(text.index("dim m")) is None
    assert source.doc(text.index("dim d")) is None
    assert Source("model.cat", None, "dim n").doc(0) is None


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "model.cat").touch()
    (tmp_path / "blocks.cat").touch()
    for name in ("modle.cat", "model", "Model.cat"):
        # A file system that ignores case finds the last.
        if (tmp_path / name).exists():
            continue
        missing = refused(tmp_path / name)
        assert (missing.code, missing.headline) == ("E0001", f"there is no file `{tmp_path / name}`")
        assert missing.help == (f"did you mean `{tmp_path / 'model.cat'}`?",)
    assert refused(tmp_path / "attention.cat").help == ()
    assert refused(tmp_path / "lib" / "a.cat").help == (f"there is no folder `{tmp_path / 'lib'}` either",)
    assert refused(tmp_path / "model.cat" / "a.cat").code == "E0001"
    assert refused("a\0b.cat").code == "E0003"


def test_what_is_not_a_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "model.cat").touch()
    folder = refused(tmp_path)
    assert (folder.code, folder.help) == (
        "E0002",
        (f"name a file in it, such as `{tmp_path / 'model.cat'}`",),
    )
    os.mkfifo(tmp_path / "pipe.cat")
    assert refused(tmp_path / "pipe.cat").code == "E0002"


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.cat"
    file.touch()

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)
    diagnostic = refused(file)
    assert (diagnostic.code, diagnostic.headline) == ("E0003", f"`{file}` may not be read")


def test_a_byte_that_is_not_utf8_is_pointed_at(tmp_path: Path) -> None:
    file = tmp_path / "model.cat"
    file.write_bytes("\ufeffdim é\r\n# caf".encode() + b"\xe9 x\n")
    diagnostic = refused(file)
    assert (diagnostic.code, place(diagnostic)) == ("E0004", "model.cat:2:6")
    assert diagnostic.why == ("byte 16 is 0xE9: invalid continuation byte",)
    assert diagnostic.help == ("in Latin-1 this byte is `é`: if that is meant, save the file as UTF-8",)
    file.write_bytes("dim n".encode("utf-16"))
    assert refused(file).help == ("it starts as UTF-16 does: save it as UTF-8",)


def test_a_nul_byte_is_pointed_at(tmp_path: Path) -> None:
    file = tmp_path / "model.cat"
    file.write_bytes(b"dim n\n\0\xff")
    diagnostic = refused(file)
    assert (diagnostic.code, place(diagnostic)) == ("E0005", "model.cat:2:1")
    file.write_bytes(b"\xff\0")
    assert refused(file).code == "E0004"


def test_a_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 5)
    file = tmp_path / "model.cat"
    file.write_bytes(b"dim n")
    assert read(file).text == "dim n"
    file.write_bytes(b"dim n\n")
    diagnostic = refused(file)
    assert (diagnostic.code, diagnostic.why) == ("E0006", ("it has 6 bytes, and a source has at most 5",))


@pytest.mark.parametrize("point", [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x61C])
def test_bidirectional_controls_are_refused_even_in_comments(point: int) -> None:
    (found,) = scan_characters(Source("model.cat", None, f"dim n\n# {chr(point)}\n"))
    assert (found.code, found.headline) == ("E0007", f"bidirectional control character U+{point:04X}")
    assert place(found) == "model.cat:2:3"


def test_control_characters_are_refused() -> None:
    refused_points = [
        point for point in range(0x100) if scan_characters(Source("model.cat", None, f"a{chr(point)}b"))
    ]
    controls = {*range(0x20), *range(0x7F, 0xA0)} - {9, 10, 13}
    assert refused_points == sorted(controls)
    (found,) = scan_characters(Source("model.cat", None, "é\x07"))
    assert (found.code, found.headline) == ("E0008", "control character U+0007")


@pytest.mark.parametrize(("count", "last"), [(20, None), (21, "another such character"), (25, "5 more such")])
def test_the_twenty_first_character_says_how_many_more(count: int, last: str | None) -> None:
    found = scan_characters(Source("model.cat", None, "\u202e" * count))
    assert len(found) == (20 if last is None else 21)
    assert last is None or last in found[-1].headline
    assert len(Bag(found)) == len(found)


def test_a_bag_is_sorted_and_says_each_thing_once() -> None:
    a, b = Source("a.cat", None, "dim n"), Source("b.cat", None, "dim n")
    second = Diagnostic("E0200", "second", [Label(Span(a, 4, 5))])
    again = Diagnostic("E0200", "the same place and code", [Label(Span(a, 4, 5), "other")])
    first = Diagnostic("E0300", "first", [Label(Span(b, 0, 3), primary=False), Label(Span(a, 0, 3))])
    third = Diagnostic("E0100", "third", [Label(Span(b, 0, 3))])
    warning = Diagnostic("W0100", "nowhere", severity="warning")
    bag = Bag([third, second, again, second])
    bag.add(warning)
    bag.extend([first])
    assert list(bag) == [warning, first, second, third]
    assert (bag.errors, bag.warnings, len(bag)) == (3, 1, 4)
    assert not Bag()


def test_one_sentence_in_place_of_several_is_refused() -> None:
    with pytest.raises(TypeError):
        Diagnostic("E0100", "headline", help="one sentence")
