"""A choice that is not doubtful is the same choice after any rounding."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xtts.model.test_sampling import CODES, rules_of, samplings
from workers.engines.xtts.batch.batch_row import SamplingOptions
from workers.engines.xtts.model.sampling import SamplingRules, chosen, ranked, scored
from workers.engines.xtts.quality.rounding_check import TOLERANCE, doubtful

pytestmark = pytest.mark.thorough

WIDE = 0.05  #: a tolerance so wide that close choices are frequent


def choice(logits: torch.Tensor, rules: SamplingRules, noise: torch.Tensor) -> torch.Tensor:
    scores = scored(logits, rules)
    return chosen(scores, ranked(scores, rules), rules, noise)


def doubts(logits: torch.Tensor, rules: SamplingRules, noise: torch.Tensor, tolerance: float) -> torch.Tensor:
    scores = scored(logits, rules)
    return doubtful(scores, ranked(scores, rules), rules, noise, tolerance)


@settings(max_examples=150, deadline=None)
@given(
    sampling=samplings.filter(lambda sampling: sampling.temperature >= 0.5),
    greedy=st.booleans(),
    seed=st.integers(0, 2**32),
    scale=st.sampled_from([1, 4]),
)
def test_a_choice_that_is_not_doubtful_survives_rounding(
    sampling: SamplingOptions, greedy: bool, seed: int, scale: int
) -> None:
    """Scores are moved by up to half of the tolerance each, in 200 ways."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(1, CODES, generator=generator) * scale
    noise = torch.empty(1, CODES).exponential_(1, generator=generator)
    rules = rules_of([SamplingOptions(do_sample=False) if greedy else sampling], [[1, 1024]])
    if doubts(logits, rules, noise, WIDE):
        return
    penalties = torch.where(rules.used_codes, torch.tensor(10.0), torch.tensor(1.0))
    off = (torch.rand(200, CODES, generator=generator) - 0.5) * WIDE * rules.temperature / penalties
    many = rules_of([SamplingOptions(do_sample=False) if greedy else sampling] * 200, [[1, 1024]] * 200)
    rounded = choice(logits + off, many, noise.expand(200, -1))
    assert set(rounded.tolist()) == {int(choice(logits, rules, noise))}


def test_a_close_race_is_doubtful() -> None:
    logits = torch.zeros(2, CODES)
    logits[:, :2] = torch.tensor([5.0, 5.0 + TOLERANCE / 4])
    rules = rules_of([SamplingOptions(do_sample=False), SamplingOptions()], [[], []])
    assert doubts(logits, rules, torch.ones(2, CODES), TOLERANCE).tolist() == [True, True]


def test_a_close_edge_is_doubtful_only_if_the_code_on_it_would_win() -> None:
    """Codes 1 and 2 are as good as equal, and top-k leaves one of the two."""
    logits = torch.linspace(-9, -8, CODES)[None].repeat(2, 1)
    logits[:, :3] = torch.tensor([6.0, 5.0, 5.0 + TOLERANCE / 4])
    rules = rules_of([SamplingOptions(top_k=2, top_p=1.0)] * 2, [[], []])
    noise = torch.ones(2, CODES)
    noise[0, 0], noise[1, 1] = 0.001, 0.001
    assert doubts(logits, rules, noise, TOLERANCE).tolist() == [False, True]


@pytest.mark.parametrize("off", [-1e-6, 1e-6])
def test_a_code_at_the_edge_of_top_p_is_doubtful_only_if_it_would_win(off: float) -> None:
    """Two codes matter. The lesser has as good as exactly the probability that top-p leaves out."""
    logits = torch.full((2, CODES), -60.0)
    logits[:, :2] = torch.tensor([0.85 - off, 0.15 + off]).log()
    rules = rules_of([SamplingOptions(temperature=1.0, top_k=0, top_p=0.85, repetition_penalty=1.0)] * 2, [[], []])
    noise = torch.ones(2, CODES)
    noise[0, 1] = 1e-3
    assert doubts(logits, rules, noise, TOLERANCE).tolist() == [True, False]


def test_doubts_are_rare() -> None:
    """Of 20,000 choices as a random model has them; each costs its sentence another pass in the exact mode."""
    generator = torch.Generator().manual_seed(0)
    rules = rules_of([SamplingOptions()] * 500, [[1, 1024]] * 500)
    found = 0
    for _ in range(40):
        logits = torch.randn(500, CODES, generator=generator) * 2
        found += int(
            doubts(logits, rules, torch.empty(500, CODES).exponential_(1, generator=generator), TOLERANCE).sum()
        )
    assert 0 < found < 20
