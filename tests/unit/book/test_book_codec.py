"""The codec of an MP4 file: AAC, or Opus by choice, with the same audio, chapters and names."""

from pathlib import Path

import av
import numpy as np
import pytest

from gateway.book.book_output import parse_output
from seriatim.audio.audiobook_file import open_book_file
from seriatim.audio.book_tags import BookTags, ChapterMark
from seriatim.audio.cover_image import usable_cover
from seriatim.errors import BadInput
from tests.support.document_files import COVER

RATE_HZ = 24_000
PCM = (np.sin(np.arange(3 * RATE_HZ) * 0.05) * 8000).astype("<i2").tobytes()
MARKS = [ChapterMark("One", 0, RATE_HZ), ChapterMark("Two", RATE_HZ, 3 * RATE_HZ)]


def written(path: Path, encoding: str) -> Path:
    file = open_book_file(str(path), encoding, RATE_HZ, BookTags("Title", "Author", cover=usable_cover(COVER)), MARKS)
    file.write(PCM)
    file.close()
    return path


@pytest.mark.parametrize("output", ["book.m4b", "book.m4a", "chapters/"])
def test_opus_in_an_mp4_file_has_all_of_the_audio_and_the_chapters(tmp_path: Path, output: str) -> None:
    chosen = parse_output("in.epub", output, "m4a" if output.endswith("/") else None).with_codec("opus")
    path = written(tmp_path / f"book.{chosen.format_name}", chosen.encoding)
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec.canonical_name == "opus"
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["One", "Two"]
        assert container.metadata["major_brand"] == f"{chosen.format_name.upper()} "
        n_samples = sum(frame.samples for frame in container.decode(audio=0))
        assert n_samples == pytest.approx(3 * 48_000, abs=960), "all of it, but for the frame at its end"
    assert written(tmp_path / "again", chosen.encoding).read_bytes() == path.read_bytes()


def test_without_a_choice_it_is_aac() -> None:
    for codec in ("", "aac"):
        assert parse_output("in.epub", "out.m4b", None).with_codec(codec).encoding == "m4b"


def test_a_format_with_one_codec_takes_no_other() -> None:
    with pytest.raises(BadInput, match="--codec opus is for m4b and m4a, not for mp3; omit it"):
        parse_output("in.epub", "out.mp3", None).with_codec("opus")
