"""Sampling of all rows at once, each as transformers would for it alone."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from seriatim.errors import UnknownOption
from workers.engines.xtts.batch.batch_row import SamplingOptions
from workers.engines.xtts.model.sampling import SamplingNoise, SamplingRules, chosen, generator_of, ranked, scored

CODES = 1026
CPU = torch.device("cpu")

samplings = st.builds(
    SamplingOptions,
    temperature=st.floats(0.05, 3),
    top_k=st.sampled_from([0, 1, 2, 5, 50, CODES, 5000]),
    top_p=st.sampled_from([1e-9, 0.01, 0.3, 0.85, 0.999, 1.0]),
    repetition_penalty=st.sampled_from([0.5, 1.0, 2.0, 10.0]),
)


def warped(logits: torch.Tensor, sampling: SamplingOptions, used_codes: list[int]) -> torch.Tensor:
    """[1, V] -> [1, V] as `generate` puts its processors together: those that would do nothing are left out."""
    processors: list[Any] = []
    if sampling.repetition_penalty != 1.0:
        processors.append(RepetitionPenaltyLogitsProcessor(float(sampling.repetition_penalty)))
    if sampling.temperature != 1.0:
        processors.append(TemperatureLogitsWarper(float(sampling.temperature)))
    if sampling.top_k:
        processors.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        processors.append(TopPLogitsWarper(float(sampling.top_p)))
    for processor in processors:
        logits = processor(torch.tensor([used_codes]), logits)
    return logits


def rules_of(those: list[SamplingOptions], used_codes: list[list[int]]) -> SamplingRules:
    rules = SamplingRules.empty(len(those), CODES, CPU)
    for row, (sampling, codes) in enumerate(zip(those, used_codes, strict=True)):
        rules.put(row, sampling, codes)
    return rules


@settings(max_examples=60, deadline=None)
@given(those=st.lists(samplings, min_size=1, max_size=9), seed=st.integers(0, 2**63 - 1), scale=st.sampled_from([1, 9]))
def test_every_row_draws_what_torch_multinomial_draws_for_it_alone(
    those: list[SamplingOptions], seed: int, scale: int
) -> None:
    logits = torch.randn(len(those), CODES, generator=torch.Generator().manual_seed(seed)) * scale
    used_codes = [[1, 1024, (seed + 7 * row) % CODES] for row in range(len(those))]
    generators = [torch.Generator().manual_seed(seed // 2 + row) for row in range(len(those))]
    alone = [
        int(
            torch.multinomial(
                warped(logits[row : row + 1], sampling, used_codes[row]).softmax(-1), 1, generator=generator
            )
        )
        for row, (sampling, generator) in enumerate(zip(those, generators, strict=True))
    ]
    noise = SamplingNoise(len(those), CODES, CPU)
    for row, sampling in enumerate(those):
        noise.seat(row, sampling, seed // 2 + row, 0)
    noise.ready(range(len(those)))
    rules = rules_of(those, used_codes)
    scores = scored(logits, rules)
    assert chosen(scores, ranked(scores, rules), rules, noise.drawn).tolist() == alone


@settings(max_examples=60, deadline=None)
@given(sampling=samplings, seed=st.integers(0, 2**32))
def test_scores_are_those_of_transformers_to_the_last_bit(sampling: SamplingOptions, seed: int) -> None:
    """Both the scores and which codes are left out: noise that prefers each code in turn would choose only those."""
    logits = torch.randn(1, CODES, generator=torch.Generator().manual_seed(seed)) * 4
    theirs = warped(logits, sampling, [1, 1024, 5, 6])
    rules = rules_of([sampling], [[1, 1024, 5, 6]])
    scores = scored(logits, rules)
    rank = ranked(scores, rules)
    left = theirs.isfinite()
    assert torch.equal(scores[left], theirs[left])
    for code in theirs.topk(8).indices[0].tolist() + theirs.topk(8, largest=False).indices[0].tolist():
        preferring = torch.full((1, CODES), 1e30).index_fill(1, torch.tensor([code]), 1e-30)
        drawable = bool(theirs.softmax(-1)[0, code] > 0)
        assert (int(chosen(scores, rank, rules, preferring)) == code) == drawable


def test_a_greedy_row_takes_the_likeliest_code_whatever_its_other_settings() -> None:
    logits = torch.randn(3, CODES, generator=torch.Generator().manual_seed(0))
    sampling = SamplingOptions(do_sample=False, temperature=0.01, top_k=3, top_p=0.1, repetition_penalty=3.0)
    rules = rules_of([sampling] * 3, [[int(logits[row].argmax())] for row in range(3)])
    scores = scored(logits, rules)
    expected = [
        int(
            RepetitionPenaltyLogitsProcessor(3.0)(
                logits[row : row + 1].argmax(-1)[None], logits[row : row + 1]
            ).argmax()
        )
        for row in range(3)
    ]
    assert chosen(scores, ranked(scores, rules), rules, torch.ones(3, CODES)).tolist() == expected


@pytest.mark.parametrize("spent", [0, 1, 7, 300])
def test_a_generator_after_n_draws_is_where_n_real_draws_leave_it(spent: int) -> None:
    real = torch.Generator().manual_seed(42)
    for _ in range(spent):
        torch.multinomial(torch.full((1, CODES), 1 / CODES), 1, generator=real)
    assert torch.equal(generator_of(42, spent, CODES).get_state(), real.get_state())


def test_a_draw_stays_until_it_is_spent() -> None:
    noise = SamplingNoise(2, CODES, CPU)
    noise.seat(0, SamplingOptions(), 7, 0)
    noise.ready(range(1))
    first = noise.drawn[0].clone()
    noise.ready(range(1))
    assert torch.equal(noise.drawn[0], first)
    noise.spend(range(1))
    noise.ready(range(1))
    assert not torch.equal(noise.drawn[0], first)


def test_a_row_takes_its_noise_along_to_another_slot() -> None:
    staying, moving = SamplingNoise(3, CODES, CPU), SamplingNoise(3, CODES, CPU)
    for noise in (staying, moving):
        noise.seat(2, SamplingOptions(), 9, 3)
        noise.ready(range(2, 3))
    moving.move(2, 0)
    assert torch.equal(moving.drawn[0], staying.drawn[2])
    for noise, slots in ((staying, range(2, 3)), (moving, range(1))):
        noise.spend(slots)
        noise.ready(slots)
    assert torch.equal(moving.drawn[0], staying.drawn[2])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"temperature": 0.0}, "temperature is 0.0, expected above 0"),
        ({"top_k": -1}, "top_k is -1, expected 0 or more"),
        ({"top_p": 1.5}, "top_p is 1.5, expected above 0 and at most 1"),
        ({"repetition_penalty": 0.0}, "repetition_penalty is 0.0, expected above 0"),
    ],
)
def test_settings_with_which_no_code_can_be_chosen_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownOption, match=message):
        SamplingOptions(**wrong)
