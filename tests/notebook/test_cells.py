"""The magic `%%cat` in a real IPython, and in a real notebook with a kernel of its own: what a cell declares, what is
shown of it, and that nothing of a cell is read as HTML."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import catlang
from catlang.notebook.cells import Outcome
from catlang.notebook.spec import Spec

pytest.importorskip("IPython", reason="needs IPython, which is in catlang[test]")

NET = "dim d\n## Two layers.\nmorphism net : R[d] -> R[d] = affine[_, 4*d] >> gelu >> affine"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.history_manager.enabled = False
    made.run_line_magic("load_ext", "catlang")
    yield made
    InteractiveShell.clear_instance()


def cell(shell: Any, text: str, line: str = "") -> Outcome:
    done = shell.run_cell(f"%%cat {line}\n{text}\n")
    assert done.error_in_exec is None and done.error_before_exec is None
    assert isinstance(done.result, Outcome)
    return done.result


def test_later_cells_know_what_earlier_ones_declare(shell: Any) -> None:
    first = cell(shell, NET)
    assert first.ok and repr(first) == "declared: d, net"
    second = cell(shell, "morphism twice : R[d] -> R[d] = net >> net")
    assert second.ok and second.picture is not None and second.picture.name == "twice"
    assert [node.title for node in second.picture.graph.nodes] == ["net", "net"]


def test_a_cell_that_is_run_again_is_in_the_place_of_the_first(shell: Any) -> None:
    cell(shell, NET)
    assert cell(shell, NET.replace("gelu", "relu")).ok
    outcome = cell(shell, "morphism other : R[d] -> R[d] = net", "spec")
    assert outcome.ok
    assert "gelu" not in shell.user_ns["spec"].text and shell.user_ns["spec"].morphisms == ["net", "other"]


def test_a_mistake_declares_nothing(shell: Any) -> None:
    cell(shell, NET)
    outcome = cell(shell, "morphism bad : R[d] -> R[d] = net >> rleu\ndim e")
    assert not outcome.ok and [one.code for one in outcome.diagnostics] == ["E0201"]
    assert "did you mean `relu`?" in repr(outcome) and repr(outcome).endswith("1 error in 1 cell")
    assert outcome.diagnostics[0].span is not None and outcome.diagnostics[0].span.place == "<input>:1:38"
    assert not cell(shell, "morphism f : R[e] -> R[e] = relu").ok


def test_a_name_is_bound_to_the_spec(shell: Any) -> None:
    cell(shell, NET, "net")
    spec = shell.user_ns["net"]
    assert isinstance(spec, Spec) and spec.morphisms == ["net"]
    assert "<svg" in spec.show("net", d=4).svg
    bundle = spec._repr_mimebundle_()
    assert bundle["text/plain"] == "net : R[d] -> R[d]" and "Two layers." in bundle["text/html"]


def test_what_is_bound_compiles(shell: Any) -> None:
    torch = pytest.importorskip("torch")
    cell(shell, NET, "net")
    spec = shell.user_ns["net"]
    for module in (catlang.compile(spec, "net", d=3), spec.compile("net", d=3)):
        assert module(torch.zeros(2, 3)).shape == (2, 3)


def test_options(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cell(shell, NET + "\nmorphism last : R[d] -> R[d] = net")
    assert cell(shell, "dim e", "--show net").picture.name == "net"  # type: ignore[union-attr]
    assert cell(shell, "dim e").picture is None
    drawn = cell(shell, "morphism last : R[d] -> R[d] = net", "--depth 1").picture
    assert drawn is not None and drawn.svg.count('class="cat-node"') == 4
    assert not cell(shell, "morphism f : R[d] -> R[d] = net", "--fresh").ok
    capsys.readouterr()
    for line in ("--depth many", "a b", "1x", "--what"):
        assert shell.run_cell(f"%%cat {line}\n{NET}\n").result is None
        assert "`" in capsys.readouterr().out
    assert cell(shell, NET, "--show none").diagnostics[0].code == "E0801"


def test_nothing_of_a_cell_is_html(shell: Any) -> None:
    for text in ("morphism f : <script>alert(1)</script>",
                 "# <img src=x onerror=alert(1)>\nmorphism f : R[3] -> R[4] = id",
                 "\x1b[2J", "]]><script>", "morphism f : R[3] -> R[3] = relu as script"):
        outcome = cell(shell, text)
        html = outcome._repr_html_().lower()
        assert "<script" not in html and "<img" not in html and "\x1b" not in html + repr(outcome)


def test_without_the_extra_it_declares_all_the_same(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    outcome = cell(shell, NET)
    assert outcome.ok and outcome.picture is None
    assert repr(outcome) == "declared: d, net (pip install 'catlang[show]' draws it)"


def test_a_notebook_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By nbclient and a kernel, in a process of its own."""
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient, which is in catlang[test]")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(Path(catlang.__file__).parents[1]))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "wrong.cat").write_text("morphism f : R[3] -> R[3] = rleu\n", encoding="utf-8")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in (
        "import catlang\n%load_ext catlang", f"%%cat net\n{NET}", "net.show('net', d=8)", "net",
        "catlang.check('wrong.cat')", "catlang.check('wrong.cat').diagnostics[0]")])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3",
                            resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [[output.get("data", {}) for output in one.outputs] for one in notebook.cells]
    assert shown[0] == []
    assert shown[1][0]["text/plain"] == "declared: d, net" and "<svg" in shown[1][0]["text/html"]
    assert shown[2][0]["image/svg+xml"].startswith("<svg")
    assert shown[2][0]["text/plain"].startswith("net : R[8] -> R[8]\n")
    assert "Two layers." in shown[3][0]["text/html"]
    assert "<Checked: 1 error in 1 file>" in shown[4][0]["text/plain"] and "E0201" in shown[4][0]["text/html"]
    assert "E0201" in shown[5][0]["text/html"]


def test_a_spec_that_imports_files_is_saved_beside_them(tmp_path: Path) -> None:
    (tmp_path / "part.cat").write_text("dim d\nmorphism part : R[d] -> R[d] = relu\n", encoding="utf-8")
    (tmp_path / "net.cat").write_text('import "part.cat"\ndim e\nmorphism net : R[e] -> R[e] = tanh\n',
                                      encoding="utf-8")
    spec = catlang.spec(tmp_path / "net.cat")
    assert os.path.samefile(os.fspath(spec), tmp_path / "net.cat")
    spec.save(tmp_path / "copy.cat")
    assert catlang.spec(tmp_path / "copy.cat").morphisms == ["net"]


def test_what_is_not_right_is_raised(tmp_path: Path) -> None:
    (tmp_path / "wrong.cat").write_text("morphism f : R[3] -> R[3] = rleu\n", encoding="utf-8")
    for call in (lambda: catlang.spec(tmp_path / "wrong.cat"), lambda: catlang.show(tmp_path / "wrong.cat", "f"),
                 lambda: catlang.show(f"{tmp_path}/none.cat::f")):
        with pytest.raises(ValueError, match="E0"):
            call()
    with pytest.raises(ValueError, match="no morphism is named"):
        catlang.show("net.cat")
