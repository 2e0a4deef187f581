"""Scheduling headers: defaults of the scheduling fields, for clients that can set headers but no extra fields."""

from typing import Annotated, Any

from fastapi import Depends, Header

from gateway.http.schemas.field_types import KindName, PlayName, Priority, Session

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


SchedulingDep = Annotated[dict[str, Any], Depends(scheduling_headers)]
