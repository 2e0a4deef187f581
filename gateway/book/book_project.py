"""The project folder of a book, beside its output: the audio of each chapter, spoken once and kept.

    OUT.project/lock                  locked by the command that works on the book
    OUT.project/command.json          the command that made it, the folder of the book's files, digests of its texts
    OUT.project/corrections.json      the corrections of each chapter's sentences, by the key of the chapter without any
    OUT.project/files.json            what each file of a folder of chapters was made from
    OUT.project/published             when the book was first written as a podcast, in s since the epoch
    OUT.project/sentences/            the last sentences that were spoken (`gateway.cli.commands.book`)
    OUT.project/chapters/KEY.flac     the audio of a chapter, complete
    OUT.project/chapters/KEY.json     its sentences: texts, and where each ends; written before the audio gets its name
    OUT.project/chapters/KEY.gaps     sentences that could not be spoken, a line each
    OUT.project/chapters/KEY.*.m4a    the same as AAC (`gateway.book.one_file.encoded_chapters`)
    OUT.project/chapters/KEY.loudness a histogram of its loudness, once it is measured
    OUT.project/chapters/KEY.flac.part*  a chapter that is being spoken, or that an interrupted run has left

A key stands for a text and the options with which it is spoken (`gateway.book.book_plan`). So a chapter is complete
when its audio is there; a changed one has another key, and the files of keys that the plan has no more are removed when
the book is complete.
"""

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from gateway.book.corrections import Correction
from gateway.book.sentence_quality import QUALITY_VERSION, SentenceAudio
from gateway.local.locked_folder import lock_folder
from seriatim.audio.output_file import replace_text, translate_write_errors
from seriatim.errors import BadInput

SUFFIX = ".project"


@dataclass(frozen=True, slots=True)
class ChapterRecord:
    """The sentences of a spoken chapter."""

    rate_hz: int
    texts: tuple[str, ...]  #: as they were spoken, in order
    ends: tuple[int, ...]  #: where each ends, with its pause: samples from the chapter's beginning
    gaps: tuple[str, ...] = ()  #: sentences of which all or the rest is missing, and the reason
    paragraphs: tuple[int, ...] = ()  #: the sentences, 0-based, that begin a paragraph; (): not known

    @property
    def n_samples(self) -> int:
        """The length of the chapter in samples."""
        return self.ends[-1] if self.ends else 0

    def spans(self) -> list[tuple[int, int]]:
        """Where each sentence begins and ends, in samples."""
        return list(pairwise((0, *self.ends)))

    @property
    def duration_s(self) -> float:
        """The length of the chapter in seconds."""
        return self.n_samples / self.rate_hz


