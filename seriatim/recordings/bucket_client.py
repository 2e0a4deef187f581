"""The client of a bucket: what recordings need of S3's API, through boto3, which the extra `s3` brings.

Credentials come from where every tool of AWS has them: the environment, a profile, a role of the machine or the pod.
Requests are few and plain, so that any S3-compatible server understands them: PutObject, GetObject with ranges,
HeadObject, DeleteObject, ListObjectsV2; uploads of files in parts where they are large. Each small object is sent with
its MD5, which the server compares. Every call is safe to make twice.
"""

import base64
import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from seriatim.recordings.bucket_errors import code_of, error_of_answer, error_of_failure
from seriatim.recordings.store_place import Bucket

CONNECT_S = 3.0
ANSWER_S = 20.0  #: between two reads of an answer
TRIES = 2  #: of each request: a gateway must not keep its clients waiting, and the recorder tries again later
CONNECTIONS = 32  #: of one process
MISSING = {"NoSuchKey", "404", "NotFound"}
UNSUPPORTED = {"NotImplemented", "501", "InvalidArgument"}  #: answers of servers that know no conditional writes
BEHIND_END = {"InvalidRange", "416"}
CHANGED = {"PreconditionFailed", "412"}

_connecting = threading.Lock()  #: making a client is not thread-safe; using it is


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in the bucket."""

    key: str
    n_bytes: int
    written_s: float  #: in s since 1970, by the server's clock
    etag: str  #: of its content


class BucketClient:
    """The objects of one bucket. Thread-safe."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.has_conditions = True  #: False once the server said that it knows no If-None-Match
        with _connecting, self._translated():
            self._s3: Any = boto3.session.Session().client(
                "s3", endpoint_url=bucket.endpoint or None, region_name=bucket.region or None, config=_config()
            )

    def put(self, key: str, body: bytes, *, only_new: bool = False) -> bool:
        """Write an object in one step; False if it is there already and `only_new` is set, which leaves it as it is.

        Raises:
            StoreUnavailable, Misconfigured: as every method here.
        """
        if only_new and self.has_conditions:
            try:
                return self._put_new(key, body)
            except ClientError as error:
                if code_of(error.response) not in UNSUPPORTED:
                    raise error_of_answer(self.bucket, error.response) from error
                self.has_conditions = False
        if only_new and self.find(key) is not None:
            return False
        with self._translated():
            self._put(key, body)
        return True

    def get(self, key: str, start: int = 0, stop: int | None = None, *, etag: str = "") -> bytes | None:
        """The bytes of an object from `start` up to `stop` (None: its end); None if there is no such object.

        `etag`: of the version that is meant; another one counts as none.
        """
        if stop is not None and stop <= start:
            return b""
        last = "" if stop is None else stop - 1
        options = {"Range": f"bytes={start}-{last}"} if (start, stop) != (0, None) else {}
        if etag:
            options["IfMatch"] = etag
        with self._translated():
            try:
                body: bytes = self._s3.get_object(Bucket=self.bucket.name, Key=key, **options)["Body"].read()
            except ClientError as error:
                if code_of(error.response) in MISSING | CHANGED:
                    return None
                if code_of(error.response) in BEHIND_END:
                    return b""
                raise
        return body

    def find(self, key: str) -> StoredObject | None:
        """An object without its content; None if there is none."""
        with self._translated():
            try:
                found = self._s3.head_object(Bucket=self.bucket.name, Key=key)
            except ClientError as error:
                if code_of(error.response) in MISSING:
                    return None
                raise
        return StoredObject(key, int(found["ContentLength"]), found["LastModified"].timestamp(), found["ETag"])

    def objects(self, prefix: str, most: int = 0) -> list[StoredObject]:
        """The objects whose keys begin with `prefix`, by key; `most`: no more than so many, 0: all."""
        found: list[StoredObject] = []
        with self._translated():
            options = {"PaginationConfig": {"MaxItems": most, "PageSize": most}} if most else {}
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket.name, Prefix=prefix, **options
            )
            for page in pages:
                found += [
                    StoredObject(each["Key"], int(each["Size"]), each["LastModified"].timestamp(), each["ETag"])
                    for each in page.get("Contents", ())
                ]
        return found

    def delete(self, key: str) -> None:
        """Delete an object; nothing happens if there is none."""
        with self._translated():
            self._s3.delete_object(Bucket=self.bucket.name, Key=key)

    def upload(self, path: Path, key: str) -> None:
        """Write a file as an object, which readers find once it is whole; a large one goes in parts."""
        with self._translated():
            self._s3.upload_file(str(path), self.bucket.name, key)

    def _put_new(self, key: str, body: bytes) -> bool:
        try:
            with self._translated_failures():
                self._put(key, body, IfNoneMatch="*")
        except ClientError as error:
            if code_of(error.response) in CHANGED:
                return False
            raise
        return True

    def _put(self, key: str, body: bytes, **conditions: str) -> None:
        digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        self._s3.put_object(Bucket=self.bucket.name, Key=key, Body=body, ContentMD5=digest, **conditions)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with self._translated_failures():
                yield
        except ClientError as error:
            raise error_of_answer(self.bucket, error.response) from error

    @contextlib.contextmanager
    def _translated_failures(self) -> Iterator[None]:
        """Translate all errors but answers of the server."""
        try:
            yield
        except Boto3Error as error:  # of an upload in parts: what the server said is its context
            if isinstance(error.__context__, ClientError):
                raise error.__context__ from None
            raise error_of_failure(self.bucket, error) from error
        except BotoCoreError as error:
            raise error_of_failure(self.bucket, error) from error


@lru_cache(maxsize=16)
def client_of(bucket: Bucket) -> BucketClient:
    """The client of a bucket in this process.

    Raises:
        Misconfigured: its settings contradict each other, or a profile does not exist.
    """
    return BucketClient(bucket)


def _config() -> Config:
    return Config(
        connect_timeout=CONNECT_S, read_timeout=ANSWER_S, max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        # Newer checksums than MD5 only where an operation needs one: several servers refuse them.
        request_checksum_calculation="when_required", response_checksum_validation="when_required",
    )  # fmt: skip
