"""The site of the documentation, as `make site` builds it: with every page, a search, and the reference of Python."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("docs", "seriatim", "Makefile", "pyproject.toml", "zensical.toml")
LIMIT_S = 300.0


@pytest.mark.thorough
def test_the_site_is_built_from_every_page(tmp_path: Path) -> None:
    """A link that leads nowhere would end the build."""
    for name in COPIED:
        source, skip = ROOT / name, shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=skip)
        else:
            shutil.copy(source, tmp_path)
    command = ["make", f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.dev", "site"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "site"
    pages = {page.relative_to(tmp_path / "docs").with_suffix("") for page in (tmp_path / "docs").rglob("*.md")}
    built = {page.parent.relative_to(site) for page in site.rglob("index.html")}
    assert {page.parent if page.name == "index" else page for page in pages} <= built
    assert "enqueue_job" in (site / "reference" / "python" / "index.html").read_text("utf-8")
    found = json.loads((site / "search.json").read_text("utf-8"))["items"]
    assert any(item["location"].startswith("explanation/guarantees/") for item in found)
