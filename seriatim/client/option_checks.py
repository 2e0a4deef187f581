"""Option checks: the refusals of values that a job, an operator or a key cannot have. Pure."""

import re
from collections.abc import Iterable, Mapping

from seriatim.errors import BadInput, UnknownOption
from seriatim.keys import JOB_ID

MAX_SPEAKERS = 64
MAX_SPEAKER_CHARS = 64
MAX_NAME_CHARS = 256  #: characters of a voice, a language or an idempotency key
MAX_OPTION = 2.0**53  #: JSON has no infinity, and readers other than Python's have no larger integers


def check_range(name: str, value: object, low: float, high: float) -> None:
    """Refuse a value that is not a number from `low` to `high`; between two int, it must be an int.

    Raises:
        UnknownOption: with the range.
    """
    whole = isinstance(low, int) and isinstance(high, int)
    allowed = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
        bounds = f"{low} to {high}" if whole else f"{low:g} to {high:g}"
        raise UnknownOption(f"{name}={value!r:.80}; expected a {'whole ' * whole}number from {bounds}")


def check_printable(name: str, value: object) -> None:
    """Refuse a value that is not a short string without control characters and lone surrogates.

    Raises:
        UnknownOption: not a string, too long, or not printable.
    """
    if not isinstance(value, str):
        raise UnknownOption(f"{name}={value!r:.80}; expected a string")
    if len(value) > MAX_NAME_CHARS:
        article = "an" if name[0] in "aeiou" else "a"
        raise UnknownOption(f"{article} {name} of {len(value)} characters; at most {MAX_NAME_CHARS}")
    if not value.isprintable():
        raise UnknownOption(f"{name}={value!r}; expected printable characters")


def check_user(user: object) -> str:
    """Refuse an invalid user name; returns it. Names are encoded in keys (`keys.user_tag`).

    Raises:
        UnknownOption: empty, too long, or not printable.
    """
    check_printable("user", user)
    if not isinstance(user, str) or not user.strip():
        raise UnknownOption(f"user={user!r}; expected a name of 1 to {MAX_NAME_CHARS} characters")
    return user


def check_options(options: object) -> None:
    """Refuse engine options that are not a mapping of names to finite numbers.

    Raises:
        UnknownOption: with the name.
    """
    if not isinstance(options, Mapping):
        raise UnknownOption(f"options={options!r:.80}; expected names and numbers")
    for name, value in options.items():
        check_printable("option name", name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_OPTION:
            raise UnknownOption(f"options: {name}={value!r:.80}; expected a number below {MAX_OPTION:g}")


def check_speakers(speakers: object) -> None:
    """Refuse speakers that are not a mapping of names, which may stand before a colon, to voices.

    Raises:
        UnknownOption: with the name.
    """
    if not isinstance(speakers, Mapping) or len(speakers) > MAX_SPEAKERS:
        raise UnknownOption(f"speakers={speakers!r:.80}; expected up to {MAX_SPEAKERS} names and voices")
    for name, voice in speakers.items():
        check_printable("speaker", name)
        check_printable("voice", voice)
        if not name.strip() or name != name.strip(" *_") or re.search("[:：]", name) or len(name) > MAX_SPEAKER_CHARS:
            raise UnknownOption(
                f"speakers: {name!r:.80}; expected a name without a colon, up to {MAX_SPEAKER_CHARS} characters"
            )


def check_job(job_id: object) -> str:
    """Refuse an invalid job id before it is used in a key; returns it.

    Raises:
        BadInput: it has characters other than letters and digits, or too many.
    """
    if not isinstance(job_id, str) or not JOB_ID.fullmatch(job_id):
        raise BadInput(f"{job_id!r:.80} is not a job id; expected letters and digits, such as 5f2c...")
    return job_id


def check_named(what: str, value: object, pattern: "re.Pattern[str]", rule: str) -> str:
    """Refuse a name that does not match `pattern`, whatever its case; returns it in small letters.

    `rule` describes the pattern for people.

    Raises:
        UnknownOption: with the rule.
    """
    if not isinstance(value, str) or not pattern.fullmatch(value.lower()):
        raise UnknownOption(f"{what}={value!r}; expected {rule}")
    return value.lower()


def check_text(text: object) -> None:
    """Refuse a value that is not text.

    Raises:
        BadInput: bytes, None, a number.
    """
    if isinstance(text, bytes | bytearray):
        raise BadInput(f"the text is {type(text).__name__}; decode it first, for example with .decode('utf-8')")
    if not isinstance(text, str | Iterable) or isinstance(text, Mapping):
        raise BadInput(f"the text is {type(text).__name__}; expected a string, or an iterable of sentences")
