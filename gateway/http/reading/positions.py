"""Positions in a job's stream, parsed from requests."""

from gateway.http.problems import HttpProblem
from seriatim.keys import StreamPosition


def parse_position(text: str) -> StreamPosition:
    """Parse a position; "" is the beginning.

    Raises:
        HttpProblem: it is not a position.
    """
    try:
        return StreamPosition.parse(text).resumed if text else StreamPosition()
    except ValueError as error:
        raise HttpProblem(400, "bad_input", str(error), param="after") from None
