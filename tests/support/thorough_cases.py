"""Thorough cases: parameters of which `make test` runs some, and `make check` all."""

from collections.abc import Iterable
from typing import Any

import pytest


def mostly_thorough(cases: Iterable[object], step: int) -> list[Any]:
    """Mark all but every `step`-th case as thorough, beginning behind the first, for `pytest.mark.parametrize`."""
    marked = pytest.mark.thorough
    return [case if i % step == 0 else pytest.param(*_values(case), marks=marked) for i, case in enumerate(cases)]


def _values(case: object) -> tuple[object, ...]:
    return case if isinstance(case, tuple) else (case,)
