"""Systems with providers: workers of an engine in front of a simulated one, and the bytes that listeners must get."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seriatim.client.job_options import JobRequest
from tests.providers.provider_simulator import ProviderSimulator, sound_of
from tests.support.process_system import RealSystem, wait_until
from workers.trim_and_fade import TrimFadeFilter

RATE_HZ = 24_000
PAUSE_MS = 200
#: of systems in which providers alone fail: no pause of a busy machine is taken for a worker's death, or for a loss
STEADY: dict[str, Any] = {"lease_ms": 60_000, "message_timeout_ms": 60_000}


def provider_workers(
    system: RealSystem, base_url: str, *options: str, engine: str = "openai", slots: int = 4, pool: str = "provider",
    name: str = "provider-workers", ready: bool = True,
) -> None:  # fmt: skip
    """Start one worker process in front of a server, and wait until it offers its slots, unless `ready` is False."""
    usual = (f"base_url={base_url}", "environment=0", "connect_s=60", "first_byte_s=60", "between_bytes_s=60")
    pairs = [f"--engine-option={pair}" for pair in (*usual, *options)]
    command = ["-m", "workers", "--engine", engine, "--pool", pool, "--slots", str(slots)]
    system.start(name, *command, *pairs)
    if ready:
        wait_until(lambda: system.slots(pool) == slots, f"workers of {pool}: {system.log(name)}")


def request(pool: str = "provider", **options: object) -> JobRequest:
    """A job for the pool of a provider."""
    return JobRequest.of({"engine": pool, "kind": "batch", "reading": "off", "pause_ms": PAUSE_MS, **options})


def heard_sound(text: str, rate_hz: int = RATE_HZ, voice: int = 0) -> bytes:
    """One sentence of the simulator as a listener gets it, with its pause; `voice` as in `sound_of`."""
    edges = TrimFadeFilter(rate_hz, PAUSE_MS)
    return edges.feed(sound_of(text, rate_hz, voice)) + edges.finish()


def heard_stream(texts: Iterable[str], rate_hz: int = RATE_HZ, voice: int = 0) -> bytes:
    """A whole job of the simulator as a listener gets it."""
    return b"".join(heard_sound(text, rate_hz, voice) for text in texts)


def key_file(folder: Path, provider: ProviderSimulator) -> str:
    """The option that names a file with the provider's key."""
    path = folder / "provider.key"
    path.write_text(min(provider.keys))
    return f"key_file={path}"


#: no limit of time is reached before a test opens a gate
WAITS = "connect_s = 60, first_byte_s = 60, between_bytes_s = 60"


def route_step(name: str, base_url: str, **voices: str) -> str:
    """A step of a route file: a simulator by a name of its own, with its voices by the route's names."""
    pairs = ", ".join(f'{ours} = "{theirs}"' for ours, theirs in voices.items())
    options = f'base_url = "{base_url}", environment = 0, voice = "alloy", slots = 4, {WAITS}'
    return f'[[engine]]\nengine = "openai"\nname = "{name}"\noptions = {{{options}}}\nvoices = {{{pairs}}}\n'


def route_file(folder: Path, *steps: str) -> Path:
    """A route of these steps."""
    path = folder / "route.toml"
    path.write_text("\n".join(steps))
    return path


def route_workers(system: RealSystem, path: Path, *options: str, pool: str, slots: int = 4) -> None:
    """Start one worker process of a route, and wait until it offers its slots."""
    pairs = [f"--engine-option={pair}" for pair in (f"file={path}", *options)]
    system.start("route-workers", "-m", "workers", "--engine", "route", "--pool", pool, "--slots", str(slots), *pairs)
    wait_until(lambda: system.slots(pool) == slots, f"workers of {pool}: {system.log('route-workers')}")
