"""Abilities of engines: what they lack is refused in time, with the nearest names and the range."""

import json

import pytest

from seriatim.engine_abilities import Abilities
from seriatim.errors import BadInput, UnknownLanguage, UnknownOption
from seriatim.state.pool_record import PoolRecord

SPEAKER = Abilities(
    "speaker", ("de", "en", "en-us", "pl", "zh-cn"), {"pitch": (0, 99), "rate": (80, 450)}, (0.5, 4.0), "rate", 160
)


@pytest.mark.parametrize("language", ["", "de", "DE_at", "en-US-x-twang", "zh-cn"])
def test_a_longer_tag_is_known_by_its_beginning(language: str) -> None:
    SPEAKER.check(language, 1.0, {})


@pytest.mark.parametrize(("ability_request", "kind", "message"), [
    (("zh", 1.0, {}), UnknownLanguage, "unknown speaker language 'zh'; nearest: zh-cn"),
    (("Polisch", 1.0, {}), UnknownLanguage, "unknown speaker language 'Polisch'; nearest: pl (polish), en (english)"),
    (("qq", 1.0, {}), UnknownLanguage, "unknown speaker language 'qq'; known: en, de, en-us, pl, zh-cn"),
    (("de", 0.4, {}), UnknownOption,
     "speed=0.4; the speaker engine speaks at 0.5 to 4 times the normal rate at rate 160"),
    (("de", 2.5, {"rate": 320}), UnknownOption,
     "speed=2.5; the speaker engine speaks at 0.25 to 2 times the normal rate at rate 320"),
    (("de", 1.0, {"pitsh": 1}), UnknownOption, "unknown speaker option 'pitsh'; nearest: pitch"),
    (("de", 1.0, {"pitch": 100}), UnknownOption, "option pitch is 100, expected 0 to 99"),
])  # fmt: skip
def test_what_it_cannot_do_is_refused(
    ability_request: tuple[str, float, dict[str, float]], kind: type[BadInput], message: str
) -> None:
    with pytest.raises(kind) as refused:
        SPEAKER.check(*ability_request)
    assert str(refused.value) == message


def test_an_engine_without_options_and_of_any_language() -> None:
    any_language = Abilities("tone")
    any_language.check("tlh", 0.25, {})
    with pytest.raises(UnknownOption, match=r"^the tone engine has no options per sentence, found: temperature$"):
        any_language.check("", 1.0, {"temperature": 0.5})


def test_they_are_registered_as_json_and_read_back() -> None:
    assert Abilities.from_dict(json.loads(SPEAKER.to_json())) == SPEAKER
    assert Abilities.from_dict({"engine": "of another version", "wings": 2}) == Abilities("of another version")


def test_of_workers_that_differ_all_must_be_able() -> None:
    """Any of them may get any sentence."""
    facts = PoolRecord(abilities=(SPEAKER, Abilities("other", ("de", "fr"), {"pitch": (0, 50)})))
    facts.check("de", 1.0, {"pitch": 50})
    for request in (("en", 1.0, {}), ("fr", 1.0, {}), ("de", 0.4, {}), ("de", 1.0, {"pitch": 60})):
        with pytest.raises(BadInput):
            facts.check(*request)
    PoolRecord().check("tlh", 0.25, {"anything": 1})
