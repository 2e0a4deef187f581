"""The keyspace: only the package `seriatim` knows how keys and fields of hashes are written."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from seriatim import keys

ROOT = Path(__file__).parents[3]
OUTSIDE = ("gateway", "workers", "reassembler", "tasks", "bench")
MODULES = sorted(path for package in OUTSIDE for path in (ROOT / package).rglob("*.py"))
SUFFIXES = re.findall(r"^    :([a-z]+)", keys.__doc__ or "", re.MULTILINE)
SUFFIX = re.compile(rf"^:({'|'.join(sorted(set(SUFFIXES)))})(:|$)")
KEY_PARTS = {"PREFIX", "pool_prefix", "job_prefix", "shard_prefix"}  #: what a key is put together from
HASH_COMMANDS = {"hget", "hgetall", "hmget", "hset", "hsetnx", "hdel", "hexists", "hkeys", "hvals", "hlen", "hincrby"}


def found_in(source: str) -> Iterator[str]:
    """What of a module's code is a part of a key, or reads or writes a hash."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SUFFIX.match(node.value):
            yield f"line {node.lineno}: {node.value!r}"
        elif isinstance(node, ast.ImportFrom) and node.module == "seriatim.keys":
            yield from (f"line {node.lineno}: {alias.name}" for alias in node.names if alias.name in KEY_PARTS)
        elif isinstance(node, ast.Attribute) and node.attr in HASH_COMMANDS:
            yield f"line {node.lineno}: .{node.attr}"


def test_the_search_finds_keys_and_hashes() -> None:
    source = 'from seriatim.keys import pool_prefix\nredis.hget(f"{pool_prefix(pool)}:m", "done")'
    assert list(found_in(source)) == ["line 1: pool_prefix", "line 2: .hget", "line 2: ':m'"]
    assert {"m", "wk", "o", "c"} <= set(SUFFIXES)


def test_no_module_outside_the_package_knows_a_key() -> None:
    found = {path.relative_to(ROOT): list(found_in(path.read_text("utf-8"))) for path in MODULES}
    assert {path: lines for path, lines in found.items() if lines} == {}
