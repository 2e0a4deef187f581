"""Fixtures of tests that run against real processes."""

import re
import signal
from collections.abc import Iterator

import pytest

from tests.support.process_system import RealSystem


@pytest.fixture
def pool(request: pytest.FixtureRequest, system: RealSystem) -> Iterator[str]:
    """A pool of this test's own; its workers end with the test."""
    name = re.sub(r"\W+", "-", request.node.name)[-50:].strip("-").lower()
    yield name
    for child in [child for child in system.children if child.startswith(name)]:
        system.end(child, signal.SIGKILL)
