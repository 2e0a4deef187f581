"""Who calls, and on which door: what routes depend on."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from gateway.http.door import Door
from gateway.http.keys import Caller
from gateway.http.problems import Problem

bearer = HTTPBearer(auto_error=False, description="An API key (docs/http.md); none where the gateway has no keys.")


def door_of(connection: HTTPConnection) -> Door:
    """The door of this process."""
    door: Door = connection.app.state.door
    return door


def caller_of(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]) -> Caller:
    """The caller by its key.

    Raises:
        Problem: there is no key, or it is nobody's.
    """
    return known(door_of(request), given.credentials if given else "")


def known(door: Door, key: str) -> Caller:
    """The caller of a key.

    Raises:
        Problem: there is none.
    """
    caller = door.keys.caller(key)
    if caller is None:
        said = "this API key is not known" if key else "an API key is needed: Authorization: Bearer KEY"
        raise Problem(401, "invalid_api_key", said, headers={"www-authenticate": "Bearer"})
    return caller


AtDoor = Annotated[Door, Depends(door_of)]
FromCaller = Annotated[Caller, Depends(caller_of)]
