"""Access to routes: FastAPI dependencies for the gateway's context and the caller."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem

bearer = HTTPBearer(
    auto_error=False, description="An API key (docs/reference/http.md); none where the gateway has no keys."
)
KEY_HEADERS = ("api-key", "x-api-key")  #: of clients made for Azure's service, and for others


def context_of(connection: HTTPConnection) -> GatewayContext:
    """The door of this process."""
    context: GatewayContext = connection.app.state.context
    return context


def key_of(connection: HTTPConnection) -> str:
    """The key that a client sends, as OpenAI's clients, Azure's or others do; "" if there is none."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    return next((key for name in KEY_HEADERS if (key := connection.headers.get(name, "").strip())), "")


def caller_of(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]) -> Caller:
    """The caller by its key.

    Raises:
        Problem: there is no key, or it is nobody's.
    """
    return caller_of_key(context_of(request), key_of(request))


def reader_of(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]) -> None:
    """Somebody who wants to know which models and voices there are: a setting lets those without a key know, too.

    Raises:
        Problem: there is no key and one is needed, or it is nobody's.
    """
    context, key = context_of(request), key_of(request)
    if key or not context.settings.http_open_lists:
        caller_of_key(context, key)


def caller_of_key(context: GatewayContext, key: str) -> Caller:
    """The caller of a key.

    Raises:
        Problem: there is none.
    """
    caller = context.keys.caller(key)
    if caller is None:
        said = "this API key is not known" if key else "an API key is needed: Authorization: Bearer KEY"
        raise HttpProblem(401, "invalid_api_key", said, headers={"www-authenticate": "Bearer"})
    return caller


ContextDep = Annotated[GatewayContext, Depends(context_of)]
ReaderDep = Annotated[None, Depends(reader_of)]
CallerDep = Annotated[Caller, Depends(caller_of)]
