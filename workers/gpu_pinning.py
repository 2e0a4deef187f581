"""GPU pinning: the GPUs of a worker's processes, by one environment variable each, set before CUDA is loaded.

A process that sees one GPU cannot put anything on another, whatever its libraries do. Nothing here imports torch: a
supervisor that initialised CUDA would hold memory on every GPU for as long as it lives.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence

from seriatim.errors import EngineUnavailable, Misconfigured

VISIBLE = "CUDA_VISIBLE_DEVICES"
ORDER = "CUDA_DEVICE_ORDER"
LIST_S = 30.0  #: nvidia-smi takes seconds on machines whose driver sleeps


def pinned_gpus(wanted: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The GPUs that `--gpu` names, as CUDA_VISIBLE_DEVICES takes them: () is none, so that nothing is pinned.

    `wanted` is "", "all", or numbers such as "0" or "0,2" among those that this process may see.

    Raises:
        Misconfigured: `wanted` is none of these, or names a GPU that is not there.
        EngineUnavailable: no GPU is found.
    """
    if not wanted:
        return ()
    if wanted != "all" and not re.fullmatch(r"\d+(,\d+)*", wanted):
        raise Misconfigured(f"--gpu {wanted!r}; expected all, or numbers such as 0 or 0,2")
    there = visible_gpus(environ)
    if not there:
        raise EngineUnavailable(
            "no NVIDIA GPU is found here (nvidia-smi -L lists none); leave out --gpu to use the CPU"
        )
    if wanted == "all":
        return there
    numbers = [int(number) for number in wanted.split(",")]
    missing = [number for number in numbers if number >= len(there)]
    if missing:
        raise Misconfigured(f"--gpu {wanted}: there is no GPU {missing[0]}; this machine shows {len(there)}, from 0 on")
    return tuple(there[number] for number in numbers)


def visible_gpus(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The GPUs that this process may use: as CUDA_VISIBLE_DEVICES says, or all that the driver lists."""
    if VISIBLE in environ:
        return tuple(name.strip() for name in environ[VISIBLE].split(",") if name.strip() not in ("", "-1"))
    return uuids(_listed())


def uuids(listing: str) -> tuple[str, ...]:
    """The GPUs of `nvidia-smi -L`, by their UUIDs: numbers mean other GPUs under another CUDA_DEVICE_ORDER."""
    return tuple(re.findall(r"^GPU \d+:.*\(UUID: (GPU-[0-9a-f-]+)\)", listing, re.MULTILINE))


def _listed() -> str:
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=LIST_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def environment(environ: Mapping[str, str], gpus: Sequence[str], index: int) -> dict[str, str]:
    """What process number `index`, 0-based, is to see: GPUs take turns."""
    return {**environ, VISIBLE: gpus[index % len(gpus)]} if gpus else dict(environ)


def own_gpu(environ: Mapping[str, str], gauges: Mapping[str, float]) -> str | None:
    """The GPU that this process speaks on, as CUDA_VISIBLE_DEVICES names it. None: on none, as far as one can tell.

    A process that nobody pinned is on a GPU only if its engine says so: espeak beside a GPU has nothing to do with it.

    gauges: the engine's; `gpu` is which of the GPUs that the process sees it is on, 0-based; 0 if it does not say.
    """
    if VISIBLE not in environ and not any(name.startswith("gpu") for name in gauges):
        return None
    number = int(gauges.get("gpu", 0))
    if VISIBLE not in environ:
        return str(number)
    seen = _until_the_first_wrong_one(environ[VISIBLE])
    return seen[number] if number < len(seen) else None


def _until_the_first_wrong_one(listed: str) -> list[str]:
    """As CUDA reads its variable: what comes behind a GPU that cannot be does not count."""
    names = [name.strip() for name in listed.split(",")]
    wrong = [i for i, name in enumerate(names) if not name or name.startswith("-")]
    return names[: wrong[0]] if wrong else names


def uuid_of(name: str, listed: Sequence[tuple[str, str]], *, by_bus: bool) -> str | None:
    """The UUID of what CUDA_VISIBLE_DEVICES calls a GPU: itself, the beginning of one, or a number. None: no telling.

    Args:
        name: one of the variable's entries.
        listed: UUID and model of every GPU, in the order of the PCI bus.
        by_bus: CUDA_DEVICE_ORDER=PCI_BUS_ID. Otherwise CUDA's numbers begin with the fastest GPU, and are the bus'
            only where all are of one model.
    """
    if name.isdecimal():
        sure = by_bus or len({model for _, model in listed}) == 1
        return listed[int(name)][0] if sure and int(name) < len(listed) else None
    found = [uuid for uuid, _ in listed if uuid.startswith(name)]
    return found[0] if len(found) == 1 else None
