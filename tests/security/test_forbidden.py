"""Forbidden to each role: commands, others' keys, channels. And its file allows what its scripts can reach."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from seriatim.keys import book_prefix, job_prefix, ordered_stream, pool_prefix
from tests.conftest import binary_of
from tests.security.lua_reach import reach
from tests.security.roles import DEPLOY, ROLES, Roles
from tests.support.redis_servers import SERVER_KINDS, PrivateServer

P, JOB = pool_prefix("tone"), "00112233445566778899aabbccddeeff"
K, STREAM = job_prefix(JOB), ordered_stream(JOB)
TEXTS, STATE, CAPS = f"{P}:jt:{JOB}", f"{K}:c:{JOB}", f"{P}:set:ann"

#: what only an administrator may
ADMINISTRATOR_ONLY = [
    ("FLUSHALL",), ("FLUSHDB",), ("SHUTDOWN",), ("CONFIG", "SET", "dir", "/tmp"), ("CONFIG", "GET", "requirepass"),
    ("KEYS", "*"), ("ACL", "LIST"), ("ACL", "SETUSER", "x"), ("MONITOR",), ("SAVE",),
    ("REPLICAOF", "NO", "ONE"), ("MODULE", "LIST"), ("SCRIPT", "FLUSH"), ("FUNCTION", "LIST"), ("CLIENT", "LIST"),
    ("CLIENT", "KILL", "TYPE", "normal"), ("MIGRATE", "h", "1", "k", "0", "1"), ("GET", "secret"), ("SET", "x", "1"),
    ("DEL", "other"), ("PUBLISH", "news", "x"), ("SUBSCRIBE", "news"), ("SLOWLOG", "GET"), ("SWAPDB", "0", "1"),
]  # fmt: skip
#: what a role could abuse most, had it the rights of another
BEYOND: dict[str, list[tuple[str, ...]]] = {
    "producer": [
        ("HSET", CAPS, "weight", "1000"), ("ZADD", f"{P}:wk", "1", "mine"), ("HGETALL", f"{P}:dead"),
        ("LPOP", "seriatim.tone"), ("BRPOP", "seriatim.tone", "1"), ("SCAN", "0"), ("PUBLISH", "/0.celery.pidbox", "x"),
        ("DEL", "unacked"), ("XREADGROUP", "GROUP", "reassembler", "me", "STREAMS", f"{K}:ntf", ">"),
        ("SET", f"{P}:voices", "[]"),
    ],
    "worker": [
        ("HSET", CAPS, "weight", "1000"), ("SET", f"{P}:idem:3:ann:key", JOB), ("ZADD", f"{P}:line", "1", "b1|ann"),
        ("XREAD", "STREAMS", STREAM, "0"), ("XTRIM", STREAM, "MAXLEN", "0"), ("SCAN", "0"),
    ],
    "reassembler": [
        ("HGETALL", TEXTS), ("HGET", TEXTS, "0"), ("LPUSH", "seriatim.tone", "x"), ("ZADD", f"{P}:lease", "1", "x"),
        ("HGET", f"{P}:dead", "x"), ("SCAN", "0"), ("HSET", CAPS, "weight", "1000"),
        ("HSET", f"{P}:js:{JOB}", "0", "x"),
    ],
    "reader": [
        ("HGET", TEXTS, "0"), ("HSET", STATE, "state", "done"), ("DEL", STREAM), ("LPUSH", "seriatim.tone", "x"),
        ("XREAD", "STREAMS", f"{K}:b:{JOB}:0", "0"), ("SCAN", "0"), ("HGET", f"{P}:dead", "x"), ("UNLINK", STATE),
        ("ZADD", f"{P}:lease", "1", "x"), ("HSET", CAPS, "weight", "1000"), ("ZADD", f"{K}:live", "1", "x"),
    ],
    "plain": [
        ("HGETALL", STATE), ("DEL", STREAM), ("EVAL", "return 1", "0"), ("INFO",), ("XADD", STREAM, "*", "d", "x"),
        ("XREAD", "STREAMS", f"{K}:b:{JOB}:0", "0"), ("XGROUP", "DESTROY", STREAM, "reader"), ("HGET", TEXTS, "0"),
        ("BGREWRITEAOF",), ("SCAN", "0"),
    ],
    "gateway": [
        ("ZADD", f"{P}:wk", "1", "mine"), ("HGETALL", f"{P}:dead"), ("LPOP", "seriatim.tone"),
        ("PUBLISH", "/0.celery.pidbox", "x"), ("DEL", "unacked"), ("SET", f"{P}:voices", "[]"), ("KEYS", "*"),
        ("XREADGROUP", "GROUP", "reassembler", "me", "STREAMS", f"{K}:ntf", ">"),
    ],
    "operator": [],
}  # fmt: skip
OPERATORS = {("CONFIG", "GET", "requirepass")}  #: it looks how durable the server is

#: the scripts that each role calls
SCRIPTS = {
    "producer": {
        "pool": [
            "submit", "submit_and_pick", "memory_wait", "extend", "pick", "ack", "cancel", "tune", "signals", "strike",
            "rebase",
        ],
        "job": ["init", "life", "close", "end", "heard"],
    },
    "gateway": {
        "pool": [
            "submit", "submit_and_pick", "memory_wait", "extend", "pick", "ack", "cancel", "tune", "tune_user",
            "signals", "strike", "rebase",
        ],
        "job": ["init", "life", "close", "end", "heard", "note_webhook"],
        "book": ["hold", "release"],
    },
    "worker": {
        "pool": [
            "claim", "finish", "fail", "beat", "register", "leave", "mark", "fenced", "sweep", "pick", "strike",
            "rebase", "fill_done", "postpone", "finish_and_claim", "report_limits", "handover", "put_back",
            "scale", "signals",
        ],
        "job": ["open", "append", "fill", "life", "close", "end"],
    },
    "reassembler": {
        "pool": ["ack"],
        "job": ["emit", "due", "recorded", "heard", "join", "claim_webhooks", "webhook_tried"],
    },
    "reader": {"pool": ["ack"], "job": ["heard"]},
}  # fmt: skip


@pytest.fixture(scope="module", params=SERVER_KINDS)
def closed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[PrivateServer, Roles]]:
    """A server exactly as `users.sh` makes it, but that a test's administrator may in."""
    folder = tmp_path_factory.mktemp("closed")
    roles = Roles.made(folder)
    with PrivateServer(binary_of(request.param), "--aclfile", str(roles.acl_file)) as server:
        yield server, roles


