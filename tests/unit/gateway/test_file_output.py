"""A spoken file (`file_output`) bears its name when it is whole, and an interrupted one goes on where it stopped."""

import gc
import os
import resource
import signal
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.output.file_output import FileOutput
from gateway.output.journal import TextFingerprint
from gateway.output.open_output import ResumePolicy, open_output
from gateway.output.pipe_output import PipeOutput
from seriatim.audio.flac_encoder import FlacEncoder
from seriatim.audio.formats import format_of
from seriatim.errors import BadInput, EmptyText, Unwritable
from tests.unit.audio.decoded_samples import cut, decoded, samples, speech

RATE_HZ = 22050
TEXT = TextFingerprint.of("One. Two. Three.", {"voice": "alice", "seed": 7})
SENTENCES = [speech(0.31, RATE_HZ, seed) for seed in range(5)]


def begin(path: Path, begin: ResumePolicy = ResumePolicy.NEW, text: TextFingerprint = TEXT) -> FileOutput:
    output = open_output(str(path), text, begin=begin)
    assert isinstance(output, FileOutput)
    return output


def say(file: FileOutput, sentences: list[bytes]) -> None:
    """Speak the sentences that come next in the file, each in several chunks."""
    for sentence in sentences:
        for chunk in cut(sentence, 4410):
            file.write(chunk, RATE_HZ)
        file.complete_sentence(file.sentences_done)


def written(path: Path, sentences: list[bytes] = SENTENCES) -> bytes:
    """The file that an uninterrupted run writes."""
    with begin(path) as file:
        say(file, sentences)
        file.finish()
    return path.read_bytes()


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_file_holds_its_sentences_and_nothing_is_left_beside_it(tmp_path):
    wav = written(tmp_path / "speech.wav")
    assert wav[80:] == b"".join(SENTENCES)
    assert names(tmp_path) == ["speech.wav"]


@pytest.mark.parametrize("end", [FileOutput.finish, FileOutput.abandon])
def test_a_file_that_ended_keeps_no_encoder(tmp_path, end):
    """FFmpeg's FLAC takes 7 MB; the chapters of a long book that wait to be encoded as AAC had 430 MB of them."""
    with begin(tmp_path / "speech.flac") as file:
        say(file, SENTENCES[:1])
        encoder = weakref.ref(next(one for one in gc.get_objects() if isinstance(one, FlacEncoder)))
        end(file)
        gc.collect()
        assert encoder() is None


def test_a_file_bears_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES)
        assert not path.exists()
        file.finish()
        assert path.exists()


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "speech.wav"
    path.write_bytes(b"the old one")
    with begin(path) as file:
        say(file, SENTENCES)
        assert path.read_bytes() == b"the old one"
    assert path.read_bytes() == b"the old one"


def test_an_interrupted_run_keeps_its_sentences_and_says_how_to_go_on(tmp_path):
    path = tmp_path / "my speech.wav"
    with begin(path) as file:
        say(file, SENTENCES[:3])
        kept = "3 sentences (0:01 of audio) are kept"
        assert file.advice == f"{kept}; run the same command with --resume to continue {path}"
    assert names(tmp_path) == ["my speech.wav.part", "my speech.wav.part.json", "my speech.wav.part.pcm"]


def test_a_run_that_spoke_nothing_leaves_nothing(tmp_path):
    with begin(tmp_path / "speech.wav") as file:
        file.write(SENTENCES[0], RATE_HZ)
        assert file.advice == ""
    assert names(tmp_path) == []


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "pcm"])
def test_a_resumed_file_is_the_uninterrupted_one_byte_for_byte(tmp_path, ending):
    path = tmp_path / f"speech.{ending}"
    whole = written(path)
    path.unlink()
    with begin(path) as file:
        say(file, SENTENCES[:2])
        file.write(SENTENCES[2][:5000], RATE_HZ)
    with begin(path, ResumePolicy.RESUME) as file:
        assert (file.sentences_done, file.bytes_done) == (2, len(SENTENCES[0]) * 2)
        assert file.ms_done == pytest.approx(620, abs=1)
        say(file, SENTENCES[2:])
        file.finish()
    assert path.read_bytes() == whole
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", ["ogg", "opus"])
def test_a_resumed_ogg_file_sounds_like_the_uninterrupted_one(tmp_path, ending):
    path = tmp_path / f"speech.{ending}"
    whole, _ = decoded(written(path))
    with begin(path) as file:
        say(file, SENTENCES[:2])
    with begin(path, ResumePolicy.RESUME) as file:
        say(file, SENTENCES[2:])
        file.finish()
    again, _ = decoded(path.read_bytes())
    assert again.tobytes() == whole.tobytes()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_was_lost_at_the_end_of_the_parts_is_spoken_again(tmp_path_factory, data):
    """A power cut leaves any beginning of each file, or zeros in its place; what is resumed is what was written."""
    path = tmp_path_factory.mktemp("cut") / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES)
    for part in ("json", "pcm"):
        lost = path.with_name(f"speech.wav.part.{part}")
        whole = lost.read_bytes()
        first = whole.index(b"\n") + 1 if part == "json" else 0
        kept = whole[: data.draw(st.integers(first, len(whole)), label=part)]
        zeros = bytes(data.draw(st.sampled_from([0, 1, 600, 100_000])))
        lost.write_bytes(kept + zeros)
    with begin(path, ResumePolicy.RESUME) as file:
        say(file, SENTENCES[file.sentences_done :])
        file.finish()
    assert path.read_bytes()[80:] == b"".join(SENTENCES)


