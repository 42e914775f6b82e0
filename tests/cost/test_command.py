"""`catlang cost` at the command line: what the table says, word for word, what has no cost, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catlang.command import main

NET = """
dim d
frozen W0 : R[d, d]
primitive flash[n] : R[n] -> R[n]
morphism block : R[d] -> R[d] = affine[_, 4*d] as up >> gelu >> affine as down
morphism net : R[d] -> R[d] = block^12 >> (let g = linear[d, d] in g >> relu >> g)
morphism odd : R[d] -> R[d] = block >> flash >> flash
morphism held : R[d] -> R[d] = linear along (U : R[d, d]) |-> add(W0, U)
morphism state : R[d, 8] -> R[d, 8] = batch_norm
morphism any[s..., A] : R[s...] * A -> R[s...] * A = (tanh >> relu) * id
morphism two : List(R[d]) * List(R[3]) -> List(R[2]) * List(R[3]) = map(affine) * map(affine)
morphism deep : R[d] * R[d] -> R[d] = (affine^d) * (affine^3 >> relu) >> add
morphism scanned : List(R[d]) -> List(R[d]) = scanl([zero, (s, x) |-> tanh(add(linear(s), x))]) >> map(relu)
morphism takes(f : R[d] -> R[d]) : R[d] -> R[d] = f
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "net.cat").write_text(NET)
    monkeypatch.chdir(tmp_path)
    return "net.cat"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["cost", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def total(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(said(capsys, *arguments, "--format", "json"))["total"]
    return found


def test_the_table_at_sizes(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "net.cat::net", "-d", "d=64") == """\
address                   morphism         copies  parameters    FLOPs  operations     memory  activations  depth
power_0.{i}               block^12             12     397,056  786,432     793,344  1,588,224       27,648      3
power_0.{i}.block_0       block                12     397,056  786,432     793,344  1,588,224       27,648      3
power_0.{i}.block_0.up    affine[64, 256]      12     199,680  393,216     396,288    798,720       12,288      1
power_0.{i}.block_0.down  affine[256, 64]      12     197,376  393,216     393,984    789,504        3,072      1
g*                        linear[64, 64]        1       4,096   16,384      16,384     16,384          512      1
-----------------------------------------------------------------------------------------------------------------
total                     net                         401,152  802,816     809,792  1,604,608       28,416     39

* one instance, used by several boxes and counted once: `g` by 2
"""


def test_the_table_in_symbols(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "net.cat::net", "--depth", "1") == """\
address      morphism      copies     parameters    FLOPs       operations           memory  activations  depth
power_0.{i}  block^12          12  96*d^2 + 60*d  192*d^2  192*d^2 + 108*d  384*d^2 + 240*d        432*d      3
g*           linear[d, d]       1            d^2    4*d^2            4*d^2            4*d^2          8*d      1
---------------------------------------------------------------------------------------------------------------
total        net                   97*d^2 + 60*d  196*d^2  196*d^2 + 109*d  388*d^2 + 240*d        444*d     39

* one instance, used by several boxes and counted once: `g` by 2
open: d
"""


def test_the_total_alone(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(said(capsys, "net.cat::net", "--depth=0", "-d", "d=2").splitlines()) == 3
    found = json.loads(said(capsys, "net.cat::net", "--depth", "0", "-d", "d=2", "--format=json"))
    assert found["rows"] == [] and found["total"]["parameters"] == 97 * 4 + 120


def test_a_primitive_without_a_cost_is_no_zero(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "net.cat::odd", "-d", "d=2")
    assert out == """\
address       morphism      copies  parameters   FLOPs  operations  memory  activations  depth
block_0       block              1          42      64          82     168           72      3
block_0.up    affine[2, 8]       1          24      32          40      96           32      1
block_0.down  affine[8, 2]       1          18      32          34      72            8      1
----------------------------------------------------------------------------------------------
total         odd                           42  64 + ?      82 + ?     168       88 + ?  5 + ?

? without `flash`, a primitive that has no cost (net.cat:7:40)
"""
    assert total(capsys, "net.cat::odd")["missing"] == ["flash"]


def test_what_is_not_trained_stands_apart(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = total(capsys, "net.cat::held")
    assert (found["parameters"], found["frozen"], found["buffers"], found["memory"]) == ("d^2", "d^2", 0, "8*d^2")
    found = total(capsys, "net.cat::state")
    assert (found["parameters"], found["frozen"], found["buffers"]) == ("2*d", 0, "2*d + 1")
    assert (found["operations"], total(capsys, "net.cat::state", "--training")["operations"]) == ("34*d", "60*d")


def test_generic_axes_and_objects_have_sizes_of_their_names(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert total(capsys, "net.cat::any")["operations"] == "2*s"
    assert total(capsys, "net.cat::any", "-d", "s=12")["operations"] == 24


def test_lists_of_two_lengths(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert total(capsys, "net.cat::two")["flops"] == "4*d*length + 18*length_2"
    assert total(capsys, "net.cat::two", "-d", "length=2", "-d", "length_2=3", "-d", "d=5")["flops"] == 94


def test_depth_is_the_longest_path(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert total(capsys, "net.cat::deep")["depth"] == "max(d + 1, 5)"
    assert total(capsys, "net.cat::deep", "-d", "d=2")["depth"] == 5
    # A constant, three boxes a step, what puts the first state in front of the others, and one for each of them.
    assert total(capsys, "net.cat::scanned")["depth"] == "3*length + 3"


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (["net.cat::nett"], 1, "error[E0801]"), (["net.cat::takes"], 1, "error[E0802]"),
    (["net.cat::net", "-d", "k=3"], 1, "error[E0804]"), (["net.cat::net", "-d", "d=0"], 1, "error[E0803]"),
    (["net.cat::two", "-d", "length=-1"], 1, "error[E0804]"), (["gone.cat::net"], 1, "error[E0001]"),
    (["net.cat"], 2, "names no morphism"), (["net.cat::net", "--depth", "-1"], 2, "is a number of levels"),
    (["net.cat::net", "--depth", "²"], 2, "is a number of levels"), ([], 2, "no morphism is named"),
    (["net.cat::net", "--format", "xml"], 2, "`--format` is"),
])
def test_what_is_refused(net: str, arguments: list[str], code: int, words: str,
                         capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", *arguments]) == code
    out, err = capsys.readouterr()
    assert out == "" and words in err


def test_a_file_with_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wrong.cat").write_text("morphism f : R[3] -> R[4] = relu\nmorphism g : R[3] -> R[3] = relu\n")
    assert main(["cost", f"{tmp_path}/wrong.cat::g"]) == 1
    assert "error[E0302]" in capsys.readouterr().err
    for text in (b"", b"\xff", b"\0"):
        (tmp_path / "wrong.cat").write_bytes(text)
        assert main(["cost", f"{tmp_path}/wrong.cat::g"]) == 1


def test_few_lines_that_make_very_much_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["morphism m0 : R[3] -> R[3] = affine"]
    lines += [f"morphism m{n} : R[3] -> R[3] = m{n - 1} >> m{n - 1}" for n in range(1, 40)]
    (tmp_path / "double.cat").write_text("\n".join(lines))
    assert main(["cost", f"{tmp_path}/double.cat::m39"]) == 1
    assert "error[E0016]: what `m39` costs is too much to be counted" in capsys.readouterr().err
    forks = " >> ".join(f"(affine^a{2 * n}, affine^a{2 * n + 1}) >> add" for n in range(8))
    sizes = ", ".join(f"a{n}" for n in range(16))
    (tmp_path / "fork.cat").write_text(f"dim {sizes}\nmorphism f : R[3] -> R[3] = {forks}\n")
    assert main(["cost", f"{tmp_path}/fork.cat::f"]) == 1
    assert "error[E0016]" in capsys.readouterr().err
    (tmp_path / "nest.cat").write_text(f"morphism f : R[3] -> R[3] = {'(' * 40}affine{')^2' * 40}\n")
    assert total(capsys, f"{tmp_path}/nest.cat::f")["parameters"] == 12 * 2**40


def test_names_that_steer_a_terminal_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", f"{tmp_path}/\x1b[2J.cat::f"]) == 1
    assert "\x1b" not in capsys.readouterr().err
    text = "dim d\r\nmorphism f : R[d] -> R[d] = (affine\t# 🐈\r\n >> relu) as я"
    (tmp_path / "net.cat").write_bytes(text.encode())
    assert "я.affine_0  affine[d, d]" in said(capsys, f"{tmp_path}/net.cat::f")
