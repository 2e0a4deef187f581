"""One job's own slot on a real server: examples of what a worker delivers and a reader finds."""

import zlib
from typing import Any

from redis import Redis

from seriatim.keys import StreamPosition, job_prefix, ordered_stream
from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend, EmitResult, JobSlot, OpenResult
from seriatim.lua.script_calls import ScriptCall, run
from seriatim.stream_entries import Audio, Entry, decode
from tests.scripts.server_contents import contents

RATE_HZ = 8_000


def pcm(seq: int, n_bytes: int = 1_000, salt: int = 0) -> bytes:
    """What sentence `seq` sounds like; another `salt` is another take of it."""
    return bytes((seq * 37 + salt * 101 + i * 7) % 256 for i in range(n_bytes))


class Slot:
    """Calls with their usual arguments filled in."""

    def __init__(self, redis: Redis, n: int, name: str = "j", **options: Any) -> None:
        self.redis, self.name, self.now = redis, name, 1_000_000
        self.prefix = job_prefix(name)
        assert self.do(job_scripts.init(name, n, JobSlot(**options)).at(self.now))

    def do(self, call: ScriptCall[Any]) -> Any:
        return run(self.redis, call)

    def open(
        self, seq: int, attempt: int, continuity: str = "exact", rate_hz: int = RATE_HZ, fingerprint: str = ""
    ) -> OpenResult:
        call = job_scripts.open_sentence(self.name, seq, attempt, continuity, rate_hz, f"said {seq}", fingerprint)
        opened: OpenResult = self.do(call.at(self.now))
        return opened

    def append(
        self, seq: int, attempt: int, offset: int, data: bytes, *, final: bool = False, checksum: int = 0,
        state: bytes = b"", differs: bool = False,
    ) -> tuple[AppendVerdict, int]:  # fmt: skip
        chunk = ChunkAppend(offset, data, final, checksum, state, differs)
        reply: tuple[AppendVerdict, int] = self.do(job_scripts.append(self.name, seq, attempt, chunk).at(self.now))
        return reply

    def says(
        self, seq: int, attempt: int, data: bytes, piece: int = 400, continuity: str = "exact", fingerprint: str = ""
    ) -> None:
        """A whole sentence, from where this attempt must begin."""
        base = self.open(seq, attempt, continuity, fingerprint=fingerprint).base
        begins = range(base, len(data), piece) or [base]
        for begin in begins:
            end = min(begin + piece, len(data))
            verdict, _ = self.append(
                seq, attempt, begin, data[begin:end], final=end == len(data), checksum=zlib.crc32(data[:end])
            )
            assert verdict is AppendVerdict.OK

    def emit(self, budget: int = 64, notification: str = "") -> EmitResult:
        emitted: EmitResult = self.do(job_scripts.emit(self.name, budget, notification).at(self.now))
        return emitted

    def fill(self, seq: int, n_bytes: int = 0, reason: str = "broken") -> tuple[bool, int]:
        reply: tuple[bool, int] = self.do(
            job_scripts.fill(self.name, seq, n_bytes, reason, f"said {seq}", RATE_HZ).at(self.now)
        )
        return reply

    def close(self, n: int, reason: str = "") -> bool:
        return bool(self.do(job_scripts.close(self.name, n, reason).at(self.now)))

    def end(self, state: str = "cancelled", reason: str = "enough") -> bool:
        return bool(self.do(job_scripts.end(self.name, state, reason).at(self.now)))

    def mark_heard(self, position: str) -> int:
        return int(self.do(job_scripts.mark_heard(self.name, StreamPosition.parse(position)).at(self.now)))

    def stream(self) -> list[Entry]:
        held = contents(self.redis, ordered_stream(self.name))
        return [decode(entry_id, fields) for entry_id, fields in held.get("", [])]

    def sound(self) -> bytes:
        return b"".join(entry.pcm for entry in self.stream() if isinstance(entry, Audio))

    def markers(self) -> list[str]:
        """Everything but the sound: kind and place."""
        entries = [entry for entry in self.stream() if not isinstance(entry, Audio)]
        return [f"{type(entry).__name__} {entry.position.sentence}" for entry in entries]

    def field(self, name: str) -> str | None:
        raw = self.redis.hget(f"{self.prefix}:c:{self.name}", name)
        return raw.decode() if isinstance(raw, bytes) else None

    def notifications(self) -> list[str]:
        return [entry_id.decode() for entry_id, _ in contents(self.redis, self.prefix).get(":ntf", [])]
