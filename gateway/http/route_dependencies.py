"""Dependencies of routes, as FastAPI calls them: the gateway's context and the caller."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem
from gateway.http.routing.route_table import server_of_job

bearer = HTTPBearer(
    auto_error=False, description="An API key (docs/reference/http.md); not needed if the gateway has no keys."
)
KEY_HEADERS = ("api-key", "x-api-key", "xi-api-key")  #: sent by clients of Azure's service, ElevenLabs' and others


def context_of(connection: HTTPConnection) -> GatewayContext:
    """The context of this process."""
    context: GatewayContext = connection.app.state.context
    return context


async def context_of_job(connection: HTTPConnection) -> GatewayContext:
    """The context of the server whose job the path names; that of `main` where it names none.

    It is asynchronous, so that it runs in the request's own task, whose threads are that server's from then on.
    """
    main = context_of(connection)
    return main.at(main.known_server(server_of_job(str(connection.path_params.get("job_id", "")))))


def key_of(connection: HTTPConnection) -> str:
    """The API key of a request, in the header of OpenAI's clients, Azure's or others; "" if there is none."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    return next((key for name in KEY_HEADERS if (key := connection.headers.get(name, "").strip())), "")


def caller_of(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]) -> Caller:
    """The caller of a request.

    Raises:
        HttpProblem: the API key is missing or unknown.
    """
    return authenticate_key(context_of(request), key_of(request))


def check_list_access(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]) -> None:
    """Check that a request may list models and voices; SERIATIM_HTTP_OPEN_LISTS allows that without a key.

    Raises:
        HttpProblem: the API key is missing, or unknown.
    """
    context, key = context_of(request), key_of(request)
    if key or not context.settings.http_open_lists:
        authenticate_key(context, key)


def authenticate_key(context: GatewayContext, key: str) -> Caller:
    """The caller of a key.

    Raises:
        HttpProblem: the API key is missing or unknown.
    """
    caller = context.keys.caller(key)
    if caller is None:
        message = "unknown API key" if key else "an API key is required: Authorization: Bearer KEY"
        raise HttpProblem(401, "invalid_api_key", message, headers={"www-authenticate": "Bearer"})
    return caller


ContextDep = Annotated[GatewayContext, Depends(context_of_job)]
ReaderDep = Annotated[None, Depends(check_list_access)]
CallerDep = Annotated[Caller, Depends(caller_of)]
