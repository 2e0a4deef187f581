"""Contents of a server, as plain Python: one round trip, so that a property test can look after every step."""

from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis

_DUMP = """
local all = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local kind = redis.call('TYPE', key)['ok']
  local content
  if kind == 'hash' then content = redis.call('HGETALL', key)
  elseif kind == 'zset' then content = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'list' then content = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'stream' then content = redis.call('XRANGE', key, '-', '+')
  else content = redis.call('GET', key) end
  all[#all + 1] = {key, kind, redis.call('PTTL', key), content}
end
return all
"""


def contents(redis: Redis, prefix: str) -> dict[str, Any]:
    """All keys that begin with `prefix`, by what follows it.

    Hashes as dicts of str, zsets as dicts of float, lists and strings of bytes, streams as lists of (id, fields).

    Raises:
        AssertionError: one of them has no time to live.
    """
    found: dict[str, Any] = {}
    for name, kind, left_ms, content in redis.eval(_DUMP, 0, prefix):
        assert left_ms > 0, f"{name.decode()} has no time to live"
        found[name.decode().removeprefix(prefix)] = _DECODERS[kind](content)
    return found


def _pairs(flat: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _hash(flat: Sequence[bytes]) -> dict[str, str]:
    return {name.decode(): value.decode("utf-8", "surrogateescape") for name, value in _pairs(flat)}


def _zset(flat: Sequence[bytes]) -> dict[str, float]:
    return {name.decode(): float(score) for name, score in _pairs(flat)}


def _stream(entries: Sequence[tuple[bytes, Sequence[bytes]]]) -> list[tuple[bytes, Mapping[bytes, bytes]]]:
    return [(entry_id, dict(_pairs(fields))) for entry_id, fields in entries]


_DECODERS: Mapping[bytes, Any] = {
    b"hash": _hash, b"zset": _zset, b"stream": _stream, b"list": list, b"string": bytes
}  # fmt: skip
