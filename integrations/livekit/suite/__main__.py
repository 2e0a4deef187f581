"""LiveKit's own tests of text-to-speech, run with our plugin: `make livekit-suite LIVEKIT_TESTS=FOLDER`.

FOLDER is a checkout of LiveKit's agents at the tag of the version that is installed. Its files are run as they are;
what takes the place of other providers, and of services in a cloud, is in `livekit_suite`, a plugin of pytest.
Exit status: pytest's; 2: there is no such checkout, or it has another version.
"""

import argparse
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

DISTRIBUTION = "livekit-agents"
VERSION_FILE = Path("livekit-agents/livekit/agents/version.py")
REPOSITORY = "https://github.com/livekit/agents"
#: the tests of every text-to-speech plugin, and those of the adapter that falls back from one to another
FILES = ("tests/test_tts.py", "tests/test_tts_fallback.py")
SUITE = Path(__file__).parent


def main() -> int:
    """Run the tests, if the checkout is one of the installed version."""
    parser = argparse.ArgumentParser(description="Run LiveKit's own tests of text-to-speech with our plugin.")
    parser.add_argument("folder", help=f"a checkout of {REPOSITORY}")
    parser.add_argument("--any-version", action="store_true", help="run tests of another version than that installed")
    options, arguments = parser.parse_known_args()
    installed = version(DISTRIBUTION)
    found = checkout_version(Path(options.folder)) if options.folder else ""
    if not found or (found != installed and not options.any_version):
        has = f"has version {found}" if found else "is no checkout"
        clone = f"git clone --depth 1 --branch {DISTRIBUTION}@{installed} {REPOSITORY} FOLDER"
        message = f"{options.folder or 'LIVEKIT_TESTS'} {has}; {DISTRIBUTION} {installed} is installed: {clone}"
        print(message, file=sys.stderr)  # noqa: T201  # a program's answer
        return 2
    print(f"tests of {DISTRIBUTION} {found}, with version {installed}", flush=True)  # noqa: T201  # as above
    command = [sys.executable, "-m", "pytest", "-p", "livekit_suite", "--tts", "--unit", "-ra", *FILES, *arguments]
    environment = os.environ | {"PYTHONPATH": str(SUITE)}
    return subprocess.run(command, cwd=options.folder, env=environment, check=False).returncode


def checkout_version(folder: Path) -> str:
    """The version of a checkout; "" where there is none."""
    file = folder / VERSION_FILE
    found = re.search(r'__version__ = "(.+)"', file.read_text("utf-8")) if file.is_file() else None
    return found[1] if found else ""


if __name__ == "__main__":
    sys.exit(main())
