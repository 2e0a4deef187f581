"""Generator of the reference pages that are made from the code: `make docs` writes them, a test finds stale ones."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.cli import parser
from gateway.cli.main import COMMANDS
from gateway.http.app import make_api
from gateway.http.metrics.metrics_table import metrics_table
from gateway.http.schemas.stream_messages import CLIENT_MESSAGE
from seriatim.settings import table
from workers.__main__ import _build_parser as worker_parser
from workers.engines.engine_table import engine_list, engine_table

REFERENCE = Path(__file__).parent / "reference"
TABLE, END = "<!-- table -->", "<!-- end -->"  #: around what is made, in a page that is also written
SETTINGS_HEAD = """# Settings

Every setting is an environment variable, read once at start. An unknown `SERIATIM_` variable stops the process, which
names the nearest known one; those that Kubernetes sets for a Service called `seriatim` or `seriatim-...` are ignored.
This page is made from `seriatim/settings.py` by `make docs`.

"""
CLI_HEAD = """# Command line

Each command also explains itself: `seriatim COMMAND --help`. This page is made from the parser by `make docs`.

"""
ENGINES_HEAD = """# Engines

An engine turns sentences into audio. Install one with its extra: `pip install -c constraints.txt -e '.[NAME]'`. Where a
text names none, hibari speaks English and a pool that can speaks the rest; `SERIATIM_ENGINE` names another default.
"A second attempt" is what another worker sends of a sentence that was interrupted
([guarantees](../explanation/guarantees.md)); speed, quality and memory are in the
[benchmarks](../explanation/benchmarks.md), all licences on [their page](licences.md).
This page is made from `workers/engines/` by `make docs`.

"""
HTTP_HEAD = """# HTTP endpoints

The requests and bodies of the OpenAPI document that a gateway serves at `/openapi.json`. How they behave, with
examples: [The HTTP gateway](http.md). Errors have OpenAI's shape. This page is made from `gateway/http` by `make docs`.

"""
MESSAGES_HEAD = """
# Messages to the WebSocket `/v1/stream`

Each is a JSON object in a text message. [The HTTP gateway](http.md#text-as-it-is-written-websocket-v1stream) has their
order, the gateway's own messages, and how a lost connection is resumed.
"""


def settings_page() -> str:
    """Return reference/settings.md."""
    return SETTINGS_HEAD + table()


def cli_page() -> str:
    """Return reference/cli.md: each command with its arguments and examples."""
    parts = [CLI_HEAD, "```text\n", parser.TOP, "\n", parser.EXITS, "```\n"]
    for names, command in _commands():
        parts += [f"\n## `seriatim {' '.join(names)}`\n\n", *_command(command)]
    return "".join(parts)


def http_page() -> str:
    """Return reference/http-endpoints.md: each endpoint, then the fields of each body."""
    document = make_api().openapi()
    parts = [HTTP_HEAD]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts += [
                f"## `{method.upper()} {path}`\n\n",
                operation["description"].strip(),
                "\n\n",
                *_request(operation),
            ]
    parts.append("# Bodies\n")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts += [f"\n## `{name}`\n\n", *_body(schema)]
    parts.append(MESSAGES_HEAD)
    messages = CLIENT_MESSAGE.json_schema()
    for reference in messages["discriminator"]["mapping"].values():
        name = reference.rpartition("/")[2]
        section = "".join([f"\n## `{name}`\n\n", *_body(messages["$defs"][name])])
        parts += [] if section in parts else [section]
    return "".join(parts)


def metrics_page() -> str:
    """Return reference/metrics.md: its text as it stands, with the table of metrics."""
    before, _, rest = (REFERENCE / "metrics.md").read_text("utf-8").partition(TABLE)
    return f"{before}{TABLE}\n{metrics_table()}{END}{rest.partition(END)[2]}"


def engines_page() -> str:
    """Return reference/engines.md: a sentence about each engine, then the table."""
    sentences = "".join(f"- `{name}`: {about}.\n" for name, about in engine_list())
    return f"{ENGINES_HEAD}{sentences}\n{engine_table()}"


PAGES = {
    "engines.md": engines_page,
    "settings.md": settings_page,
    "cli.md": cli_page,
    "http-endpoints.md": http_page,
    "metrics.md": metrics_page,
}


def _commands() -> Iterator[tuple[list[str], argparse.ArgumentParser]]:
    for name, command in _subcommands(parser.build_parser(COMMANDS)).items():
        command = worker_parser() if name == "worker" else command  # its parser is the worker's own
        yield [name], command
        for below, subcommand in _subcommands(command).items():
            yield [name, below], subcommand


def _subcommands(command: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    actions = [action for action in command._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001  # argparse has no public way
    return actions[0].choices if actions else {}


def _command(command: argparse.ArgumentParser) -> Iterator[str]:
    if command.description:
        yield command.description.strip() + "\n\n"
    actions = [a for a in command._actions if a.dest != "help" and a.help != argparse.SUPPRESS]  # noqa: SLF001  # argparse has no public way
    rows = [row for action in actions for row in _argument(action)]
    if rows:
        yield "| argument | meaning |\n|---|---|\n" + "".join(rows)
    if command.epilog and command.epilog.strip() != parser.EXITS.strip():
        yield f"\n```text\n{command.epilog.replace(parser.EXITS, '').strip()}\n```\n"


def _argument(action: argparse.Action) -> Iterator[str]:
    if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # argparse has no public way
        return
    value = action.metavar or (
        "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    )
    takes = action.nargs != 0
    name = ", ".join(action.option_strings) + (f" {value}" if takes else "") if action.option_strings else str(value)
    yield f"| {_code(name)} | {_cell(action.help or '')} |\n"


def _request(operation: dict[str, Any]) -> Iterator[str]:
    for parameter in operation.get("parameters", ()):
        about = parameter.get("description") or parameter["schema"].get("description", "")
        yield (
            f"- {_code(parameter['name'])} ({parameter['in']}, {_type(parameter['schema'])}) {_cell(about)}".rstrip()
            + "\n"
        )
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"- body {_code(kind)}: {_type(body['schema'])}\n"
    yield f"- answers: {', '.join(operation['responses'])}\n\n"


def _body(schema: dict[str, Any]) -> Iterator[str]:
    if schema.get("description"):
        yield schema["description"].strip() + "\n\n"
    yield "| field | type | meaning |\n|---|---|---|\n"
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        default = f"; default {_code(json.dumps(field['default']))}" if field.get("default") is not None else ""
        needed = " (required)" if name in required else ""
        yield f"| {_code(name)} | {_type(field)}{needed}{default} | {_cell(field.get('description', ''))} |\n"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[`{name}`](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return ", ".join(_code(str(value)) for value in schema["enum"])
    if "const" in schema:
        return _code(str(schema["const"]))
    if schema.get("type") == "array":
        return f"array of {_type(schema.get('items', {}))}"
    return str(schema.get("type", "any"))


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("%%", "%").split())


if __name__ == "__main__":
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), "utf-8")
