"""The tone engine: a deterministic voice of notes, with configurable costs and faults.

The audio is made in `melody`, its cost in `cost`; this is the engine around them. With continuity `exact` the bytes
depend on (text, voice, speed, seed) and the options rate_hz, ms_per_char and variant only, not on the chunks. With
`none` every attempt has other bytes. With `resumable` every attempt has other bytes, too, unless it gets the state of
an earlier one: then it continues exactly there. With `replay` sentences are parts of a recording instead, chosen by
their text alone: to measure the cost of encoders, for which tones are too easy.

Faults are aimed at single sentences: a sentence that contains the word of `crash_on` kills its process in the middle,
after some of its audio. `crash_times=2` lets the third attempt pass. Attempts are counted per sentence in this process,
or in the folder `tally`, where the counts outlive the process.
"""

import os
import signal
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, NoReturn

from seriatim.audio.pcm import BYTES_PER_SAMPLE
from seriatim.engine import AudioChunk, Continuity, Utterance, Voice
from seriatim.engine_abilities import Abilities
from seriatim.errors import EngineFailed, UnknownOption, UnknownVoice
from seriatim.nearest_names import unknown_word
from workers.engines.engine_options import OptionInfo, read_options
from workers.engines.tone.cost import CostAccount
from workers.engines.tone.melody import TIMBRES, melody_pcm, replay_recording

STATE = struct.Struct("<QQ")  #: a resumable attempt's seed, and the bytes it has yielded
LIMIT_CHARS = 400  #: as that of the engines it simulates
VARYING = frozenset({Continuity.NONE, Continuity.RESUMABLE})  #: every attempt has other bytes


@dataclass(frozen=True, slots=True)
class ToneOptions:
    """The tone engine's options; times in ms; words are matched literally in a sentence's text."""

    rate_hz: Annotated[int, OptionInfo("samples per second", 8_000, 96_000)] = 24_000
    slots: Annotated[int, OptionInfo("sentences spoken at once in one process", 1, 4096)] = 1
    ms_per_char: Annotated[float, OptionInfo("length of a character's audio at speed 1", 1, 1000)] = 60.0
    chunk_ms: Annotated[int, OptionInfo("length of a chunk", 1, 60_000)] = 200
    first_chunk_ms: Annotated[int, OptionInfo("length of the first one, at most half of the sentence", 1, 60_000)] = 60
    continuity: Annotated[Continuity, OptionInfo("relation of a second attempt's bytes to the first's")] = (
        Continuity.EXACT
    )
    rtf: Annotated[float, OptionInfo("cost: seconds per second of audio", 0, 1000)] = 0.0
    load_ms: Annotated[float, OptionInfo("time that loading takes", 0, 600_000)] = 0.0
    start_ms: Annotated[float, OptionInfo("cost before a sentence's first chunk", 0, 600_000)] = 0.0
    fixed_ms: Annotated[float, OptionInfo("if not 0: the whole cost of any sentence", 0, 600_000)] = 0.0
    burn: Annotated[bool, OptionInfo("1: costs burn the processor, 0: costs are slept")] = False
    slow_on: Annotated[str, OptionInfo("a sentence with this word takes slow_ms longer, in its middle")] = ""
    slow_ms: Annotated[float, OptionInfo("see slow_on", 0, 600_000)] = 2000.0
    hold_on: Annotated[
        str, OptionInfo("a sentence with this word waits in its middle until the file `gate` exists")
    ] = ""
    gate: Annotated[str, OptionInfo("see hold_on: the sentence continues once this file exists")] = ""
    stuck_on: Annotated[str, OptionInfo("a sentence with this word stops in its middle for ever, cancelled or not")] = (
        ""
    )
    crash_on: Annotated[str, OptionInfo("a sentence with this word kills its process in its middle (SIGKILL)")] = ""
    fail_on: Annotated[str, OptionInfo("a sentence with this word raises EngineFailed in its middle")] = ""
    slow_times: Annotated[int, OptionInfo("only the first N attempts at a sentence are slow; 0: all")] = 0
    stuck_times: Annotated[int, OptionInfo("as slow_times, for stuck_on")] = 0
    crash_times: Annotated[int, OptionInfo("as slow_times, for crash_on")] = 0
    fail_times: Annotated[int, OptionInfo("as slow_times, for fail_on")] = 0
    tally: Annotated[str, OptionInfo("a folder in which attempts are counted, for counts that outlive a crash")] = ""
    vary_on: Annotated[str, OptionInfo("a sentence with this word has other bytes at every attempt")] = ""
    doubt_on: Annotated[str, OptionInfo("a sentence with this word gets the mark `doubted`")] = ""
    leak_mb: Annotated[float, OptionInfo("memory that the process leaks with each sentence", 0, 10_000)] = 0.0
    replay: Annotated[
        str, OptionInfo("a file of s16le samples at rate_hz: sentences are parts of it instead of tones")
    ] = ""
    empty_on: Annotated[str, OptionInfo("a sentence with this word has no audio at all")] = ""
    variant: Annotated[
        int, OptionInfo("not 0: the second half of each sentence has other bytes, as on another kind of CPU", 0, 255)
    ] = 0


