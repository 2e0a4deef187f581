"""Lua scripts: loaded from their files, called by their hash, each through one typed function.

A typed function (seriatim/lua/pool_scripts.py, seriatim/lua/job_scripts.py) does no I/O: it returns a `ScriptCall`,
which says what to send and
how to read the reply. `run` sends one, `run_many` several in one round trip. Every script may run twice and must
then change nothing: redis-py repeats what timed out.
"""

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Generic, Self, TypeVar, cast

from redis import Redis, exceptions
from redis.exceptions import NoScriptError

from seriatim.errors import CommandRefused
from seriatim.servers.cluster_client import ClusterClient
from seriatim.servers.redis_errors import (
    translate_redis_errors as translate_redis_errors,  # the sender of a command waits for its answer
)

T = TypeVar("T")
U = TypeVar("U")
FAILOVER_WAITS_S = (0.02, 0.1, 0.25, *[0.5] * 8)  #: between two looks for the server that takes over
Argument = str | bytes | int | float


@dataclass(frozen=True, slots=True)
class LuaScript:
    """A script's whole text and its hash."""

    name: str
    text: str
    sha: str


@cache
def load(folder: str, name: str) -> LuaScript:
    """Join `lua/<folder>/<name>.lua` with what it requires of `lua/<folder>/shared`, and with `shared/keyspace.lua`.

    A script or a shared part names what it needs in a line `-- requires: clock, records`. Each part comes once, behind
    what it needs itself. A line `-- runs: finish, pick` makes whole scripts functions of this one, of their arguments.
    `-- runs: job/open, pool/claim` makes such of scripts of several folders, with all that they require, of their keys
    and arguments. A `#!lua` line comes first, as Redis wants it.
    """
    root = files("seriatim") / "lua" / folder
    flags, rest = _split_flags((root / f"{name}.lua").read_text("utf-8"))
    if any("/" in step for step in run_scripts(rest)):
        return script_of(name, flags + "".join(map(_whole_function, run_scripts(rest))) + rest)
    parts: dict[str, str] = {}

    def add(part: str) -> None:
        if part not in parts:
            text = (root / "shared" / f"{part}.lua").read_text("utf-8")
            for needed in required_parts(text):
                add(needed)
            parts[part] = text

    steps = {step: _split_flags((root / f"{step}.lua").read_text("utf-8"))[1] for step in run_scripts(rest)}
    for part in ("keyspace", *(part for text in (*steps.values(), rest) for part in required_parts(text))):
        add(part)
    functions = (f"local function {step}(ARGV)\n{text}\nend\n" for step, text in steps.items())
    return script_of(name, "".join((flags, *parts.values(), *functions, rest)))


def _whole_function(path: str) -> str:
    """A script with all that it requires, `<folder>/<name>`, as a function of its keys and arguments."""
    folder, _, name = path.partition("/")
    return f"local function {name}(KEYS, ARGV)\n{_split_flags(load(folder, name).text)[1]}\nend\n"


def _split_flags(text: str) -> tuple[str, str]:
    """The `#!lua` line of a script, or one without flags, and the rest."""
    flags, newline, rest = text.partition("\n") if text.startswith("#!") else ("#!lua", "\n", text)
    return flags + newline, rest


