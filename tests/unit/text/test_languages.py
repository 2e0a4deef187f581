"""Languages as people write them."""

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.errors import BadInput, UnknownLanguage, UnknownOption, UnknownVoice, refused_input
from seriatim.text.languages import _ROWS, NAMES, language_tag


@pytest.mark.parametrize(("name", "tag"), [
    ("German", "de"), ("english", "en"), ("", ""), ("en-GB", "en-GB"), ("tlh", "tlh"), ("deu", "de"),
    ("ger", "de"), ("DEU-AT", "de-AT"), ("Scottish  Gaelic", "gd"), ("cmn", "cmn"), ("British English", "en-GB"),
])  # fmt: skip
def test_a_language_may_be_named_in_english(name: str, tag: str) -> None:
    assert language_tag(name) == tag
    assert JobRequest.of({"language": name}).language == tag


def test_auto_is_no_language_and_leaves_it_to_the_text() -> None:
    assert language_tag("Auto") == ""
    assert JobRequest.of({"language": "Auto"}).language == "auto"


def test_no_name_stands_for_two_languages() -> None:
    words = [word for _, words in _ROWS for word in set(words.split("/"))]
    assert len(words) == len(set(words)) == len(NAMES)


@pytest.mark.parametrize(("reason", "kind", "message"), [
    ("sentence 3: UnknownVoice: unknown espeak language 'xx'", UnknownVoice, "unknown espeak language 'xx'"),
    ("sentence 0: UnknownOption: pitch=300: 0 to 99", UnknownOption, "pitch=300: 0 to 99"),
    ("sentence 0: UnknownLanguage: no", UnknownLanguage, "no"),
    ("sentence 0: BadInput: no", BadInput, "no"),
])  # fmt: skip
def test_the_reason_of_a_refused_job_is_the_callers_error(reason: str, kind: type[BadInput], message: str) -> None:
    refused = refused_input(reason)
    assert type(refused) is kind
    assert str(refused) == message


@pytest.mark.parametrize(
    "reason", ["sentence 3: EngineFailed: no", "its producer left", "sentence 1: it said BadInput: x"]
)
def test_other_reasons_are_not_the_callers(reason: str) -> None:
    assert refused_input(reason) is None