def test_a_run_that_lost_only_its_end_resumes_behind_the_last_whole_sentence(tmp_path):
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES)
    os.truncate(tmp_path / "speech.wav.part.pcm", len(SENTENCES[0]) * 4 - 2)
    with begin(path, ResumePolicy.RESUME) as file:
        assert file.sentences_done == 3


@pytest.mark.parametrize("lost_bytes", [1, 5])
def test_a_torn_line_in_the_journal_costs_one_sentence_and_none_later(tmp_path, lost_bytes):
    path, journal = tmp_path / "speech.wav", tmp_path / "speech.wav.part.json"
    with begin(path) as file:
        say(file, SENTENCES[:3])
    os.truncate(journal, journal.stat().st_size - lost_bytes)
    with begin(path, ResumePolicy.RESUME) as file:
        assert file.sentences_done == 2
        say(file, SENTENCES[2:4])
    with begin(path, ResumePolicy.RESUME) as file:
        assert file.sentences_done == 4


def test_the_journal_of_a_resumed_run_is_that_of_an_undisturbed_one(tmp_path):
    undisturbed, resumed = tmp_path / "undisturbed.wav", tmp_path / "resumed.wav"
    with begin(undisturbed) as file:
        say(file, SENTENCES[:4])
    for sentences, policy in ((SENTENCES[:2], ResumePolicy.NEW), (SENTENCES[2:4], ResumePolicy.RESUME)):
        with begin(resumed, policy) as file:
            say(file, sentences)
    journals = [path.with_name(f"{path.name}.part.json").read_bytes() for path in (undisturbed, resumed)]
    assert journals[0] == journals[1]


def test_a_run_may_be_interrupted_any_number_of_times(tmp_path):
    path = tmp_path / "speech.flac"
    whole = written(path)
    how = ResumePolicy.NEW
    for sentence in SENTENCES:
        with begin(path, how) as file:
            say(file, [sentence])
        how = ResumePolicy.RESUME
    with begin(path, ResumePolicy.RESUME) as file:
        assert file.sentences_done == len(SENTENCES)
        file.finish()
    assert path.read_bytes() == whole


def test_a_sentence_may_have_no_sound(tmp_path):
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, [b"", SENTENCES[0], b"", b""])
    with begin(path, ResumePolicy.RESUME) as file:
        assert (file.sentences_done, file.bytes_done) == (4, len(SENTENCES[0]))
        file.finish()
    assert path.read_bytes()[80:] == SENTENCES[0]


def test_a_text_without_any_sound_is_no_file(tmp_path):
    with begin(tmp_path / "speech.wav") as file:
        say(file, [b"", b""])
        with pytest.raises(EmptyText, match=r"^the text produced no audio; .*speech.wav is not written$"):
            file.finish()
    assert names(tmp_path) == []


def test_the_encoder_catches_up_after_a_resume_while_new_sound_comes(tmp_path):
    """Not before: hours of Opus take minutes, in which nothing would take what the workers speak."""
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES * 4)
    part = tmp_path / "speech.wav.part"
    with begin(path, ResumePolicy.RESUME) as file:
        assert part.stat().st_size == 0
        say(file, SENTENCES[:1])
        assert 80 < part.stat().st_size < 80 + 10 * len(SENTENCES[0])
        say(file, SENTENCES[1:4])
        assert part.stat().st_size == 80 + 24 * len(SENTENCES[0])
        file.finish()
    assert path.read_bytes()[80:] == b"".join(SENTENCES * 4 + SENTENCES[:4])


