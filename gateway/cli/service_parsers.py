"""The parsers of the commands that service operators run: serve, flower, healthcheck, doctor."""

import argparse
from collections.abc import Callable

from gateway.cli.parser_parts import port_number

SERVE = """\
Needs running workers and a reassembler (seriatim worker, seriatim reassemble); seriatim up runs all of them. Without
keys only loopback is served, and all callers share one user. Any number of gateways may serve one system.

examples:
  seriatim serve
  seriatim serve --host 0.0.0.0 --keys keys.toml
  curl http://127.0.0.1:8000/v1/audio/speech -H 'content-type: application/json' \\
    -d '{"model": "espeak", "voice": "en-gb", "input": "Good morning."}' -o morning.mp3
"""
FLOWER = """\
SERIATIM_FLOWER_PASSWORD_FILE names a file with a password, or user:password, on its first line; the default user is
seriatim. The pages are read-only. While Flower runs, task events cost the workers a little of their throughput.

examples:
  seriatim flower
  seriatim flower --host 0.0.0.0 --port 5555
"""
HEALTHCHECK = """\
For health checks of containers. Exits with 0 if the component works; otherwise a line gives the reason.

examples:
  seriatim healthcheck gateway                a gateway answers at port 8000 of this machine
  seriatim healthcheck worker --pool espeak   a worker process of this machine sends heartbeats
  seriatim healthcheck reassembler            a reassembler of this machine sends heartbeats
"""
DOCTOR = """\
Prints a line per check: ok, warn or fail, the finding, and what to do. Exits with 1 if a check failed. It changes
nothing and shows no password; --json is for bug reports.

examples:
  seriatim doctor
  seriatim doctor --redis redis://127.0.0.1:7379/0
  seriatim doctor --json > doctor.json
"""
COMPONENTS = ("gateway", "worker", "reassembler", "flower")


def _add_serve(p: argparse.ArgumentParser) -> None:
    p.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    p.add_argument(
        "--port", type=port_number, default=8000, metavar="N", help="port to listen on; 0: any free one (8000)"
    )
    p.add_argument("--keys", metavar="FILE", help="file of API keys and their limits (SERIATIM_HTTP_KEYS_FILE)")


def _add_flower(p: argparse.ArgumentParser) -> None:
    p.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    p.add_argument(
        "--port", type=port_number, default=5555, metavar="N", help="port to listen on; 0: any free one (5555)"
    )


def _add_healthcheck(p: argparse.ArgumentParser) -> None:
    p.add_argument("component", choices=COMPONENTS, metavar="COMPONENT", help=", ".join(COMPONENTS))
    p.add_argument(
        "--pool", default="", metavar="NAME", help="pool of the worker (SERIATIM_ENGINE, else hibari or espeak)"
    )
    p.add_argument("--port", type=port_number, metavar="N", help="port of the gateway (8000) or of Flower (5555)")


def _add_doctor(p: argparse.ArgumentParser) -> None:
    p.add_argument("--json", action="store_true", help="print JSON with versions and settings, for a bug report")


#: command: summary, epilog, the function that adds its arguments
SERVICES: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "serve": ("serve HTTP: OpenAI's speech API, jobs, a WebSocket, metrics", SERVE, _add_serve),
    "flower": ("serve Flower: a read-only view of Celery's tasks and workers in a browser", FLOWER, _add_flower),
    "healthcheck": (
        "check whether a component works on this machine",
        HEALTHCHECK,
        _add_healthcheck,
    ),
    "doctor": ("check versions, settings, Redis, the broker, workers and this machine", DOCTOR, _add_doctor),
}
