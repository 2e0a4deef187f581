"""An S3 server for tests: the process of `s3_process`, with a bucket, its URL and its keys."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3

from seriatim.process.child_processes import dies_with_parent
from seriatim.recordings.store_place import Bucket
from tests.support.free_ports import free_port
from tests.support.process_system import ROOT, wait_until

BUCKET, PREFIX = "recordings", "store"
#: what every process has in its environment; the keys are any, as the server compares none
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}  # fmt: skip


class S3Server:
    """One server process; it keeps its objects between `kill` and `start`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bucket(self) -> Bucket:
        return Bucket(BUCKET, PREFIX, self.endpoint, "us-east-1")

    @property
    def url(self) -> str:
        """What SERIATIM_STORE_DIR says."""
        return str(self.bucket)

    def start(self) -> Self:
        """Start, and wait until it takes connections."""
        command = [sys.executable, "-P", "-m", "tests.buckets.s3_process", str(self.port), str(self.folder)]
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )  # fmt: skip
        wait_until(self._listens, "the S3 server listens")
        return self

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @cached_property
    def client(self) -> Any:
        """A client of the test's own, which takes 0.1 s to make."""
        return boto3.session.Session().client("s3", endpoint_url=self.endpoint, region_name="us-east-1")

    def make_bucket(self, name: str = BUCKET) -> Bucket:
        """Make a bucket: by default that of the recordings."""
        self.client.create_bucket(Bucket=name)
        return replace(self.bucket, name=name)

    def object_keys(self, part: str = "") -> list[str]:
        """The keys of all objects that contain `part`, without the prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        found = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return [key.removeprefix(f"{PREFIX}/") for key in found if part in key]

    def hold(self, place: str, path: str) -> None:
        """Hold the next change of a path, until `release`."""
        new = self.folder / "hold.new"
        new.write_text(f"{place}\n{path}", "utf-8")
        new.replace(self.folder / "hold")

    def await_held(self) -> None:
        """Wait until one is held."""
        wait_until((self.folder / "held").exists, "a change is held")

    def release(self) -> None:
        """Let it go on, and hold no more."""
        (self.folder / "hold").unlink(missing_ok=True)
        wait_until(lambda: not (self.folder / "held").exists(), "nothing is held")

    def _listens(self) -> bool:
        assert self._process
        assert self._process.poll() is None, (self.folder / "output").read_text("utf-8", "replace")[-3000:]
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def __enter__(self) -> Self:
        self.start().make_bucket()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
