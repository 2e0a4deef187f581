"""Engines: one package per engine, found through `engine_registry` and imported only when it is used.

ONNX Runtime, which several engines load, sends Microsoft facts about each process and its models, and keeps a number of
the device for that, unless a variable forbids it before its import (its Privacy.md). This one does; a user's own value
is kept. A process that has ONNX Runtime from elsewhere, such as a recogniser's, comes through here, too.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
