"""A lost server: a command whose own Redis is killed says so at once, and nothing else."""

import asyncio
import time
from pathlib import Path

import pytest

from gateway.book.making.book_progress import ChapterProgress
from gateway.local.embedded_redis import EmbeddedRedis
from gateway.local.processes import LocalSystem, WorkerPlan, private_system
from gateway.output.file_output import FileOutput
from gateway.output.job_group import JobGroup
from gateway.output.journal import TextFingerprint
from gateway.output.speak_arguments import SpeakArguments
from gateway.output.speech_run import SpeakRun, _watch_system
from seriatim.audio.formats import format_named
from seriatim.celery_app import make_app
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.partial_submission import PartialSubmission
from seriatim.dispatch import PoolClient
from seriatim.errors import Misconfigured, Unavailable
from seriatim.records import DrainMode
from seriatim.servers.redis_clients import OUTAGE_S, command_client, streams
from seriatim.settings import Settings


def test_the_end_of_its_server_is_the_reason_of_a_failed_command(tmp_path: Path) -> None:
    """And not that its jobs, which it then cancels, are in a server that does not answer."""
    server = EmbeddedRedis.private(tmp_path)
    server.await_ready()
    settings = Settings(redis_url=server.url)
    client = command_client(server.url, outage_s=0.1)
    job = Job("a" * 32, "tone", DrainMode.WINDOW, client, client, settings)
    pool_client = PoolClient(client, make_app(settings.broker), "tone", settings)
    group = JobGroup({"tone": PartialSubmission(job, pool_client, 1, iter(()), whole=True)})
    server.process.kill()
    server.process.wait()
    arguments = SpeakArguments("One.", "", JobRequest(), WorkerPlan("tone"), embedded=True)
    with FileOutput.create(str(tmp_path / "one.wav"), format_named("wav"), TextFingerprint.of("One.", {})) as output:
        run = SpeakRun(arguments, output, ChapterProgress(1, 4.0, lambda _: None))
        _watch_system(LocalSystem(settings, tmp_path, server), group, run)
    assert isinstance(run.failure, Misconfigured)
    assert "the embedded Redis ended" in str(run.failure)


def test_a_private_server_that_was_killed_is_not_waited_for() -> None:
    """All clients would wait for a server that is restarted; this one took its jobs with it."""
    began_s = time.monotonic()
    with pytest.raises(Misconfigured) as ended:
        _kill_server_and_ask()
    assert str(ended.value) == (
        "the private Redis was ended by SIGKILL; run the same command again to go on (seriatim speak: with --resume)"
    )
    assert time.monotonic() - began_s < OUTAGE_S


def _kill_server_and_ask() -> None:
    with private_system(Settings()) as system:
        assert system.redis is not None
        client = command_client(system.settings.redis_url)
        client.ping()
        system.redis.process.kill()
        asyncio.run(_ask_in_loop(system.settings.redis_url))
        client.ping()


async def _ask_in_loop(url: str) -> None:
    async with streams(url) as client:
        with pytest.raises(Unavailable, match="has ended, and with it all of its jobs"):
            await client.ping()
