"""A guess at a text's language, from which the default engine follows."""

import errno
import re
import subprocess
import sys
import threading
from typing import NoReturn

import pytest

from seriatim.errors import Misconfigured
from seriatim.text import language_detector
from seriatim.text.language_detector import _model, _ranked, detect_language
from seriatim.text.language_guess import asks_detector, guess_language, guess_paragraph
from tests.support.process_system import ROOT

TEXTS = {
    "en": "The harbour wakes before the town does. Ships have sailed from here for four hundred years.",
    "de": "Der Hafen erwacht vor der Stadt. Die Schiffe sind von hier seit vierhundert Jahren nicht mehr gesegelt.",
    "fr": "Le port se réveille avant la ville. Les navires partent d'ici depuis cent ans, et pas un ne reste.",
    "es": "El puerto despierta antes que la ciudad. Los barcos salen de aquí desde hace cuatrocientos años.",
    "it": "Il porto si sveglia prima della città. Le navi partono da qui, e non tornano che di notte.",
    "pt": "O porto acorda antes da cidade. Os navios partem daqui, e não voltam mais.",
    "nl": "De haven ontwaakt voor de stad. Het schip is niet van hier, maar het vaart met de wind.",
    "pl": "Port budzi się przed miastem. Statki nie wracają do portu na noc, jak to było za dawnych lat.",
    "ru": "Порт просыпается раньше города.",
    "el": "Το λιμάνι ξυπνά πριν από την πόλη.",
    "zh": "港口比城市醒得早。",
    "ja": "港は町より早く目を覚ます。",
    "ko": "항구는 도시보다 먼저 깨어난다.",
    "ar": "يستيقظ الميناء قبل المدينة.",
    "hi": "बंदरगाह शहर से पहले जागता है।",
}


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_a_clear_text_has_its_language(language: str, text: str) -> None:
    assert guess_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "...", "Hello.", "Yes, 12 of 14!", "Berlin", "C'est la vie, he said and left the house."]
)
def test_an_unclear_one_has_none_that_is_foreign(text: str) -> None:
    assert guess_language(text) in ("", "en")


SHORT_PARAGRAPHS = (
    "The quay lay in fog.", "Old men sat on benches.", "A door slammed shut.", "Tom nodded slowly.", "No moon shone.",
)  # fmt: skip


@pytest.mark.parametrize("text", SHORT_PARAGRAPHS)
def test_a_short_paragraph_that_may_be_in_the_expected_language_is_in_no_other(text: str) -> None:
    """The first was Somali, with a probability of 0.62, and was spoken by a voice of that language."""
    assert guess_paragraph(text, "en") in ("", "en")
    assert guess_language(text) in ("", "en")


@pytest.mark.parametrize("text", ["Hello.", "Good morning, Anna!", *SHORT_PARAGRAPHS, *TEXTS.values()])
def test_it_is_known_beforehand_whether_the_detector_is_needed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    samples: list[str] = []

    def watched(sample: str) -> tuple[str, float]:
        samples.append(sample)
        return detect_language(sample)

    monkeypatch.setattr("seriatim.text.language_guess.detect_language", watched)
    guess_language(text)
    guess_paragraph(text, "en")
    assert asks_detector(text) or not samples


@pytest.mark.parametrize("text", ["Where were you when she called?", "He said his father would be there."])
def test_a_short_english_sentence_needs_no_detector(text: str) -> None:
    """A listener would wait for its answer."""
    assert not asks_detector(text)
    assert guess_language(text) == "en"


@pytest.mark.parametrize("text", ["She said 今天 and left.", TEXTS["en"] * 200 + " Привет, мир.", "the word λόγος is"])
def test_words_of_another_script_in_it_make_several_languages(text: str) -> None:
    assert guess_language(text) == "mul"


def test_the_example_is_english() -> None:
    assert guess_language((ROOT / "examples" / "harbour.txt").read_text("utf-8")) == "en"


SHORT = {
    "en": ("Where is the next train station?", "The meeting was moved to Thursday."),
    "de": ("Wo ist der nächste Bahnhof?", "Das glaube ich nicht."),
    "fr": ("Où est la gare la plus proche ?", "La réunion a été reportée à jeudi."),
    "es": ("¿Dónde está la estación más cercana?", "La reunión se aplazó hasta el jueves."),
    "it": ("Dov'è la stazione più vicina?", "Non credo che sia giusto."),
    "pt": ("Onde fica a estação mais próxima?", "Não acho que isso esteja certo."),
    "nl": ("Waar is het dichtstbijzijnde station?", "De vergadering is verplaatst naar donderdag."),
    "sv": ("Var ligger närmaste järnvägsstation?", "Jag tror inte att det stämmer."),
    "da": ("Hun åbnede vinduet og kiggede ud.", "Det tror jeg ikke er rigtigt."),
    "pl": ("Gdzie jest najbliższy dworzec?", "Spotkanie przeniesiono na czwartek."),
    "cs": ("Kde je nejbližší nádraží?", "Schůzka byla přesunuta na čtvrtek."),
    "tr": ("En yakın tren istasyonu nerede?", "Bunun doğru olduğunu sanmıyorum."),
    "fi": ("Missä on lähin rautatieasema?", "Kokous siirrettiin torstaille."),
    "hu": ("Hol van a legközelebbi pályaudvar?", "Nem hiszem, hogy ez helyes."),
    "ro": ("Unde este cea mai apropiată gară?", "Nu cred că este corect."),
    "id": ("Di mana stasiun kereta terdekat?", "Rapat dipindahkan ke hari Kamis."),
    "vi": ("Nhà ga gần nhất ở đâu?", "Tôi không nghĩ điều đó đúng."),
    "uk": ("Де найближчий вокзал?", "Зустріч перенесли на четвер."),
    "fa": ("او پنجره را باز کرد و به بیرون نگاه کرد.", "جلسه به روز پنجشنبه موکول شد."),
    "ru": ("Где ближайший вокзал?", "Встречу перенесли на четверг."),
}


