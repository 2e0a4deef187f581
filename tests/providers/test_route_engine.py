"""The route engine: which of its engines speaks a sentence, and from which word on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.engine import Engine, Utterance
from seriatim.errors import EngineBusy, Misconfigured, SeriatimError, UnknownOption, UnknownVoice, UpstreamFailed
from tests.providers.engine_audio import TEXT, chunks_of, pcm_of
from tests.providers.provider_simulator import ProviderFault as Fault
from tests.providers.provider_simulator import ProviderSimulator, sound_of
from tests.providers.provider_systems import route_file, route_step
from tests.support.free_ports import free_port
from tests.support.planted_errors import plant
from tests.support.process_system import wait_until
from workers.engines.engine_registry import load
from workers.engines.route.remaining_text import heard_chars
from workers.engines.route.route_step import RouteStep

TONE = '[[engine]]\nengine = "tone"\noptions = {rate_hz = 8000}\n'
Make = Callable[..., Engine]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make a route of steps; `options` are those of the route."""
    with ExitStack() as stack:

        def build(*steps: str, **options: Any) -> Engine:
            path = route_file(tmp_path, *steps)
            loaded = load("route", {"file": str(path)} | {name: str(value) for name, value in options.items()})
            stack.callback(loaded.close)
            return loaded

        yield build


@pytest.fixture
def first() -> Iterator[ProviderSimulator]:
    with ProviderSimulator() as provider:
        yield provider


@pytest.fixture
def second() -> Iterator[ProviderSimulator]:
    with ProviderSimulator() as provider:
        yield provider


def both(make: Make, first: ProviderSimulator, second: ProviderSimulator, **options: Any) -> Engine:
    """A route whose second engine has another voice for the same name."""
    steps = route_step("berlin", first.url, anna="alloy"), route_step("paris", second.url, anna="ash")
    return make(*steps, **options)


def test_the_first_engine_speaks_in_its_voice_of_the_routes_name(
    make: Make, first: ProviderSimulator, second: ProviderSimulator
) -> None:
    engine = both(make, first, second)
    assert [voice.name for voice in engine.voices] == ["anna"]
    chunks = chunks_of(engine, voice="anna")
    assert b"".join(chunk.pcm for chunk in chunks) == sound_of(TEXT)
    assert not any(chunk.mark or chunk.continues for chunk in chunks)
    with pytest.raises(UnknownVoice, match="unknown route voice 'ana'; nearest: anna"):
        chunks_of(engine, voice="ana")


def test_the_next_engine_speaks_within_the_same_attempt_where_no_sound_has_come(
    make: Make, first: ProviderSimulator, second: ProviderSimulator
) -> None:
    first.faults = {"harbour": (Fault.HTML, 1)}
    engine = both(make, first, second)
    chunks = chunks_of(engine)
    assert b"".join(chunk.pcm for chunk in chunks) == sound_of(TEXT, voice=1)
    assert [chunk.mark for chunk in chunks if chunk.mark] == ["engine_paris"]
    assert pcm_of(engine) == sound_of(TEXT), "one failure is no reason to leave the first engine"


def test_a_sentence_that_stopped_in_its_middle_is_continued_by_the_next_engine_from_its_word(
    make: Make, first: ProviderSimulator, second: ProviderSimulator
) -> None:
    first.faults = {"harbour": (Fault.CUT, 0)}
    engine = both(make, first, second)
    with pytest.raises(UpstreamFailed):
        chunks_of(engine)
    heard_ms = TEXT.index("the morning") * 60.0 + 90  # in the middle of "the"
    chunks = chunks_of(engine, failures=1, heard_ms=heard_ms)
    rest = second.requests[-1].call.text
    assert abs(len(TEXT) - len(rest) - TEXT.index("the morning")) <= len("the morning,")
    assert TEXT.endswith(f" {rest}")
    assert chunks[0].continues
    assert b"".join(chunk.pcm for chunk in chunks) == sound_of(rest, voice=1)


def test_one_long_sentence_shows_how_fast_an_engine_speaks(
    make: Make, first: ProviderSimulator, second: ProviderSimulator
) -> None:
    """The short one at its start shows little: a word near the end of a long sentence would be lost."""
    engine = both(make, first, second)
    words = " ".join(f"boat number {n} has come to the old stone harbour" for n in ("one", "two", "six", "ten") * 2)
    pcm_of(engine, f"{words}.")
    text = f"The next {words}."
    heard_ms = text.rindex("stone") * 60.0 - 30  # all before that word, and no sound of it
    chunks_of(engine, text, failures=1, heard_ms=heard_ms)
    rest = second.requests[-1].call.text
    assert rest in ("the old stone harbour.", "old stone harbour.", "stone harbour.")


def test_an_engine_that_is_away_is_not_asked_until_it_speaks_again(
    make: Make, first: ProviderSimulator, second: ProviderSimulator
) -> None:
    """It is tried with a sentence of which nothing is heard."""
    engine = both(make, first, second, return_s=0.05)
    first.faults = {"": (Fault.RESET_FIRST, 0)}
    assert pcm_of(engine) == pcm_of(engine) == sound_of(TEXT, voice=1)
    n_requests = [request.call.text for request in first.requests].count(TEXT)
    assert pcm_of(engine) == sound_of(TEXT, voice=1)
    assert [request.call.text for request in first.requests].count(TEXT) == n_requests
    first.faults = {}
    wait_until(lambda: pcm_of(engine) == sound_of(TEXT), "the first engine speaks again")


