"""A speaking system: real processes with neural voices, and each way in which a client reads a text from it."""

import json
import os
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.reader_state import PlayableEntry
from seriatim.records import DrainMode, JobKind, Sentence
from seriatim.stream_entries import Audio, SentenceStart
from tests.http.gateways import Gateway, start
from tests.listening.recogniser import Samples, samples_of_file, samples_of_pcm, samples_of_telephone
from tests.support.process_system import PATIENCE_S, RealSystem, alive, wait_until

RATE_HZ = 24_000  #: of hibari
VOICE = "heart"
SEED = 7
PIECE_CHARS = 11  #: of a text that is sent as it is written
START_S = 150.0  #: loading a model in several processes at once; bounds a hang
#: no worker counts as dead, and no sentence as stuck, because this machine is busy
PATIENT: dict[str, Any] = {"lease_ms": 30_000, "stall_timeout_ms": 600_000}


@dataclass(slots=True)
class SpeakingSystem:
    """A server, a reassembler, a gateway and hibari's workers."""

    system: RealSystem
    pool: str = ""
    n_kills: int = 0
    _gateway: Gateway | None = field(default=None, init=False)

    @classmethod
    def on(cls, folder: Path) -> Self:
        """Start all of it but the workers, in an empty folder."""
        system = RealSystem.on(folder, max_failures=99, **PATIENT)  # a sentence may be hit by every kill
        system.reassembler()
        return cls(system)

    def start_workers(self, processes: int, engine: str = "hibari") -> None:
        """Start `processes` worker processes in a pool of their own, and read from it from now on."""
        self.pool = f"{engine}-{len(self.system.children)}"
        command = ["--engine", engine, "--pool", self.pool, "--processes", str(processes)]
        self.system.start(self.pool, "-m", "workers", *command)
        wait_until(lambda: len(self.system.worker_pids(self.pool)) == processes, f"{processes} workers", START_S)

    def stop_workers(self) -> None:
        """Stop the workers that were started last."""
        self.system.end(self.pool)

    def enqueue(self, text: "str | Sequence[Sentence]", producer: Producer | None = None, **options: Any) -> Job:
        """Submit a text, for a reader who is slow to take it."""
        request = JobRequest(pool=self.pool, kind=JobKind.BATCH, drain=DrainMode.WINDOW, seed=SEED, **options)
        return (producer or self.system.producer()).enqueue(text, request)

    def read_under_kills(self, text: str, kill_after: Sequence[int], seed: int = 1) -> list[bytes]:
        """Read a text, and kill a worker when each of these sentences begins; returns the sound of each sentence."""
        draw = random.Random(seed)

        def entries() -> Iterator[PlayableEntry]:
            for entry in self.enqueue(text, window_ms=5_000).audio():
                yield entry
                if isinstance(entry, SentenceStart) and entry.seq in kill_after:
                    self._kill_worker(draw)

        return sounds_by_sentence(entries())

    def _kill_worker(self, draw: random.Random) -> None:
        """Kill one that is speaking, if any is, without waiting for what it does next."""
        pids = wait_until(lambda: sorted(self.system.worker_pids(self.pool).values()), "a worker")
        pid = draw.choice([pid for pid in self.system.speaking_pids(self.pool) if alive(pid)] or pids)
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
            self.n_kills += 1

    def resume_reading(self, text: str, n_parts: int) -> bytes:
        """Read a text with a new client for each of `n_parts` parts, that knows the last one's position alone."""
        job, after, sound = self.enqueue(text), "0-0", bytearray()
        n_sentences = job.status().sentences
        for part in range(1, n_parts + 1):
            with closing(Producer(self.system.settings)) as producer:
                for entry in producer.attach(job.id).audio(after):
                    after = str(entry.position)
                    sound += entry.pcm if isinstance(entry, Audio) else b""
                    if part < n_parts and getattr(entry, "seq", 0) >= n_sentences * part // n_parts:
                        break
        return bytes(sound)

    @property
    def gateway(self) -> Gateway:
        """The gateway to all pools, started when it is first needed."""
        if self._gateway is None:
            self._gateway = start(self.system, http_pool="")
        return self._gateway

    def request_speech(self, text: str, response_format: str) -> Samples:
        """Ask for a text as OpenAI's clients do, in a format."""
        fields = {"model": self.pool, "input": text, "voice": VOICE, "response_format": response_format}
        with self.gateway.client() as client:
            response = client.post("/v1/audio/speech", json=fields)
        response.raise_for_status()
        if response_format == "pcm":
            return samples_of_pcm(response.content, RATE_HZ)
        if response_format in ("ulaw", "alaw"):
            return samples_of_telephone(response.content, response_format.upper())
        return samples_of_file(response.content)

    def stream_text(self, text: str) -> Samples:
        """Send a text piece by piece through the WebSocket, as it is written, and read its sound."""
        sound = bytearray()
        url = f"ws://127.0.0.1:{self.gateway.port}/v1/stream"
        with connect(url, proxy=None, open_timeout=PATIENCE_S, ping_timeout=None) as socket:
            _send(socket, type="start", model=self.pool, voice=VOICE)
            for at in range(0, len(text), PIECE_CHARS):
                _send(socket, type="text", text=text[at : at + PIECE_CHARS])
            _send(socket, type="close")
            while (message := json.loads(socket.recv()))["type"] != "end":
                assert message["type"] != "error", message
                if message.get("bytes"):
                    part = socket.recv()
                    assert isinstance(part, bytes)
                    sound += part
        assert message["state"] == "done", message
        return samples_of_pcm(bytes(sound), RATE_HZ)

    def close(self) -> None:
        """End every process."""
        self.system.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sounds_by_sentence(entries: Iterator[PlayableEntry]) -> list[bytes]:
    """The sound of each sentence, in the order in which they are read."""
    sounds: list[bytes] = []
    for entry in entries:
        if isinstance(entry, SentenceStart):
            sounds.append(b"")
        elif isinstance(entry, Audio):
            sounds[-1] += entry.pcm
    return sounds


def _send(socket: ClientConnection, **message: object) -> None:
    socket.send(json.dumps(message))
