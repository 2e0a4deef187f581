"""Positions in a job's stream, as clients give them."""

from gateway.http.problems import HttpProblem
from seriatim.keys import StreamPosition


def position_of(text: str) -> StreamPosition:
    """A position that a client gives; "" is the beginning.

    Raises:
        Problem: it is none.
    """
    try:
        return StreamPosition.parse(text).resumed if text else StreamPosition()
    except ValueError as error:
        raise HttpProblem(400, "bad_input", str(error), param="after") from None
