"""The TTL check that every key expires: after every test, and every example of a property test."""

from redis import Redis

from seriatim.keys import PREFIX
from seriatim.servers.cluster_client import nodes_of

_IMMORTAL = """
local found = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  if redis.call('PTTL', key) == -1 then found[#found + 1] = key end
end
return found
"""


def immortal_keys(redis: Redis) -> list[str]:
    """Our keys that nothing will ever take away: there must be none."""
    return sorted(key.decode() for server in nodes_of(redis) for key in server.eval(_IMMORTAL, 0, PREFIX))


def assert_every_key_expires(redis: Redis) -> None:
    """Fail with the names of the keys that have no time to live."""
    found = immortal_keys(redis)
    assert not found, f"keys without a time to live: {found}"
