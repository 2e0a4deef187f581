"""Real users of the bench: locust's users hear their texts through a whole system, to the end or until they leave."""

from itertools import count

import pytest

from bench.users.user_figures import figures_of
from bench.users.user_plan import SHORT, UsersRun, wishes
from bench.users.user_system import PYTHON, users_system

if not PYTHON.exists():  # as the packages of `make integrations`, it is in no environment of the other tests
    pytest.skip("locust is not installed (make bench-users)", allow_module_level=True)

USERS = 4


def seed_of_short_texts() -> int:
    """A seed with which each user's first text is short; some users leave, and others stay."""

    def fits(seed: int) -> bool:
        firsts = [next(wishes(number, seed)) for number in range(USERS)]
        return all(wish.group == SHORT for wish in firsts) and 0 < sum(bool(wish.leaves_s) for wish in firsts) < USERS

    return next(seed for seed in count(1) if fits(seed))


@pytest.mark.thorough
def test_each_user_hears_its_text_to_the_end_or_to_where_it_leaves() -> None:
    run = UsersRun(USERS, minutes=2.0, seed=seed_of_short_texts(), texts=1)
    with users_system(run) as system:
        outcome = system.run(run)
    accepted = {result.user: result for result in outcome.results if result.job}
    assert len({result.job for result in accepted.values()}) == USERS
    for number in range(USERS):
        wish, result = next(wishes(number, run.seed)), accepted[f"user{number}"]
        assert not result.cut, "the run ended because all users had their texts"
        assert result.left == bool(wish.leaves_s)
        assert result.chunks
        if not result.left:
            assert result.state == "done"
            assert sum(ms for _, ms in result.chunks) > 0.8 * wish.text_s * 1000
    assert figures_of(outcome.results).failed == 0
    assert {"redis", "reassembler", "gateway", "users (locust)"} < outcome.used.keys()
    assert len(outcome.workers) == 2
