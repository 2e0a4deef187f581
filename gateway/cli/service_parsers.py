"""The grammar of the commands that service operators run: serve, flower, healthcheck, doctor."""

import argparse
from collections.abc import Callable

SERVE = """\
Workers and a reassembler run elsewhere (seriatim worker, seriatim reassemble); seriatim up runs all of them. Without
keys only loopback is served, and everybody is the same user. Any number of gateways may serve one system.

examples:
  seriatim serve
  seriatim serve --host 0.0.0.0 --keys keys.toml
  curl http://127.0.0.1:8000/v1/audio/speech -H 'content-type: application/json' \\
    -d '{"model": "espeak", "voice": "en-gb", "input": "Good morning."}' -o morning.mp3
"""
FLOWER = """\
SERIATIM_FLOWER_PASSWORD_FILE names a file whose first line is a password, or user:password (the user is seriatim
otherwise). Nothing can be changed from the pages. Events cost workers a little of their throughput while it runs.

examples:
  seriatim flower
  seriatim flower --host 0.0.0.0 --port 5555
"""
HEALTHCHECK = """\
For health checks of containers. The status is 0, or else a line says why not.

examples:
  seriatim healthcheck gateway                at port 8000 of this machine: does it answer?
  seriatim healthcheck worker --pool espeak   does a worker process of this machine beat?
  seriatim healthcheck reassembler            does one of this machine read its notifications?
"""
DOCTOR = """\
One line for each check: ok, warn or fail, what was found, and what to do. The status is 0, or 1 if a check failed. It
changes nothing and shows no password; --json is for bug reports.

examples:
  seriatim doctor
  seriatim doctor --redis redis://127.0.0.1:7379/0
  seriatim doctor --json > doctor.json
"""
PARTS = ("gateway", "worker", "reassembler", "flower")


def _serve(p: argparse.ArgumentParser) -> None:
    p.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (127.0.0.1)")
    p.add_argument("--port", type=int, default=8000, metavar="N", help="0: any free one (8000)")
    p.add_argument("--keys", metavar="FILE", help="API keys and what they may do (SERIATIM_HTTP_KEYS_FILE)")


def _flower(p: argparse.ArgumentParser) -> None:
    p.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (127.0.0.1)")
    p.add_argument("--port", type=int, default=5555, metavar="N", help="0: any free one (5555)")


def _healthcheck(p: argparse.ArgumentParser) -> None:
    p.add_argument("part", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    p.add_argument("--pool", default="", metavar="NAME", help="of a worker (SERIATIM_ENGINE, else hibari or espeak)")
    p.add_argument("--port", type=int, metavar="N", help="of a gateway (8000) or of Flower (5555)")


def _doctor(p: argparse.ArgumentParser) -> None:
    p.add_argument("--json", action="store_true", help="with versions and settings, for a bug report")


#: command: what it does, examples, its arguments
SERVICES: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "serve": ("serve HTTP: OpenAI's speech API, jobs, a WebSocket, metrics", SERVE, _serve),
    "flower": ("serve Flower: Celery's tasks and workers in a browser, to look at", FLOWER, _flower),
    "healthcheck": (
        "say by the exit status whether a part of the system on this machine works",
        HEALTHCHECK,
        _healthcheck,
    ),
    "doctor": ("check versions, settings, Redis, the broker, workers and this machine", DOCTOR, _doctor),
}
