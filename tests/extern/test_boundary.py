"""Protects what `--allow-extern` says of a class: proved where it is, tested where it was run, refuted where it fails.

Each mistake names sizes at which the module was run and did something else than its header says.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from catlang.compiler import extern
from catlang.diagnostic import Diagnostic

Spec = Callable[[str], str]

HOLDS = [
    ('encoder[n] : R[n, 16] -> R[n, 16] = python "outside:Encoder"', "proved for n >= 2, run at n = 1"),
    ('encoder[n] : R[n, 16] -> R[n, 16] = python "outside:Encoder" where n >= 3', "proved for n >= 3"),
    ('encoder[n, w] : R[n, w] -> R[n, w] = python "outside:Encoder" (width = w) where 2 divides w',
     "tested at w = 2, 4, 8; at each proved for n >= 2, run at n = 1"),
    ('masked[n] : R[n, 8] * (mask : Bool[n]) -> R[n, 8] = python "outside:Masked" (width = 8, depth = 2*3, eps = 1e-3,'
     ' scaled = false)', "proved for n >= 2, run at n = 1"),
    ('search[n, k] : R[n] -> (scores : R[k]) * (places : Fin[n]^k) = python "outside:Search" (k = k) where k <= n',
     None),
    ('pair[n, m] : (R[n] * Fin[7]^m) * R[] -> Fin[7]^m * (R[n] * Bool[n]) = python "outside:Pair"',
     "proved for n >= 2, m >= 2, run at (n, m) = (1, 1), (1, 5), (5, 1)"),
    ('twice[n] : R[3*n + 1] -> R[6*n + 2] = python "outside:Twice"', "proved for n >= 2, run at n = 1"),
    ('narrow[d] : R[d] -> R[d // 2] = python "outside:narrow" (width = d) where d >= 2',
     "tested at d = 2, 3, 8; at each proved"),
    ('dependent[n] : R[n] -> R[n] = python "outside:DataDependent"', None),
    ('linear : R[5] -> R[5] = python "torch.nn:Identity"', "proved"),
    ('encoder[n, rate : real] : R[n, 16] -> R[n, 16] = python "outside:Encoder" (dropout = rate)',
     "unknown: `rate` has no value, and its class is made with it"),
    ('encoder[n, rate : real = 0.25] : R[n, 16] -> R[n, 16] = python "outside:Encoder" (dropout = rate / 2)',
     "proved for n >= 2, run at n = 1"),
    ('impossible[n] : R[n] -> R[n] = python "torch.nn:Identity" where n <= 3, n >= 5',
     "unknown: no sizes are found that meet its conditions"),
]

FAILS = [
    ('even[n] : R[n, 3] -> R[n, 3] = python "outside:EvenOnly"', "E0833", "`EvenOnly` raises at n = 1",
     "in `forward` of `outside`, line 49: ValueError: an even length is needed"),
    ('positions[n] : R[n, 8] -> R[n, 8] = python "outside:Positions"', "E0833", "`Positions` raises at n = 41",
     "in `forward` of `outside`, line 59: RuntimeError: The size of tensor a (41) must match the size"),
    ('long[n] : R[n, 8] -> R[n, 8] = python "outside:LongOnly"', "E0834",
     "`LongOnly` gives something else than `long` promises", "at n = 30: "),
    ('twice[n] : R[n] -> R[n + 1] = python "outside:Twice" where n >= 2', "E0834",
     "`Twice` gives something else than `twice` promises",
     "at n = 2: the extern `twice` (outside:Twice) gives (3, 4) where its header promises (3, 3)"),
    ('square[n] : R[n] -> R[2 * n] = python "torch.nn:Identity"', "E0834",
     "`Identity` gives something else than `square` promises", "at n = 1: "),
    ('mixed[n, m] : R[n] * R[m] -> R[n] = python "outside:Twice"', "E0833", "`Twice` raises at n = 1, m = 1",
     "TypeError"),
    ('counter[n] : R[n] -> Fin[n] = python "outside:Counter"', "E0834",
     "`Counter` gives something else than `counter` promises", "indices from"),
    ('truth[n] : R[n] -> R[n] = python "outside:Doubles"', "E0834",
     "`Doubles` gives something else than `truth` promises",
     "gives torch.bool where its header promises real numbers"),
    ('index[n] : Fin[5]^n -> R[n] = python "torch.nn:Identity"', "E0834",
     "`Identity` gives something else than `index` promises",
     "gives torch.int64 where its header promises real numbers"),
    ('several[n] : R[n] -> R[n] = python "outside:Several"', "E0834",
     "`Several` gives something else than `several` promises", "gives a tuple where its header promises one array"),
    ('several[n] : R[n] -> R[n] * R[n] * R[n] = python "outside:Several"', "E0834",
     "`Several` gives something else than `several` promises", "gives a tuple of 2 where its header promises 3 parts"),
    ('search[n] : R[n] -> (scores : R[2]) * (where_ : Fin[n]^2) = python "outside:Search" (k = 2) where n >= 2',
     "E0834", "`Search` gives something else than `search` promises",
     "gives nothing called where_, only scores, places, more"),
    ('masked[n] : R[n, 8] * R[n] -> R[n, 8] = python "outside:Masked" (width = 8, depth = 1)', "E0833",
     "`Masked` raises at n = 1", "TypeError"),
    ('broken[d] : R[d] -> R[d] = python "outside:Broken" (width = d)', "E0833", "`Broken(width=1)` raises",
     "in `__init__` of `outside`, line 110: RuntimeError: no weights for 1..."),
    ('masked[d] : R[d] -> R[d] = python "outside:Masked"', "E0833", "`Masked()` raises",
     "missing 2 required positional arguments"),
    ('gone[d] : R[d] -> R[d] = python "outside:Encodr"', "E0832", "`outside` has no `Encodr`", ""),
    ('gone[d] : R[d] -> R[d] = python "outside.deeper:Encoder"', "E0832", "there is no module `outside.deeper`", ""),
    ('gone[d] : R[d] -> R[d] = python "no_such_package.models:Encoder"', "E0832",
     "there is no module `no_such_package`", ""),
    ('made : R[4] -> R[2] = python "outside:made"', "E0835", "`made` is no class of `nn.Module`", ""),
    ('number : R[4] -> R[2] = python "outside:number"', "E0835", "`number()` is a int, and no `nn.Module`", ""),
    ('text : R[4] -> R[2] = python "builtins:str"', "E0835", "`str` is no class of `nn.Module`", ""),
]


@pytest.mark.parametrize(("header", "said"), HOLDS, ids=[header.split(" :")[0] for header, _ in HOLDS])
def test_a_class_that_does_as_its_header_says(spec: Spec, header: str, said: str | None) -> None:
    mistakes, [verdict] = extern.gate([(".", [spec(f"extern morphism {header}")])])
    assert mistakes == []
    if said is not None:
        assert verdict.text == said
    assert said is not None or not verdict.text.startswith("proved")


@pytest.mark.parametrize(("header", "code", "headline", "why"), FAILS,
                         ids=[header.split(" =")[0] for header, *_ in FAILS])
def test_a_class_that_does_not(spec: Spec, header: str, code: str, headline: str, why: str) -> None:
    [mistake], verdicts = extern.gate([(".", [spec(f"extern morphism {header}")])])
    assert verdicts == []
    assert (mistake.code, mistake.headline) == (code, headline)
    assert why in "".join(mistake.why)
    assert mistake.labels[0].span.text.startswith('"') and mistake.labels[0].span.text.endswith('"')


def test_what_cannot_be_followed_is_tested_and_says_why(spec: Spec) -> None:
    header = 'extern morphism dependent[n] : R[n] -> R[n] = python "outside:DataDependent"'
    _, [verdict] = extern.gate([(".", [spec(header)])])
    assert verdict.text.startswith("tested at n = 1, 2, 3, 8, ") and "not proved: " in verdict.text
    assert "data-dependent" in verdict.text


def test_names_of_sizes_in_what_the_exporter_says_are_those_of_the_header(spec: Spec) -> None:
    """`x[:, :n // 2]` is right for all n, but the exporter does not see that; so it is tested, in the spec's words."""
    module = ("from torch import nn\nclass Half(nn.Module):\n    def forward(self, x):\n"
              "        return x[:, :x.shape[1] // 2]\n")
    name = spec('extern morphism half[m] : R[m] -> R[m // 2] = python "halves:Half" where m >= 2')
    with open("halves.py", "w", encoding="utf-8") as file:
        file.write(module)
    _, [verdict] = extern.gate([(".", [name])])
    assert verdict.text.startswith("tested at m = 2, 3") and verdict.text.endswith("guard (m // 2) <= m.")


