"""The order of a book: what its client asked for, kept beside the document for whichever gateway makes the book."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from gateway.book.book_output import BookOutput, OutputKind, safe_name
from gateway.book.book_plan import BookPlan, ChapterChoice, parse_numbers, plan_book
from gateway.book.making.book_cast import plan_with_voices
from gateway.book.making.book_form import BookForm
from gateway.local.processes import WorkerPlan
from gateway.output.speak_arguments import SpeakArguments
from seriatim.audio.title_tags import first_words
from seriatim.client.job_options import JobRequest
from seriatim.text.documents import Document
from seriatim.text.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class BookOrder:
    """The options of a book; `options` are those of its jobs, as `JobRequest.of` takes them."""

    id: str
    user: str
    created_s: float  #: since 1970
    options: Mapping[str, Any]
    layout: str = "book"  #: or chapters: a file for each
    format_name: str = "m4b"
    captions: Sequence[str] = ()
    loudness_lufs: float | None = None
    room_tone_db: float | None = None
    codec: str = ""  #: of MP4 files; "": that of the format
    chapter_voices: Mapping[int, str] = field(default_factory=dict)  #: narrators of chapters, by number
    chapters: str = ""  #: numbers, such as 1-3,7-
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    title: str = ""  #: "": the document's
    webhook: str = ""  #: where its end is posted to
    warning: str = ""  #: such as a text in another language than its voice's
    digest: str = ""  #: of the request, for one that is sent again with its Idempotency-Key

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """The order of `to_fields`."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
        }
        values["chapter_voices"] = {int(number): voice for number, voice in fields["chapter_voices"].items()}
        return cls(**values)

    def with_narrators(self, changes: Mapping[int, str]) -> Self:
        """The order with other narrators of chapters; "": the book's."""
        narrators = {number: voice for number, voice in {**self.chapter_voices, **changes}.items() if voice}
        return replace(self, chapter_voices=narrators)

    def to_fields(self) -> dict[str, Any]:
        """The order as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PreparedBook:
    """A book with everything that speaking and writing it takes."""

    plan: BookPlan  #: without corrections
    speech: SpeakArguments
    form: BookForm


def prepare_book(order: BookOrder, document: Document, files: Path, own: Lexicon, system: Lexicon) -> PreparedBook:
    """Prepare a book whose files are to be in the folder `files`.

    `own`: the lexicon of the user's key. `system`: that of the pool, with the one for all texts.

    Raises:
        BadInput: it has no chapter with anything to speak, or not those that the order names.
    """
    request = JobRequest.of(order.options)
    request = replace(request, lexicon=request.lexicon + own, markup=document.markup)
    workers = WorkerPlan(request.pool_name)
    speech = SpeakArguments("", "", request, workers, embedded=False, quiet=True, system_lexicon=system)
    numbers = parse_numbers(order.chapters, len(document.chapters)) if order.chapters else None
    choice = ChapterChoice(order.include, order.exclude, numbers)
    title = order.title or document.title or first_words(document.text)
    plan = replace(plan_book(document, title, speech.fingerprint.options, choice), title=title)
    plan = plan_with_voices(plan, speech, {}, order.chapter_voices)
    form = BookForm(_output(order, plan, files), request.voice, order.loudness_lufs, order.room_tone_db)
    return PreparedBook(plan, speech, form)


def _output(order: BookOrder, plan: BookPlan, files: Path) -> BookOutput:
    captions = tuple(dict.fromkeys(order.captions))
    if order.layout == "chapters":
        return BookOutput(files, order.format_name, OutputKind.CHAPTERS, captions).with_codec(order.codec)
    path = files / f"{safe_name(plan.title)}.{order.format_name}"
    return BookOutput(path, order.format_name, OutputKind.ONE_FILE, captions).with_codec(order.codec)
