"""The contract: records, keys, settings, errors, PCM arithmetic, Lua scripts and their typed calls.

Everything that two processes of Seriatim must agree on lives here, and nothing else does. The package needs the
standard library and redis-py; it knows nothing of Celery, engines or doors.
"""

__version__ = "0.1.0"
