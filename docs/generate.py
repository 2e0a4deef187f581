"""`make docs`: writes the pages that are made of the code. A test says when they are stale."""

from pathlib import Path

from seriatim.settings import table

HEAD = """# Settings

Every setting is an environment variable, read once at start. An unknown `SERIATIM_` variable stops the process and
names the nearest known one; those that Kubernetes sets for a Service called `seriatim` or `seriatim-...` are passed
over. This page is made from `seriatim/settings.py` by `make docs`.

"""
PAGE = Path(__file__).parent / "reference" / "settings.md"


def settings_page() -> str:
    """docs/reference/settings.md."""
    return HEAD + table()


if __name__ == "__main__":
    PAGE.write_text(settings_page(), "utf-8")
