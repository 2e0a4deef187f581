"""Formats of an output, chosen by its name or an option."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.audio.formats import FORMATS, format_of
from seriatim.errors import UnknownFormat


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("speech.wav", "wav"),
        ("SPEECH.WAV", "wav"),
        ("out.d/speech.v2.flac", "flac"),
        ("speech.ogg", "ogg"),
        ("speech.oga", "ogg"),
        ("speech.opus", "opus"),
        ("speech.mp3", "mp3"),
        ("speech.s16", "pcm"),
        ("-", "wav"),
    ],
)
def test_a_file_name_says_its_format(output, name):
    assert format_of(output).name == name


def test_a_format_that_is_named_is_taken_whatever_the_file_is_called():
    assert format_of("speech.wav", "FLAC").name == "flac"
    assert format_of("-", "mp3").name == "mp3"
    assert format_of("/dev/fd/3", "pcm").name == "pcm"


def test_an_unknown_ending_is_refused_with_what_there_is_and_what_was_meant():
    with pytest.raises(UnknownFormat) as refused:
        format_of("speech.flca")
    assert str(refused.value) == (
        "unknown format '.flca' of 'speech.flca'; did you mean 'flac'? "
        f"the formats are: {', '.join(known.name for known in FORMATS)}"
    )


def test_an_unknown_name_is_refused_with_what_there_is():
    with pytest.raises(UnknownFormat, match=r"^unknown format 'speex'; the formats are: wav, flac"):
        format_of("speech.wav", "speex")
    with pytest.raises(UnknownFormat, match="did you mean 'm4a'"):  # an ending of it, mp4, is as near
        format_of("speech.wav", "m4b")


@pytest.mark.parametrize("output", ["speech", "speech.", "out.d/speech", ".wav"])
def test_a_file_name_without_an_ending_is_refused(output):
    with pytest.raises(UnknownFormat, match="has no ending that names a format"):
        format_of(output)


@given(st.sampled_from(FORMATS), st.integers(4000, 192_000))
def test_sound_is_encoded_at_its_own_rate_or_the_next_one_that_the_format_has(audio_format, rate_hz):
    chosen = audio_format.rate_for(rate_hz)
    if not audio_format.rates_hz:
        assert chosen == rate_hz
    else:
        assert chosen in audio_format.rates_hz
        assert chosen >= rate_hz or chosen == max(audio_format.rates_hz)
        assert not any(rate_hz <= rate < chosen for rate in audio_format.rates_hz)
