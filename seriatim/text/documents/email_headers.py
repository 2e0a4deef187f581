"""E-mail headers: is a text the source of a message, as mail programs save it?"""

import re

_HEADER = re.compile(r"(?P<name>[!-9;-~]{1,76}):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\Z)")
#: the line before a message in a mailbox file
_ENVELOPE = re.compile(r"From [^\r\n]+\r?\n")
_BLANK = re.compile(r"\r?\n")
#: headers that mail programs write and people do not
_OF_PROGRAMS = frozenset(("date", "message-id", "mime-version", "received", "return-path", "delivered-to"))
_SENDERS = frozenset(("from", "sender"))


def is_email(start: str) -> bool:
    """Is a text the source of a message? It begins with headers, among them a sender and what only programs write."""
    envelope = _ENVELOPE.match(start)
    at, names = envelope.end() if envelope else 0, set[str]()
    while header := _HEADER.match(start, at):
        names.add(header["name"].lower())
        at = header.end()
    ended = at >= len(start) or _BLANK.match(start, at) is not None
    return ended and bool(names & _SENDERS) and bool(names & _OF_PROGRAMS)
