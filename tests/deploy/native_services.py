"""Services of Compose, or pods, as native processes of this machine: their commands, environments, health checks.

Where there are no containers, a few words must mean something else here, and nothing but these is changed:

    a port of a container (6379, 8000, 5555, 9090)   a free one
    the name of a service, before a port             127.0.0.1
    /run/secrets/NAME                                the secret's file, as deploy/secrets.sh makes it for the test
    a volume's path                                  a folder of the test, kept while services are stopped
    the entry point and ENV of our image             as the Dockerfile has them; `seriatim` is this checkout's
    valkey-server, valkey-cli                        the embedded server, Debian's redis-cli
    the names of images' programs                    `prometheus`, where it is installed; grafana is left out

Users, read-only file systems and limits are Docker's to keep. The test's copy of users.acl has one user more, who may
look at what was refused to the others.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from seriatim.process.child_processes import dies_with_parent
from seriatim.settings import other_variables
from tests.deploy.compose_services import ROOT, Service, secrets, services, stages
from tests.support.command_line import installed
from tests.support.free_ports import free_port
from tests.support.process_system import wait_until
from tests.support.redis_servers import embedded

LOOK = "user looker on nopass resetkeys resetchannels -@all +acl|log +ping +client"
PROGRAMS = {"prometheus": "prometheus", "grafana": "grafana"}  #: entry points of images that are not ours
HEALTHY_S = 240.0  #: a system of fresh processes took over a minute at a load of 12; this only ends a test that hangs
STALL_S = 60.0  #: beyond its grace a process has so long to end: a busy machine may stop it for some of that


@dataclass(slots=True)
class Native:
    """All services that can run here."""

    folder: Path
    services: Mapping[str, Service] = field(default_factory=services)  #: by name
    ports: dict[int, int] = field(default_factory=dict)  #: a container's -> ours
    processes: dict[str, list["subprocess.Popen[bytes]"]] = field(default_factory=dict)
    replaced: dict[str, Path] = field(default_factory=dict)  #: source of a mount -> another folder for it

    def prepare(self) -> None:
        """Make secrets, volumes, programs and ports."""
        client = installed("valkey-cli", "redis-cli", package="redis-tools")  # the health check of Redis asks by it
        subprocess.run([ROOT / "deploy" / "secrets.sh", self.folder / "secrets"], check=True)
        with (self.folder / "secrets" / "users.acl").open("a") as acl:
            acl.write(LOOK + "\n")
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "valkey-server").symlink_to(embedded())
        (programs / "seriatim").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m gateway.cli.main "$@"\n')
        (programs / "seriatim").chmod(0o755)
        (programs / "valkey-cli").symlink_to(client)
        inner_ports = {port for service in self.services.values() for _, port in service.ports} | {6379}
        self.ports = {port: free_port() for port in sorted(inner_ports)}

    def secret(self, name: str) -> str:
        """The first line of a secret."""
        return self.path_of_secret(name).read_text("utf-8").splitlines()[0]

    def path_of_secret(self, name: str) -> Path:
        return self.folder / "secrets" / secrets()[name].removeprefix("./deploy/secrets/")

    def volume(self, service: Service, path: str) -> Path:
        """Where a path of a container is here."""
        source = service.mounts[path]
        if source in self.replaced:
            return self.replaced[source]
        if source.startswith("."):
            return ROOT / source
        made = self.folder / "volumes" / source
        made.mkdir(parents=True, exist_ok=True)
        return made

    def replace(self, service: Service, path: str, folder: Path) -> None:
        """Mount another folder at a service's path."""
        self.replaced[service.mounts[path]] = folder

    def here(self, service: Service, text: str) -> str:
        """A word of the file as it must be on this machine."""
        for path in sorted(service.mounts, key=len, reverse=True):
            text = re.sub(rf"(?<![\w/.]){path}(?![\w-])", str(self.volume(service, path)), text)
        text = re.sub(r"/run/secrets/(\w+)", lambda m: str(self.path_of_secret(m[1])), text)
        names = "|".join(self.services)
        text = re.sub(rf"(?<![\w-])(?:{names}|0\.0\.0\.0)(?=:\d)", "127.0.0.1", text)
        numbers = "|".join(map(str, self.ports))
        return re.sub(rf"(?<![\d.])({numbers})(?!\d)", lambda m: str(self.ports[int(m[1])]), text)

    def environment(self, service: Service) -> dict[str, str]:
        """What a process of the service sees."""
        image = stages()[service.target].environment() if service.ours else {}
        image.pop("PATH", None)
        own = {name: self.here(service, value) for name, value in (image | service.environment).items()}
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return other_variables(os.environ) | own | {"PATH": path, "PYTHONPATH": str(ROOT)}

    def argv(self, service: Service) -> list[str]:
        """The command line, with the image's entry point."""
        entry: list[str] = []
        if service.ours:
            entry = json.loads(stages()[service.target].last("ENTRYPOINT"))
        elif service.name in PROGRAMS:
            entry = [PROGRAMS[service.name]]
        return entry + [self.here(service, word) for word in service.command]

    def start(self, service: Service) -> None:
        """Start as many as there are to be."""
        with (self.folder / f"{service.name}.log").open("ab") as log:
            for _ in range(service.replicas):
                process = subprocess.Popen(
                    self.argv(service), env=self.environment(service), cwd=self.folder, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=subprocess.STDOUT, preexec_fn=dies_with_parent(signal.SIGKILL),
                )  # fmt: skip
                self.processes.setdefault(service.name, []).append(process)

    def run(self, service: Service, argv: list[str] | None = None) -> tuple[int, str]:
        """Run something in a service's place until it ends: its status, and what it said."""
        done = subprocess.run(
            argv or self.argv(service), env=self.environment(service), cwd=self.folder, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=HEALTHY_S,
        )  # fmt: skip
        return done.returncode, done.stdout.decode(errors="replace")

    def healthy(self, service: Service) -> bool:
        """Its health check, once."""
        ended = [p.returncode for p in self.processes[service.name] if p.poll() is not None]
        assert not ended, f"{service.name} ended with {ended}: {self.log(service.name)}"
        words = [self.here(service, word) for word in service.health]
        done = subprocess.run(words, env=self.environment(service), check=False, capture_output=True, timeout=HEALTHY_S)
        return done.returncode == 0

    def up(self, *names: str) -> None:
        """Start services, each when those that it needs are healthy, and wait until all are."""
        healthy: set[str] = set()
        for name in names:
            service = self.services[name]
            for needed in set(service.needs) - healthy:
                self.await_healthy(self.services[needed])
                healthy.add(needed)
            self.start(service)
        for name in set(names) - healthy:
            self.await_healthy(self.services[name])

    def await_healthy(self, service: Service) -> None:
        """Wait until its health check says yes."""
        wait_until(lambda: self.healthy(service), f"{service.name} is healthy", HEALTHY_S)

    def stop(self, name: str) -> list[int]:
        """As `docker compose stop`: SIGTERM, and its grace, and STALL_S; returns the exit statuses."""
        processes = self.processes.pop(name)
        for process in processes:
            process.terminate()
        return [process.wait(self.services[name].grace_s + STALL_S) for process in processes]

    def close(self) -> None:
        """End what still runs, at once."""
        for process in [p for several in self.processes.values() for p in several]:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def log(self, name: str) -> str:
        """What a service wrote."""
        return (self.folder / f"{name}.log").read_text("utf-8", errors="replace")[-4000:]

    def looker(self) -> Redis:
        """A client that may ask what was refused to others."""
        return Redis(port=self.ports[6379], username="looker", password="any")
