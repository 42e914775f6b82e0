"""Loops along words take a step once for all words that begin alike, and give what the plain loop gives.

Held in float64 to what is compiled without derived forms: words of different lengths and of one, the empty word, words
twice, words that begin others, and few and many of them. That no step is taken twice is seen in the products counted.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import catlang
from catlang.compiler import build, emit, explained
from catlang.compiler.emitted.words import beginnings

from .parity import entries

SPEC = Path(__file__).with_name("words.cat")
WIDTH = 64
FORM = "words that begin alike are one as far as they do"
#: Of each morphism how many of each kind of symbols there are.
KINDS = {"last": (5,), "first": (5,), "states": (5,), "states_back": (5,), "learned": (5,), "both": (5, 3),
         "seldom": (1000,), "in_sum": (5,), "in_gates": (5,), "twice": (5,)}
#: What is nearly one of these.
OTHERS = ("given_start", "given_around", "noisy", "among", "among_letters", "real")
#: What `centre` is.
CENTRE = {"centre": lambda x: x - x.mean(tuple(range(x.dim() - 1)))}

pytestmark = pytest.mark.usefixtures("double")


def compiled(name: str, monkeypatch: pytest.MonkeyPatch, plain: bool = False) -> nn.Module:
    with monkeypatch.context() as patch:
        if plain:
            patch.setattr(build, "derive", lambda network, account: None)
        torch.manual_seed(0)
        net = catlang.compile(SPEC, name, h=WIDTH, lowerings=CENTRE)
    for one in net.parameters():
        # Some biases are zeros to begin with; larger weights would make rounding errors larger at each step.
        nn.init.normal_(one, std=0.1)
    return net


def symbols(kinds: tuple[int, ...], chance: random.Random) -> Any:
    found = tuple(chance.randrange(number) for number in kinds)
    return found if len(found) > 1 else found[0]


def some_words(name: str, count: int, longest: int) -> list[list[Any]]:
    """Words of which many begin alike, some are there twice, and some are empty."""
    chance = random.Random(f"{name}{count}{longest}")
    found: list[list[Any]] = [[]]
    while len(found) < count:
        old = chance.choice(found)
        kept = old[:chance.randint(0, len(old))]
        new = [symbols(KINDS[name], chance) for _ in range(chance.randint(0, longest - len(kept)))]
        found.append(kept + new)
    chance.shuffle(found)
    return found


def as_lists(name: str, words: list[list[Any]]) -> Any:
    return catlang.lists(words, like=(torch.tensor(0),) * 2 if name == "both" else torch.tensor(0))


@pytest.mark.parametrize("name", KINDS)
def test_is_told(name):
    assert FORM in explained(SPEC, name, h=WIDTH, lowerings=CENTRE)[1]


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_nearly_a_loop_along_words_is_none(name):
    assert FORM not in explained(SPEC, name, h=WIDTH, lowerings=CENTRE)[1]
    assert "beginnings" not in emit(SPEC, name, h=WIDTH, lowerings=CENTRE)


@pytest.mark.parametrize(("count", "longest"), [(512, 1), (600, 6), (1000, 9), (520, 40)])
@pytest.mark.parametrize("name", KINDS)
def test_is_the_plain_loop(name, count, longest, monkeypatch):
    words = as_lists(name, some_words(name, count, longest))
    ours, plain = compiled(name, monkeypatch), compiled(name, monkeypatch, plain=True)
    with torch.no_grad():
        for one, other in zip(entries(ours(words)), entries(plain(words)), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_words_of_one_length_and_several_batch_axes(name, monkeypatch):
    chance = random.Random(name)
    words = as_lists(name, [[symbols(KINDS[name], chance) for _ in range(4)] for _ in range(600)])
    words = torch.utils._pytree.tree_map(lambda x: x.unflatten(0, (2, 3, 100)), words)
    ours, plain = compiled(name, monkeypatch), compiled(name, monkeypatch, plain=True)
    with torch.no_grad():
        made = ours(words)
        assert torch.utils._pytree.tree_leaves(made)[0].shape[:3] == (2, 3, 100)
        for one, other in zip(entries(made), entries(plain(words)), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["last", "first", "states", "both"])
def test_only_empty_words(name, monkeypatch):
    words = as_lists(name, [[]] * 600)
    ours, plain = compiled(name, monkeypatch), compiled(name, monkeypatch, plain=True)
    with torch.no_grad():
        for one, other in zip(entries(ours(words)), entries(plain(words)), strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("name", KINDS)
def test_gradients_are_those_of_the_plain_loop(name, monkeypatch):
    words = as_lists(name, some_words(name, 12, 7))
    outcomes = []
    for net in (compiled(name, monkeypatch), compiled(name, monkeypatch, plain=True)):
        sum(one.square().sum() for one in entries(net(words)) if one.is_floating_point()).backward()
        outcomes.append({key: one.grad for key, one in net.named_parameters()})
    assert outcomes[0].keys() == outcomes[1].keys() and len(outcomes[0]) >= 3
    for key, one in outcomes[0].items():
        torch.testing.assert_close(one, outcomes[1][key], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["last", "first"])
def test_a_step_is_taken_once_for_all_words_that_begin_alike(name, monkeypatch):
    words = some_words(name, 600, 8)
    begun = {tuple(word[:size]) if name == "last" else tuple(word[::-1][:size])
             for word in words for size in range(1, len(word) + 1)}
    net = compiled(name, monkeypatch)
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        net(as_lists(name, words))
    # A product with the state at each step; and one with each symbol there is, which is looked up.
    assert counted.get_total_flops() == 2 * WIDTH * WIDTH * (len(begun) + 5)
    assert len(begun) < sum(map(len, words))


@pytest.mark.parametrize(("count", "longest", "kinds"), [(1, 3, 2), (50, 5, 3), (40, 30, 1), (30, 9, 10**6)])
def test_beginnings(count, longest, kinds):
    chance = random.Random(count)
    words = [[chance.randrange(kinds) for _ in range(chance.randint(0, longest))] for _ in range(count)]
    size = max(map(len, words))
    codes = torch.tensor([word + [chance.randrange(kinds) for _ in range(size - len(word))] for word in words])
    counts, parents, letters, number = beginnings(codes, kinds, torch.tensor([len(word) for word in words]))
    assert counts == [len({tuple(word[:place + 1]) for word in words if len(word) > place}) for place in range(size)]
    above: list[tuple[int, ...]] = [()]
    for place, (mine, last) in enumerate(zip(parents.split(counts), letters.split(counts), strict=True)):
        above = [(*above[parent], letter) for parent, letter in zip(mine.tolist(), last.tolist(), strict=True)]
        assert len(set(above)) == len(above)
        for word, where in zip(words, number[:, place].tolist(), strict=True):
            assert len(word) <= place or above[where] == tuple(word[:place + 1])


def test_little_is_done_the_plain_way(monkeypatch):
    """Of a few lists, or of small states: to look which begin alike would cost more than it saves."""
    words = some_words("last", 100, 6)
    net = compiled("last", monkeypatch)
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        net(as_lists("last", words))
    assert counted.get_total_flops() == 2 * WIDTH * WIDTH * (sum(map(len, words)) + 5)


@pytest.mark.parametrize("name", ["last", "states", "states_back"])
def test_one_word_without_an_axis_of_a_batch(name, monkeypatch):
    word = some_words(name, 2, 9)[0] or [1, 2]
    ours, plain = compiled(name, monkeypatch), compiled(name, monkeypatch, plain=True)
    monkeypatch.setattr(sys.modules[type(ours).__module__], "shares", lambda *given: not torch.is_grad_enabled())
    one = torch.utils._pytree.tree_map(lambda x: x[0], as_lists(name, [word]))
    with torch.no_grad():
        for mine, theirs in zip(torch.utils._pytree.tree_leaves(ours(one)),
                                torch.utils._pytree.tree_leaves(plain(one)), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("graded", [False, True])
def test_a_word_that_is_the_same_for_the_whole_batch(graded, monkeypatch):
    ours, plain = compiled("of_one_list", monkeypatch), compiled("of_one_list", monkeypatch, plain=True)
    x = torch.randn(3, WIDTH)
    with torch.set_grad_enabled(graded):
        torch.testing.assert_close(ours(x), plain(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["among", "among_letters"])
def test_what_mixes_a_batch_mixes_lists_at_one_place(name, monkeypatch):
    """Neither beginnings nor places count as lists."""
    words = as_lists(name, [[0, 1, 2], [0, 1, 3], [0, 4, 4]] * 200)
    ours, plain = compiled(name, monkeypatch), compiled(name, monkeypatch, plain=True)
    with torch.no_grad():
        torch.testing.assert_close(ours(words), plain(words), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("count", [2049, 5000])
@pytest.mark.parametrize("name", ["spoken_among", "spoken_normed"])
def test_what_mixes_a_batch_is_grown_from_all_at_once(name, count, monkeypatch):
    ours, same = compiled(name, monkeypatch), compiled(name, monkeypatch)
    states = torch.randn(count, WIDTH)
    wanted = same(states)
    with torch.no_grad():
        found = ours(states)
    assert torch.equal(found.lengths, wanted.lengths)
    torch.testing.assert_close(found.data, wanted.data, rtol=1e-12, atol=1e-12)
    for one, other in zip(ours.buffers(), same.buffers(), strict=True):
        torch.testing.assert_close(one, other)


def test_many_words_are_grown_some_at_a_time(monkeypatch):
    """What is unfolded from many states is what is unfolded from some of them."""
    net = compiled("spoken", monkeypatch)
    with torch.no_grad():
        for one in net.parameters():
            one.mul_(4)
        states = torch.randn(5000, WIDTH)
        whole = net(states)
        parts = [net(some) for some in states.split(700)]
    assert torch.equal(whole.lengths, torch.cat([part.lengths for part in parts]))
    assert len(set(whole.lengths.tolist())) > 2
    for mine, theirs in zip(whole.data, (torch.cat(each) for each in zip(*(part.data for part in parts), strict=True)),
                            strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-12)
