"""The extra `documents`, without which the tests of documents cannot run."""

import importlib.util
import os

import pytest

PACKAGES = ("lxml", "pypdf", "charset_normalizer")


def require_documents_extra() -> None:
    """Skip the calling module, or test, where the extra is missing; where CI is set, fail.

    Raises:
        RuntimeError: it is missing and CI is set.
    """
    missing = [package for package in PACKAGES if importlib.util.find_spec(package) is None]
    if missing and os.environ.get("CI"):
        raise RuntimeError(f"{', '.join(missing)} is not installed where CI is set: pip install -e '.[documents]'")
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed (pip install -e '.[documents]')", allow_module_level=True)
