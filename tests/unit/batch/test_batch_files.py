"""Files of a batch: each has an output of its own, is read when it has changed, and may have any name."""

import errno
import json
import os
import tracemalloc
from pathlib import Path

import pytest

from gateway.batch.batch_inputs import BatchInput, batch_inputs, left_out, output_name
from gateway.batch.batch_manifest import BatchEntry, BatchManifest
from gateway.batch.partial_gaps import PartialGaps
from gateway.batch.speak_files import FileBatch, LastLook, changed_files, speak_files
from gateway.book.book_project import BookProject
from gateway.local.processes import LocalSystem, WorkerPlan
from gateway.output.journal import OutputJournal, TextFingerprint
from gateway.output.speak_arguments import SpeakArguments
from gateway.webhooks.webhook_outbox import WebhookOutbox
from seriatim.audio.output_file import translate_write_errors
from seriatim.client.job_options import JobRequest
from seriatim.errors import BadInput, Unwritable
from seriatim.keys import StreamPosition
from seriatim.settings import Settings
from seriatim.stream_entries import Gap


def test_files_with_one_name_have_outputs_of_their_own() -> None:
    taken: list[str] = []
    for name in ("a/x.txt", "../a.md", "b/../a.md", "/c/a.md", "../a.txt"):
        taken.append(output_name(name, "mp3", taken))
    assert taken == ["a/x.mp3", "a.mp3", "a.md.mp3", "a.md.2.mp3", "a.txt.mp3"]
    assert output_name("a.md", "mp3", {"a.mp3", "a.md.mp3", "a.md.2.mp3"}) == "a.md.3.mp3"