def test_an_engine_that_breaks_while_it_is_tried_is_tried_again(
    make: Make, first: ProviderSimulator, second: ProviderSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an error that nothing foresees, such as OSError of an engine of another distribution."""
    monkeypatch.setattr(RouteStep, "_try_engine", RouteStep._try_engine)  # so that it is put back
    plant("workers.engines.route.route_step:RouteStep._try_engine", 3, 2)  # the first two start the engines
    engine = both(make, first, second, return_s=0.05)
    first.faults = {"": (Fault.RESET_FIRST, 0)}
    assert pcm_of(engine) == pcm_of(engine) == sound_of(TEXT, voice=1)
    first.faults = {}
    wait_until(lambda: pcm_of(engine) == sound_of(TEXT), "the first engine speaks again")


def test_a_server_that_is_away_at_the_start_joins_when_it_comes(make: Make, second: ProviderSimulator) -> None:
    late = ProviderSimulator(port=free_port())
    engine = both(make, late, second, return_s=0.05)
    assert pcm_of(engine) == sound_of(TEXT, voice=1)
    with late:
        wait_until(lambda: pcm_of(engine) == sound_of(TEXT), "the first engine speaks")


@pytest.mark.parametrize(
    ("live", "lead_ms", "voice"), [(True, -200, 1), (True, 999, 1), (True, 1_000, 0), (False, -200, 0)]
)
def test_the_quick_engine_speaks_where_a_listener_has_little_ahead(
    make: Make, first: ProviderSimulator, second: ProviderSimulator, *, live: bool, lead_ms: int, voice: int
) -> None:
    """A live job starts on it, and goes on with the good one; a batch job has no listener who waits."""
    engine = both(make, first, second, quick="paris", quick_ms=1_000)
    assert pcm_of(engine, live=live, lead_ms=lead_ms) == sound_of(TEXT, voice=voice)


def test_the_first_engine_speaks_where_the_quick_one_fails(
    make: Make, first: ProviderSimulator, second: ProviderSimulator
) -> None:
    second.faults = {"harbour": (Fault.HTML, 0)}
    engine = both(make, first, second, quick="paris")
    assert pcm_of(engine, live=True) == sound_of(TEXT)
    with pytest.raises(UnknownOption, match="unknown quick engine 'pairs'; nearest: paris"):
        both(make, first, second, quick="pairs")


@pytest.mark.parametrize("busy", ["wait", "next"])
def test_a_busy_server_is_waited_for_or_relieved(
    make: Make, first: ProviderSimulator, second: ProviderSimulator, busy: str
) -> None:
    engine = both(make, first, second, busy=busy)
    first.faults = {"harbour": (Fault.SYSTEM, 0)}
    if busy == "next":
        assert pcm_of(engine) == sound_of(TEXT, voice=1)
    else:
        with pytest.raises(EngineBusy):
            chunks_of(engine)


def test_an_engine_of_another_rate_is_resampled_and_never_asked_for_more_than_its_slots(
    make: Make, first: ProviderSimulator
) -> None:
    engine = make(route_step("berlin", first.url), TONE, slots=4)
    first.faults = {"": (Fault.RESET_FIRST, 0)}
    speaking = engine.speak(Utterance(TEXT), lambda: False)
    first_chunk = next(speaking)
    with pytest.raises(EngineBusy, match="all slots of tone are taken"):
        chunks_of(engine)
    n_bytes = len(first_chunk.pcm) + sum(len(chunk.pcm) for chunk in speaking)
    assert abs(n_bytes - len(sound_of(TEXT))) <= 4
    assert pcm_of(engine)


def test_where_none_is_there_the_first_reason_counts(make: Make) -> None:
    with ProviderSimulator(port=free_port()) as one, ProviderSimulator(port=free_port()) as other:
        pass
    with pytest.raises(UpstreamFailed, match="none of the route's engines is there: berlin, paris"):
        both(make, one, other)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("", Misconfigured, r"found nothing; expected tables \[\[engine\]\] alone"),
        ("[[engine]]\n", Misconfigured, "engine 1: engine=None; expected the name of an engine"),
        (TONE + TONE, Misconfigured, "'tone' comes twice"),
        (TONE + "nane = 'x'\n", Misconfigured, "unknown field 'nane'; expected engine, name, options, voices"),
        (TONE + "name = 'X Y'\n", Misconfigured, "name='X Y'; expected a name such as"),
        ("[[engine]]\nengine = 'route'\n", UnknownOption, "a route cannot be an engine of a route"),
        ("[[engine]]\nengine = 'espaek'\n", UnknownOption, "unknown engine 'espaek'; nearest: espeak"),
        ("[[engine]", Misconfigured, "cannot read the route"),
    ],
)
def test_a_file_that_is_no_route_is_refused(make: Make, content: str, error: type[SeriatimError], message: str) -> None:
    with pytest.raises(error, match=message):
        make(content)


@given(
    st.text(st.sampled_from("ab ,.港1\n"), max_size=60), st.floats(0, 20_000), st.floats(0.3, 3.0),
)  # fmt: skip
def test_the_rest_begins_with_a_word_and_a_longer_part_leaves_less(text: str, heard_ms: float, pace: float) -> None:
    at = heard_chars(text, heard_ms, "en", 1.0, pace)
    assert at == 0 or (not text[at].isspace() and (text[at - 1].isspace() or "港" in text[at - 1 : at + 1]))
    assert at <= heard_chars(text, heard_ms + 500, "en", 1.0, pace)


@pytest.mark.parametrize(
    ("heard_ms", "rest"),
    [(0, TEXT), (100, TEXT), (60_000, "still."), (len("The harbour is quiet") * 53.0, "quiet in the morning, and")],
)
def test_the_rest_of_a_sentence(heard_ms: float, rest: str) -> None:
    """Of what was heard whole, the last word alone is left."""
    assert TEXT[heard_chars(TEXT, heard_ms) :].startswith(rest)