def test_another_text_or_voice_is_not_resumed(tmp_path):
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES[:2])
    other = TextFingerprint.of("Two. Three.", {"voice": "bob", "seed": 7, "speed": 1.5})
    with pytest.raises(BadInput) as refused:
        begin(path, ResumePolicy.RESUME, other)
    assert str(refused.value) == (
        f"cannot resume {path}: the text has changed; speed was None and is now 1.5; "
        "voice was 'alice' and is now 'bob'; undo that, or start again with --restart"
    )
    with begin(path, ResumePolicy.RESUME) as file:
        assert file.sentences_done == 2, "and nothing was lost by asking"


def test_a_voice_at_another_rate_does_not_go_on(tmp_path):
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES[:2])
    complaint = r"^audio at 24000 Hz after audio at 22050 Hz in .*speech.wav; speak all with one engine$"
    with begin(path, ResumePolicy.RESUME) as file, pytest.raises(BadInput, match=complaint):
        file.write(b"\0\0", 24000)


def test_hours_of_work_are_not_overwritten_by_mistake(tmp_path):
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES[:2])
    with pytest.raises(BadInput) as refused:
        begin(path)
    assert str(refused.value) == (
        f"an interrupted run has left 2 sentences of {path}; "
        "run the command with --resume to continue it, or with --restart to start again"
    )
    with begin(path, ResumePolicy.RESUME) as file:
        assert file.sentences_done == 2
    with begin(path, ResumePolicy.RESTART) as file:
        assert file.sentences_done == 0
        say(file, SENTENCES)
        file.finish()
    assert path.read_bytes()[80:] == b"".join(SENTENCES)


def test_a_journal_that_cannot_be_read_is_not_overwritten_either(tmp_path):
    """It may be of a later version."""
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES[:2])
    journal = tmp_path / "speech.wav.part.json"
    journal.write_text(journal.read_text().replace('"seriatim":2', '"seriatim":3'))
    with pytest.raises(BadInput, match=r"part.json cannot be read; start .*speech.wav again with --restart$"):
        begin(path)
    with pytest.raises(BadInput, match=r"^cannot resume .*: .*part.json cannot be read; "):
        begin(path, ResumePolicy.RESUME)


def test_there_is_nothing_to_resume_before_a_run_or_after_it(tmp_path):
    path = tmp_path / "speech.wav"
    with pytest.raises(BadInput, match=r"^cannot resume .*: there is no interrupted run; speak it without --resume$"):
        begin(path, ResumePolicy.RESUME)
    written(path)
    with pytest.raises(BadInput, match=r"^cannot resume .*: it is complete; "):
        begin(path, ResumePolicy.RESUME)


def test_a_run_that_was_killed_before_it_tidied_up_is_finished_by_a_resume(tmp_path):
    """The name was given, the spool and the journal are still there."""
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES)
    (tmp_path / "speech.wav.part").rename(path)
    with begin(path, ResumePolicy.RESUME) as file:
        assert file.sentences_done == len(SENTENCES)
        file.finish()
    assert path.read_bytes()[80:] == b"".join(SENTENCES)
    assert names(tmp_path) == ["speech.wav"]


def test_two_processes_never_write_the_same_file(tmp_path):
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES[:1])
        for how in ResumePolicy:
            with pytest.raises(
                Unwritable,
                match=r"^cannot write .*speech.wav: another process is writing it; wait for it, or name another$",
            ):
                begin(path, how)
        say(file, SENTENCES[1:])
        file.finish()
    assert path.read_bytes()[80:] == b"".join(SENTENCES)


def test_a_name_that_leaves_no_room_for_the_journal_is_refused(tmp_path):
    """254 bytes, of which a file system takes 255."""
    with pytest.raises(Unwritable, match=r"wav: file name too long$"):
        open_output(str(tmp_path / f"{'y' * 250}.wav"), TextFingerprint.of("text", {}))


def test_a_part_file_of_another_writer_is_left_alone(tmp_path):
    (tmp_path / "speech.wav.part").write_bytes(b"a browser's download")
    with pytest.raises(Unwritable, match=r"speech.wav.part is in the way and has no journal; move or delete it$"):
        begin(tmp_path / "speech.wav")
    assert names(tmp_path) == ["speech.wav.part"]


def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "disk").mkdir()
    link = tmp_path / "speech.wav"
    link.symlink_to(tmp_path / "disk" / "speech.wav")
    written(link)
    assert link.is_symlink()
    assert names(tmp_path / "disk") == ["speech.wav"]