def test_a_name_that_is_not_utf_8_is_an_entry(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    manifest = BatchManifest(tmp_path)
    manifest.add(BatchEntry(name, f"{name}.mp3", "key", "done"))
    assert BatchManifest.load(tmp_path).entries == manifest.entries
    assert json.loads(manifest.path.read_text("ascii"))["file"] == name


@pytest.mark.parametrize("output", ["articles", ".", "articles/../articles"])
def test_a_folder_is_not_spoken_into_itself(output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "articles" / "spoken").mkdir(parents=True)
    (tmp_path / "articles" / "a.txt").write_text("The fog.", "utf-8")
    (tmp_path / "articles" / "spoken" / "a.mp3").touch()
    with pytest.raises(BadInput, match=r"another folder, such as -o articles/spoken$"):
        batch_inputs("articles", Path(output))
    assert [file.name for file in batch_inputs("articles", Path("articles/spoken"))] == ["a.txt"]


def test_the_outputs_of_another_batch_are_no_texts(tmp_path: Path) -> None:
    """A folder with a manifest of another program is one of texts."""
    for name in ("a.txt", "spoken/a.mp3", "data/manifest.jsonl", "data/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}\n", "utf-8")
    BatchManifest(tmp_path / "spoken").add(BatchEntry("a.txt", "a.mp3", "key", "done"))
    source, other = str(tmp_path), tmp_path / "spoken"
    for output in (tmp_path / "opus", other):
        assert [file.name for file in batch_inputs(source, output)] == ["a.txt", "data/b.txt", "data/manifest.jsonl"]
    assert left_out(source, tmp_path / "opus") == [f"{other} is left out: it is the output folder of another batch"]
    assert left_out(source, other) == []


def test_texts_in_the_output_folder_of_a_batch_are_all_that_is_read(tmp_path: Path) -> None:
    for name in ("a.mp3", "later.txt"):
        (tmp_path / name).write_text("The fog.", "utf-8")
    BatchManifest(tmp_path).add(BatchEntry("a.txt", "a.mp3", "key", "done"))
    output = tmp_path / "again"
    assert [file.name for file in batch_inputs(str(tmp_path), output)] == ["later.txt"]
    (line,) = left_out(str(tmp_path), output)
    assert line == f"left out: {tmp_path / 'a.mp3'} and 1 more, which Seriatim has written"


def test_what_other_commands_keep_is_no_text(tmp_path: Path) -> None:
    """The project of a book, an unfinished output, a webhook that waits; files with such names alone are texts."""
    BookProject(tmp_path / "n.m4b.project").chapters.mkdir(parents=True)
    BookProject(tmp_path / "n.m4b.project").write_command(".", {})
    WebhookOutbox(tmp_path / "a.wav.webhooks").add("https://example.org", "speech.done", {})
    journal = OutputJournal.open(tmp_path / "a.wav.part.json", "a.wav", create=True)
    journal.begin(TextFingerprint.of("The fog.", {}))
    journal.close()
    texts = ["command.json", "n.txt", "x.part.json"]
    for name in ("a.wav.part", "a.wav.part.pcm", "n.m4b.project/chapters/1.json", *texts):
        (tmp_path / name).write_text("{}", "utf-8")
    assert [file.name for file in batch_inputs(str(tmp_path), tmp_path / "out")] == texts


def test_a_link_to_nothing_is_no_file_less(tmp_path: Path) -> None:
    """Such as one to a disk that is not mounted: the batch fails there, rather than ends well without it."""
    (tmp_path / "a.txt").symlink_to("nowhere")
    (tmp_path / "b").symlink_to(tmp_path)
    assert [file.name for file in batch_inputs(str(tmp_path), tmp_path / "out")] == ["a.txt"]


def test_a_list_may_name_files_that_are_not_utf_8(tmp_path: Path) -> None:
    listing = tmp_path / "list.txt"
    listing.write_bytes(b"\xef\xbb\xbfcaf\xe9.txt\r\n# no file\r\n")
    (file,) = batch_inputs(str(listing), tmp_path)
    assert file.path == tmp_path / os.fsdecode(b"caf\xe9.txt")
    listing.write_bytes(b"PK\x03\x04\0")
    with pytest.raises(BadInput, match="is no list"):
        batch_inputs(str(listing), tmp_path)


def test_a_full_disk_ends_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other file would fit either, and each would be tried several times."""

    def written(*_: object) -> None:
        with translate_write_errors("a.mp3"):
            raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr("gateway.batch.speak_files._speak_once", written)
    arguments = SpeakArguments("", "", JobRequest(), WorkerPlan("tone"), embedded=True)
    batch = FileBatch(arguments, tmp_path, "mp3", 2, BatchManifest(tmp_path), lambda _: None)
    system = LocalSystem(Settings(), tmp_path)
    with pytest.raises(Unwritable, match=r"disk is full$"):
        speak_files(batch, [(BatchInput("a.txt", tmp_path / "a.txt"), "key")], system)
    assert batch.manifest.entries == {}


def test_a_watched_file_is_read_once_whenever_it_has_settled(tmp_path: Path) -> None:
    path, seen = tmp_path / "a.txt", LastLook()
    files = [BatchInput("a.txt", path), BatchInput("none.txt", tmp_path / "none.txt")]
    for text in ("The fog.", "The fog has gone."):
        path.write_text(text, "utf-8")
        looks = [changed_files(seen, files) for _ in range(4)]
        assert looks == [[], files[:1], [], []]
    path.unlink()
    assert (changed_files(seen, files), seen) == ([], {})


def test_the_key_of_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    arguments = SpeakArguments("", "", JobRequest(), WorkerPlan("tone"), embedded=True)
    batch = FileBatch(arguments, tmp_path, "mp3", 0, BatchManifest(tmp_path), lambda _: None)
    large = BatchInput("large", tmp_path / "large")
    with large.path.open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        batch.key(large)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_gaps_are_kept_as_long_as_the_output_can_be_resumed(tmp_path: Path) -> None:
    output, kept = str(tmp_path / "a.mp3"), tmp_path / "a.mp3.part.gaps"
    journal = tmp_path / "a.mp3.part.json"
    journal.touch()
    with PartialGaps(output) as gaps:
        gaps.begin(0)
        for seq in (4, 1):
            gaps.add(Gap(StreamPosition(0, 0), seq, 0, f"reason {seq}"))
        assert gaps.messages() == ("sentence 1: reason 1", "sentence 4: reason 4")
    with kept.open("ab") as file:
        file.write(b'[0, "half a li')
    with PartialGaps(output) as gaps:
        gaps.begin(2)
        assert gaps.messages() == ("sentence 1: reason 1",), "sentence 4 is spoken again"
        journal.unlink()
    assert not kept.exists()
