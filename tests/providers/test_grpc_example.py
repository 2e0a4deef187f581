"""The gRPC example: its engine, installed with pip and found by its entry point, in front of a real gRPC server."""

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seriatim.errors import BadInput, EngineBusy, UnknownOption, UpstreamFailed
from seriatim.process.child_processes import dies_with_parent
from tests.providers.provider_simulator import sound_of
from tests.providers.provider_systems import STEADY, heard_stream, request
from tests.support.expected_audio import Listener, sentences
from tests.support.process_system import RealSystem, wait_until
from workers.engines.engine_registry import load

if importlib.util.find_spec("grpc_tools") is None:
    if os.environ.get("CI"):
        raise RuntimeError("grpcio-tools is not installed where CI is set: pip install -e '.[dev]'")
    pytest.skip("grpcio-tools is not installed (pip install -e '.[dev]')", allow_module_level=True)

ROOT = Path(__file__).parents[2]
ENGINE = "speech-over-grpc"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example, as pip installs it."""
    site = tmp_path_factory.mktemp("site")
    source = ROOT / "examples" / "grpc-engine"
    command = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(site), str(source)]
    subprocess.run([sys.executable, "-m", "pip", "install", *command], check=True, capture_output=True)
    return site


@pytest.fixture(autouse=True)
def _installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example can be imported here, and in the processes that a test starts."""
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))


@pytest.fixture(scope="module")
def server(site: Path) -> Iterator[str]:
    """The address of a server that speaks melodies."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.providers.grpc_speech_server"],
        env=os.environ | {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        preexec_fn=dies_with_parent(signal.SIGKILL),
    )
    with child:
        assert child.stdout
        yield f"127.0.0.1:{int(child.stdout.readline())}"
        child.kill()


def spoken_by(server: str, text: str) -> bytes:
    from seriatim.engine import Utterance

    engine = load(ENGINE, {"target": server})
    try:
        return b"".join(chunk.pcm for chunk in engine.speak(Utterance(text), lambda: False))
    finally:
        engine.close()


def test_each_status_is_an_outcome_of_its_own(server: str) -> None:
    assert spoken_by(server, "A boat.") == sound_of("A boat.")
    with pytest.raises(EngineBusy, match="RESOURCE_EXHAUSTED: all places are taken") as caught:
        spoken_by(server, "A BUSY boat.")
    assert caught.value.retry_after_s == 1.5
    with pytest.raises(BadInput, match="no such text"):
        spoken_by(server, "NEVER.")
    with pytest.raises(UpstreamFailed, match="going down"):
        spoken_by(server, "A BROKEN boat.")
    with pytest.raises(UnknownOption, match="target=HOST:PORT"):
        load(ENGINE, {})


@pytest.mark.thorough
def test_a_job_is_heard_in_order(server: str, tmp_path: Path) -> None:
    texts = sentences(6, "calls")
    with RealSystem.on(tmp_path, **STEADY) as system:
        system.reassembler()
        command = ["-m", "workers", "--engine", ENGINE, "--pool", "provider", "--engine-option", f"target={server}"]
        system.start("grpc", *command, "--slots", "6")
        wait_until(lambda: system.slots("provider") == 6, "the worker is ready")
        assert Listener(system.producer().enqueue(texts, request())).pcm() == heard_stream(texts)
