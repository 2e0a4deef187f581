"""Speak arguments: all that changes the audio is in the fingerprint."""

from pathlib import Path

import pytest

from gateway.cli import parser as args
from gateway.cli.commands.batch import _batch
from gateway.cli.commands.book import book_arguments
from gateway.local.processes import WorkerPlan
from gateway.output.journal import Option
from gateway.output.speak_arguments import SpeakArguments
from seriatim.client.job_options import JobRequest
from seriatim.settings import Settings
from seriatim.text.lexicon import Lexicon


def options_of(request: JobRequest, system_lexicon: str = "") -> dict[str, Option]:
    lexicon = Lexicon.of({"GIF": system_lexicon} if system_lexicon else {})
    arguments = SpeakArguments("One.", "", request, WorkerPlan("tone"), embedded=True, system_lexicon=lexicon)
    return dict(arguments.fingerprint.options)


def test_another_cast_is_another_fingerprint() -> None:
    casts = [JobRequest(), *(JobRequest.of({"cast": {"narrator": voice}}) for voice in ("alto", "bass"))]
    assert len({options_of(cast)["cast"] for cast in casts}) == 3


def test_another_lexicon_of_the_system_is_another_fingerprint() -> None:
    one, other = options_of(JobRequest(), "jif"), options_of(JobRequest(), "ghif")
    assert one != other
    assert one.items() ^ options_of(JobRequest()).items() == {
        ("system lexicon", one["system lexicon"]), ("system lexicon", ""),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["SERIATIM_LEXICON", "SERIATIM_POOL_LEXICONS"])
def test_books_and_batches_have_the_lexicons_of_the_system(tmp_path: Path, name: str) -> None:
    text, lexicon = tmp_path / "in.txt", tmp_path / "lexicon.txt"
    text.write_text("A GIF.")
    settings = Settings.from_env({name: f"tone={lexicon}" if name == "SERIATIM_POOL_LEXICONS" else str(lexicon)})
    found = []
    for say in ("jif", "ghif"):
        lexicon.write_text(f"GIF = {say}\n")
        book = args.build_parser(["book"]).parse_args(["book", str(text), "--engine", "tone"])
        batch = args.build_parser(["batch"]).parse_args(["batch", str(tmp_path), "-o", "out", "--engine", "tone"])
        planned = book_arguments(book, settings)[0]
        arguments = _batch(batch, settings, tmp_path, []).arguments
        found.append((planned.plan.chapters[0].key, arguments.fingerprint))
    assert found[0][0] != found[1][0], "the chapter is spoken again"
    assert found[0][1] != found[1][1], "the files are spoken again"
