"""Turns of sessions: of clients that send a text sentence by sentence, each in a request of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from openai import InternalServerError

from seriatim.keys import pool_prefix
from tests.http.conftest import CALM
from tests.http.gateways import Gateway, clear, start
from tests.support.process_system import RealSystem

SESSIONS = 8  #: twice as many as the pool can serve: two slots at a real-time factor of 0.5
SENTENCES = 4


@pytest.fixture(scope="module")
def gateway(new_system: Callable[..., RealSystem]) -> Gateway:
    system = new_system(**CALM)
    system.reassembler()
    system.workers(2, options={"rtf": 0.5})
    return start(system, http_user_sessions=1)


def turns(gateway: Gateway, speak: Callable[[str, str], object]) -> list[list[bool]]:
    """Speak the turns of all sessions at once; returns for each which of its requests were answered with audio."""
    barrier = Barrier(SESSIONS)

    def turn(n: int) -> list[bool]:
        answers = []
        barrier.wait()
        for sentence in clear(SENTENCES):
            try:
                speak(f"agent {n}", sentence)
            except InternalServerError:  # 503
                answers.append(False)
            else:
                answers.append(True)
        return answers

    with ThreadPoolExecutor(SESSIONS) as threads:
        return list(threads.map(turn, range(SESSIONS)))


def assert_not_cut(answers: list[list[bool]]) -> None:
    """No turn is refused behind its first audio, though newcomers are."""
    assert all(turn == sorted(turn) for turn in answers), "once a sentence is spoken, all that follow it are"
    assert any(turn[0] for turn in answers)
    assert not all(turn[0] for turn in answers), "there is no overload"


@pytest.mark.thorough
def test_no_turn_is_refused_in_mid_answer_at_twice_the_load(gateway: Gateway) -> None:
    with gateway.openai(max_retries=0) as ai:
        assert_not_cut(
            turns(
                gateway,
                lambda session, text: (
                    ai.audio.speech.create(
                        model="tone", voice="alloy", input=text, extra_headers={"seriatim-session": session}
                    ).content
                ),
            )
        )


def test_the_user_field_names_the_session_where_a_setting_says_so(gateway: Gateway) -> None:
    with gateway.openai(max_retries=0) as ai, gateway.system.redis as redis:
        for name in ("ann", "bob"):
            ai.with_options(max_retries=9).audio.speech.create(
                model="tone", voice="alloy", input="Good morning.", extra_body={"user": name}
            )
            assert redis.exists(f"{pool_prefix('tone')}:turn:9:anonymous:{name}")
