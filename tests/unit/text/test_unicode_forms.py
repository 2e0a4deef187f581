"""Other forms of the same letters, and characters without sound."""

import unicodedata

import pytest

from seriatim.text.segment import SegmentOptions, segment
from tests.unit.text.test_segment import sentences

FORMS = [
    ("en", "It\x92s \x93so\x94 \x96 it is.", "It’s “so” – it is."),
    ("en", "Gate Ａ１２ costs ＄５０％ now.", "Gate A12 costs $50% now."),
    ("en", "This is 𝗛𝗲𝗹𝗹𝗼 𝓪𝓰𝓪𝓲𝓷 in ﬁne ﬂow.", "This is Hello again in fine flow."),
    ("en", "Say ⓗⓔⓛⓛⓞ to Ⓐ, step ①.", "Say hello to A, step ①."),
    ("en", "Act Ⅳ, Scene Ⅸ, ⅷ.", "Act IV, Scene IX, viii."),
    ("en", "It is 10² or CO₂, ½, ①, №5, 20℃ and well….", "It is 10² or CO₂, ½, ①, №5, 20℃ and well…."),
    ("en", "The tree: ├── src │ and ▓▓▒ 40%.", "The tree: src and 40%."),
    ("ja", "円周率は３．１４です。", "円周率は3.14です。"),
    ("ja", "１２，５００円で、１０：３０に。", "12,500円で、10:30に。"),
    ("ja", "ｶﾞｿﾘﾝ、（はい）：そう！", "ガソリン、（はい）：そう！"),
    ("ar", "ﻣﺮﺣﺒﺎ ﺑﻚ.", "مرحبا بك."),
    ("en", "Cafe\u0301 u\u0308ber Vie\u0323\u0302t.", "Café über Việt."),
    ("de", "Das Haus\u00adtür\u00ad\nschloss ist zu\u00adfällig.", "Das Haustürschloss ist zufällig."),
    ("fa", "می\u200cخواهم بروم.", "می\u200cخواهم بروم."),
    ("th", "ภาษา\u200bไทย a\u200bb.", "ภาษา\u200bไทย ab."),
    ("he", "\u200fשלום\u200e \u202bעולם\u202c.", "שלום עולם."),
]


@pytest.mark.parametrize(("language", "text", "plain"), FORMS)
def test_other_forms_are_plain_letters_and_what_means_something_stays(language, text, plain):
    assert sentences(text, language) == [plain]


def test_a_text_in_any_normal_form_is_spoken_alike():
    text = "Thầy giáo nói: “Được!” Ça alors, Åse möter Ñandú. 한국어입니다. が、パ。"
    for form in ("NFC", "NFD"):
        assert [p.text for p in segment(unicodedata.normalize(form, text), SegmentOptions())] == sentences(text)
