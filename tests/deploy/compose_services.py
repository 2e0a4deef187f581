"""docker-compose.yml and the Dockerfile, read as Compose and Docker read them, as far as ours need it."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE, DOCKERFILE = ROOT / "docker-compose.yml", ROOT / "Dockerfile"
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\})")


def interpolated(text: str, environ: Mapping[str, str]) -> str:
    """`${NAME:-default}`, `${NAME}` and `$$`, which is all that the file uses."""
    return _VARIABLE.sub(
        lambda m: "$" if m.group() == "$$" else environ.get(m["name"]) or m["default"] or "",
        text,
    )


@cache
def compose() -> dict[str, Any]:
    """The whole file with its defaults."""
    return _resolved(yaml.safe_load(COMPOSE.read_text("utf-8")))  # type: ignore[no-any-return]  # a mapping stays one


def variables() -> dict[str, str]:
    """What .env may set: each variable of the file with its default."""
    text = "\n".join(line for line in COMPOSE.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
    return {m["name"]: m["default"] or "" for m in _VARIABLE.finditer(text) if m["name"]}


def _resolved(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _resolved(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_resolved(value) for value in node]
    return interpolated(node, {}) if isinstance(node, str) else node


@dataclass(frozen=True, slots=True)
class Service:
    """One service as the file has it."""

    name: str
    entry: Mapping[str, Any]

    @property
    def ours(self) -> bool:
        """Does it run an image of ours?"""
        return self.entry["image"] in _targets()

    @property
    def target(self) -> str:
        """The stage of the Dockerfile that its image is; an image that only another service builds is found, too."""
        return _targets()[self.entry["image"]]

    @property
    def command(self) -> list[str]:
        return [str(word) for word in self.entry.get("command", [])]

    @property
    def environment(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.entry.get("environment", {}).items()}

    @property
    def replicas(self) -> int:
        return int(self.entry["deploy"].get("replicas", 1))

    @property
    def grace_s(self) -> float:
        """How long it has after SIGTERM; ten seconds by default."""
        return float(str(self.entry.get("stop_grace_period", "10s")).removesuffix("s"))

    @property
    def needs(self) -> list[str]:
        """Services that must be healthy before it starts."""
        return list(self.entry.get("depends_on", []))

    @property
    def mounts(self) -> dict[str, str]:
        """Path in the container -> volume's name, or path beside the file."""
        rows = [str(row).split(":") for row in self.entry.get("volumes", [])]
        return {row[1]: row[0] for row in rows}

    @property
    def ports(self) -> list[tuple[str, int]]:
        """Published: address of the host, port in the container."""
        rows = [str(row).split(":") for row in self.entry.get("ports", [])]
        return [(row[0], int(row[2])) for row in rows]

    @property
    def health(self) -> list[str]:
        """The health check as a command with its arguments; none where it is switched off."""
        kind, *words = self.entry["healthcheck"].get("test", ["CMD"])
        return ["sh", "-c", words[0]] if kind == "CMD-SHELL" else [str(word) for word in words]


def _targets() -> dict[str, str]:
    """Our images -> the stages that they are built from."""
    return {s["image"]: s["build"]["target"] for s in compose()["services"].values() if "build" in s}


def services() -> dict[str, Service]:
    """All of them, also those of a profile."""
    return {name: Service(name, entry) for name, entry in compose()["services"].items()}


def secrets() -> dict[str, str]:
    """A secret's name -> its file, beside the compose file."""
    return {name: str(entry["file"]) for name, entry in compose()["secrets"].items()}


@dataclass(frozen=True, slots=True)
class BuildStage:
    """One FROM of the Dockerfile, with what it inherits from stages of the same file."""

    name: str
    source: str
    instructions: tuple[tuple[str, str], ...]  #: instruction, the rest of its line

    def last(self, instruction: str) -> str:
        """What an instruction says at the end."""
        return [rest for name, rest in self.instructions if name == instruction][-1]

    def environment(self) -> dict[str, str]:
        """ENV, all of them."""
        words = [word for name, rest in self.instructions if name == "ENV" for word in shlex.split(rest)]
        return dict(word.split("=", 1) for word in words)


@cache
def stages() -> dict[str, BuildStage]:
    """The Dockerfile's stages by their names."""
    found: dict[str, BuildStage] = {}
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE.read_text("utf-8"), flags=re.MULTILINE))
    name, source, instructions = "", "", list[tuple[str, str]]()
    for line in filter(None, (row.strip() for row in joined.splitlines())):
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            source, _, name = rest.partition(" AS ")
            instructions = list(found[source].instructions) if source in found else []
        else:
            instructions.append((instruction, rest.strip()))
        if name:
            found[name] = BuildStage(name, source, tuple(instructions))
    return found
