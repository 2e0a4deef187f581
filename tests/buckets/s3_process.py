"""An S3 server as a process: moto's, with a log of what it wrote, so that it comes back after `kill -9` as it was.

    python -m tests.buckets.s3_process PORT FOLDER

moto keeps objects in memory. Here each change is made by moto, appended to FOLDER/log, and only then answered; a start
repeats the log. Changes are made one after another, so a conditional write is atomic, as on a server for real use. A
body that is shorter than its Content-Length, because its sender was killed, changes nothing.

Buckets whose names end with "-refuses" or "-ignores" are those of a server that knows no If-None-Match.

A test holds a change by writing FOLDER/hold: its first line is a place, its second a part of the path. FOLDER/held is
there while one is held. The places: "reading" (half of the body is read; the rest never comes), "before" (the body is
read, and the change will be made), "after" (it is made, and will be answered).
"""

import base64
import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import EnvironBuilder, run_wsgi_app

CHANGES = ("PUT", "POST", "DELETE")
REFUSAL = b"<Error><Code>NotImplemented</Code><Message>A header implies what is not implemented</Message></Error>"
POLL_S = 0.01
Environ = dict[str, Any]
Answer = tuple[str, list[tuple[str, str]], bytes]


class LoggedApplication:
    """moto's application, and the log of its changes."""

    def __init__(self, application: Any, folder: Path) -> None:
        self.application, self.folder = application, folder
        self.lock = threading.Lock()
        log = folder / "log"
        for line in log.read_bytes().split(b"\n")[:-1] if log.exists() else []:  # the last one may be cut short
            self._repeat(json.loads(line))
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in CHANGES:
            status, headers, body = self._change(environ)
        else:
            status, headers, body = self._run(environ)
        start_response(status, headers)
        return [body]

    def _change(self, environ: Environ) -> Answer:
        n_bytes = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(n_bytes // 2)
        if self._hold("reading", environ):
            return "400 Bad Request", [("content-length", "0")], b""
        body += environ["wsgi.input"].read(n_bytes - len(body))
        if len(body) < n_bytes:
            return "400 Bad Request", [("content-length", "0")], b""
        bucket = environ["PATH_INFO"].split("/")[1]
        if "HTTP_IF_NONE_MATCH" in environ and bucket.endswith("-refuses"):
            return "501 Not Implemented", [("content-length", str(len(REFUSAL)))], REFUSAL
        if bucket.endswith("-ignores"):
            environ.pop("HTTP_IF_NONE_MATCH", None)
        self._hold("before", environ)
        environ["wsgi.input"] = io.BytesIO(body)
        with self.lock:
            answer = self._run(environ)
            if answer[0].startswith("2"):
                self._append(environ, body)
        self._hold("after", environ)
        return answer

    def _run(self, environ: Environ) -> Answer:
        found, status, headers = run_wsgi_app(self.application, environ)
        return status, list(headers.items()), b"".join(found)

    def _append(self, environ: Environ, body: bytes) -> None:
        headers = {name: value for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_"))}
        change = {
            "method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"], "query": environ["QUERY_STRING"],
            "headers": headers, "body": base64.b64encode(body).decode(),
        }  # fmt: skip
        line = memoryview(json.dumps(change).encode() + b"\n")
        while line:
            line = line[os.write(self.log, line) :]

    def _repeat(self, change: dict[str, Any]) -> None:
        body = base64.b64decode(change["body"])
        builder = EnvironBuilder(
            path=change["path"], query_string=change["query"], method=change["method"], input_stream=io.BytesIO(body)
        )
        environ = builder.get_environ() | change["headers"]
        builder.close()
        status, _, answer = self._run(environ)
        assert status.startswith("2"), (status, answer, change["path"])

    def _hold(self, place: str, environ: Environ) -> bool:
        """Wait while a test holds this change at a place; returns whether it did."""
        hold, held = self.folder / "hold", self.folder / "held"

        def is_meant() -> bool:
            try:
                where, _, path = hold.read_text("utf-8").partition("\n")
            except FileNotFoundError:
                return False
            return where == place and path in environ["PATH_INFO"]

        if not is_meant():
            return False
        held.touch()
        while is_meant():
            time.sleep(POLL_S)
        held.unlink(missing_ok=True)
        return True


class QuietRequestHandler(WSGIRequestHandler):
    """Requests are not logged."""

    def log_request(self, *_: object) -> None:
        """Nothing."""


def main(port: int, folder: Path) -> None:
    """Serve until the process is killed."""
    application = LoggedApplication(create_backend_app("s3"), folder)
    make_server("127.0.0.1", port, application, threaded=True, request_handler=QuietRequestHandler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
