"""A missing package of the extra `documents`, imported when a document needs it."""

import importlib
from typing import Any

from seriatim.errors import Misconfigured


def required_package(module: str) -> Any:
    """Import a module of the extra `documents`.

    Raises:
        Misconfigured: it is not installed; the message has the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise Misconfigured(
            f"this document needs {package}, which is missing; "
            "in Seriatim's folder: pip install -c constraints.txt -e '.[documents]'"
        ) from None
