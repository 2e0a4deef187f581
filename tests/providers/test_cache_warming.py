"""Cache warming: `seriatim cache warm` speaks what a file has, once, and the jobs that say it later cost no request."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.output.cache_warming import WarmCounts, check_cache
from gateway.output.text_units import TextUnit, texts_of
from seriatim.client.job_options import JobRequest
from seriatim.engine_abilities import Abilities
from seriatim.errors import Misconfigured, NoWorkers
from seriatim.exit_codes import ExitCode
from seriatim.state.pool_record import PoolRecord
from tests.providers.provider_shapes import ElevenLabsShape
from tests.providers.provider_simulator import ProviderSimulator
from tests.providers.provider_systems import STEADY, key_file, provider_workers
from tests.support.command_line import QUICK, TONE, complaint, seriatim
from tests.support.expected_audio import Listener
from tests.support.process_system import RealSystem

KEY = "xi-secret"
POOL = "provider"
LONG = "This greeting says so much of the ferries, of the boats in the harbour, and of the weather, that it is long."
MENU = ("Welcome to the harbour.", "Press one for ferries. Press two for boats.", LONG)
N_SENTENCES = 5  #: of live jobs, which split the long one
KEEPS, FORGETS = Abilities("a", cached=True), Abilities("a")


@pytest.fixture
def menu(tmp_path: Path) -> Path:
    path = tmp_path / "menu.txt"
    path.write_text("\n\n".join(MENU))
    return path


def figures(new: int, cached: int, not_kept: int = 0) -> dict[str, Any]:
    counts = {"texts": len(MENU), "sentences": new + cached, "new": new, "cached": cached}
    return counts | {"doubts": [], "gaps": [], "not_kept": not_kept}


def test_a_file_is_spoken_once_and_the_jobs_that_say_it_cost_no_request(tmp_path: Path, menu: Path) -> None:
    """Each line by itself, by live jobs of other users: neighbours and splits of its text are those of that job.

    What a full disk does not keep, which is a file in place of the cache's folder here, fails the command.
    """
    cache = tmp_path / "cache"
    cache.touch()
    (tmp_path / "system").mkdir()
    with (
        RealSystem.on(tmp_path / "system", cache="all", cache_dir=str(cache), **STEADY) as system,
        ProviderSimulator(shape=ElevenLabsShape(), keys={KEY}) as provider,
    ):
        system.reassembler()
        provider_workers(system, provider.url, key_file(tmp_path, provider), engine="elevenlabs", slots=5)
        settings, n_requests = system.settings.to_env(), 1 + N_SENTENCES  # the warm-up's, too
        command = ("cache", "warm", menu, "--redis", "--pool", POOL)
        done = seriatim(*command, settings=settings)
        assert done.stdout.decode().splitlines() == [
            "5 sentences of 3 texts: 5 new, 0 in the cache already",
            "5 sentences could not be written into the cache: free space on the workers' disk, "
            "and run the same command again",
        ]
        assert (done.returncode, len(provider.requests)) == (ExitCode.FAILED, n_requests)
        cache.unlink()
        n_requests += N_SENTENCES
        for expected in (figures(N_SENTENCES, 0), figures(0, N_SENTENCES)):
            done = seriatim(*command, "--json", settings=settings)
            assert json.loads(done.stdout) == expected, done.stderr.decode()
            assert (done.returncode, len(provider.requests)) == (0, n_requests)
        for n, line in enumerate(MENU):
            job = system.producer().enqueue(line, JobRequest.of({"engine": POOL, "user": f"caller {n}"}))
            assert Listener(job).pcm()
        with system.producer().open(JobRequest.of({"engine": POOL})) as opened:
            listener = Listener(opened.job)
            opened.say(MENU[0])
        assert listener.pcm()
        assert len(provider.requests) == n_requests, [each.call.text for each in provider.requests]


@pytest.mark.thorough
def test_a_private_system_fills_the_cache_and_what_is_not_kept_is_listed(tmp_path: Path) -> None:
    """A doubtful take is spoken again next time; a sentence that no attempt speaks fails the command."""
    menu = tmp_path / "menu.txt"
    menu.write_text("This is certain.\n---\nThis is perhaps so.\nThis is never said.\nThis is certain.\n")
    settings = QUICK | {"SERIATIM_CACHE": "exact", "SERIATIM_CACHE_DIR": str(tmp_path / "cache")}
    faults = ("--engine-option", "doubt_on=perhaps", "--engine-option", "fail_on=never")
    command = ("cache", "warm", menu, *TONE, *faults)
    done = seriatim(*command, "--json", settings=settings)
    found = json.loads(done.stdout)
    assert (found["texts"], found["sentences"], found["new"], found["cached"]) == (3, 3, 2, 0), done.stderr.decode()
    assert found["doubts"] == ["text 3, sentence 1: doubted"]
    assert "text 4, sentence 1: EngineFailed" in found["gaps"][0]
    assert done.returncode == ExitCode.FAILED
    lines = seriatim(*command, settings=settings).stdout.decode().splitlines()
    assert lines[:2] == [
        "3 sentences of 3 texts: 1 new, 1 in the cache already",
        "1 doubtful sentence, not kept: text 3, sentence 1: doubted",
    ]
    assert lines[2].startswith("1 gap: text 4, sentence 1: EngineFailed")


def test_a_cache_that_is_off_is_an_error_before_anything_starts(menu: Path) -> None:
    done = seriatim("cache", "warm", menu, *TONE)
    assert complaint(done).startswith("the cache is off: set SERIATIM_CACHE=all, or exact for an engine that")
    assert done.returncode == ExitCode.CANNOT_START


def test_a_cache_that_cannot_be_written_is_an_error_before_anything_starts(tmp_path: Path, menu: Path) -> None:
    """Workers would speak the texts, keep nothing, and log that; the command would say that all are new."""
    (tmp_path / "file").touch()
    settings = QUICK | {"SERIATIM_CACHE": "exact", "SERIATIM_CACHE_DIR": str(tmp_path / "file" / "cache")}
    done = seriatim("cache", "warm", menu, *TONE, settings=settings)
    assert complaint(done) == f"cannot write the cache {tmp_path}/file/cache: a part of its path is not a directory"
    assert done.returncode == ExitCode.BAD_INPUT


@pytest.mark.thorough
def test_a_pool_that_keeps_nothing_is_an_error(tmp_path: Path, menu: Path) -> None:
    settings = QUICK | {"SERIATIM_CACHE": "exact", "SERIATIM_CACHE_DIR": str(tmp_path / "cache")}
    done = seriatim("cache", "warm", menu, *TONE, "--engine-option", "continuity=none", settings=settings)
    assert complaint(done).startswith(
        "pool 'tone' keeps no sentences: start all of its workers with SERIATIM_CACHE=all"
    )
    assert done.returncode == ExitCode.CANNOT_START


def test_every_worker_of_a_pool_must_keep_sentences() -> None:
    check_cache(PoolRecord("a", slots=2, abilities=(KEEPS,)))
    with pytest.raises(Misconfigured, match="pool 'a' keeps no sentences: start all of its workers with"):
        check_cache(PoolRecord("a", slots=2, abilities=(FORGETS,)))
    with pytest.raises(Misconfigured, match="some workers of pool 'a' keep no sentences: start all of its workers"):
        check_cache(PoolRecord("a", slots=2, abilities=(KEEPS, FORGETS)))
    with pytest.raises(NoWorkers, match="no worker of pool 'a' is running"):
        check_cache(PoolRecord("a"))


@pytest.mark.parametrize(
    ("unit", "texts"),
    [
        (TextUnit.LINE, ["One. Two.", "Three.", "Four."]),
        (TextUnit.PARAGRAPH, ["One. Two.\nThree.", "Four.\nOne. Two."]),
        (TextUnit.FILE, ["One. Two.\nThree.\n \n\nFour.\nOne. Two."]),
    ],
)
def test_the_texts_of_a_file(unit: TextUnit, texts: list[str]) -> None:
    assert texts_of(" One. Two.\nThree.\n \n\nFour.\nOne. Two.\n", unit) == texts
    assert texts_of(" \n\n", unit) == []


def test_figures_of_texts_are_added() -> None:
    one = WarmCounts(1, 3, 1, ("a",), ("b",), ("w", ""))
    both = one + WarmCounts(1, 2, 0, (), (), ("w",), 2)
    assert (both.texts, both.sentences, both.cached, both.new, both.not_kept) == (2, 5, 1, 3, 2)
    assert (both.doubts, both.gaps, both.warnings) == (("a",), ("b",), ("w",))