def test_random_numbers_elsewhere_are_not_disturbed(spec: Spec) -> None:
    name = spec('extern morphism encoder[n] : R[n, 16] -> R[n, 16] = python "outside:Encoder"')
    torch.manual_seed(7)
    before = torch.rand(3)
    torch.manual_seed(7)
    extern.gate([(".", [name])])
    assert torch.equal(before, torch.rand(3))


def test_every_extern_of_files_and_imports_once(spec: Spec) -> None:
    with open("inner.cat", "w", encoding="utf-8") as file:
        file.write('dim w\nextern morphism inner[n] : R[n, w] -> R[n, w] = python "torch.nn:Identity"\n')
    name = spec('import "inner.cat" (w = 3) as one\nimport "inner.cat" (w = 4) as two\n'
                'extern morphism outer : R[4] -> R[2] = python "outside:made"\n'
                'extern morphism broken : R[4] -> R[2] = python "no colon"\n')
    mistakes, verdicts = extern.gate([(".", [name, "inner.cat"])])
    assert [found.code for found in mistakes] == ["E0835"]
    assert [str(verdict) for verdict in verdicts] == [
        "extern `inner` (torch.nn:Identity): proved for n >= 2, w >= 2, run at (n, w) = (1, 1), (1, 5), (5, 1)"]


