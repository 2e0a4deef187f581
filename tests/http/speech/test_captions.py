"""Captions, as players and subtitlers expect them."""

import html
import io
import itertools
import re

import av
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.reading.caption_lines import column_count, wrap_text
from gateway.http.reading.captions import LINE_COLUMNS, LINES, format_srt, format_vtt, split_into_cues
from gateway.http.reading.sentence_times import SentenceSpan
from seriatim.text.duration_estimate import estimate_ms
from seriatim.text.segment.graphemes import are_joined
from seriatim.text.word_times import WordTime, estimate_word_times, word_spans
from tests.support.process_system import wait_until

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
    span = SentenceSpan(3, round(start_s, 3), round(start_s + lasts_s, 3), text)
    found = list(split_into_cues(span))
    shown = "".join(line for cue in found for line in cue.lines)
    assert shown.replace(" ", "") == re.sub(r"\s", "", text), "no character is lost"
    assert all(len(cue.lines) <= LINES and max(map(column_count, cue.lines)) <= LINE_COLUMNS for cue in found)
    assert len({cue.id for cue in found}) == len(found)
    if found:
        assert (found[0].start_s, found[-1].end_s) == (span.start_s, span.end_s)
    assert [cue.end_s for cue in found[:-1]] == [cue.start_s for cue in found[1:]], "nothing overlaps"


def test_a_sentence_that_fits_is_one_subtitle_and_its_lines_are_even() -> None:
    (short,) = split_into_cues(SentenceSpan(0, 0.0, 2.0, "The red fox runs."))
    assert (short.id, short.lines) == ("0", ("The red fox runs.",))
    (longer,) = split_into_cues(SentenceSpan(1, 2.0, 5.0, "The red fox runs over green hills and sings."))
    assert longer.lines == ("The red fox runs over", "green hills and sings.")


def test_a_long_sentence_has_its_time_by_what_its_parts_last() -> None:
    first, *_, last = split_into_cues(SentenceSpan(0, 10.0, 22.0, LONG))
    assert (first.start_s, last.end_s) == (10.0, 22.0)
    assert first.end_s - first.start_s == pytest.approx(12 * sum(map(len, first.lines)) / len(LONG), abs=0.4)


def test_a_long_number_makes_the_text_before_it_no_later() -> None:
    """Its few digits last longer than the many letters beside them."""
    words = "This is what the old teacher read out to us that day in the great hall of the city, slowly: "
    text = words + "1,234,567,890,123 and 9,876,543,210,987 and 5,555,444,333,222"
    span = SentenceSpan(0, 0.0, 30.0, text)
    numbers = next(cue for cue in split_into_cues(span) if any(char.isdigit() for line in cue.lines for char in line))
    assert numbers.start_s < 30 * estimate_ms(words) / estimate_ms(text) + 2
    assert numbers.start_s < 0.6 * 30 * len(words) / len(text), "as it was by characters"


def test_karaoke_has_a_timestamp_before_each_word_but_the_first() -> None:
    text = "The red fox <runs>, and sings."
    span = SentenceSpan(0, 10.0, 12.0, text, estimate_word_times(text, 2000))
    words = [word for word in span.words if word.text != "The"]
    cue = format_vtt([span], words=True).split("\n", 4)[4].strip()
    stamps = re.findall(r"<00:00:(\d\d\.\d{3})>([^<]*)", cue)
    assert [float(at) for at, _ in stamps] == [10 + word.start_ms / 1000 for word in words]
    assert [html.unescape(shown).strip(" ,.<>") for _, shown in stamps] == ["red", "fox", "runs", "and", "sings"]
    assert format_vtt([span]).count("<") == 0


def test_a_long_sentence_has_its_times_by_the_words_of_its_engine() -> None:
    words = tuple(WordTime(at, LONG[at:end], 100 * n, 100 * n + 90) for n, (at, end) in enumerate(word_spans(LONG)))
    first, second, *_ = split_into_cues(SentenceSpan(0, 5.0, 22.0, LONG, words, "engine"))
    assert second.start_s == pytest.approx(5 + 0.1 * len(" ".join(first.lines).split()))