def test_a_device_is_written_to_and_not_replaced(tmp_path):
    """Renaming a file over /dev/null breaks a machine; /dev/full stands in for it here."""
    os.mkfifo(tmp_path / "pipe.wav")
    reader = os.open(tmp_path / "pipe.wav", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with open_output(str(tmp_path / "pipe.wav"), TEXT) as output:
            assert isinstance(output, PipeOutput)
            output.write(b"\1\0", RATE_HZ)
            output.finish()
        assert os.read(reader, 100)[44:] == b"\1\0"
    finally:
        os.close(reader)
    assert names(tmp_path) == ["pipe.wav"]
    output = open_output("/dev/full", TEXT, format_name="wav")
    with output, pytest.raises(Unwritable, match=r"^cannot write /dev/full: the disk is full$"):
        output.write(b"\1\0", RATE_HZ)


def test_a_stream_cannot_be_resumed():
    with pytest.raises(BadInput, match=r"^cannot resume -: only files can be resumed$"):
        open_output("-", TEXT, begin=ResumePolicy.RESUME)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("missing/speech.wav", "there is no such directory"),
        ("a.file/speech.wav", "a part of its path is not a directory"),
        ("a.directory.wav", "it is a directory"),
        ("loop.wav", "too many levels of symbolic links"),
        ("x" * 300 + ".wav", "file name too long"),
        pytest.param(
            "locked/speech.wav",
            "no permission",
            marks=pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere"),
        ),
        pytest.param(
            "precious.wav",
            "it is read-only",
            marks=pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything"),
        ),
        ("/proc/speech.wav", "there is no such directory"),
    ],
)
def test_an_output_that_cannot_be_written_is_known_before_anything_is_spoken(tmp_path, monkeypatch, output, reason):
    monkeypatch.chdir(tmp_path)
    Path("a.file").touch()
    Path("a.directory.wav").mkdir()
    Path("loop.wav").symlink_to("loop.wav")
    Path("locked").mkdir(mode=0o500)
    Path("precious.wav").touch(mode=0o400)
    before = names(tmp_path)
    with pytest.raises(Unwritable) as refused:
        open_output(output, TEXT)
    assert str(refused.value) == f"cannot write {output}: {reason}"
    assert names(tmp_path) == before


@pytest.fixture
def disk_space() -> Iterator[int]:
    """Files can be no larger than this many bytes, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
    yield 60_000
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("ending", ["wav", "flac", "opus"])
def test_what_was_spoken_before_the_disk_filled_up_is_kept(tmp_path, disk_space, ending):
    path = tmp_path / f"speech.{ending}"
    with begin(path) as file:
        with pytest.raises(Unwritable, match=r"^cannot write .*: it would be larger than the file system"):
            say(file, SENTENCES * 2)
        assert file.advice.startswith(f"{disk_space // len(SENTENCES[0])} sentences ")
    assert not path.exists()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    with begin(path, ResumePolicy.RESUME) as file:
        say(file, (SENTENCES * 2)[file.sentences_done :])
        file.finish()
    found, _ = decoded(path.read_bytes())
    assert len(found) == round(10 * len(SENTENCES[0]) / 2 * format_of(path.name).rate_for(RATE_HZ) / RATE_HZ)


def test_sentences_come_in_order(tmp_path):
    with begin(tmp_path / "speech.wav") as file:
        file.complete_sentence(0)
        with pytest.raises(ValueError, match="sentence 2 is complete, but 1 is the next one"):
            file.complete_sentence(2)


def test_a_spool_that_was_cut_is_noticed(tmp_path):
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES[:1])
    with begin(path, ResumePolicy.RESUME) as file:
        os.truncate(tmp_path / "speech.wav.part.pcm", 0)
        with pytest.raises(Unwritable, match=r"speech.wav.part.pcm was changed by another program$"):
            file.finish()
    assert not path.exists()


def test_a_finished_file_is_a_file_like_any_other(tmp_path):
    written(tmp_path / "speech.wav")
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "speech.wav").stat().st_mode & 0o777 == 0o666 & ~mask


def test_the_format_may_change_when_a_run_is_resumed_by_name(tmp_path):
    """The spool is the truth; the encoded part is made again."""
    path = tmp_path / "speech.wav"
    with begin(path) as file:
        say(file, SENTENCES[:2])
    with open_output(str(path), TEXT, format_name="flac", begin=ResumePolicy.RESUME) as file:
        file.finish()
    found, _ = decoded(path.read_bytes())
    assert found.tobytes() == samples(b"".join(SENTENCES[:2])).tobytes()
