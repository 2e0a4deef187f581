"""Hostile texts on their whole way: spoken, trimmed or refused, never a crash or a hang."""

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import pytest

from seriatim.client.job import Job, JobStatus
from seriatim.client.job_options import JobRequest
from seriatim.errors import BadInput, EmptyText, SeriatimError
from tests.support.command_line import TONE, seriatim
from tests.support.expected_audio import Listener
from tests.support.process_system import RealSystem, wait_until
from tests.support.thorough_cases import mostly_thorough

HOSTILE = {
    "a megabyte without a space": "a" * 1_000_000,
    "a megabyte of Chinese without a stop": "语" * 330_000,
    "thousands of combining marks": "e" + "\u0301" * 20_000 + " end.",
    "marks on every letter": "".join(c + "\u0336\u0489\u0e49" for c in "Zalgo comes." * 50),
    "bidi controls": "safe\u202etxt.exe\u202c \u2066inside\u2069 \u200fend.",
    "nothing but bidi controls": "\u202a\u202b\u202c\u202d\u202e" * 500,
    "control characters": "".join(map(chr, range(32))) + "bell\x07 escape\x1b[2J end.",
    "null bytes": "before\x00\x00after.\x00",
    "lone surrogates": "half \ud83d of \ude00 a pair \ud800.",
    "noncharacters": "\ufffe\uffff\ufdd0 said \U0010ffff.",
    "private use": "\ue000\uf8ff \U000f0000 said.",
    "zero width": "z\u200be\u200cr\u200do\u2060 w\ufeffidth.",
    "only emoji": "😀👩‍👩‍👧‍👦🏳️‍🌈🇩🇪" * 200,
    "only punctuation": "?!.,;:—…" * 1_000,
    "right to left": "שלום עולם. مرحبا بالعالم! 123 العدد.",
    "tags": "\U000e0001\U000e0041 said \U000e007f.",
    "SSML": '<speak><break time="999999s"/><prosody rate="x-fast">Now</prosody><audio src="file:///etc/passwd"/></speak>',
    "entities": "&lt;&amp;&#0;&#x110000; <![CDATA[ said ]]> <!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]> &a;",
    "shell": "$(touch /tmp/x) `id`; rm -rf / | cat > /dev/null && echo $HOME ${IFS} \\\n 'a' \"b\"",
    "options": "-v --help -w /tmp/x.wav --stdin",
    "formats": "%s%n%x {0} {__class__} ${7*7} {{7*7}} %(name)s",
    "phonemes of espeak": "[[h@l'oU]] [[_:999999]] @#!~ [[",
    "Lua and Redis": "'; redis.call('FLUSHALL') -- \r\n*1\r\n$8\r\nFLUSHALL\r\n",
    "to-do entries": "end|job|failed|x end 0|1|2 {p:tone} :o: 9|{\"text\":1}",
    "JSON": '{"text":"a","shout":1} \\u0000 \\ud800 "]}',
    "digits without end": "9" * 5_000,
    "a number": "1e999999 0x" + "f" * 1_000 + " 1,000,000,000,000,000,000,000,000",
    "URLs": "https://u:p@h/" + "a/" * 2_000 + "?q=" + "%00" * 500,
    "line ends": "\r\n\r\u2028\u2029\x0b\x0c\x85 said." * 500,
    "spaces": "\u3000\u00a0\u2003 said." + " " * 100_000 + "end.",
    "hyphens": "a" + "-" * 10_000 + "b.",
    "old scripts": "𓀀𓂀 𐎀𐎁 ᚠᚢᚦ said. 𝕱𝖗𝖆𝖐𝖙𝖚𝖗.",
}  # fmt: skip
LONGER = {"digits without end": "9" * 8_000, "URLs": "https://u:p@h/" + "a/" * 5_000 + "?q=" + "%00" * 500}
ENGINES = ["tone", "espeak"]
PATIENCE_S = 240.0  #: 400 sentences of espeak take seconds; this only ends a test that hangs
HEARD_MOST = 400  #: sentences of one text that are waited for: the rest is more of the same


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> Iterator[RealSystem]:
    system = new_system(max_sentences=HEARD_MOST, max_failures=2, lease_ms=60_000, message_timeout_ms=60_000)
    system.reassembler()
    system.workers(1, slots=4)
    if find_spec("espeakng_loader"):
        command = ["-m", "workers", "--engine", "espeak", "--pool", "espeak", "--processes", "1"]
        system.start("espeak", *command)
        wait_until(lambda: system.slots("espeak"), "espeak is ready: until then a live job is refused")
    yield system
    for name in system.children:
        assert "Traceback" not in system.log(name), system.log(name)[-3000:]
        assert "worker process exited" not in system.log(name), "no process fell over"