class ToneEngine:
    """The engine. Thread-safe: between two sentences it holds its counts, and the memory that it leaks."""

    name = "tone"
    limit_chars = LIMIT_CHARS
    limits: Mapping[str, int] = MappingProxyType({})
    gauges: Mapping[str, float] = MappingProxyType({})
    merge_chars = 0
    abilities = Abilities("tone")

    def __init__(self, options: ToneOptions) -> None:
        time.sleep(options.load_ms / 1000)
        self.rate_hz, self.slots, self.rtf = options.rate_hz, options.slots, options.rtf
        self.continuity = options.continuity
        self.voices = tuple(Voice(name, "", timbre.description) for name, timbre in TIMBRES.items())
        self._options = options
        self._counts_by_fault = _MisbehaviourCounts(options.tally)
        self._leaked: list[bytes] = []
        self._read_recording = _read_recording(options.replay)

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`; at least two chunks, so that a sentence has a middle to fail in."""
        if self._options.leak_mb:
            self._leaked.append(b"\1" * round(self._options.leak_mb * 2**20))
        cost = CostAccount(self._options.burn, cancelled)
        seed, n_done = self._start_attempt(utterance)
        pcm = self._synthesize(utterance, seed)
        cost.pay(self._start_s(pcm))
        ends = self._chunk_ends(n_done, len(pcm))
        for n_chunks, (start, end) in enumerate(zip([n_done, *ends], ends, strict=False)):
            if n_chunks == max(1, len(ends) // 2):
                self._misbehave(utterance.text, cost)
            cost.pay(self._cost_s(end - start, pcm))
            if cancelled():
                return
            mark = "doubted" if start == n_done and _contains(utterance.text, self._options.doubt_on) else ""
            yield AudioChunk(pcm[start:end], self._pack_state(seed, end), mark, last=end == len(pcm))

    def close(self) -> None:
        """Nothing to release."""

    def _start_attempt(self, utterance: Utterance) -> tuple[int, int]:
        """The seed of this attempt, and the bytes that an earlier attempt has yielded."""
        self.abilities.check(utterance.language, utterance.speed, utterance.options)
        if self.continuity is Continuity.RESUMABLE and utterance.state:
            return _unpack_state(utterance.state)
        if self.continuity in VARYING or _contains(utterance.text, self._options.vary_on):
            return int.from_bytes(os.urandom(8), "little"), 0
        return utterance.seed, 0

    def _synthesize(self, utterance: Utterance, seed: int) -> bytes:
        voice = utterance.voice or self.voices[0].name
        if voice not in TIMBRES:
            raise UnknownVoice(unknown_word("tone voice", voice, TIMBRES))
        if _contains(utterance.text, self._options.empty_on):
            return b""
        ms_per_char = self._options.ms_per_char / utterance.speed
        if self._read_recording:
            return replay_recording(
                self._read_recording, utterance.text, round(len(utterance.text) * ms_per_char * self.rate_hz / 1000)
            )
        pcm = melody_pcm(utterance.text, voice, seed, ms_per_char, self.rate_hz)
        if not self._options.variant:
            return pcm
        other = melody_pcm(utterance.text, voice, seed ^ self._options.variant << 32, ms_per_char, self.rate_hz)
        half = len(pcm) // 4 * BYTES_PER_SAMPLE
        return pcm[:half] + other[half:]

    def _chunk_ends(self, n_done: int, size: int) -> list[int]:
        """The ends of the chunks between the bytes `n_done` and `size`, 0-based; whole samples."""
        first, later = (
            max(1, round(ms * self.rate_hz / 1000)) * 2 for ms in (self._options.first_chunk_ms, self._options.chunk_ms)
        )
        begin = n_done + min(first, (size - n_done) // 4 * 2)
        ends = [*range(begin, size, later), size]
        return [end for end in ends if end > n_done]

    def _start_s(self, pcm: bytes) -> float:
        """The cost before the first chunk: all of a fixed cost if there is no chunk."""
        start_ms, fixed_ms = self._options.start_ms, self._options.fixed_ms
        if fixed_ms:
            return (min(start_ms, fixed_ms) if pcm else fixed_ms) / 1000
        return start_ms / 1000

    def _cost_s(self, n_bytes: int, pcm: bytes) -> float:
        """The cost of `n_bytes` of `pcm`: their share of the fixed cost, or proportional to their length."""
        if self._options.fixed_ms:
            return (self._options.fixed_ms / 1000 - self._start_s(pcm)) * n_bytes / len(pcm)
        return self.rtf * n_bytes / 2 / self.rate_hz

    def _pack_state(self, seed: int, n_done: int) -> bytes:
        return STATE.pack(seed, n_done) if self.continuity is Continuity.RESUMABLE else b""

    def _misbehave(self, text: str, cost: CostAccount) -> None:
        options = self._options
        if _contains(text, options.slow_on) and self._counts_by_fault.take_turn("slow", text, options.slow_times):
            cost.pay(options.slow_ms / 1000)
        if _contains(text, options.stuck_on) and self._counts_by_fault.take_turn("stuck", text, options.stuck_times):
            _hang_forever()
        if _contains(text, options.crash_on) and self._counts_by_fault.take_turn("crash", text, options.crash_times):
            os.kill(os.getpid(), signal.SIGKILL)
        if _contains(text, options.fail_on) and self._counts_by_fault.take_turn("fail", text, options.fail_times):
            raise EngineFailed(f"configured failure on {options.fail_on!r}")
        if _contains(text, options.hold_on):
            cost.wait(Path(options.gate).exists)


class _MisbehaviourCounts:
    """Counts of each fault of each sentence, in this process or in a folder of empty files."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take_turn(self, fault: str, text: str, times: int) -> bool:
        """True if the fault shall happen now, which is then counted; at most `times` times, 0 for no limit."""
        if not times:
            return True
        name = f"{fault}-{zlib.crc32(text.encode('utf-8', 'replace')):08x}"
        if self._folder:
            return any(_create_file(self._folder / f"{name}-{n}") for n in range(times))
        with self._lock:
            self._counts[name] += 1
            return self._counts[name] <= times


def load(values: Mapping[str, str]) -> ToneEngine:
    """The tone engine with `values` as options.

    Raises:
        UnknownOption: an option that it does not have, or a value outside its range.
    """
    return ToneEngine(read_options(ToneOptions, "tone", values))


def _read_recording(path: str) -> bytes:
    """The samples of a file; b"" without one.

    Raises:
        UnknownOption: it cannot be read, or has not a single sample.
    """
    if not path:
        return b""
    try:
        pcm = Path(path).read_bytes()
    except OSError as error:
        raise UnknownOption(f"replay={path}: {error.strerror or error}") from error
    if len(pcm) < BYTES_PER_SAMPLE:
        raise UnknownOption(f"replay={path}: the file has no samples")
    return pcm


def _unpack_state(state: bytes) -> tuple[int, int]:
    if len(state) != STATE.size:
        raise EngineFailed(f"a state of {len(state)} bytes, expected the tone engine's {STATE.size}")
    seed, n_done = STATE.unpack(state)
    return seed, n_done


def _contains(text: str, word: str) -> bool:
    return bool(word) and word in text


def _create_file(path: Path) -> bool:
    """Create the file; True if it did not exist. Mode `x` makes this atomic for any number of processes."""
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    return True


def _hang_forever() -> NoReturn:
    while True:
        time.sleep(3600)
