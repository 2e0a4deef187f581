"""The SVG writer: well-formed, escaped, with colours for both kinds of paper."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.render.svg import COLORS, SvgCanvas, ticks

SVG = "{http://www.w3.org/2000/svg}"


@given(words=st.text())
def test_whatever_text_comes_the_file_is_well_formed(words: str) -> None:
    canvas = SvgCanvas(100, 50, title=words)
    canvas.text(1, 2, words)
    canvas.rect(0, 0, 5, 5, tip=words)
    root = ElementTree.fromstring(canvas.svg())
    shown = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert shown == ["".join(c if c.isprintable() else " " for c in words)]


def test_a_picture_has_its_shapes_and_both_kinds_of_paper(tmp_path: Path) -> None:
    canvas = SvgCanvas(200, 100, title="a picture")
    canvas.line(0, 0, 10, 10, dash="4 3")
    canvas.polyline([(0, 0), (1.005, 2), (3, 4)], color="c1")
    canvas.rect(1, 2, -3, 4, color="alarm", opacity=0.5)
    canvas.text(5, 5, "up", turn=-90, anchor="middle", bold=True)
    canvas.save(tmp_path / "a.svg")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert root.get("viewBox") == "0 0 200 100"
    assert [len((p.get("points") or "").split()) for p in root.iter(f"{SVG}polyline")] == [2, 3]
    *_, alarm = root.iter(f"{SVG}rect")
    assert (alarm.get("width"), alarm.get("class")) == ("0", "f-alarm"), "nothing is drawn backwards"
    style = root.findtext(f"{SVG}style") or ""
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for name in COLORS:
        assert f".f-{name}{{" in light
        assert f".f-{name}{{" in dark


def test_a_colour_without_a_name_here_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown colour 'red'; there are: paper, ink"):
        SvgCanvas(1, 1).rect(0, 0, 1, 1, color="red")


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6), most=st.integers(2, 20))
def test_ticks_are_few_and_inside(low: float, span: float, most: int) -> None:
    found = ticks(low, low + span, most)
    assert len(found) <= most + 1
    assert all(low - span / 1e3 <= tick <= low + span * 1.001 for tick in found)


def test_ticks_are_round_numbers() -> None:
    assert list(ticks(0, 10, 5)) == [0, 2, 4, 6, 8, 10]
    assert list(ticks(0.13, 0.9, 4)) == [0.2, 0.4, 0.6, 0.8]
    assert list(ticks(3, 3)) == [3]
