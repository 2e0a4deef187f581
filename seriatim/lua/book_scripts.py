"""Typed calls of the scripts of books (lua/book): which gateway works on one. One function each; none does I/O."""

from seriatim.keys import book_prefix
from seriatim.lua.script_calls import ScriptCall, integer, load


def hold(book: str, token: str, lease_ms: int, progress: str) -> ScriptCall[int]:
    """Take the lease of a book, or renew it, with the progress as JSON; 0 where another run has it."""
    return ScriptCall(load("book", "hold"), book_prefix(book), (token, lease_ms, progress), integer)


def release(book: str, token: str) -> ScriptCall[int]:
    """Give the lease of a book back; 0 where the run has none."""
    return ScriptCall(load("book", "release"), book_prefix(book), (token,), integer)
