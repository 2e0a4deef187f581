"""The dramatiq worker's module, which `python -m dramatiq` imports by its name; the server comes by environment."""

import os

from bench.rivals.dramatiq_app import connected

URL_VARIABLE = "BENCH_RIVALS_DRAMATIQ_URL"

connected(os.environ[URL_VARIABLE])
