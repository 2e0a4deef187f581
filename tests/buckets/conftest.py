"""Fixtures of tests with a bucket: the environment of AWS's tools, and a server for each module."""

from collections.abc import Iterator

import pytest

from tests.buckets.s3_server import ENVIRONMENT, S3Server


@pytest.fixture(scope="module", autouse=True)
def _aws_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory, _aws_environment: None) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server