def test_wide_characters_count_two_columns_and_no_line_begins_with_a_full_stop() -> None:
    lines = wrap_text("今日は朝早く起きて、公園を散歩しました。" * 3, 42)
    assert max(map(column_count, lines)) <= 42
    assert [line[0] for line in lines if line[0] in "。、"] == []
    assert len(lines) == 3


@pytest.mark.parametrize("text", ["ก็" * 60, "नमस्ते" * 20, "👨\u200d👩\u200d👧" * 30, "🇩🇪🇫🇷🇯🇵" * 15, "e\u0301" * 90])
def test_what_is_seen_as_one_character_is_never_parted(text: str) -> None:
    lines = wrap_text(text, 10)
    assert "".join(lines) == text
    assert max(map(column_count, lines)) <= 10
    for line, after in itertools.pairwise(lines):
        flag = "\U0001f1e6" <= after[0] <= "\U0001f1ff"
        assert len(line) % 2 == 0 if flag else not are_joined(line[-1], after[0])


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (20, ["ฉันตื่นแต่เช้าวันนี้และไปเดิน", "เล่นในสวนใกล้บ้านแล้วกิน", "ข้าวเช้าที่ร้านเล็กๆ"]),
        (42, ["コンピューターサイエンスの研究者たちは朝早く", "起きて、公園を散歩しました。"]),
        (32, ["我们一起去公园散步，看到了很多", "美丽的花朵，大家都非常高兴。"]),
        (20, ["ຂ້ອຍຕື່ນເຊົ້າມື້ນີ້ແລະ", "ໄປຍ່າງຫຼິ້ນໃນສວນໃກ້ເຮືອນ"]),
    ],
    ids=["thai", "japanese", "chinese", "lao"],
)
def test_scripts_without_spaces_break_between_words(width: int, lines: list[str]) -> None:
    assert wrap_text("".join(lines), width) == lines


@pytest.mark.parametrize(("write", "kind"), [(format_srt, "srt"), (format_vtt, "webvtt")])
def test_ffmpeg_reads_every_subtitle_with_its_time_and_text(write: object, kind: str) -> None:
    """Markup and arrows in a text are text."""
    sentence_spans = [
        SentenceSpan(0, 0.0, 1.5, "Hello."),
        SentenceSpan(1, 1.5, 13.0, LONG),
        SentenceSpan(2, 3600.0, 3601.0, "00:00:01,000 --> 1"),
    ]
    written = write(sentence_spans)  # type: ignore[operator]  # one of the two above
    with av.open(io.BytesIO(written.encode()), "r", format=kind) as file:
        packets = [p for p in file.demux() if p.size]
    expected = [cue for span in sentence_spans for cue in split_into_cues(span)]
    assert [int(p.pts or 0) for p in packets] == [round(cue.start_s * 1000) for cue in expected]
    assert [int(p.duration or 0) for p in packets] == [round((c.end_s - c.start_s) * 1000) for c in expected]
    assert written.count("-->") == len(expected), "only times have arrows"
    assert "\n\n\n" not in written


def test_captions_of_a_job_that_runs_are_those_of_what_was_spoken(client: httpx2.Client) -> None:
    text = " ".join(f"Caption {i} is of green hills." for i in range(300))
    job = client.post("/v1/jobs", json={"input": text}).json()["id"]
    path = f"/v1/jobs/{job}/captions"
    some = wait_until(lambda: found if (found := client.get(path + "?format=json").json())["captions"] else None)
    assert len(some["captions"]) <= 300
    assert client.get(path + "?format=srt").text.startswith("1\n00:00:00,000 --> ")
    assert client.get(path).text.startswith("WEBVTT\n\n0\n00:00:00.000 --> ")
    whole = wait_until(lambda: found if (found := client.get(path + "?format=json").json())["whole"] else None)
    assert len(whole["captions"]) == 300
    assert whole["captions"][: len(some["captions"])] == some["captions"]
    last = whole["captions"][-1]
    assert [word["text"] for word in last["words"]] == last["text"].rstrip(".").split()
    assert last["start_s"] <= last["words"][0]["start_s"] < last["words"][-1]["end_s"] <= last["end_s"]
    assert last["words_from"] == "estimate"
    karaoke = client.get(path + "?words=true").text
    assert karaoke.count("<") == sum(len(caption["words"]) - 1 for caption in whole["captions"])
