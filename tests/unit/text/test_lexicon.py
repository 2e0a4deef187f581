"""Lexicons: entries, files, and the words of a sentence that are found."""

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.client.job_lexicon import LexiconFile
from seriatim.errors import BadInput
from seriatim.text.lexicon import (
    Lexicon,
    Pronunciation,
    decode_pronunciations,
    encode_pronunciations,
    read_lexicon_file,
    respelled,
)
from seriatim.text.reading import ReadingMode
from seriatim.text.segment import SegmentOptions, segment
from tests.support.processor_time import processor_limit

if not all(map(importlib.util.find_spec, ("re2", "lxml"))):
    if os.environ.get("CI"):
        raise RuntimeError("google-re2 or lxml is not installed where CI is set: pip install -e '.[lexicon]'")
    pytest.skip("google-re2 or lxml is not installed (pip install -e '.[lexicon]')", allow_module_level=True)

PLS = """<?xml version="1.0"?>
<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa" xml:lang="en-GB">
  <lexeme><grapheme>Worcester</grapheme><grapheme>Worcs</grapheme><phoneme>ˈwʊstə</phoneme></lexeme>
  <lexeme><grapheme>W3C</grapheme><alias>World Wide Web Consortium</alias></lexeme>
  <lexeme><grapheme>pecan</grapheme><phoneme>pɪˈkæn</phoneme><phoneme prefer="true">ˈpiːkæn</phoneme></lexeme>
</lexicon>"""


X_SAMPA = "<lexicon alphabet='x-sampa'><lexeme><grapheme>a</grapheme><phoneme>eI</phoneme></lexeme></lexicon>"


def pronounce(text: str, lexicon: object, language: str = "en") -> str:
    """The text with its respellings, and phonemes between slashes."""
    found = Lexicon.of(lexicon).find(text, language)
    return respelled(text, [Pronunciation(p.start, p.end, p.respelling or f"/{p.ipa}/") for p in found])


@pytest.mark.parametrize(("lexicon", "text", "expected"), [
    ({"GIF": "jif"}, "A GIF, GIFs, gif and xGIF.", "A jif, GIFs, gif and xGIF."),
    ({"nguyen": "win /wɪn/"}, "Nguyen NGUYEN nguyen's", "win win win's"),
    ({"New York": "Noo York", "York": "Jork"}, "New York and York", "Noo York and Jork"),
    ({".NET": "dot net"}, "in .NET and ASP.NET", "in dot net and ASPdot net"),
    ({"C++": "see plus plus"}, "C++ is", "see plus plus is"),
    ({"→": "to"}, "A → B", "A to B"),
    ({"东京": "dongjing"}, "去东京吧", "去dongjing吧"),
    ({"/v([0-9]+)\\.([0-9]+)/": "version \\1 point \\2"}, "in v3.12 now", "in version 3 point 12 now"),
    ({"Worcester": "/ˈwʊstə/"}, "to Worcester.", "to /ˈwʊstə/."),
    ([{"word": "us", "say": "U S", "case": False}], "US us", "U S U S"),
])  # fmt: skip
def test_words_are_found_as_they_are_meant(lexicon: object, text: str, expected: str) -> None:
    assert pronounce(text, lexicon) == expected


@pytest.mark.parametrize(("language", "found"), [("de", True), ("de-AT", True), ("en", False), ("", False)])
def test_an_entry_of_a_language_is_for_its_texts(language: str, found: bool) -> None:
    assert bool(Lexicon.of([{"word": "Team", "say": "Tiem", "language": "German"}]).find("Das Team", language)) is found


def test_numbers_and_signs_in_its_words_are_not_read(tmp_path: Path) -> None:
    lexicon = Lexicon.of({"C++": "see", "W3C": "web", "/v([0-9]+)/": "version \\1"})
    [piece] = segment("C++ and W3C, v3 of 12 %.", SegmentOptions(reading=ReadingMode.AUTO, kept_words=lexicon.places))
    assert piece.text == "C++ and W3C, v3 of twelve percent."
    assert pronounce(piece.text, lexicon) == "see and web, version 3 of twelve percent."


def test_a_file_of_lines_has_comments_languages_and_expressions(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "# names\nGIF = jif\n[de]\nTeam = Tiem\n[*]\n/v(.)/ = version \\1\nA\tay\n", "utf-8"
    )
    entries = read_lexicon_file(tmp_path / "a.txt")
    assert [(e.word or e.regex, e.say, e.language) for e in entries] == [
        ("GIF", "jif", ""), ("Team", "Tiem", "de"), ("v(.)", "version \\1", ""), ("A", "ay", ""),
    ]  # fmt: skip


