"""hibari's dictionaries, looked up in the text of their files: what is found is what its own loader has parsed."""

import gzip
import importlib.util
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("hibari") is None:
    pytest.skip("hibari-tts is not installed (pip install -e '.[hibari]')", allow_module_level=True)

from hibari.voices import ASSETS

from workers.engines.hibari.compact_dictionaries import SortedLexicon, load_dictionary

STEP = 13  #: of words that are looked up


def parsed(name: str) -> Any:
    return json.loads(gzip.decompress(Path(ASSETS, name).read_bytes()))


@pytest.mark.parametrize("name", ["us_gold", "us_silver", "gb_gold", "gb_silver"])
def test_a_lexicon_has_the_phonemes_of_each_word_and_of_no_other(name: str) -> None:
    expected, lexicon = parsed(f"lexicon_{name}.json.gz"), load_dictionary(f"lexicon_{name}.json.gz")
    several = [word for word, phonemes in expected.items() if isinstance(phonemes, dict)]
    for word in [next(iter(expected)), *islice(expected, 5, None, STEP), *several, next(reversed(expected))]:
        assert lexicon.get(word) == expected[word]
        assert lexicon.get(f"{word}q") == expected.get(f"{word}q")
    for word in ("", "NOUN", "DEFAULT", "None", "~", "'", "Ж", "\ud800", '"', 'a":"b'):
        assert lexicon.get(word) == expected.get(word)


def test_a_part_of_speech_is_no_word() -> None:
    """`NOUN` stands inside an entry, and as a word of its own behind it."""
    entries = {f"A{n:03}": {"DEFAULT": "a", "NOUN": "b", "VERB": None} for n in range(99)} | {"NOUN": "noun"}
    lexicon = SortedLexicon(json.dumps(entries, separators=(",", ":")).encode())
    assert {word: lexicon.get(word) for word in entries} == entries
    assert (lexicon.get("DEFAULT"), lexicon.get("VERB")) == (None, None)


def test_the_tagger_has_the_weights_of_each_feature() -> None:
    expected, model = parsed("tagger.json.gz"), load_dictionary("tagger.json.gz")
    assert {name: found for name, found in model.items() if name != "weights"} == {
        name: found for name, found in expected.items() if name != "weights"
    }
    weights = model["weights"]
    assert weights.keys() == expected["weights"].keys()
    for feature in islice(expected["weights"], 0, None, STEP):
        assert weights.get(feature) == weights.get(feature) == expected["weights"][feature]
    assert weights.get("no feature") is None