@dataclass(frozen=True, slots=True)
class BookProject:
    """The project folder of one book."""

    folder: Path

    @classmethod
    def of(cls, output: str) -> Self:
        """The project of an output that is not a library, whether its folder exists or not."""
        path = Path(output).resolve()
        return cls(path.with_name(path.name + SUFFIX))

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Create the folder, and keep other commands out of it.

        Raises:
            Misconfigured: another command works on the book, or the folder cannot be written.
        """
        with lock_folder(self.folder):
            with translate_write_errors(str(self.folder)):
                self.chapters.mkdir(exist_ok=True)
            yield

    @property
    def chapters(self) -> Path:
        """The folder of the chapters."""
        return self.folder / "chapters"

    def audio(self, key: str) -> Path:
        """The audio of a chapter."""
        return self.chapters / f"{key}.flac"

    def is_spoken(self, key: str) -> bool:
        """Whether a chapter is complete."""
        return self.audio(key).exists() and self._record(key).exists()

    def write_record(self, key: str, record: ChapterRecord) -> None:
        """Keep the sentences of a chapter, in one step.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        replace_text(self._record(key), json.dumps(asdict(record), ensure_ascii=False))

    def record_ns(self, key: str) -> int | None:
        """When the record of a chapter was written, in ns since 1970; None: it is removed."""
        try:
            return self._record(key).stat().st_mtime_ns
        except OSError:
            return None

    def read_record(self, key: str) -> ChapterRecord:
        """The sentences of a complete chapter.

        Raises:
            BadInput: they are damaged.
        """
        path = self._record(key)
        try:
            fields = json.loads(path.read_text("utf-8"))
            texts, ends, gaps = (tuple(fields[name]) for name in ("texts", "ends", "gaps"))
            return ChapterRecord(int(fields["rate_hz"]), texts, ends, gaps, tuple(fields.get("paragraphs", ())))
        except (OSError, ValueError, KeyError, TypeError):
            raise BadInput(f"{path} is damaged; delete it, and its chapter is spoken again") from None

    def add_gap(self, key: str, gap: str) -> None:
        """Keep a line about a sentence of a chapter that could not be spoken.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        with translate_write_errors(str(self._gaps(key))), self._gaps(key).open("a", encoding="utf-8") as file:
            file.write(" ".join(gap.split()) + "\n")

    def read_gaps(self, key: str) -> tuple[str, ...]:
        """The lines about sentences of a chapter that could not be spoken, each once."""
        path = self._gaps(key)
        return tuple(dict.fromkeys(path.read_text("utf-8").splitlines())) if path.exists() else ()

    def write_voices(self, voices: Mapping[str, str]) -> None:
        """Keep the voices that speakers have whom the cast does not name.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        replace_text(self.folder / "voices.json", json.dumps(voices, ensure_ascii=False))

    def read_voices(self) -> dict[str, str]:
        """The voices of speakers whom the cast does not name, by their names; {} where none are kept."""
        try:
            found = json.loads((self.folder / "voices.json").read_text("utf-8"))
            return {str(name): str(voice) for name, voice in found.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def write_corrections(self, corrections: Mapping[str, Sequence[Correction]]) -> None:
        """Keep the corrections of chapters, in the order in which they were made.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        fields = {key: [asdict(correction) for correction in made] for key, made in corrections.items()}
        replace_text(self.folder / "corrections.json", json.dumps(fields, ensure_ascii=False))

    def add_corrections(self, changes: Mapping[str, Sequence[Correction]]) -> dict[str, tuple[Correction, ...]]:
        """Keep more corrections of chapters, behind those that they have; returns all.

        Raises:
            BadInput: those that are there are damaged.
            Unwritable: the disk is full, for instance.
        """
        corrections = self.read_corrections()
        for key, made in changes.items():
            corrections[key] = (*corrections.get(key, ()), *made)
        if changes:
            self.write_corrections(corrections)
        return corrections

    def read_corrections(self) -> dict[str, tuple[Correction, ...]]:
        """The corrections of chapters, by the key of the chapter without any.

        Raises:
            BadInput: they are damaged.
        """
        path = self.folder / "corrections.json"
        try:
            fields = json.loads(path.read_text("utf-8"))
            return {key: tuple(Correction(**correction) for correction in made) for key, made in fields.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError):
            raise BadInput(f"{path} is damaged; delete it, and the book is as it was without corrections") from None

    def write_command(
        self, folder: str, options: Mapping[str, Any], files_folder: str = "", text_digests: Collection[str] = ()
    ) -> None:
        """Keep the folder and the options of the command that makes the book.

        `files_folder`: of the book's files. `text_digests`: of its chapters.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        fields = {"folder": folder, "options": options, "files_folder": files_folder, "texts": sorted(text_digests)}
        replace_text(self.folder / "command.json", json.dumps(fields))

    def read_command(self) -> tuple[str, dict[str, Any]] | None:
        """The folder and the options of the command that made the book; None if there is none."""
        fields = self._command()
        return (fields["folder"], fields["options"]) if fields else None

    def read_files_folder(self) -> Path | None:
        """The folder of the book's files when it was last made; None if that is not known."""
        folder = (self._command() or {}).get("files_folder")
        return Path(str(folder)) if folder else None

    def read_text_digests(self) -> frozenset[str]:
        """The digests of the chapters' texts when the book was last made."""
        return frozenset((self._command() or {}).get("texts", ()))

    def write_loudness(self, key: str, histogram: Mapping[int, int]) -> None:
        """Keep the histogram of a chapter's loudness (`seriatim.audio.loudness`).

        Raises:
            Unwritable: the disk is full, for instance.
        """
        replace_text(self.chapters / f"{key}.loudness", json.dumps(histogram))

    def read_loudness(self, key: str) -> dict[int, int] | None:
        """The histogram of a chapter's loudness; None if it is not measured, or damaged."""
        try:
            found = json.loads((self.chapters / f"{key}.loudness").read_text("utf-8"))
            return {int(step): int(n) for step, n in found.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return None

    def write_quality(self, key: str, language: str, figures: Sequence[SentenceAudio]) -> None:
        """Keep the figures of a chapter's sentences, whose expected durations are those of a language.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        fields = {"version": QUALITY_VERSION, "language": language, "figures": [astuple(one) for one in figures]}
        replace_text(self.chapters / f"{key}.quality", json.dumps(fields))

    def read_quality(self, key: str, language: str) -> list[SentenceAudio] | None:
        """The figures of a chapter's sentences; None if they are not measured, or damaged."""
        try:
            fields = json.loads((self.chapters / f"{key}.quality").read_text("utf-8"))
            if (fields["version"], fields["language"]) != (QUALITY_VERSION, language):
                return None
            return [SentenceAudio(*row) for row in fields["figures"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_files(self, fingerprints: Mapping[str, str]) -> None:
        """Keep what each file of a folder of chapters was made from, by its name.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        replace_text(self.folder / "files.json", json.dumps(fingerprints, ensure_ascii=False))

    def read_files(self) -> dict[str, str]:
        """What each file of a folder of chapters was made from; nothing where that is damaged."""
        try:
            found = json.loads((self.folder / "files.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): str(mark) for name, mark in found.items()} if isinstance(found, dict) else {}

    def publication_time(self, now_s: int) -> int:
        """The time of the book's first feed, in s since the epoch: `now_s` if there was none, and later the same.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        path = self.folder / "published"
        try:
            return int(path.read_text("ascii"))
        except (OSError, ValueError):
            replace_text(path, str(now_s))
            return now_s

    def remove_others(self, keys: Collection[str]) -> None:
        """Remove the chapters of all other keys, and what a killed run has left beside complete ones."""
        for path in self.chapters.iterdir():
            if path.name.partition(".")[0] not in keys or ".flac.part" in path.name:
                path.unlink(missing_ok=True)

    def _command(self) -> dict[str, Any] | None:
        try:
            fields = json.loads((self.folder / "command.json").read_text("utf-8"))
            return {**fields, "folder": str(fields["folder"]), "options": dict(fields["options"])}
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _record(self, key: str) -> Path:
        return self.chapters / f"{key}.json"

    def _gaps(self, key: str) -> Path:
        return self.chapters / f"{key}.gaps"
