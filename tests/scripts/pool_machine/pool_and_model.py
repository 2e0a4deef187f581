"""The server and the model under the same operations: each answer and all that is left behind are compared."""

from collections.abc import Callable
from typing import Any, TypeVar

from redis import Redis

from seriatim.keys import pool_prefix
from seriatim.lua.script_calls import ScriptCall, run
from tests.scripts.pool_machine.pool_state import Pool
from tests.scripts.pool_machine.pool_view import differences, invariants, of_model, of_server
from tests.scripts.server_contents import contents

T = TypeVar("T")
POOL = "p"
PREFIX = pool_prefix(POOL)


class Both:
    """A pool on a server, and its model."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.pool = redis, Pool()

    def do(
        self, call: ScriptCall[T], expected: Callable[[], Any], answer: Callable[[T], Any] = lambda reply: reply,
        *, twice: bool = False,
    ) -> T:  # fmt: skip
        """Do it, compare the answers and what is left behind."""
        reply = run(self.redis, call)
        from_model = expected()
        assert answer(reply) == from_model, f"the model says {from_model}, the server {answer(reply)}"
        seen = self.compare()
        if twice:
            again, expected_again = run(self.redis, call), expected()
            assert answer(again) == expected_again
            assert not differences(seen, self.compare()), "the second call changed something"
        return reply

    def compare(self) -> dict[str, Any]:
        seen = of_server(contents(self.redis, PREFIX))
        found = differences(of_model(self.pool), seen)
        assert not found, "\n".join(found)
        broken = invariants(seen)
        assert not broken, f"broken: {broken}"
        self._take_last_digits(seen)
        return seen

    def _take_last_digits(self, seen: dict[str, Any]) -> None:
        """Sums of floats differ in their last digits with the order of adding: nothing may grow out of that."""
        for kind, tags in seen["tags"].items():
            for name, tag in tags.items():
                self.pool.users[name].tag[kind] = tag
            self.pool.V[kind], self.pool.E[kind] = seen["counts"][f"V_{kind}"], seen["counts"][f"E_{kind}"]
        for name, user in seen["users"].items():
            for kind in self.pool.users[name].finish.keys() - self.pool.users[name].tag.keys():
                self.pool.users[name].finish[kind] = user[f"F_{kind}"]