def test_json_and_pls_are_recognized_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"GIF": "jif"}', "utf-8")
    (tmp_path / "b").write_text(PLS, "utf-8")
    assert pronounce("A GIF", tmp_path / "a") == "A jif"
    expected = "/ˈwʊstə/ of the World Wide Web Consortium, a /ˈpiːkæn/"
    assert pronounce("Worcester of the W3C, a pecan", tmp_path / "b", "en-GB") == expected
    assert pronounce("Worcester", tmp_path / "b", "de") == "Worcester"


@pytest.mark.parametrize(("written", "message"), [
    ("GIF jif", "lexicon a, line 1: 'GIF jif'; expected WORD = SPOKEN"),
    ("\nGIF = /Q1/", "lexicon a, line 2: lexicon entry 'GIF': 'Q' in /Q1/ is not of the IPA"),
    ("{", "lexicon a is no JSON"),
    ("<speak/>", "lexicon a is XML, but no PLS: its root is <speak>, expected <lexicon>"),
    ('<!DOCTYPE l [<!ENTITY a "aa">]><lexicon>&a;</lexicon>', "declares XML entities of its own"),
    (X_SAMPA, "'a' has neither IPA nor alias"),
])  # fmt: skip
def test_what_is_wrong_in_a_file_is_named_with_its_line(tmp_path: Path, written: str, message: str) -> None:
    (tmp_path / "a").write_text(written, "utf-8")
    with pytest.raises(BadInput) as error:
        Lexicon.of(tmp_path / "a")
    assert message in str(error.value)


@pytest.mark.parametrize("lexicon", [
    {"/(/": "x"}, {"/(a)\\1/": "x"}, {"/a/": "\\1"}, {"x": ""}, {"": "x"}, {"x": 5}, 5, "names.txt", [5],
    [{"wrd": "x"}], [{"word": "x", "say": 5}], [{"word": "x", "regex": "y", "say": "z"}], {"x" * 201: "y"},
    {"x": "y\x00"},
    {f"/a{n}/": "x" for n in range(101)}, {f"w{n}": "x" for n in range(10_001)},
])  # fmt: skip
def test_what_is_no_lexicon_is_refused(lexicon: object) -> None:
    with pytest.raises(BadInput, match="lexicon"):
        Lexicon.of(lexicon)


def test_no_expression_of_a_stranger_takes_long() -> None:
    """Python's own `re` needs minutes for the first of them."""
    lexicon = Lexicon.of({f"/{regex}/": "x" for regex in ("(a*)*b", "(a|a)*b", "(.*)(.*)(.*)(.*)(.*)=", "(x+x+)+y")})
    with processor_limit(1):
        assert lexicon.find("a" * 2_000 + "x" * 2_000, "en") == ()


def test_ten_thousand_words_cost_a_sentence_no_more_than_ten() -> None:
    lexicon = Lexicon.of({f"word{n}": "x" for n in range(10_000)})
    text = " ".join(f"word{n}" for n in range(0, 10_000, 100))
    with processor_limit(2):
        for _ in range(100):
            lexicon.find(text, "en")


def test_the_systems_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("GIF = jif\n", "utf-8")
    system = LexiconFile(str(path))
    assert system.current() is system.current()
    path.write_text("GIF = ghif, hard\n", "utf-8")
    assert system.current().entries[0].say == "ghif, hard"
    path.unlink()
    with pytest.raises(BadInput, match="SERIATIM_LEXICON"):
        system.current()


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5), st.sampled_from(["", "win", "a b"])), max_size=4))
def test_pronunciations_survive_their_way_to_the_worker(places: list[tuple[int, int, str]]) -> None:
    at, found = 0, []
    for gap, length, say in places:
        found.append(Pronunciation(at + gap, at + gap + length, say, "" if say else "wɪn"))
        at += gap + length
    assert decode_pronunciations(encode_pronunciations(found), at) == tuple(found)


@given(st.text(max_size=40))
def test_a_field_that_is_damaged_has_no_effect(encoded: str) -> None:
    for p in decode_pronunciations(encoded, 10):
        assert 0 <= p.start < p.end <= 10