def test_a_diagnostic_of_an_extern_is_one_like_others(spec: Spec) -> None:
    [mistake], _ = extern.gate([(".", [spec('extern morphism made : R[4] -> R[2] = python "outside:made"')])])
    assert isinstance(mistake, Diagnostic) and mistake.severity == "error"


def test_a_published_model_is_gated(spec: Spec) -> None:
    """BERT of transformers, as its users make it: the right header is proved, a wrong one refuted."""
    pytest.importorskip("transformers")
    with open("published.py", "w", encoding="utf-8") as file:
        file.write("from transformers import BertConfig, BertModel\n"
                   "def bert(width):\n"
                   "    return BertModel(BertConfig(vocab_size=50, hidden_size=width, num_hidden_layers=2,\n"
                   "        num_attention_heads=2, intermediate_size=40, max_position_embeddings=64))\n")
    header = ("extern morphism bert[n] : (input_ids : Fin[50]^n) * (attention_mask : Fin[2]^n)"
              " -> (last_hidden_state : R[n, 20]) * (pooler_output : R[{out}])"
              ' = python "published:bert" (width = 20) where n <= 64')
    mistakes, verdicts = extern.gate([(".", [spec(header.format(out=20))])])
    assert mistakes == [] and "holds" not in verdicts[0].text
    assert verdicts[0].text.startswith("tested at n = 1, 3, 8")
    [mistake], _ = extern.gate([(".", [spec(header.format(out=40))])])
    assert mistake.code == "E0834" and "gives (3, 20) where its header promises (3, 40)" in mistake.why[0]
    longer = header.replace(" where n <= 64", "").format(out=20)
    [mistake], _ = extern.gate([(".", [spec(longer)])])
    assert mistake.code == "E0833" and mistake.headline == "`bert` raises at n = 65"
