"""espeak pauses only where a sentence does, and reads no mark aloud: silence and phonemes of the engine."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from seriatim.engine import Engine, Utterance
from seriatim.text.dialects import espeak_text
from seriatim.text.segment import SegmentOptions, segment
from workers.engines.engine_registry import load
from workers.trim_and_fade import THRESHOLD

if importlib.util.find_spec("espeakng_loader") is None:
    if os.environ.get("CI"):
        raise RuntimeError("espeakng-loader is not installed where CI is set: pip install -e '.[espeak]'")
    pytest.skip("espeakng-loader is not installed (pip install -e '.[espeak]')", allow_module_level=True)

PAUSE_MS = 200  #: espeak pauses 300 ms at a full stop; the closure of a consonant is shorter

WITHOUT_PAUSE = {
    "en-us": [
        "See No. 5 for more.",
        "We met Ms. Lee of Bonn.",
        "We met Mr. Lee of Bonn.",
        "We met J.R.R. Lee of Bonn.",
        "Born on Jan. 5 in Rome.",
        "The U.S. Army came.",
        "W. E. B. Du Bois wrote it.",
        "See vol. III of it.",
        "We met Capt. McDonald here.",
        "He has a Ph.D. from Rome.",
        "Mr. A. Smith came.",
        "See pp. 12 and vol. 3 of it.",
        "Call Lt. Col. Lee now.",
        "He is an M.Sc. from Rome.",
    ],
    "de": [
        "Das ist Dr. Müller aus Bonn.",
        "Am 3. Januar kam er.",
        "Siehe Nr. 5 dort.",
        "Das ist z. B. Müller aus Bonn.",
        "Ludwig XIV. König von Frankreich.",
        "Das 20. Jahrhundert war lang.",
        "Das ist Dipl.-Ing. Müller aus Bonn.",
        "Das ist d. h. Müller.",
    ],
    "fr": [
        "Voici M. Dupont de Lyon.",
        "M. Dupont est là.",
        "Voir p. 12 du livre.",
        "Voici J. Dupont de Lyon.",
        "Voici l'av. Foch.",
    ],
    "es": [
        "Vino el Sr. García de Lima.",
        "Vive en la Av. Colón ahora.",
        "Está en la pág. 5 del libro.",
    ],
    "it": [
        "Ecco il Dott. Rossi di Roma.",
        "Vedi pag. 5 del libro.",
    ],
    "pt": [
        "Veio o Sr. Silva de Lisboa.",
        "Veja pág. 5 do livro.",
    ],
    "nl": [
        "Dat is dhr. Jansen uit Delft.",
        "Zie nr. 5 daar.",
    ],
    "pl": [
        "To jest ul. Długa w mieście.",
        "To jest św. Anna tam.",
    ],
    "ru": [
        "Это ул. Ленина у дома.",
        "Смотри стр. 5 там.",
        "Это А. С. Пушкин у дома.",
        "Это св. Анна у дома.",
    ],
    "cs": [
        "To je Ing. Novák z Brna.",
        "Viz str. 5 tam.",
    ],
    "hu": [
        "Ez itt Dr. Kovács Pestről.",
        "Ez itt ifj. Kovács Pestről.",
    ],
    "tr": [
        "Bu Sn. Yılmaz oldu.",
        "Bu Av. Yılmaz oldu.",
    ],
    "el": [
        "Ο κ. Παπαδόπουλος ήρθε.",
        "Δες σελ. 5 εκεί.",
    ],
    "uk": [
        "Це вул. Лесі тут.",
    ],
    "ro": [
        "Este Dl. Popescu din Iași.",
    ],
    "hr": [
        "To je ul. Nova tamo.",
        "To je sv. Ana.",
    ],
    "hi": [
        "यह श्री. वर्मा है।",
        "यह डॉ. वर्मा है।",
    ],
    "ar": [
        "هذا د. أحمد هنا.",
    ],
    "id": [
        "Ini Jl. Merdeka di sana.",
    ],
}
#: a written text, and the text that has the same phonemes
SAME_PHONEMES = [
    ("en-us", "See No. 5 for more.", "See No 5 for more."),
    ("en-us", "We met Mr. Lee of Bonn.", "We met Mr Lee of Bonn."),
    ("en-us", "The U.S. Army came.", "The US Army came."),
    ("en-us", "He has a Ph.D. from Rome.", "He has a P h D from Rome."),
    ("en-us", "He has a Ph.D in law.", "He has a P h D in law."),
    ("en-us", "Oh!--you knew it.", "Oh! You knew it."),
    ("en-us", "No!—never.", "No! Never."),
    ("en-us", "Go!Now.", "Go! Now."),
    ("en-us", "It is the end.—Then he left.", "It is the end. Then he left."),
    ("en-us", "A. A. Milne and A. Lincoln.", "A.A. milne and A, Lincoln."),
    ("de", "Am 3. Januar kam er.", "Am dritte Januar kam er."),
    ("en-us", "See p.12 and No.5.", "See p 12 and No 5."),
    ("pl", "To jest m.in. Anna.", "To jest m in Anna."),
    ("sv", "Det är t.ex. Berg.", "Det är t ex Berg."),
]
#: real ends inside one piece keep their pause
WITH_PAUSE = [
    ("en-us", "1. Open the door."),
    ("en-us", "“We came home. Then it rained,” he said."),
    ("de", "1. Einleitung und Ziel."),
    ("en-us", "I have two. 5 of them are red."),
]


@pytest.fixture(scope="module")
def espeak() -> Iterator[Engine]:
    engine = load("espeak", {})
    yield engine
    engine.close()


def longest_silence_ms(engine: Engine, text: str, voice: str) -> float:
    """The longest silence between two sounds of one utterance."""
    pcm = b"".join(chunk.pcm for chunk in engine.speak(Utterance(text, voice=voice), lambda: False))
    sounds = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int64)) > THRESHOLD)
    return float(np.diff(sounds).max() * 1000 / engine.rate_hz)


def phonemes_of(requests: list[tuple[str, str]]) -> list[list[str]]:
    """The phonemes of each (voice, text)."""
    written = "".join(json.dumps(request) + "\n" for request in requests)
    command = [sys.executable, str(Path(__file__).with_name("espeak_phonemes.py"))]
    answer = subprocess.run(command, input=written, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [json.loads(line) for line in answer.splitlines()]


@pytest.mark.parametrize("voice", WITHOUT_PAUSE)
def test_no_stop_of_an_abbreviation_is_a_pause(espeak: Engine, voice: str) -> None:
    for text in WITHOUT_PAUSE[voice]:
        pieces = [piece.text for piece in segment(text, SegmentOptions(voice, limit_chars=espeak.limit_chars))]
        assert pieces == [text]
        assert longest_silence_ms(espeak, text, voice) < PAUSE_MS, text


@pytest.mark.parametrize(("voice", "text"), WITH_PAUSE)
def test_a_stop_that_ends_keeps_its_pause(espeak: Engine, voice: str, text: str) -> None:
    assert longest_silence_ms(espeak, text, voice) >= PAUSE_MS


def test_no_mark_is_read_aloud() -> None:
    written = [(voice, espeak_text(text, voice)) for voice, text, _ in SAME_PHONEMES]
    expected = phonemes_of([(voice, text) for voice, _, text in SAME_PHONEMES])
    for (voice, text), phonemes, same in zip(written, phonemes_of(written), expected, strict=True):
        assert phonemes == same, (voice, text)


@pytest.mark.parametrize(
    "text", ["Write to a.b@c.de now", "Node.js and ASP.NET", "version 3.14 of it", "Wait... and see", "e.g. this"]
)
def test_other_stops_stay_as_they_are(text: str) -> None:
    assert espeak_text(text, "en").replace("\u00ad", "") == text
