"""Scheduling headers: defaults of the scheduling fields, for clients that can set headers but no extra fields."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header

from gateway.http.schemas.field_types import KindName, PlayName, Priority, Session
from gateway.http.schemas.requests import SpeechOptions

Options = TypeVar("Options", bound=SpeechOptions)

HEADER_FOR_FIELD = "default of the field, for clients that can set headers but no extra fields"


def scheduling_headers(
    seriatim_kind: Annotated[KindName | None, Header(description=HEADER_FOR_FIELD)] = None,
    seriatim_play: Annotated[PlayName | None, Header(description=HEADER_FOR_FIELD)] = None,
    seriatim_priority: Annotated[Priority | None, Header(description=HEADER_FOR_FIELD)] = None,
    seriatim_session: Annotated[Session | None, Header(description=HEADER_FOR_FIELD)] = None,
) -> dict[str, Any]:
    """The fields that the request's headers name."""
    fields = {
        "kind": seriatim_kind, "play": seriatim_play, "priority": seriatim_priority, "session": seriatim_session,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None}


def job_scheduling(headers: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the headers that options of speech have no fields for: the kind and the play."""
    return {name: headers[name] for name in ("kind", "play") if name in headers}


def with_header_defaults(options: Options, headers: Mapping[str, Any]) -> Options:
    """Options of speech with the headers' priority and session, where they have none of their own."""
    defaults = {name: headers[name] for name in ("priority", "session") if name in headers}
    return options.model_copy(update={name: v for name, v in defaults.items() if getattr(options, name) is None})


SchedulingDep = Annotated[dict[str, Any], Depends(scheduling_headers)]
