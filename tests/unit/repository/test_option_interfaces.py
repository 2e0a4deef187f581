"""Options of a job in every interface: Python's keyword arguments, HTTP's fields and the command line's flags.

An interface that lacks one says why here.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from gateway.cli.parser import build_parser
from gateway.http.schemas.requests import OPTIONS, NewJobBody
from seriatim.client.job_options import CHOICES, JobOptions, JobRequest

NAMES = {field.name for field in fields(JobRequest)}
NOT_OVER_HTTP: Mapping[str, str] = {
    "engine": "the field `model` names the pool",
    "pool": "the field `model` names it",
    "user": "that of the caller's API key",
    "weight": "that of the caller's API key",
    "idempotency_key": "the header Idempotency-Key",
    "empty": "a text with nothing to speak is always a short silence, which goes on with a conversation",
}
NOT_ON_THE_COMMAND_LINE: Mapping[str, str] = {
    "kind": "always batch: a live job is refused where a file is only slow to come (decision 8)",
    "play": "of live jobs",
    "session": "of live jobs",
    "hold": "of players: whole sentences are written in either case",
    "window_ms": "the settings': the command reads as fast as it can",
    "drain": "always window: the command is the job's only reader",
    "reader_grace_s": "the settings': the command is the job's reader, and cancels it when it is interrupted",
    "timeout_s": "none: its user sees the progress, and may interrupt it",
    "idempotency_key": "--resume, and the manifest of `seriatim batch`, know what was spoken before",
    "weight": "an operator's: seriatim set --user USER --weight X",
    "priority": "of a job among others of its user: seriatim set JOB --priority N",
    "empty": "always an error, as a file without audio would be none",
}
FLAGS = {"speakers": "speaker", "options": "option"}  #: given once for each of them


def flags(command: str) -> set[str]:
    """The long flags of a command, without dashes."""
    actions = build_parser([])._actions
    commands = next(action.choices for action in actions if isinstance(action, argparse._SubParsersAction))
    found = {text for action in commands[command]._actions for text in action.option_strings}
    return {text.removeprefix("--").replace("-", "_") for text in found}


def test_every_option_is_a_keyword_argument() -> None:
    assert set(JobOptions.__annotations__) == NAMES


def literals(hint: object) -> Iterator[object]:
    """The values of the Literal within a type."""
    for part in get_args(hint):
        yield from get_args(part) if get_origin(part) is Literal else literals(part)


@pytest.mark.parametrize("name", CHOICES)
def test_type_checkers_know_the_values_of_each_choice(name: str) -> None:
    assert list(literals(get_type_hints(JobOptions)[name])) == [str(choice) for choice in CHOICES[name]]


def test_every_option_is_a_field_over_http_or_it_is_said_why_not() -> None:
    in_body = NAMES & set(NewJobBody.model_fields)
    assert in_body | set(NOT_OVER_HTTP) == NAMES
    assert not in_body & set(NOT_OVER_HTTP), "these are fields, and need no reason"
    assert set(OPTIONS) == in_body - {"voice"}, "each field comes into the job; a voice by its pool"


@pytest.mark.parametrize("command", ["speak", "book", "batch"])
def test_every_option_is_a_flag_of_the_commands_that_speak_or_it_is_said_why_not(command: str) -> None:
    flagged = {name for name in NAMES if FLAGS.get(name, name) in flags(command)}
    assert flagged | set(NOT_ON_THE_COMMAND_LINE) == NAMES
    assert not flagged & set(NOT_ON_THE_COMMAND_LINE), "these are flags, and need no reason"
