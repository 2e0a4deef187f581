"""Checkpoints and loaded models, built once a session; and what happens where the extra is not installed."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NEEDED = ("torch", "torchaudio", "TTS", "safetensors")
WHY = "the xtts extra is not installed (make xtts)"
installed = all(importlib.util.find_spec(name) for name in NEEDED)

if not installed and os.environ.get("CI"):
    raise RuntimeError(f"{WHY}, where CI is set")


class _Skipped(pytest.Module):
    """A test module that is not imported, because it could not be."""

    def collect(self) -> Iterator[pytest.Item]:
        pytest.skip(WHY)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return None if installed else _Skipped.from_parent(parent, path=module_path)


@pytest.fixture(autouse=True, scope="session")
def _few_threads() -> None:
    """Two cores for every test, and the same bytes on every machine: they depend on the number of threads."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny checkpoint, its licence accepted. Tests that change it copy it first."""
    from tests.xtts import tiny_checkpoint

    return tiny_checkpoint.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_model(tiny_dir: Path) -> Any:
    """The tiny checkpoint, loaded: an `Xtts` in float32. Not thread-safe, and no test may change it."""
    from workers.engines.xtts.model import checkpoint

    return checkpoint.load(tiny_dir)


@pytest.fixture(scope="session")
def published_decoder_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `tiny_dir`, with the decoder at its published size: 93 MB."""
    from tests.xtts import tiny_checkpoint

    return tiny_checkpoint.build(tmp_path_factory.mktemp("published"), tiny_checkpoint.PUBLISHED_DECODER)


@pytest.fixture(scope="session")
def published_decoder_model(published_decoder_dir: Path) -> Any:
    """As `tiny_model`, with the decoder at its published size."""
    from workers.engines.xtts.model import checkpoint

    return checkpoint.load(published_decoder_dir)