@pytest.mark.parametrize("language", SHORT)
def test_with_the_detector_a_short_sentence_is_enough(language: str) -> None:
    pytest.importorskip("py3langid", reason="the extra `language`")
    for text in SHORT[language]:
        assert (guess_language(text), guess_paragraph(text, "en")) == (language, language)


@pytest.mark.parametrize(
    "text", ["Hello.", "Chapter One", "Los Angeles", "Café Müller", "Dr. Müller", "Gracias.", "OK"]
)
def test_names_and_greetings_are_in_no_language(text: str) -> None:
    assert guess_paragraph(text, "en") in ("", "en")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            "| raw Celery no-ops/s | | 1,638 (1,549 to 1,744) | 1,088 (894 to 1,266) | 1,420 (1,372 to 1,427) "
            "| 1,456 (1,373 to 1,565) |",
            "",
        ),
        ("We open at 8:00 sharp.", "en"),
        ("Nel 500 a.C. i Romani vinsero. La S.p.A. è sua.", "it"),
    ],
)
def test_figures_say_nothing_of_a_language(text: str, language: str) -> None:
    """The first was taken for Volapük, and the others for nothing."""
    pytest.importorskip("py3langid", reason="the extra `language`")
    assert guess_paragraph(text, "en") == language


def test_no_paragraph_of_the_documentation_is_taken_for_another_language() -> None:
    found = []
    for page in (ROOT / "docs").rglob("*.md"):
        prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", page.read_text("utf-8"), flags=re.DOTALL)
        found += [line for line in prose.splitlines() if guess_paragraph(line, "en") not in ("", "en")]
    assert not found


def _forget_model() -> None:
    for cached in (_model, _ranked, detect_language):
        cached.cache_clear()


def test_the_detector_reads_a_text_once() -> None:
    """A submission asks for the language of the text, and again for that of its only paragraph, twice."""
    for cached in (_ranked, detect_language):
        cached.cache_clear()
    text = "A sentence to be heard at once."
    guess_language(text)
    guess_paragraph(text, "en")
    guess_paragraph(text, "en")
    assert (detect_language.cache_info().misses, detect_language.cache_info().hits) == (1, 2)
    assert _ranked.cache_info().misses == 1


def test_without_the_detector_scripts_letters_and_frequent_words_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)  # as if it were not installed
    _forget_model()
    try:
        for language, text in [*TEXTS.items(), ("uk", "Де їхній вокзал?"), ("fa", "چطور است؟"), ("", "Das weiß ich.")]:
            assert guess_language(text) == language
        assert guess_paragraph(TEXTS["de"], "en") == "de"
    finally:
        _forget_model()


HELD_KB = """
import re
from pathlib import Path
import numpy
from seriatim.text.language_detector import detect_language

def held_kb() -> int:
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before = held_kb()
detect_language("Der Hafen war leer, und das Licht des Turms ging über das Wasser.")
print(held_kb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_tables_of_the_detector_are_no_memory_of_the_process() -> None:
    """62 of its 71 MB."""
    pytest.importorskip("py3langid")
    done = subprocess.run([sys.executable, "-c", HELD_KB], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 35_000


def test_the_detector_ranks_as_its_package_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there is no room for its tables in a file."""
    langid = pytest.importorskip("py3langid.langid")
    texts = ["Der Hafen war leer, und das Licht ging über das Wasser.", "It was late.", "¿Dónde está la casa?", ""]
    model = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    model.set_languages(_model().nb_classes)

    def no_room(_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(language_detector, "_map", no_room)
    in_memory = language_detector._load_model()
    for text in texts:
        assert _model().rank(text) == in_memory.rank(text) == model.rank(text)


def test_no_room_to_unpack_the_detector_is_an_error_that_names_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it a text might be spoken in another language; a thread that loads it ahead of a text says nothing."""
    langid = pytest.importorskip("py3langid.langid")
    shown: list[object] = []

    def no_room(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(langid.LanguageIdentifier, "from_model_file", no_room)
    monkeypatch.setattr(language_detector, "_model", language_detector._load_model)
    monkeypatch.setattr(threading, "excepthook", shown.append)
    with pytest.raises(Misconfigured, match=r"^cannot unpack the language model: no space left on device; .*TMPDIR"):
        language_detector._load_model()
    language_detector.load_detector_ahead().join()
    assert shown == []
