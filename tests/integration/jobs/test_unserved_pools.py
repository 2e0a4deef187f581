"""Jobs for pools that no worker has served: a batch job waits there, so a misspelt name must not pass unseen."""

from collections.abc import Callable

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import UnknownOption
from seriatim.state.pool_record import pool_names
from tests.support.process_system import RealSystem


def test_a_misspelt_engine_is_refused_and_another_name_is_warned_of(new_system: Callable[..., RealSystem]) -> None:
    system = new_system()

    def enqueue(**names: str) -> Job:
        return system.producer().enqueue("Hello.", JobRequest.of({"kind": "batch", **names}))

    with pytest.raises(UnknownOption, match=r"^unknown engine 'espaek'; nearest: espeak; .*: pool='espaek'$"):
        enqueue(engine="espaek")
    assert pool_names(system.redis) == [], "it left no trace"
    assert enqueue(engine="espeak").warning == "", "an engine whose workers come later"

    assert "no worker has served pool 'narrator' yet" in enqueue(engine="narrator").warning
    with pytest.raises(UnknownOption, match="nearest: narrator"):
        enqueue(engine="narator")
    assert "--pool narator" in enqueue(engine="espeak", pool="narator").warning, "named as a pool, it may be new"
