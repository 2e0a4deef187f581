"""Piper systems: the same bytes with any number of workers, after a kill, and from the command line."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import UnknownLanguage, UnknownVoice
from seriatim.records import DrainMode, JobKind
from tests.integration.engines.piper.piper_speech import LOW, MANY, SENTENCE
from tests.support.command_line import seriatim
from tests.support.expected_audio import plainly
from tests.support.piper_voice import write_voice
from tests.support.process_system import RealSystem, wait_until

_pool_numbers = itertools.count()  #: clients know the voices of an earlier pool by its name
CHANCES = 10  #: sentences of which one is to be hit in its middle: this process may get no turn for some seconds
TEXT = " ".join(f"This is number {n}." for n in range(8))


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    # a sentence may be hit by every kill, and a job has no reader while those before it are heard
    system = new_system(max_failures=99, reader_grace_s=600)
    system.reassembler()
    return system


class TestPiperSystem:
    @staticmethod
    def start(system: RealSystem, folder: Path, processes: int = 1, *options: str) -> str:
        pool = f"piper-{next(_pool_numbers)}"
        command = ["-m", "workers", "--engine", "piper", "--pool", pool, "--voices", str(folder)]
        system.start(pool, *command, "--processes", str(processes), *options)
        wait_until(lambda: len(system.worker_pids(pool)) == processes, f"{processes} workers")
        return pool

    @staticmethod
    def enqueue(system: RealSystem, pool: str, text: str = TEXT, **more: object) -> Job:
        options = {"engine": "piper", "pool": pool, "seed": 7} | more
        request = JobRequest(kind=JobKind.BATCH, drain=DrainMode.WINDOW, **options)  # type: ignore[arg-type]
        return system.producer().enqueue(text, request)

    @staticmethod
    def sound(system: RealSystem, job: Job) -> bytes:
        with system.redis as client:
            return plainly(client, job)

    @pytest.mark.thorough
    def test_one_and_two_workers_and_threads_give_the_same_bytes(self, system: RealSystem, folder: Path) -> None:
        sounds = []
        for processes, slots in ((1, 1), (2, 1), (2, 3)):
            pool = self.start(system, folder, processes, "--slots", str(slots))
            sounds += [self.sound(system, self.enqueue(system, pool, voice=voice)) for voice in (f"{MANY}+s1", LOW)]
            system.end(pool)
        assert sounds[0] != sounds[1]
        assert sounds[0::2] == [sounds[0]] * 3
        assert sounds[1::2] == [sounds[1]] * 3

    @pytest.mark.thorough
    def test_a_kill_in_mid_sentence_changes_no_byte(self, system: RealSystem, tmp_path: Path) -> None:
        """The next worker speaks the sentence anew, and its listener hears on where the sound stopped."""
        write_voice(tmp_path, "en_US-slow-medium", dim=1024)
        pool = self.start(system, tmp_path)
        request = {"text": SENTENCE, "options": {"length_scale": 3.0}}
        expected = self.sound(system, self.enqueue(system, pool, **request))  # type: ignore[arg-type]
        jobs = [self.enqueue(system, pool, **request) for _ in range(CHANCES)]  # type: ignore[arg-type]
        system.kill_half_spoken(pool)
        assert [self.sound(system, job) == expected for job in jobs] == [True] * CHANCES
        system.end(pool)

    def test_another_language_is_refused_before_it_is_queued(self, system: RealSystem, folder: Path) -> None:
        pool = self.start(system, folder)
        with pytest.raises(UnknownLanguage, match="unknown piper language 'fr'"):
            self.enqueue(system, pool, language="fr")
        with pytest.raises(UnknownVoice, match="unknown voice"):
            self.enqueue(system, pool, voice="en_GB-many-medium+s9")
        system.end(pool)

    def test_german_goes_to_it_from_hibari_which_stays_the_default(
        self, new_system: Callable[..., RealSystem], folder: Path
    ) -> None:
        """No pool of ORDER speaks German here; this one does, whatever its name."""
        pytest.importorskip("hibari")
        system = new_system()
        system.reassembler()
        system.start("hibari", "-m", "workers", "--engine", "hibari")
        pool = self.start(system, folder)
        wait_until(lambda: system.worker_pids("hibari"), "a worker with hibari")
        producer = system.producer()
        german = producer.enqueue("Der Hafen erwacht vor der Stadt.", JobRequest())
        english = producer.enqueue("Good morning.", JobRequest())
        assert (german.pool, english.pool) == (pool, "hibari")
        assert sum(map(len, german.pcm())) > 10_000
        assert sum(map(len, english.pcm())) > 10_000


class TestPiperCommands:
    def test_voices_are_listed(self, folder: Path) -> None:
        done = seriatim("voices", "--engine", "piper", "--voices", folder)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode().splitlines()[:3] == [
            "de_DE-tief-medium     de-DE    German, medium, Piper",
            "en_GB-many-medium     en-GB    English, medium, Piper, 3 speakers",
            "en_GB-many-medium+s0  en-GB    speaker s0",
        ]

    def test_a_file_is_spoken(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "text.txt").write_text("Hello there. How are you?")
        arguments = ("--engine", "piper", "--workers", "1", "--voice", MANY)
        outputs = []
        sources = [("--voices", str(folder)), ("--engine-option", f"voices={folder}")]
        for n, source in enumerate(sources):
            out = tmp_path / f"speech-{n}.wav"
            done = seriatim("speak", tmp_path / "text.txt", "-o", out, *arguments, *source)
            assert done.returncode == 0, done.stderr
            outputs.append(out.read_bytes())
        assert outputs[0] == outputs[1]
        assert len(outputs[0]) > 20_000
