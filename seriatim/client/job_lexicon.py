"""A job's lexicon: its own entries, then those of its pool's file, then those of the file SERIATIM_LEXICON."""

import logging
from dataclasses import replace
from pathlib import Path

from seriatim.client.job_options import NO_LEXICON, JobRequest
from seriatim.errors import BadInput
from seriatim.records import Sentence
from seriatim.setting_pairs import setting_pairs
from seriatim.settings import Settings
from seriatim.state.pool_record import PoolRecord
from seriatim.text.lexicon import Lexicon, decode_pronunciations, encode_pronunciations, read_lexicon_file
from seriatim.text.pronunciation import merged

log = logging.getLogger(__name__)


class LexiconFile:
    """The lexicon in a file, read again when the file has changed. Thread-safe: a race only reads it twice."""

    def __init__(self, path: str, named_by: str = "SERIATIM_LEXICON") -> None:
        self._path, self._named_by = path, named_by
        self._read: tuple[object, Lexicon] = (None, NO_LEXICON)

    def current(self) -> Lexicon:
        """The lexicon as the file is now; an empty one if none is set.

        Raises:
            BadInput: the file cannot be read, or has an entry that is wrong.
        """
        if not self._path:
            return NO_LEXICON
        try:
            status = Path(self._path).stat()
        except OSError as error:
            raise BadInput(f"lexicon {self._path}: {error.strerror}; {self._named_by} names it") from None
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._read[0] != version:
            self._read = (version, Lexicon(read_lexicon_file(self._path)))
        return self._read[1]


class SystemLexicons:
    """The lexicons that a process has for texts of all users: those of pools, and one for every text."""

    def __init__(self, settings: Settings) -> None:
        name = "POOL_LEXICONS"
        files = setting_pairs(name, settings.pool_lexicons, "POOL=FILE")
        self._of_pools = {pool: LexiconFile(path, f"SERIATIM_{name}") for pool, path in files.items()}
        self._of_all = LexiconFile(settings.lexicon)

    def current(self, pool: str) -> Lexicon:
        """The lexicon of a pool, with the one for every text behind it.

        Raises:
            BadInput: a file cannot be read, or has an entry that is wrong.
        """
        of_pool = self._of_pools.get(pool)
        return (of_pool.current() if of_pool else NO_LEXICON) + self._of_all.current()


def with_lexicon(request: JobRequest, system: Lexicon, facts: PoolRecord) -> JobRequest:
    """The request with the system's lexicons behind its own, for texts in the language of its voice."""
    lexicon = request.lexicon + system
    if not lexicon:
        return request
    if warning := phonemes_warning(request, facts):
        log.warning("lexicon entries without effect", extra={"detail": warning})
    language = request.language or facts.language_of(request.voice) or "en"
    return replace(request, lexicon=lexicon.in_language(language))


def pronounced(sentence: Sentence, lexicon: Lexicon) -> Sentence:
    """The sentence with the pronunciations of its words; those that it has go before those of the lexicon."""
    found = lexicon.find(sentence.text, sentence.language)
    if found and sentence.pronounce:
        found = merged(decode_pronunciations(sentence.pronounce, len(sentence.text)), found)
    return replace(sentence, pronounce=encode_pronunciations(found)) if found else sentence


def phonemes_warning(request: JobRequest, facts: PoolRecord) -> str:
    """A line, in ASCII, about entries of the request's lexicon that its engine cannot speak; "" if there are none."""
    n_unspoken = 0 if facts.takes_phonemes else sum(not entry.say for entry in request.lexicon.entries)
    if not n_unspoken:
        return ""
    entries = "a lexicon entry" if n_unspoken == 1 else f"{n_unspoken} lexicon entries"
    return f"pool {request.pool_name} takes no phonemes: {entries} without a respelling, read as written"