def refused(client: Redis, command: tuple[str, ...]) -> bool:
    try:
        client.execute_command(*command)
    except NoPermissionError:
        return True
    except ResponseError as error:
        return "NOPERM" in str(error)
    return False


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_administer_the_server_or_touch_what_is_not_ours(
    closed: tuple[PrivateServer, Roles], role: str
) -> None:
    server, roles = closed
    with roles.client(role, server) as client:
        allowed = [command for command in ADMINISTRATOR_ONLY if not refused(client, command)]
    assert set(allowed) <= (OPERATORS if role == "operator" else set())


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_refused_what_belongs_to_others(closed: tuple[PrivateServer, Roles], role: str) -> None:
    server, roles = closed
    with roles.client(role, server) as client:
        assert [command for command in BEYOND[role] if not refused(client, command)] == []


@pytest.mark.parametrize("role", [role for role in ROLES if role != "plain"])
def test_a_script_of_ones_own_may_do_no_more_than_its_caller(closed: tuple[PrivateServer, Roles], role: str) -> None:
    """EVAL must be allowed, because scripts are loaded with it: each command in it is checked all the same."""
    server, roles = closed
    with roles.client(role, server) as client:
        for words in ("'FLUSHALL'", "'SET', 'x', '1'", "'LPUSH', 'celery', 'x'"):
            with pytest.raises(
                (NoPermissionError, ResponseError), match=r"ACL|NOPERM|permission|can't run|can't access"
            ):
                client.eval(f"return redis.call({words})", 0)


def test_a_connection_without_a_user_is_refused(tmp_path: Path) -> None:
    roles = Roles.made(tmp_path, "user default off")
    with Closed(roles) as server, roles.client("plain", server) as known, server.client() as stranger:
        assert known.ping()
        with pytest.raises(
            (AuthenticationError, ResponseError), match=r"Authentication required|already authenticated"
        ):
            stranger.ping()


class Closed(PrivateServer):
    """A server that its own starter may not talk to: ready when a role is answered."""

    def __init__(self, roles: Roles) -> None:
        super().__init__(binary_of("valkey"), "--aclfile", str(roles.acl_file))
        self.roles = roles

    def _wait_for(self, client: Redis) -> None:
        with self.roles.client("plain", self) as mine:
            super()._wait_for(mine)


def rules(role: str) -> list[str]:
    text = (DEPLOY / f"{role}.acl").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [rule.strip("()") for line in lines for rule in line.split()]  # in brackets: a command for some keys alone


def allows_key(role: str, key: str) -> bool:
    """Does one of the role's patterns hold the key? Only as much of globs as ours have."""
    patterns = [rule.partition("~")[2] for rule in rules(role) if "~" in rule]
    return any(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), key) for pattern in patterns)


@pytest.mark.parametrize("role", SCRIPTS)
def test_a_role_is_allowed_all_that_its_scripts_can_reach(role: str) -> None:
    """A new command or key in a script must be added to deploy/redis/*.acl, or it fails where it is rarely used."""
    allowed = set(rules(role))
    missing: set[str] = set()
    for folder, names in SCRIPTS[role].items():
        prefix = {"pool": P, "job": K, "book": book_prefix(JOB)}[folder]
        for name in names:
            found = reach(folder, name)
            missing |= {f"+{command}" for command in found.commands if f"+{command}" not in allowed}
            keys = [prefix + key + (JOB if key.endswith(":") else "") for key in found.keys]
            missing |= {f"~{key}" for key in keys if not allows_key(role, key)}
    assert missing == set(), f"add to deploy/redis/{role}.acl"


def test_every_script_belongs_to_a_role() -> None:
    """What only a person calls is the operator's, who may everything in our keys."""
    people = {"tune_user", "dead_forget", "limit_pool", "limit_rates"}
    called = {name for of_role in SCRIPTS.values() for name in of_role["pool"]} | people
    lua = Path(__file__).parents[2] / "seriatim" / "lua"
    assert {path.stem for path in (lua / "pool").glob("[!_]*.lua")} <= called
    called_of_job = {name for of_role in SCRIPTS.values() for name in of_role["job"]}
    assert {path.stem for path in (lua / "job").glob("[!_]*.lua")} <= called_of_job | {"retry_webhook"}
    assert {path.stem for path in (lua / "book").glob("[!_]*.lua")} == set(SCRIPTS["gateway"]["book"])
