"""Server answers: what each server of a gateway says to the same question. One that is away is left out, and named."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

from starlette.requests import Request

from gateway.http.context import GatewayContext
from gateway.http.schemas.ignored_fields import joined_warning
from seriatim.errors import SeriatimError

T = TypeVar("T")

TIMEOUT_S = 3.0  #: for the answer of one of several: longer than a look at a server that is up takes


async def ask_each_server(
    request: Request, context: GatewayContext, call: Callable[[GatewayContext], T]
) -> dict[str, T]:
    """The results of a call in a thread for each server, at the same time; a warning of the request names who is away.

    Raises:
        SeriatimError: none answers.
    """
    if len(context.contexts) == 1:
        return {context.server: await asyncio.to_thread(call, context)}

    async def ask(own: GatewayContext) -> T:
        async with asyncio.timeout(TIMEOUT_S):
            return await asyncio.to_thread(call, own)

    found = await context.of_each_server(ask)
    answers = answers_of(found)
    if missing := [server for server in found if server not in answers]:
        warning = f"without what is on {', '.join(missing)}: no answer"
        request.state.warning = joined_warning(getattr(request.state, "warning", ""), warning)
    return answers


def answers_of(found: Mapping[str, T | BaseException]) -> dict[str, T]:
    """The answers of the servers that gave one.

    Raises:
        SeriatimError, TimeoutError: the first server's error, where none gave one.
        Exception: an error that is no outage.
    """
    errors = {server: each for server, each in found.items() if isinstance(each, BaseException)}
    for error in errors.values():
        if len(errors) == len(found) or not isinstance(error, SeriatimError | TimeoutError):
            raise error
    return {server: each for server, each in found.items() if not isinstance(each, BaseException)}


def reason_of(error: BaseException) -> str:
    """Why a server gave no answer."""
    return str(error) or "Redis does not answer"
