"""What `python -m dramatiq` imports: it is told a module's name alone, so the server's comes by environment."""

import os

from bench.rivals.dramatiq_app import connected

URL_VARIABLE = "BENCH_RIVALS_DRAMATIQ_URL"

connected(os.environ[URL_VARIABLE])