def script_of(name: str, text: str) -> LuaScript:
    """A whole text and its hash."""
    return LuaScript(name, text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def required_parts(text: str) -> list[str]:
    """The shared parts that a Lua text names in its `-- requires:` line."""
    return _names_in(text, "requires")


def run_scripts(text: str) -> list[str]:
    """The scripts that a Lua text names in its `-- runs:` line."""
    return _names_in(text, "runs")


def _names_in(text: str, line: str) -> list[str]:
    found = re.search(rf"^-- {line}: (.+)$", text, re.MULTILINE)
    return found[1].split(", ") if found else []


@dataclass(frozen=True, slots=True)
class ScriptCall(Generic[T]):
    """One call of a script, not yet sent."""

    script: LuaScript
    key: str  #: the slot's prefix: scripts build the names behind it
    args: tuple[Argument, ...]
    decode: Callable[[Any], T]  #: from redis-py's reply (bytes, int, list) to what the function promises
    clock: int = 0  #: the argument that is the time in ms, '' for the server's
    other_key: str = ""  #: of a joint script, which one server has both of
    other_clock: int | None = None  #: as `clock`, of a script that has two

    @property
    def keys(self) -> tuple[str, str]:
        """The keys that are named to the server: two of the slot that never exist.

        While a cluster moves a slot, its new node runs any command with one key that is sent on to it, and no node
        looks at what a script touches beside its keys: it would find half of a pool. Two keys that are never there have
        both refuse every script until the slot is whole at one of them (decision 65). Both fit the patterns of
        deploy/redis.
        """
        return self.key, self.other_key or f"{self.key}}}"

    def then(self, read: Callable[[T], U]) -> "ScriptCall[U]":
        """The same call, whose decoded reply is read on."""
        decode = self.decode
        return replace(cast("ScriptCall[U]", self), decode=lambda reply: read(decode(reply)))

    def at(self, now_ms: float) -> Self:
        """The same call, at another time than the server's: for simulations."""
        clocks = (self.clock, self.other_clock)
        return replace(self, args=tuple(now_ms if i in clocks else arg for i, arg in enumerate(self.args)))


def run(redis: "Redis", call: ScriptCall[T], *, replicated: bool = False) -> T:
    """Send one call and read its reply.

    `replicated`: in a cluster, wait a little until a replica has what it wrote, before what another node shall rely on.

    Raises:
        Unavailable: Redis does not answer; the call may have been executed.
    """
    try:
        reply = _evalsha(redis, call, replicated=replicated)
    except CommandRefused as error:
        if error.code != "NOSCRIPT":
            raise
        with translate_redis_errors():  # the server was restarted, or its script cache was flushed
            reply = redis.eval(call.script.text, len(call.keys), *call.keys, *_wire(call.args))
    return call.decode(reply)


def _evalsha(redis: "Redis", call: ScriptCall[T], *, replicated: bool) -> Any:
    with translate_redis_errors():
        if replicated and isinstance(redis, ClusterClient):
            return redis.execute_replicated(*command_of(call))
        return redis.evalsha(call.script.sha, len(call.keys), *call.keys, *_wire(call.args))


def command_of(call: ScriptCall[Any]) -> tuple[Argument, ...]:
    """The command that runs a script which the server knows."""
    return "EVALSHA", call.script.sha, len(call.keys), *call.keys, *_wire(call.args)


def run_many(redis: "Redis", calls: Sequence[ScriptCall[Any]]) -> list[Any]:
    """Send several calls in one round trip. Each is a step for itself; all are sent whatever becomes of the first.

    Raises:
        Unavailable: Redis does not answer; some of the calls may have been executed.
    """
    replies = _send(redis, calls)
    _ask_another_server(redis, calls, replies)
    unknown = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
    if unknown:
        for i, reply in zip(unknown, _send(redis, [calls[i] for i in unknown], whole=True), strict=True):
            replies[i] = reply
    with translate_redis_errors():
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
    return [call.decode(reply) for call, reply in zip(calls, replies, strict=True)]


def _ask_another_server(redis: "Redis", calls: Sequence[ScriptCall[Any]], replies: list[Any]) -> None:
    """Send again over new connections what a server refused that was demoted meanwhile; `replies` is corrected.

    redis-py does so for single commands, and not for those of a pipeline.
    """
    for wait_s in FAILOVER_WAITS_S:
        refused = [i for i, reply in enumerate(replies) if isinstance(reply, exceptions.ReadOnlyError)]
        if not refused:
            return
        time.sleep(wait_s)
        redis.connection_pool.disconnect(inuse_connections=False)
        for i, reply in zip(refused, _send(redis, [calls[i] for i in refused], whole=True), strict=True):
            replies[i] = reply


def _send(redis: "Redis", calls: Sequence[ScriptCall[Any]], *, whole: bool = False) -> list[Any]:
    """The replies, errors among them. `whole` sends the scripts' texts: they may be flushed again at any moment."""
    pipe = redis.pipeline(transaction=False)
    for call in calls:
        if whole:
            pipe.eval(call.script.text, len(call.keys), *call.keys, *_wire(call.args))
        else:
            pipe.evalsha(call.script.sha, len(call.keys), *call.keys, *_wire(call.args))
    with translate_redis_errors():
        return pipe.execute(raise_on_error=False)


def _wire(args: tuple[Argument, ...]) -> list[Argument]:
    """Booleans are 0 and 1 on the wire; everything else redis-py encodes."""
    return [int(a) if a is True or a is False else a for a in args]


def text(reply: object) -> str:
    """A reply that is a string."""
    return cast("bytes", reply).decode()


def integer(reply: object) -> int:
    """A reply that is a number, sent as such or as digits."""
    return int(cast("bytes | int", reply))
