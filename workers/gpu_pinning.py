"""GPU pinning: one environment variable per worker process restricts it to its GPU, set before CUDA is loaded.

A process that sees one GPU cannot use another, whatever its libraries do. Nothing here imports torch: a supervisor that
initialised CUDA would hold memory on every GPU for as long as it lives.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence

from seriatim.errors import EngineUnavailable, Misconfigured

VISIBLE = "CUDA_VISIBLE_DEVICES"
ORDER = "CUDA_DEVICE_ORDER"
NVIDIA_SMI_TIMEOUT_S = 30.0  #: nvidia-smi takes seconds on machines whose driver sleeps


def pinned_gpus(requested: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The GPUs that `--gpu` names, in the form of CUDA_VISIBLE_DEVICES; () pins nothing.

    `requested` is "", "all", or numbers such as "0" or "0,2" among those that this process may use.

    Raises:
        Misconfigured: `requested` is none of these, or names a GPU that does not exist.
        EngineUnavailable: no GPU is found.
    """
    if not requested:
        return ()
    if requested != "all" and not re.fullmatch(r"\d+(,\d+)*", requested):
        raise Misconfigured(f"--gpu {requested!r}; expected all, or numbers such as 0 or 0,2")
    available = visible_gpus(environ)
    if not available:
        raise EngineUnavailable("no NVIDIA GPU found (nvidia-smi -L lists none); leave out --gpu to use the CPU")
    if requested == "all":
        return available
    numbers = [int(number) for number in requested.split(",")]
    missing = [number for number in numbers if number >= len(available)]
    if missing:
        raise Misconfigured(f"--gpu {requested}: there is no GPU {missing[0]}; expected 0 to {len(available) - 1}")
    return tuple(available[number] for number in numbers)


def visible_gpus(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The GPUs that this process may use: those in CUDA_VISIBLE_DEVICES, or all that the driver lists."""
    if VISIBLE in environ:
        return tuple(name.strip() for name in environ[VISIBLE].split(",") if name.strip() not in ("", "-1"))
    return parse_uuids(_run_nvidia_smi())


def parse_uuids(listing: str) -> tuple[str, ...]:
    """The GPUs of `nvidia-smi -L`, by their UUIDs: numbers mean other GPUs under another CUDA_DEVICE_ORDER."""
    return tuple(re.findall(r"^GPU \d+:.*\(UUID: (GPU-[0-9a-f-]+)\)", listing, re.MULTILINE))


def gpu_names(environ: Mapping[str, str]) -> list[str]:
    """The models of the GPUs that this process may use, such as NVIDIA L4, in the order of CUDA_VISIBLE_DEVICES."""
    listed = re.findall(r"^GPU \d+: (.*) \(UUID: (GPU-[0-9a-f-]+)\)", _run_nvidia_smi(), re.MULTILINE)
    if VISIBLE not in environ:
        return [name for name, _ in listed]
    by_number = {str(number): name for number, (name, _) in enumerate(listed)}
    names = by_number | {uuid: name for name, uuid in listed}
    return [names[gpu] for gpu in visible_gpus(environ) if gpu in names]


def _run_nvidia_smi() -> str:
    try:
        result = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=NVIDIA_SMI_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout


def child_environment(environ: Mapping[str, str], gpus: Sequence[str], index: int) -> dict[str, str]:
    """The environment of process `index`, 0-based: processes are assigned to GPUs in turn."""
    return {**environ, VISIBLE: gpus[index % len(gpus)]} if gpus else dict(environ)


def own_gpu(environ: Mapping[str, str], gauges: Mapping[str, float]) -> str | None:
    """The GPU that this process uses, as CUDA_VISIBLE_DEVICES names it; None if it uses none, or that is unknown.

    A process without pinning uses a GPU only if its engine reports so: espeak on a machine with a GPU does not.

    gauges: the engine's; `gpu` is the 0-based number among the GPUs that the process sees, 0 by default.
    """
    if VISIBLE not in environ and not any(name.startswith("gpu") for name in gauges):
        return None
    number = int(gauges.get("gpu", 0))
    if VISIBLE not in environ:
        return str(number)
    visible = _valid_prefix(environ[VISIBLE])
    return visible[number] if number < len(visible) else None


def _valid_prefix(listed: str) -> list[str]:
    """The GPUs before the first invalid entry: CUDA ignores that entry and all after it."""
    names = [name.strip() for name in listed.split(",")]
    invalid = [i for i, name in enumerate(names) if not name or name.startswith("-")]
    return names[: invalid[0]] if invalid else names


def uuid_of(name: str, listed: Sequence[tuple[str, str]], *, by_bus: bool) -> str | None:
    """The UUID for an entry of CUDA_VISIBLE_DEVICES: a UUID, the start of one, or a number. None if it is ambiguous.

    Args:
        name: one of the variable's entries.
        listed: UUID and model of every GPU, in the order of the PCI bus.
        by_bus: CUDA_DEVICE_ORDER=PCI_BUS_ID. Otherwise CUDA numbers the fastest GPU first, which is the order of the
            bus only where all are of one model.
    """
    if name.isdecimal():
        unambiguous = by_bus or len({model for _, model in listed}) == 1
        return listed[int(name)][0] if unambiguous and int(name) < len(listed) else None
    found = [uuid for uuid, _ in listed if uuid.startswith(name)]
    return found[0] if len(found) == 1 else None
