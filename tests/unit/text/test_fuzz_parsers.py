"""Parsers of bytes from outside raise their own error for what is none of ours, and nothing else.

One property for each parser, bounded in every run of the suite; HYPOTHESIS_PROFILE=long is for an evening. Half of
the input is noise, half is what we write ourselves with something changed in it: that goes deeper.
"""

import json
import tempfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import parser
from gateway.cli.main import COMMANDS
from gateway.output.journal import JournalMark, OutputJournal, TextFingerprint
from reassembler.emit_loop import _parse_rows as notifications
from seriatim import dead_letters, job_timeline, recording_store, stream_entries
from seriatim.client.job_options import JobRequest
from seriatim.client.option_checks import check_job
from seriatim.errors import BadInput, EngineFailed, Misconfigured, PositionLost, UnknownOption
from seriatim.keys import StreamPosition
from seriatim.recordings.recording_events import EVENTS
from seriatim.records import BadRecord, JobSpec, Sentence, TaskMessage
from seriatim.servers.server_address import Address, Broker
from seriatim.servers.server_urls import redacted_url, with_password, with_tls
from seriatim.settings import Settings
from seriatim.stream_entries import ReaderCursor, SentenceStart
from seriatim.text.documents.text_encoding import decode_text as decoded_text
from tasks.celery_task import parse_task_arguments
from workers.chunk_sender import unpack_state
from workers.engines.engine_options import read_options as read_options
from workers.engines.tone.engine import ToneOptions
from workers.engines.xtts.batch.resume_state import ResumeState
from workers.message_filter import parse_message
from workers.trim_and_fade import HEADER, TrimFadeFilter

numbers = st.integers() | st.floats() | st.sampled_from([2**53, 2**63, -1, 0, 1e308])
scalars = st.none() | st.booleans() | numbers | st.text(max_size=20) | st.binary(max_size=20)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
digits = st.from_regex(r"-?[0-9]{0,25}", fullmatch=True)
odd_bytes = st.binary(max_size=60) | st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass"))


def objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects with those names, some of them left out, others added."""
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=6), json_values | digits, max_size=len(names) + 1)


def changed(*whole: bytes) -> st.SearchStrategy[bytes]:
    """What we write ourselves, with a piece of it replaced."""

    @st.composite
    def damage(draw: st.DrawFn) -> bytes:
        raw = draw(st.sampled_from(whole))
        start = draw(st.integers(0, len(raw)))
        stop = draw(st.integers(start, len(raw)))
        return raw[:start] + draw(odd_bytes) + raw[stop:]

    return damage()


def raw_json(*names: str) -> st.SearchStrategy[bytes]:
    return (objects(*names) if names else json_values).map(lambda value: json.dumps(value).encode()) | odd_bytes


ENTRY_FIELDS = st.dictionaries(
    st.sampled_from([b"t", b"d", b"seq", b"at", b"rate", b"text", b"offset", b"reason", b"state", b"n", b"x"]),
    odd_bytes | st.sampled_from([b"sentence", b"gap", b"end", b"discontinuity", b"0", b"1", b"-1", b"99"]),
)
ENTRY_IDS = (
    digits.map(str.encode) | st.from_regex(r"[0-9]{1,18}-[0-9]{1,18}", fullmatch=True).map(str.encode) | odd_bytes
)
STATE = ResumeState((1, 2, 1025), 4, 5, 1).pack()
EDGES = TrimFadeFilter(8000, 100)
EDGES.feed(b"\x00\x10" * 400)
HEADERS = objects("task", "id", "eta", "expires", "group", "compression") | scalars
BODY = json.dumps([["abc", 0, 1], {}, {"callbacks": None}]).encode()


def _options(words: list[str]) -> None:
    with redirect_stderr(StringIO()), suppress(SystemExit):  # argparse's own way to say no
        parser.request(parser.build_parser(COMMANDS).parse_args(["speak", *words]))


def _edges(state: bytes) -> None:
    restored = TrimFadeFilter.restore(state, 8000, 100)
    restored.feed(b"\x00\x10" * 40)
    restored.finish()


def _journal(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j"
        path.write_bytes(content)
        journal = OutputJournal.open(path, "x", create=False)
        found = journal.read()
        if found:
            list(found[1])
            found[0].changes(TextFingerprint.of("text", {}))
        journal.close()


def _url(url: str) -> None:
    redacted_url(url)
    with_tls(with_password(url, "p"), {})
    for kind in (Address, Broker):
        kind.of(url)


def _store(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = recording_store.folder(Path(folder), "j")
        place.mkdir(parents=True)
        (place / "events.jsonl").write_bytes(content)
        (place / "audio.s16").write_bytes(bytes(64))
        recording_store.events(Path(folder), "j")
        cursor = ReaderCursor()
        for entry in recording_store.read(Path(folder), "j", cursor):
            cursor.feed(entry)


def _fed(rows: list[tuple[bytes, Mapping[bytes, bytes]]]) -> None:
    cursor = ReaderCursor()
    for entry_id, fields in rows:
        cursor.feed(stream_entries.decode(entry_id, fields))


JOURNAL = (
    json.dumps({"seriatim": 1, "text_sha256": "x", "options": {}}) + "\n"
    + json.dumps({"sentences": 1, "end": 4, "crc32": 9, "rate_hz": 8000}) + "\n"
    + json.dumps({"t": "stored", "position": "2-4", "n_bytes": 8, "crc32": 7, "rate_hz": 8000}) + "\n"
).encode()  # fmt: skip
EVENT = json.dumps({"t": "sentence", "position": "1-0", "seq": 0, "at": 0, "rate_hz": 8000, "text": "a"}) + "\n"
STORED = json.dumps({"t": "stored", "position": "1-64", "n_bytes": 64}) + "\n"
DEAD = json.dumps({"reason": "r", "at": "5", "failures": 2, "sentence": '9|{"text":"a"}', "spec": '{"v":1}'}).encode()
VARIABLES = [f"SERIATIM_{name.upper()}" for name in Settings.__dataclass_fields__]
WORDS = ["--seed", "--speed", "--pause-ms", "--option", "--workers", "--gap", "--voice", "-o", "--engine-option", "x"]

#: parser: what reads, what it is given, and the only errors that it may raise
PARSERS: dict[str, tuple[Callable[..., object], st.SearchStrategy[Any], tuple[type[Exception], ...]]] = {
    "a sentence": (Sentence.from_json, raw_json("text", "pause_ms", "voice", "speed", "seed"), (BadRecord,)),
    "a spec": (JobSpec.from_json, raw_json("voice", "language", "speed", "seed", "options", "v"), (BadRecord,)),
    "an outbox entry": (
        TaskMessage.parse, st.text(max_size=30) | st.from_regex(r"a\|-?\d{0,20}\|\d{0,5}"), (BadRecord,)
    ),
    "a message's arguments": (
        lambda args: parse_task_arguments(*args), st.tuples(scalars, scalars, scalars), (BadRecord,)
    ),
    "a message": (
        lambda args: parse_message(*args),
        st.tuples(st.just("application/json") | scalars, HEADERS, changed(BODY) | raw_json() | scalars), (BadRecord,),
    ),
    "a position": (StreamPosition.parse, st.text(max_size=50) | digits, (ValueError,)),
    "an entry of an ordered stream": (
        lambda a: stream_entries.decode(*a), st.tuples(ENTRY_IDS, ENTRY_FIELDS), (ValueError,)
    ),
    "an ordered stream": (_fed, st.lists(st.tuples(ENTRY_IDS, ENTRY_FIELDS), max_size=6), (ValueError, PositionLost)),
    "a timeline": (job_timeline.decode, st.lists(st.tuples(ENTRY_IDS, st.dictionaries(
        st.sampled_from([b"e", b"seq", b"attempt", b"owner", b"claimed", b"first", b"position", b"ms", b"state"]),
        odd_bytes | st.sampled_from([b"spoken", b"lost", b"heard", b"accepted", b"end", b"1"]))), max_size=4), ()),
    "a dead-letter entry": (
        lambda args: dead_letters.decode_dead_letter("p", *args),
        st.tuples(odd_bytes | st.just(b"j|1"), raw_json() | changed(DEAD)), (),
    ),
    "a notification": (
        lambda rows: notifications("s", rows),
        st.lists(st.tuples(st.just(b"1-1"), st.dictionaries(st.sampled_from([b"j", b"x"]), odd_bytes))), (),
    ),
    "a recording": (_store, changed((EVENT + STORED).encode(), EVENT.encode()) | raw_json(*EVENTS), (PositionLost,)),
    "a journal": (_journal, changed(JOURNAL) | raw_json("seriatim"), ()),
    "settings": (
        Settings.from_env,
        st.dictionaries(st.sampled_from(VARIABLES) | st.just("SERIATIM_X"), st.text(max_size=12) | digits, max_size=3),
        (Misconfigured,),
    ),
    "a URL": (
        _url,
        st.text(max_size=30)
        | st.from_regex(r"(rediss?|unix|amqps|sentinels?|rediss?[+]cluster)://[^ ]{0,20}", fullmatch=True),
        (Misconfigured,),
    ),
    "options of a job": (
        JobRequest.of, objects(*JobRequest.__dataclass_fields__) | st.dictionaries(st.text(max_size=5), scalars),
        (BadInput,),
    ),
    "a job's id": (check_job, scalars | st.text(max_size=80), (BadInput,)),
    "options of an engine": (
        lambda raw_options: read_options(ToneOptions, "tone", raw_options),
        st.dictionaries(
            st.sampled_from(["rate_hz", "rtf", "slots", "burn"]) | st.text(max_size=4), st.text(max_size=12)
        ),
        (UnknownOption,),
    ),
    "a command line": (
        _options, st.lists(st.sampled_from(WORDS) | st.text(max_size=6) | digits, max_size=5), (UnknownOption,),
    ),
    "the text to speak": (lambda raw: decoded_text(raw, "x"), odd_bytes, (BadInput,)),
    "edges": (_edges, changed(EDGES.state()), (EngineFailed,)),
    "a state of xtts": (ResumeState.unpack, changed(STATE), (EngineFailed,)),
    "an engine's state": (unpack_state, odd_bytes, ()),
}  # fmt: skip


@pytest.mark.parametrize("what", PARSERS)
@given(data=st.data())
def test_a_parser_raises_its_own_error_or_none(what: str, data: st.DataObject) -> None:
    parse, inputs, allowed = PARSERS[what]
    raw = data.draw(inputs)
    with suppress(*allowed):
        parse(raw)


def test_a_state_that_swells_is_refused_before_it_fills_the_memory() -> None:
    bomb = zlib.compress(bytes(1 << 27))
    assert len(bomb) < 1 << 20
    with pytest.raises(EngineFailed, match="holds more than"):
        TrimFadeFilter.restore(EDGES.state()[: HEADER.size] + bomb, 8000, 100)


def test_what_we_write_ourselves_is_read() -> None:
    """The other half of the property: a parser that refuses everything would pass it."""
    assert parse_message("application/json", {"task": "seriatim.synthesize"}, BODY) == TaskMessage("abc", 0, 1)
    assert ResumeState.unpack(STATE).codes == (1, 2, 1025)
    assert isinstance(
        stream_entries.decode(b"1-0", {b"t": b"sentence", b"seq": b"0", b"at": b"0", b"rate": b"1", b"text": b""}),
        SentenceStart,
    )
    read = dead_letters.decode_dead_letter("p", b"j|1", DEAD)
    assert read is not None
    assert read.sentence == Sentence("a")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "j").write_bytes(JOURNAL)
        found = OutputJournal.open(Path(folder) / "j", "x", create=False).read()
        assert found is not None
        assert [mark for _, mark in found[1]][1:] == [JournalMark(1, 4, 9, 8000), JournalMark(2, 8, 7, 8000)]
