"""Whole systems with a route: another engine takes over in mid-text and in mid-sentence, and the first comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seriatim.audio.pcm import ms_of_bytes
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from seriatim.stream_entries import Audio, Discontinuity, Gap
from tests.http.gateways import start
from tests.providers.provider_simulator import MS_PER_CHAR, ProviderSimulator
from tests.providers.provider_simulator import ProviderFault as Fault
from tests.providers.provider_systems import (
    RATE_HZ,
    STEADY,
    WAITS,
    heard_sound,
    heard_stream,
    request,
    route_file,
    route_step,
    route_workers,
)
from tests.support.expected_audio import Listener, by_sentence, sentences
from tests.support.free_ports import free_port
from tests.support.process_system import RealSystem, wait_until

POOL = "speech"


@pytest.fixture
def system(tmp_path: Path) -> Iterator[RealSystem]:
    with RealSystem.on(tmp_path, **STEADY) as system:
        system.reassembler()
        yield system


def start_route(system: RealSystem, first: ProviderSimulator, second: ProviderSimulator, *options: str) -> None:
    """Workers of a route from one provider to another, which has another voice for the same name."""
    steps = route_step("berlin", first.url, anna="alloy"), route_step("paris", second.url, anna="ash")
    route_workers(system, route_file(system.folder, *steps), "return_s=0.05", *options, pool=POOL)


def test_a_job_is_heard_whole_while_its_engine_is_away_and_returns_to_it(system: RealSystem) -> None:
    """No attempt fails: the other engine speaks within the same one. What it spoke is marked and counted."""
    texts = sentences(6, "away")
    with ProviderSimulator() as second:
        with ProviderSimulator(port=free_port()) as first:
            start_route(system, first, second)
            assert Listener(system.producer().enqueue(texts, request(POOL))).pcm() == heard_stream(texts)
        away = system.producer().enqueue(texts, request(POOL))
        assert Listener(away).pcm() == heard_stream(texts, voice=1)
        assert system.count("marked_engine_paris", POOL) == len(texts)
        with ProviderSimulator(port=first.port):
            wait_until(lambda: "engine of the route is back" in system.log("route-workers"), "it is back")
            assert Listener(system.producer().enqueue(texts, request(POOL))).pcm() == heard_stream(texts)
    assert system.attempts_lost(POOL) == 0
    assert not any(name.startswith("failed") for name in run(system.redis, signals(POOL)).counts)


def test_a_worker_tells_a_route_for_whom_a_listener_waits(system: RealSystem) -> None:
    """The limit is above every lead: the quick engine speaks all of a live job, and nothing of a batch job."""
    texts = sentences(3, "quick")
    with ProviderSimulator() as first, ProviderSimulator() as second:
        start_route(system, first, second, "quick=paris", "quick_ms=600000")
        for kind, voice in (("live", 1), ("batch", 0)):
            listener = Listener(system.producer().enqueue(texts, request(POOL, kind=kind)))
            assert listener.pcm() == heard_stream(texts, voice=voice)


def test_a_pool_of_other_workers_is_a_step_and_where_it_ends_the_next_one_speaks_the_rest(system: RealSystem) -> None:
    """A gateway of the same system speaks for the pool; without workers it answers 503, and asks for no patience."""
    texts = sentences(3, "pool")
    system.workers(1)
    gateway = start(system, http_pcm_hz=8000)
    with ProviderSimulator() as second:
        pool_step = (
            f'[[engine]]\nengine = "openai"\nname = "tone"\noptions = {{base_url = "{gateway.url}", model = "tone", '
            f"pcm_hz = 8000, slots = 4, environment = 0, {WAITS}, extra = '{{\"pause_ms\": 0}}'}}\n"
        )
        route_workers(
            system, route_file(system.folder, pool_step, route_step("paris", second.url)), "busy=next", pool=POOL
        )
        with system.producer().open(request(POOL, kind="live", hold="0")) as job:
            listener = Listener(job.job)
            job.say(f"{texts[0]} ")
            job.flush()
            wait_until(lambda: job.job.status().emitted == 1, "the pool has spoken")
            system.end("workers")
            for text in texts[1:]:
                job.say(f"{text} ")
                job.flush()
        entries = listener.all()
        spoken_by_second = {each.call.text for each in second.requests} & set(texts)
    assert spoken_by_second == set(texts[1:])
    takes = by_sentence(entries)
    assert [takes[1], takes[2]] == [heard_sound(text) for text in texts[1:]]
    assert not any(isinstance(entry, Discontinuity | Gap) for entry in entries)


def test_a_sentence_that_was_heard_in_part_goes_on_in_another_voice_from_its_word(system: RealSystem) -> None:
    """One marked discontinuity; what was heard stays, and no word is lost or said twice but the one that was cut."""
    texts = sentences(3, "alive", 20)
    broken = texts[1]
    with ProviderSimulator(faults={broken: (Fault.STOP, 0)}) as first, ProviderSimulator() as second:
        start_route(system, first, second)
        entries = []
        for entry in system.producer().enqueue(texts, request(POOL, kind="live", hold="0")).audio():
            entries.append(entry)
            if isinstance(entry, Audio) and entry.seq == 1:
                first.gate.set()  # a part of it is heard: now its connection breaks
        (rest,) = [each.call.text for each in second.requests if each.call.text in broken]
    (mark,) = [entry for entry in entries if isinstance(entry, Discontinuity)]
    assert not any(isinstance(entry, Gap) for entry in entries)
    takes = by_sentence(entries)
    assert (takes[0], takes[2]) == (heard_sound(texts[0]), heard_sound(texts[2]))
    assert takes[1] == heard_sound(broken)[: mark.offset] + heard_sound(rest, voice=1)
    cut_at = ms_of_bytes(mark.offset, RATE_HZ) / MS_PER_CHAR
    assert broken.endswith(f" {rest}")
    assert len(broken[: round(cut_at)].split()) - len(broken.removesuffix(rest).split()) in (0, 1, 2)


def test_a_provider_that_dies_in_the_middle_of_a_text_costs_no_sentence(system: RealSystem) -> None:
    """Sentences that are held are spoken again from their beginning: two voices are heard, and no seam within one."""
    texts = sentences(5, "dies")
    faults = {texts[2]: (Fault.SLOW_FIRST, 0)}
    with ProviderSimulator() as second:
        with ProviderSimulator(faults=faults) as first:
            start_route(system, first, second)
            listener = Listener(system.producer().enqueue(texts, request(POOL, kind="live")))
            wait_until(lambda: texts[2] in [each.call.text for each in first.requests], "the sentence is requested")
        entries = listener.all()
    takes = by_sentence(entries)
    assert all(takes[seq] in (heard_sound(text), heard_sound(text, voice=1)) for seq, text in enumerate(texts))
    assert takes[2] == heard_sound(texts[2], voice=1)
    assert not any(isinstance(entry, Discontinuity | Gap) for entry in entries)
