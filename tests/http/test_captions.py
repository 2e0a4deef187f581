"""Subtitles as players and subtitlers expect them."""

import io
import re

import av
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.captions import LINE_CHARS, LINES, cues, srt, vtt
from gateway.http.timed import Span
from tests.systems import wait_until

LONG = (
    "The red fox, which nobody had seen since the autumn of that year, runs over the green hills beyond the river, "
    "and it sings of other rivers & of maps <none of them drawn> that show --> nothing at all."
)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), max_size=400),
    st.floats(0, 10_000),
    st.floats(0.001, 60),
)
def test_a_sentence_is_shown_whole_in_few_short_lines(text: str, start_s: float, lasts_s: float) -> None:
    span = Span(3, round(start_s, 3), round(start_s + lasts_s, 3), text)
    found = list(cues(span))
    shown = "".join(line for cue in found for line in cue.lines)
    assert shown.replace(" ", "") == re.sub(r"\s", "", text), "no character is lost"
    assert all(len(cue.lines) <= LINES and max(map(len, cue.lines)) <= LINE_CHARS for cue in found)
    assert len({cue.id for cue in found}) == len(found)
    if found:
        assert (found[0].start_s, found[-1].end_s) == (span.start_s, span.end_s)
    assert [cue.end_s for cue in found[:-1]] == [cue.start_s for cue in found[1:]], "nothing overlaps"


def test_a_sentence_that_fits_is_one_subtitle_and_its_lines_are_even() -> None:
    (short,) = cues(Span(0, 0.0, 2.0, "The red fox runs."))
    assert (short.id, short.lines) == ("0", ("The red fox runs.",))
    (longer,) = cues(Span(1, 2.0, 5.0, "The red fox runs over green hills and sings."))
    assert longer.lines == ("The red fox runs over", "green hills and sings.")


def test_a_long_sentence_has_its_time_by_its_characters() -> None:
    first, *_, last = cues(Span(0, 10.0, 22.0, LONG))
    assert (first.start_s, last.end_s) == (10.0, 22.0)
    assert first.end_s - first.start_s == pytest.approx(12 * sum(map(len, first.lines)) / len(LONG), abs=0.2)


@pytest.mark.parametrize(("write", "kind"), [(srt, "srt"), (vtt, "webvtt")])
def test_ffmpeg_reads_every_subtitle_with_its_time_and_text(write: object, kind: str) -> None:
    """Markup and arrows in a text are text."""
    spans = [Span(0, 0.0, 1.5, "Hello."), Span(1, 1.5, 13.0, LONG), Span(2, 3600.0, 3601.0, "00:00:01,000 --> 1")]
    written = write(spans)  # type: ignore[operator]  # one of the two above
    with av.open(io.BytesIO(written.encode()), "r", format=kind) as file:
        packets = [p for p in file.demux() if p.size]
    expected = [cue for span in spans for cue in cues(span)]
    assert [int(p.pts or 0) for p in packets] == [round(cue.start_s * 1000) for cue in expected]
    assert [int(p.duration or 0) for p in packets] == [round((c.end_s - c.start_s) * 1000) for c in expected]
    assert written.count("-->") == len(expected), "only times have arrows"
    assert "\n\n\n" not in written


def test_captions_of_a_job_that_runs_are_those_of_what_was_spoken(client: httpx2.Client) -> None:
    said = " ".join(f"Caption {i} is of green hills." for i in range(300))
    job = client.post("/v1/jobs", json={"input": said}).json()["id"]
    path = f"/v1/jobs/{job}/captions"
    some = wait_until(lambda: found if (found := client.get(path + "?format=json").json())["captions"] else None)
    assert len(some["captions"]) <= 300
    assert client.get(path + "?format=srt").text.startswith("1\n00:00:00,000 --> ")
    assert client.get(path).text.startswith("WEBVTT\n\n0\n00:00:00.000 --> ")
    whole = wait_until(lambda: found if (found := client.get(path + "?format=json").json())["whole"] else None)
    assert len(whole["captions"]) == 300
    assert whole["captions"][: len(some["captions"])] == some["captions"]
