"""Locust file of `make bench-users`: users who listen at 1 x over HTTP, think, come back, and leave in mid-sentence.

    python -m locust -f bench/locustfile.py --headless --users 100 --spawn-rate 10 --run-time 60s \
        --host http://127.0.0.1:8000 --records FILE

With the import of locust, gevent replaces the blocking parts of Python's library. So this file is for a process and an
environment of its own (`.venv-integrations/locust`), nothing else of ours imports it or locust
(tests/unit/bench/test_bench_users.py), and it imports only what needs nothing but Python. It writes what came when:
bench/users/user_figures.py makes figures of that. locust's own summary shows the times to the first sound.

A player takes what it plays and a few seconds ahead, as browsers do; then the connection waits, and the text with it.
"""

import argparse
import http.client
import json
import time
from contextlib import closing
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust import User, events

from bench.load.plan import RequestResult
from bench.load.player import Player
from bench.users.user_plan import UserWish, key_of, wishes

RATE_HZ = 24_000
BYTES_PER_MS = RATE_HZ * 2 / 1000
FIRST_BYTES = round(20 * BYTES_PER_MS)  #: the first sound: as little as a player may begin to decode
PIECE_BYTES = round(200 * BYTES_PER_MS)
AHEAD_MS = 3_000.0  #: what a player holds beyond what it plays
TIMEOUT_S = 120.0  #: an answer that gives nothing for so long has failed
WATCH_S = 0.05
LEAST_RETRY_S = 0.1
REST_S = 86_400.0  #: longer than any run

_results: list[RequestResult] = []
_delays_ms: list[float] = []  #: by which this process itself was late, again and again
_numbers = count()
_finished: list[str] = []  #: users who had all their texts
_began_s = time.monotonic()


def now_s() -> float:
    """Seconds from the start of this process."""
    return time.monotonic() - _began_s


def listen(user: "ListeningUser") -> None:
    """Hear one text, or leave in its middle; who is refused asks again after Retry-After."""
    user.wish, back = next(user.wishes), False
    while True:
        result = RequestResult(
            user.name, user.wish.group, "live", now_s(), back=back, text_s=user.wish.text_s, cut=True
        )  # fmt: skip
        _results.append(result)
        try:
            _ask(user, result)
            result.cut = False
        finally:  # locust ends its users wherever they are
            result.over_s = now_s()
        _show(user, result)
        if not result.retry_after_s:
            break
        gevent.sleep(max(LEAST_RETRY_S, result.retry_after_s))
        back = True
    user.count_text()


def _ask(user: "ListeningUser", result: RequestResult) -> None:
    body = {"model": "tone", "input": user.wish.text, "response_format": "pcm", "sample_rate": RATE_HZ}
    headers = {"content-type": "application/json", "authorization": f"Bearer {user.key}"}
    address = urlsplit(user.host).netloc
    try:
        with closing(http.client.HTTPConnection(address, timeout=TIMEOUT_S)) as connection:
            connection.request("POST", "/v1/audio/speech", json.dumps(body), headers)
            with connection.getresponse() as answer:
                if answer.status != http.HTTPStatus.OK:
                    result.refused = str(answer.status)
                    result.retry_after_s = float(answer.getheader("retry-after-ms", "0")) / 1000
                    return
                result.job, result.accepted_s = answer.getheader("seriatim-job", ""), now_s()
                _play(user.wish, answer, result)
    except (OSError, http.client.HTTPException) as error:
        result.state = f"failed: {type(error).__name__}"


def _play(wish: UserWish, answer: http.client.HTTPResponse, result: RequestResult) -> None:
    """Take the sound as a player does, to its end or until the listener goes."""
    player, n_bytes = Player(), FIRST_BYTES
    while piece := answer.read(n_bytes):
        at_s, n_bytes = now_s(), PIECE_BYTES
        result.chunks.append((round(at_s, 4), len(piece) / BYTES_PER_MS))
        player.take(at_s, len(piece) / BYTES_PER_MS)
        ahead_s = (player.got_ms - player.heard_ms(at_s) - AHEAD_MS) / 1000
        if _leaves(wish, result, at_s + max(0.0, ahead_s)):
            return
        gevent.sleep(max(0.0, ahead_s))
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)
    result.ended_s, result.state = now_s(), "done"
    player.begin(result.ended_s)
    if not _leaves(wish, result, player.dry_s or result.ended_s):
        gevent.sleep(max(0.0, (player.dry_s or 0.0) - now_s()))


def _leaves(wish: UserWish, result: RequestResult, until_s: float) -> bool:
    """Whether the listener goes before `until_s`; it has waited until then if so."""
    goes_s = result.chunks[0][0] + wish.leaves_s if wish.leaves_s and result.chunks else float("inf")
    if goes_s > until_s:
        return False
    gevent.sleep(max(0.0, goes_s - now_s()))
    result.left = True
    return True


def _show(user: "ListeningUser", result: RequestResult) -> None:
    """Count a request in locust's own summary: the time to its first sound, or to its refusal."""
    first_s = result.chunks[0][0] if result.chunks else result.over_s
    failed = RuntimeError(result.state) if result.state.startswith("failed") else None
    user.environment.events.request.fire(
        request_type="POST", name=f"{result.group} text" if result.job else "refused",
        response_time=(first_s - result.asked_s) * 1000, exception=failed, context={},
        response_length=round(sum(ms for _, ms in result.chunks) * BYTES_PER_MS),
    )  # fmt: skip


class ListeningUser(User):  # type: ignore[misc]  # locust's types are not followed: its extra may be missing
    """A person with an API key, who hears one text after another."""

    tasks = (listen,)

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        number = next(_numbers)
        self.name, self.key = f"user{number}", key_of(number)
        self.wishes = wishes(number, environment.parsed_options.plan_seed)
        self.wish: UserWish
        self._texts_left = environment.parsed_options.texts or float("inf")

    def wait_time(self) -> float:
        """Seconds for which the user thinks before its next text."""
        return self.wish.thinks_s

    def count_text(self) -> None:
        """Count a text. Behind its last one the user rests: locust would send another one for a user who stops.

        Once all users rest the run is over.
        """
        self._texts_left -= 1
        if self._texts_left > 0:
            return
        _finished.append(self.name)
        runner = self.environment.runner
        if len(_finished) == runner.target_user_count:
            gevent.spawn(runner.quit)
        gevent.sleep(REST_S)


def add_options(parser: argparse.ArgumentParser, **_: Any) -> None:
    """Add this file's options to locust's."""
    parser.add_argument("--records", default="", help="file for what each user heard and when, as JSON")
    parser.add_argument("--plan-seed", type=int, default=1, help="of the users' texts and habits")
    parser.add_argument("--texts", type=int, default=0, help="texts of each user, behind which it rests; 0: no end")


def watch_delays(**_: Any) -> None:
    """Note again and again by how much this process is late: no figure of its users is finer than that."""

    def watch() -> None:
        while True:
            began_s = time.monotonic()
            gevent.sleep(WATCH_S)
            _delays_ms.append((time.monotonic() - began_s - WATCH_S) * 1000)

    gevent.spawn(watch)


def write_records(environment: Any, **_: Any) -> None:
    """Write what was recorded, once all users have stopped."""
    if environment.parsed_options.records:
        records = {"results": [asdict(result) for result in _results], "delays_ms": _delays_ms}
        Path(environment.parsed_options.records).write_text(json.dumps(records))


events.init_command_line_parser.add_listener(add_options)
events.test_start.add_listener(watch_delays)
events.quitting.add_listener(write_records)
