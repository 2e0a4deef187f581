"""A resolved request: a job's options in the terms of its pool, with the languages of its text. Pure."""

import logging
from dataclasses import dataclass, field, replace

from seriatim.client.job_lexicon import phonemes_warning, with_lexicon
from seriatim.client.job_options import AUTO, JobRequest
from seriatim.client.sentences.sentence_styles import SentenceStyles
from seriatim.client.text_languages import DEFAULT, ParagraphVoices, is_open, with_language
from seriatim.state.pool_record import PoolRecord
from seriatim.text.lexicon import Lexicon

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResolvedRequest:
    """A request as its pool speaks it."""

    request: JobRequest  #: with the pool's name of its voice, its language if that is not the voice's, all lexicons
    pool: PoolRecord
    voices: ParagraphVoices | None = None  #: of paragraphs in other languages; None: the language is not left open
    warning: str = ""  #: a line, in ASCII; "" if there is none
    styles: SentenceStyles = field(default_factory=lambda: SentenceStyles(JobRequest(), PoolRecord()))

    @classmethod
    def of(cls, request: JobRequest, pool: PoolRecord, text: object, system: Lexicon) -> "ResolvedRequest":
        """Resolve a request that is checked against its pool. `text` is looked at if it is a string or a list."""
        resolved, language_warning = with_language(request, pool, text)
        own = resolved.language or pool.language_of(resolved.voice) or DEFAULT
        chosen = is_open(request, pool) and pool.voices and not language_warning
        voices = ParagraphVoices(pool, resolved.voice, own) if chosen else None
        log_warning(language_warning)
        resolved = with_lexicon(resolved, system, pool)
        warnings = [language_warning, phonemes_warning(resolved, pool)]
        return cls(resolved, pool, voices, "; ".join(filter(None, warnings)), SentenceStyles(resolved, pool))

    def with_warning(self, warning: str) -> "ResolvedRequest":
        """The request with one more line to its warning, if it is not ""."""
        return replace(self, warning="; ".join(filter(None, [self.warning, warning]))) if warning else self

    def joined_warning(self) -> str:
        """The warning, with that of `take_warning`."""
        return "; ".join(filter(None, [self.warning, self.take_warning()]))

    def take_warning(self) -> str:
        """A line about what was cut since the last call: languages, markup without effect; "" if there is none."""
        warning = self.voices.warning() if self.voices else ""
        log_warning(warning)
        ignored = self.styles.warning()
        if ignored:
            log.warning("markup without effect", extra={"detail": ignored})
        return "; ".join(filter(None, [warning, ignored]))

    def new_warning(self) -> str:
        """The line of `take_warning`, without logging it."""
        return "; ".join(filter(None, [self.voices.warning() if self.voices else "", self.styles.warning()]))


def log_warning(warning: str) -> None:
    """Log a line about languages, if there is one."""
    if warning:
        log.warning("text and voice disagree", extra={"detail": warning})


def without_auto(request: JobRequest) -> JobRequest:
    """The request for the pool's checks, which know no language `auto`."""
    return replace(request, language="") if request.language == AUTO else request
