"""`wyoming-seriatim`: serve Wyoming until stopped."""

import argparse
import asyncio
import contextlib
import logging
import os
from functools import partial
from pathlib import Path

from wyoming.server import AsyncServer

from wyoming_seriatim.event_handler import SeriatimEventHandler
from wyoming_seriatim.gateway import Gateway


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="wyoming-seriatim", description="Serve a Seriatim gateway to Home Assistant.")
    parser.add_argument("--uri", default="tcp://0.0.0.0:10200", help="where to listen (default: %(default)s)")
    parser.add_argument(
        "--base-url",
        default=os.environ.get("SERIATIM_BASE_URL", "http://127.0.0.1:8000"),
        help="the gateway (default: SERIATIM_BASE_URL, or http://127.0.0.1:8000)",
    )
    parser.add_argument("--api-key-file", type=Path, help="a file with an API key (default: SERIATIM_API_KEY)")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    file: Path | None = arguments.api_key_file
    key = file.read_text().strip() if file else os.environ.get("SERIATIM_API_KEY", "")
    gateway = Gateway(arguments.base_url.rstrip("/").removesuffix("/v1"), key)
    logging.getLogger(__name__).info("serving %s at %s", gateway.base_url, arguments.uri)
    server = AsyncServer.from_uri(arguments.uri)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.run(partial(SeriatimEventHandler, gateway)))


if __name__ == "__main__":
    main()