def engine_of(name: str, system: RealSystem) -> str:
    if name == "espeak" and "espeak" not in system.children:
        why = "the espeak extra is not installed"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return name


def outcome(system: RealSystem, text: str, engine: str) -> str:
    """What became of it: how it ended, or the error with which it was refused."""
    request = JobRequest.of({"engine": engine, "kind": "batch", "drain": "window", "gap": "skip"})
    try:
        job: Job = system.producer().enqueue(text, request)
    except BadInput as refused:
        return type(refused).__name__
    Listener(job).all(PATIENCE_S)
    return ended(job.status())


def ended(status: JobStatus) -> str:
    assert status.ended
    assert status.emitted == status.sentences
    return status.state


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", mostly_thorough(HOSTILE, 6))
def test_a_hostile_text_is_spoken_or_refused_and_the_next_one_is_spoken(
    system: RealSystem, what: str, engine: str
) -> None:
    engine = engine_of(engine, system)
    assert outcome(system, HOSTILE[what], engine) in ("done", "EmptyText", "TooManySentences")
    assert outcome(system, "All is well.", engine) == "done"


@pytest.mark.thorough
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", LONGER)
def test_a_longer_one_is_spoken_too(system: RealSystem, what: str, engine: str) -> None:
    assert outcome(system, LONGER[what], engine_of(engine, system)) in ("done", "TooManySentences")


@pytest.mark.parametrize("what", ["nothing but bidi controls", "only punctuation"])
def test_a_text_without_a_word_is_refused(system: RealSystem, what: str) -> None:
    with pytest.raises(EmptyText, match=r"^the text has nothing to speak"):
        system.producer().enqueue(HOSTILE[what], JobRequest.of({"engine": "tone", "kind": "batch"}))


@pytest.mark.thorough
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_text_may_come_in_pieces_of_an_open_job_too(system: RealSystem, what: str) -> None:
    text = HOSTILE[what][:3_000]
    session = system.producer().open(
        JobRequest.of({"engine": "tone", "kind": "batch", "drain": "window", "gap": "skip"})
    )
    listener = Listener(session.job)
    for at in range(0, len(text), 97):
        session.say(text[at : at + 97])
    session.say(" And well.")
    session.close()
    listener.all(PATIENCE_S)
    assert ended(session.job.status()) == "done"


@pytest.mark.thorough
@pytest.mark.parametrize("what", [name for name, text in HOSTILE.items() if len(text) < 5_000])
def test_a_callers_own_sentence_may_be_hostile(system: RealSystem, what: str) -> None:
    request = JobRequest.of({"engine": "tone", "kind": "batch", "drain": "window", "gap": "skip"})
    try:
        job = system.producer().enqueue([HOSTILE[what], "And well."], request)
    except SeriatimError as refused:
        pytest.fail(f"{refused}")
    Listener(job).all(PATIENCE_S)
    assert ended(job.status()) == "done"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xed\xa0\x80 a surrogate", "standard input is no UTF-8 text: byte 0 is 0xed"),
        (b"a\x00b", "standard input is no text: it has a null byte at character 1"),
        (b"\xff\xfe\x00", "standard input is no UTF-8 text"),
        (b"\xc0\xaf overlong", "standard input is no UTF-8 text: byte 0 is 0xc0"),
        ("\u202e\u200b".encode(), "the text has nothing to speak: no letters and no digits"),
    ],
)
def test_broken_text_is_refused_in_one_line(raw: bytes, message: str) -> None:
    done = seriatim("speak", "-", "-o", os.devnull, "--format", "pcm", *TONE, "--quiet", stdin=raw)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2
    assert len(lines) == 1, lines
    assert message in lines[0]
