"""A private RabbitMQ for tests: own node, own ports, own folder, its processes in a group that is ended as one."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.free_ports import free_port
from tests.support.process_system import wait_until

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  #: the one in the PATH wants to be the system's own
UP_S = 240.0  #: Erlang takes 5 to 10 s on a quiet machine, and was seen to take 40 s where all cores are busy


def installed() -> bool:
    """Can one be started here?"""
    return PROGRAM.exists() and shutil.which("epmd") is not None


class PrivateRabbit:
    """One node and the name server that Erlang wants."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="srtm-rabbit-"))
        self.port, names, distribution = free_port(), free_port(), free_port()
        (self.folder / "plugins").write_text("[].\n", "ascii")
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(names), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"srtm{self.port}@localhost", "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"), "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"), "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
        }  # fmt: skip
        self._names = self._run("epmd", "-port", str(names))
        self._node: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What Celery connects to."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def _run(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "output").open("ab") as log:
            return subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def start(self) -> Self:
        """Start, and wait until it takes connections."""
        self._node = self._run(str(PROGRAM))
        wait_until(self._listens, f"rabbitmq listens; see {self.folder}/output", UP_S)
        return self

    def _listens(self) -> bool:
        assert self._node
        assert self._node.poll() is None, (self.folder / "output").read_text("utf-8", "replace")[-3000:]
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as client:
                client.settimeout(1)
                client.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(client.recv(1))
        except OSError:
            return False

    def queues(self) -> dict[str, tuple[bool, bool]]:
        """Durable and exclusive, for each queue."""
        found = self._control("--no-table-headers", "list_queues", "name", "durable", "exclusive")
        rows = [line.split("\t") for line in found.splitlines()]
        return {name: (durable == "true", exclusive == "true") for name, durable, exclusive in rows}

    def refuse_messages(self, queue: str) -> None:
        """Let it confirm no message for a queue, as if that were full."""
        full = '{"max-length": 0, "overflow": "reject-publish"}'
        self._control("set_policy", "full", f"^{re.escape(queue)}$", full, "--apply-to", "queues")

    def take_messages(self) -> None:
        """End what `refuse_messages` began."""
        self._control("clear_policy", "full")

    def run_out_of_memory(self) -> None:
        """Let it read nothing from connections that publish, as it does when its memory is full."""
        self._control("set_vm_memory_high_watermark", "absolute", "1")

    def find_memory(self) -> None:
        """End what `run_out_of_memory` began."""
        self._control("set_vm_memory_high_watermark", "0.4")

    def _control(self, *words: str) -> str:
        command = [str(PROGRAM.with_name("rabbitmqctl")), "-q", *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._node is not None:
            os.killpg(self._node.pid, signal.SIGKILL)
            self._node.wait()
            self._node = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
        self._names.kill()
        self._names.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
