"""A pytest plugin for trials without shrinking: Hypothesis tries the same examples every time, and no smaller ones."""

import pytest
from hypothesis import HealthCheck, Phase, settings

PHASES = (Phase.explicit, Phase.generate)


def pytest_configure(config: pytest.Config) -> None:
    """After tests/conftest.py has chosen its profile, choose ours."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings.register_profile(
        "unshrunk", derandomize=True, database=None, phases=PHASES, deadline=None, suppress_health_check=slow
    )
    settings.load_profile("unshrunk")
