"""Markup choices: whether code is read and emoji are named, in every interface with the same values."""

from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from gateway.cli.main import main
from gateway.cli.parser import build_parser, request
from gateway.http.schemas.requests import OPTIONS, SpeechOptions
from seriatim.client.job_options import JobOptions, JobRequest
from seriatim.errors import UnknownOption
from seriatim.text.markup import CodeMode, EmojiMode, Markup, MarkupChoices
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment

SKIPPED = [
    ("Run:\n```py\nx = 1\n```\nDone `x`.\n~~~\nopen", ["Run:", "Done x."]),
    ("<html><p>One</p><pre>x\ny</pre><p>Two</p>", ["One", "Two"]),
    ("> ```\n> x\n> ```\n> y\n\nEnd", ["y", "End"]),
]
NAMED = [
    ("Great 🎉! So 😀😀😀 good👍🏽now.", ["Great party popper!", "So grinning face good thumbs up now."]),
    ("A 🇩🇪 [x 🎉](http://x.org) (✅) &#x1F600; :tada:", ["A flag D E x party popper (check mark) grinning face tada"]),
    ("❤️", ["red heart"]),
    ("✅ Done\n1️⃣ One", ["Done", "1. One"]),
]


def texts(text: str, language: str = "en", **choices: CodeMode | EmojiMode) -> list[str]:
    """The texts of the pieces, which are the same if they come letter by letter."""
    cut = SegmentOptions(language, 1000, markup=Markup.AUTO, choices=MarkupChoices(**choices))  # type: ignore[arg-type]  # by name
    incremental = IncrementalSegmenter(cut)
    pieces = [piece for char in text for piece in incremental.feed(char)] + incremental.flush()
    assert pieces == list(segment(text, cut))
    return [piece.text for piece in pieces]


@pytest.mark.parametrize(("text", "expected"), SKIPPED)
def test_blocks_of_code_are_skipped_on_request(text: str, expected: list[str]) -> None:
    assert texts(text, code=CodeMode.SKIP) == expected
    assert len(texts(text)) > len(expected)


@pytest.mark.parametrize(("text", "expected"), NAMED)
def test_emoji_are_named_on_request(text: str, expected: list[str]) -> None:
    assert texts(text, emoji=EmojiMode.NAME) == expected


def test_emoji_are_the_engines_where_their_names_are_not_known() -> None:
    assert texts("Mooi 🎉!", "nl", emoji=EmojiMode.NAME) == ["Mooi 🎉!"]
    assert texts("Mooi 🎉!", "nl") == ["Mooi!"]


@pytest.mark.parametrize(("language", "expected"), [
    ("de", "Gut konfettibombe! Da daumen hoch, astronautin, flagge deutschland: grinsendes gesicht hier und x."),
    ("fr", "Gut cotillons! Da pouce vers le haut, astronaute femme, drapeau allemagne: visage rieur hier und x."),
    ("ja", "Gut クラッカー! Da サムズアップ、女性宇宙飛行士、旗 ドイツ: にっこり笑う hier und x."),
])  # fmt: skip
def test_emoji_are_named_in_other_languages_with_the_extra(language: str, expected: str) -> None:
    pytest.importorskip("emoji", reason="the extra `emoji`")
    text = "Gut :tada:! Da👍🏽👩\u200d🚀🇩🇪: 😀😀 hier und x."
    assert " ".join(texts(text, language, emoji=EmojiMode.NAME)) == expected


def test_the_command_that_explains_a_text_takes_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.md").write_text("Run it 🎉:\n```\nx\n```\nDone.", "utf-8")
    assert main(["text", str(tmp_path / "a.md"), "--code", "skip", "--emoji", "name", "--explain"]) == 0
    shown = capsys.readouterr().out
    assert shown.endswith("== reading\nRun it party popper:  [600 ms]\nDone.  [200 ms]\n\n")
    assert "== markup\nRun it party popper:\n\n\nDone.\n" in shown


@pytest.mark.parametrize(("name", "modes"), [("code", CodeMode), ("emoji", EmojiMode)])
def test_every_interface_takes_the_same_values(name: str, modes: type[CodeMode] | type[EmojiMode]) -> None:
    values = [str(mode) for mode in modes]
    literal = next(hint for hint in get_args(get_type_hints(JobOptions)[name]) if get_args(hint))
    assert list(get_args(literal)) == values
    field = SpeechOptions.model_json_schema()["properties"][name]
    assert [each["enum"] for each in field["anyOf"] if "enum" in each] == [values]
    assert name in OPTIONS
    for value in values:
        options = build_parser([]).parse_args(["speak", f"--{name}", value])
        assert getattr(request(options), name) == value
    with pytest.raises(UnknownOption, match=f"{name}='loud'; expected one of {', '.join(values)}"):
        JobRequest.of({name: "loud"})
