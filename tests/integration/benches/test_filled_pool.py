"""A filled pool of the bench of scale: each step that its model counts is measured on a real server."""

from bench.scale.capacity_model import ServerCosts, server_costs
from bench.scale.script_times import CHUNKS, PoolFill, measure

ROUNDS = 12


def test_each_step_of_a_sentence_a_text_and_a_worker_is_measured() -> None:
    found = measure(PoolFill(workers=2, slots=4, jobs=100), ROUNDS)
    job_steps = ("open", "append", "XREAD", "ack", "heard")
    assert {name: found[name].calls for name in job_steps} == {
        "open": ROUNDS, "append": ROUNDS * CHUNKS, "XREAD": ROUNDS * CHUNKS, "ack": ROUNDS * CHUNKS,
        "heard": ROUNDS * CHUNKS,
    }  # fmt: skip
    assert found["finish_and_claim"].calls == found["finish"].calls == ROUNDS // 2
    mean_ms = {name: each.mean_ms for name, each in found.items()}
    for hot in (True, False):
        costs = server_costs(mean_ms, looks={"emit": 1.0, "due": 0.1}, hot=hot)
        assert all(getattr(costs, name) > 0 for name in ServerCosts.__slots__)
