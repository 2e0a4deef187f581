"""Segmentation of texts into sentences, by example."""

import pytest

from seriatim.errors import UnknownOption
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment


def sentences(text: str, language: str = "en") -> list[str]:
    """The sentences of a text, which are the same if it comes letter by letter."""
    cut = SegmentOptions(language, limit_chars=1000)
    pieces, incremental = list(segment(text, cut)), IncrementalSegmenter(cut)
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == pieces
    return [piece.text for piece in pieces]


def pauses(text: str) -> list[tuple[str, int]]:
    return [(piece.text, piece.pause_ms) for piece in segment(text, SegmentOptions(pause_ms=200, paragraph_ms=600))]


# What ends a sentence, by "|".
ENGLISH = """
Hello there. | How are you? | Fine! | Really?! | I am.
Dr. Smith and Ms. Jones met Prof. J. K. Lee in Washington, D.C. on Jan. 5th. | They talked.
I live in the U.S. | How about you?
He works for the U.S. Government, e.g. on pp. 5 ff. of the bill, etc. and so on. | Yes.
See Fig. 3 and Vol. 2 for more. | No. 5 is alive. | No. | Never. | It was me. | Ok. | Sure.
She has $3.14. | It is in her bag. | It is 5 p.m. in v2.0 of it.
Her email is Jane.Doe@example.com. | The site is https://example.50.com/a_b?c=d.html. | Please look.
He said "Hello there. How are you?" to me. | "Fine," I said. | "Good." | He left.
“Really?” she asked. | “Really.” | ‘Oh.’
He came (at last. What a day!) and left. | (He did.) | Then he slept.
I never meant that... | She left the store.
well... what I mean... is this
Well… | So it is… maybe not.
She works at Yahoo! in Paris. | “He [...] used it [...]” (Smith 55). | Did (!) he? | Good.
It grew fast.[1] | Then it fell.[2][3] | It was 5 [sic]. | Done.
**Bold words.** | *Then* more. | Wow 🎉! | Great. | 🎉 Party 🎉 time.
no capitals here. | but it is still cut. | i think so
He left the U.S.A. | I stayed. | She has a Ph.D. | Tom has none, but a Ph.D. in law.
It was the i.v. | It helped. | He works for Pitt & Co. | They pay. | It is Pitt & Co. at noon.
The U.S. Army came at 7 p.m. | 7 a.m. was too early.
It is a gas. [1] | It has no color. [2][3] | Good.
They differ (see 2).10 | This model fits. | He said `stop.` | Then he stopped.
It was Tuesday. | ...and then it rained.
"""


@pytest.mark.parametrize("line", ENGLISH.strip().splitlines())
def test_english_sentences(line):
    assert sentences(line.replace("| ", "")) == line.split(" | ")


OTHERS = [
    ("de", "Am 3. Januar kam Frau Dr. Müller. | Das ist z. B. im 19. Jahrhundert so, d.h. früher. | Gut."),
    ("de", "„Hallo. Wie geht’s?“, fragte er. | »Gut.« | »Schön!« | Er ging."),
    ("de-AT", "Das kostet ca. 5 Mio. Euro. | Ja."),
    ("de", ",,Hallo. Wie geht’s?“, fragte er. | Im 1. -3. Jahrhundert. | Ja."),
    ("de", "Er kam am 3. Feb. | Dann ging er. | Am 3. Feb. Anna kam."),
    ("it", "Pesa 5 kg. | Lei ride."),
    ("fi", "Ks. s. 12. | Hän tuli. | Se oli 3. kerta. | Hän tuli 5. joulukuuta."),
    ("cs", "Viz str. 12. | Potom odešel. | Dne 5. května byl v 1. A třídě."),
    ("sk", "Mal 12. | On odišiel. | Bola 3. Bratislavská."),
    ("pl", "Ma lat 12. | Potem wyszedł. | Klasa 3. A i 3. B."),
    ("tr", "Saat 5. | Sonra gitti. | 3. Selim geldi."),
    ("bg", "Струва 5 лв. | Той дойде. | През 1998 г. Иван дойде."),
    ("uk", "Коштує 5 грн. | Це добре. | На вул. Шевченка."),
    ("th", "ผมชื่อ ดร. สมชาย พ.ศ. 2560 โทร. 02 123"),
    ("hi", "कीमत रु. 500 है। | ठीक है।"),
    ("ru", "Он весит 5 кг. | Она рада."),
    ("es", "N°. 1026.253 es. | Sí."),
    ("nl", "Het was raak. | ...en toen brak de hel los."),
    ("kk", "Бұл жағдайы. | Иә."),
    ("da", "Vi bor i E.U. | Hvad med dig? | Pitt & Co. | Det er alt."),
    ("fr", "M. Dupont et Mme Martin sont là. | Quoi ? | Rien ! | C’est l’art, p. ex. à Paris."),
    ("fr", "« Bonjour ! Ça va ? » dit-il. | « Oui. » | Il partit."),
    ("es", "¿Qué tal, Sr. López? | ¡Bien! | ¿Cómo está Ud.? | Así, así."),
    ("it", "Il Sig. Rossi è qui. | Perché? | Non so."),
    ("pl", "To jest dr Nowak, tj. lekarz. | Tak!"),
    ("ru", "Он живёт в г. Москва на ул. Ленина. | Да! | Хорошо."),
    ("el", "Τι κάνεις; | Καλά. | Εσύ;"),
    ("hy", "Բարեւ։ | Լավ եմ։"),
    ("hi", "यह है। | वह था। | क्या? | हाँ।"),
    ("ar", "هل أنت هنا؟ | نعم. | جيد!"),
    ("ur", "یہ ہے۔ | وہ تھا۔"),
    ("am", "ይህ ነው። | ያ ነበር።"),
    ("ko", "안녕하세요. | 저는 김입니다. | 반가워요!"),
    ("tlh", "An unknown language. | It goes by English, e.g. here. | Yes."),
    ("", "No language. | Also English."),
]


@pytest.mark.parametrize(("language", "line"), OTHERS)
def test_sentences_of_other_languages(language, line):
    assert sentences(line.replace("| ", ""), language) == line.split(" | ")


UNSPACED = [
    ("ja", "これは文です。|「はい。そうです。」と彼は言った。|本当？|はい！"),
    ("zh", "这是第一句。|他说：“你好。我叫王明。”|然后他走了！|真的吗?|是的。"),
    ("zh", "真的。|“你好。”|他走了。"),
    ("ja", "「3.29%以上」と言う。|2%台です。"),
    ("zh", "圆周率是3.14，对吧？|对。"),
    ("hi", "यह है।|वह था।"),
]


@pytest.mark.parametrize(("language", "line"), UNSPACED)
def test_sentences_of_scripts_that_put_no_space_between_them(language, line):
    assert sentences(line.replace("|", ""), language) == line.split("|")


def test_a_paragraph_has_a_longer_pause():
    assert pauses("One. Two.\n\nThree.\n\n\n\nFour.") == [("One.", 200), ("Two.", 600), ("Three.", 600), ("Four.", 200)]


def test_a_quotation_that_is_not_closed_ends_with_its_line():
    assert pauses("“Oh. My.\n\nHe left. She came.") == [("“Oh. My.", 600), ("He left.", 200), ("She came.", 200)]


def test_a_heading_is_said_by_itself():
    assert pauses("# Chapter One\nIt was night.") == [("Chapter One", 200), ("It was night.", 200)]
    assert pauses("Chapter One\n\nIt was night.") == [("Chapter One", 600), ("It was night.", 200)]
    assert pauses("Chapter One\n===========\nIt was night.") == [("Chapter One", 600), ("It was night.", 200)]
    assert pauses("Chapter One\nIt was night.") == [("Chapter One", 200), ("It was night.", 200)]


def test_each_item_of_a_list_is_said_by_itself_and_numbers_are_said():
    assert sentences("We need:\n- eggs\n- milk, and\n  much of it\n* bread\n• salt") == [
        *("We need:", "eggs", "milk, and much of it", "bread", "salt")
    ]
    assert sentences("1. go there\n2. Come back. Rest.\n10) sleep\nb) wake") == [
        *("1. go there", "2. Come back.", "Rest.", "10) sleep", "b) wake")
    ]


def test_wrapped_lines_are_one_sentence():
    text = (
        "It was a dark and stormy night; the rain fell in torrents, except at\n"
        "occasional intervals, when it was checked by a violent gust of wind\n"
        "– or two, as it is told on page 17 of the book, in its paragraph\n"
        "42. Nobody knew, not even those who were there, for they were old, Mr.\n"
        "Smith said."
    )
    whole = text.replace("\n", " ").replace("42. Nobody", "42.|Nobody").split("|")
    assert sentences(text) == whole


def test_wrapped_lines_of_chinese_and_japanese_join_without_a_space():
    line = "吾輩は猫である名前はまだ無いどこで生れたかとんと見当がつかぬ何でも薄暗い"
    assert sentences(f"{line}\n所で泣いていた。", "ja") == [f"{line}所で泣いていた。"]


def test_each_line_of_verse_is_said_by_itself():
    assert sentences("Roses are red,\nViolets are blue,\nSugar is sweet\nand so are you.") == [
        *("Roses are red,", "Violets are blue,", "Sugar is sweet and so are you.")
    ]


def test_lines_end_in_every_way_that_lines_end():
    for newline in ("\n", "\r\n", "\r", "\u2028", "\x85", "\v", "\f"):
        assert pauses(f"One.{newline}Two.{newline}{newline}Three.") == [("One.", 200), ("Two.", 600), ("Three.", 200)]
    assert pauses("One.\u2029Two.") == [("One.", 600), ("Two.", 200)]


@pytest.mark.parametrize("separator", ["***", "---", "* * *", "⁂", "🎉", "═════", "|---|---|", "~ • ~"])
def test_a_separator_is_the_pause_of_a_paragraph_and_nothing_else(separator):
    assert pauses(f"One.\n{separator}\nTwo.") == [("One.", 600), ("Two.", 200)]
    assert pauses(f"One.\n\n{separator}\n\nTwo.") == [("One.", 600), ("Two.", 200)]


def test_emoji_stay_with_a_sentence():
    assert sentences("I love it 🎉\nYes! 👍🏽 Let's go 👩‍👩‍👧‍👦 home. ❤️") == [
        "I love it 🎉",
        "Yes!",
        "👍🏽 Let's go 👩‍👩‍👧‍👦 home. ❤️",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "***\n\n---", "🎉🎉", "\x00\ufeff\u202e", "?! ?! ?!"])
def test_a_text_with_nothing_to_say_has_no_pieces(text):
    assert sentences(text) == []


def test_a_text_without_any_punctuation_is_cut_between_words():
    pieces = sentences("and so on " * 500)
    assert len(pieces) == 5
    assert all(900 < len(piece) <= 1000 for piece in pieces[:-1])
    assert " ".join(pieces).split() == ["and", "so", "on"] * 500


def test_runs_of_white_space_are_one_space():
    assert sentences("  Hello   there,\t \u3000you.  \n\n  And \xa0 you.  ") == ["Hello there, you.", "And you."]


def test_soundless_characters_are_not_spoken():
    assert sentences("\ufeffHe\u00adllo\x00 \u202ewor\u200bld\u2069.\x07 Ca\u0301fe.") == [
        "Hello world.",
        "Cáfe.",
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"limit_chars": 19}, "limit_chars 19; expected 20 or more"),
        ({"merge_chars": -1}, "merge_chars -1; expected 0 to limit_chars 250"),
        ({"merge_chars": 251}, "merge_chars 251; expected 0 to limit_chars 250"),
        ({"first_chars": -1}, "first_chars -1; expected 0 or more"),
        ({"pause_ms": -5}, "pause_ms -5; expected 0 or more"),
        ({"paragraph_ms": -5}, "paragraph_ms -5; expected 0 or more"),
    ],
)
def test_a_number_out_of_range_is_refused(wrong, message):
    with pytest.raises(UnknownOption) as refused:
        SegmentOptions(**wrong)
    assert str(refused.value) == message


# What stands after a stop decides, where words do not: one line of each kind.
CONTINUES = [
    ("en", "The temp. was low, est. 5 deg. at dawn. | See vol. III of it."),
    ("en", "It was sold to Mr. Ward, Esq. then in Jamaica. | Yes."),
    ("en", "“Stop!” he said. | Some are -- dare I say? -- odd. | Good."),
    ("en", "I have two. | 5 of them are old, approx. 3 are new."),
    ("en", "She left the USA. | 12 men stayed."),
    ("is", "Hann kom kl. 8 í gær. | Hringdu í s. 550-1234."),
    ("es", "—¿Vienes? —preguntó Ana. | —No —dijo él—. | Me quedo."),
    ("fr", "—Tu viens ? —demanda-t-il. | —Non."),
    ("pl", "—Idziesz? —zapytała. | —Nie."),
    ("pt", "—Vem cá! —disse ela. | —Não."),
    ("it", "—Vieni? —chiese lei. | —No."),
    ("el", "—Έλα! —είπε εκείνη. | —Όχι."),
    ("uk", "Ти йдеш? — спитала Анна. | — Ні!"),
    ("tr", "—Geliyor musun? —diye sordu. | —Hayır."),
    ("hi", "वहाँ श्री. वर्मा आए। | वे बैठे।"),
    ("mr", "विभाग २.१. मध्ये वर्णन आहे. | तो गेला."),
    ("ar", "جاء د. أحمد. | ثم ذهب."),
    ("he", "פגשתי את ד. כהן. | הוא הלך."),
    ("vi", "PGS. TS. Trần Văn B ở TP. Huế. | Ông vui."),
    ("hi", "वे 3.5 कि.मी. चले। | क्या?"),
    ("en", "It is 12 PM. | 7 PM is late, at 8 a.m. it is not."),
    ("pl", "3 maja 2024 r. o godz. 15 przyszedł. | Potem nie."),
    ("en", "Approx. 5 came on Mon. but not vs. No. 7, cf. Brown. | Yes."),
    ("en", "5 beers please. | thanks."),
    ("de", "Vgl. Kap. III der Fa. Meyer. | Gut."),
    ("nl", "Mevr. De Vries is er. | Goed."),
    ("ru", "Это было в 1998 г. | Он умер."),
]


@pytest.mark.parametrize(("language", "line"), CONTINUES)
def test_a_sentence_goes_on_where_what_follows_says_so(language, line):
    assert sentences(line.replace("| ", ""), language) == line.split(" | ")


@pytest.mark.parametrize(
    "line",
    [
        "Great, thanks.|And what is the price?|Tell me.",
        "It was him.|She left!|Then it rained.",
        "He uses Node.Js and ASP.Net, says example.Com, and runs a.B(c) in System.Out.",
        "The tower fell.12| Nobody saw it.¹| It was dawn.[A]| Yes.[12][13]| See p.12 Now.",
        "It cost 3.5 and v2.0.1 of it, etc. and so on.",
    ],
)
def test_a_sentence_ends_without_a_space_and_before_a_note(line):
    assert sentences(line.replace("|", "")) == [part.strip() for part in line.split("|")]


COMMON_WORDS = {
    "hu": "Azt mondta, hogy nem. Aztán elment.", "da": "Kommer du med. Så går vi.", "it": "Lui non lo fa. Poi dorme.",
    "nl": "Ik weet dat. Daarna ging hij.", "sv": "Den är min. Sedan gick han ut.", "cs": "Je to tu. Potom šel.",
    "vi": "Cô ấy có hai con. Sau đó cô đi.", "tr": "Burada sen. Sonra o.", "de": "Das ist die Art. Dann ging er.",
    "es": "Estaba cerca del mar. Luego se fue.", "nb": "Han gikk ut. Så kom hun.", "ro": "Nu este al. Apoi a plecat.",
    "sk": "Je to tu. Potom odišiel.", "sl": "To je res. Potem je šel.", "uk": "Це був вид. Потім він пішов.",
    "ru": "Это её муж. Потом он ушёл.", "fr": "Il prit son vol. Puis il partit.", "ca": "Això és un. Després res.",
    "id": "Itulah ia. Kemudian pergi.", "lv": "Tas bija sen. Tad viņš aizgāja.", "hr": "Vidim ga. Onda je otišao.",
}  # fmt: skip


@pytest.mark.parametrize(("language", "text"), COMMON_WORDS.items())
def test_a_common_word_ends_a_sentence_before_a_capital(language, text):
    first, second = text.split(". ", 1)
    assert sentences(text, language) == [f"{first}.", second]


STOPS = [
    ("km", "នេះជាប្រយោគទីមួយ។ នេះជាប្រយោគទីពីរ។"), ("my", "ဒါကစာကြောင်း။ ဒါကနောက်တစ်ခု။"), ("bo", "འདི་ནི་ཚིག་གྲུབ། འདི་ནི་གཉིས་པ།"),
    ("am", "ይህ ነው። ያ ነበር።"), ("hy", "Բարեւ։ Լավ եմ։"), ("ur", "یہ ہے۔ وہ تھا۔"), ("bn", "এটা একটা বাক্য। এটা আরেকটা।"),
    ("th", "นี่คือประโยค? นี่คืออีกประโยค!"), ("lo", "ນີ້ແມ່ນປະໂຫຍກ? ນີ້ແມ່ນອີກ!"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text"), STOPS)
def test_the_stops_of_other_scripts_end_sentences(language, text):
    found = sentences(text, language)
    assert len(found) == 2
    assert " ".join(found) == text


def test_a_unit_with_a_slash_ends_a_sentence() -> None:
    """Its last letter is no initial."""
    text = "He drove at 60 km/h. We shipped it at 5 m/s. Then it stopped."
    assert [piece.text for piece in segment(text, SegmentOptions("en"))] == text.replace("h. ", "h.|").replace(
        "s. ", "s.|"
    ).split("|")


@pytest.mark.parametrize(
    "line",
    [
        "1. Tea | 2. Milk | 3. Two eggs",
        "1.) Tea | 2.) Milk. | 3.) Eggs",
        "(a) Tea. | (b) Milk and (a) cup | (c) Eggs",
        "We need: i) tea | ii) milk | iii) eggs",
        "Tea | Milk | Eggs",
        "In 1990 (1) he left and (3) came.",
        "They have plan a. and b. and more",
        "Section 2. | Part 3. | The end",
    ],
)
def test_items_in_one_line_are_said_one_by_one_if_each_follows_the_one_before(line):
    bullets = line == "Tea | Milk | Eggs"
    assert sentences(line.replace(" | ", " • " if bullets else " ")) == line.split(" | ")


def test_ordinal_numbers_are_no_items_of_a_list():
    assert sentences("1. Mai bis 2. Juni", "de") == ["1. Mai bis 2. Juni"]
    assert sentences("1. maj til 2. juni", "da") == ["1. maj til 2. juni"]
    assert sentences("1. Te 2. Mælk", "da") == ["1. Te", "2. Mælk"]


def test_items_with_small_roman_numerals_are_lines_of_their_own():
    assert sentences("(i) One comes here.\n(ii) two\n(iii) Three.") == [
        "(i) One comes here.",
        "(ii) two",
        "(iii) Three.",
    ]


def test_lines_of_japanese_are_wrapped_only_where_they_are_full():
    assert sentences(
        "これは山です（「これは山です」）\nこれは長い行です、これは長い行です、これは長い行です。", "ja"
    ) == [
        "これは山です（「これは山です」）",
        "これは長い行です、これは長い行です、これは長い行です。",
    ]
    assert sentences("これは父の\n家です。", "ja") == ["これは父の家です。"]


def test_a_space_that_is_missing_before_a_title_or_behind_a_number_or_a_roman_numeral():
    assert sentences("It was Tuesday.Mr. Lee paid 1,000.That is a lot.") == [
        *("It was Tuesday.", "Mr. Lee paid 1,000.", "That is a lot.")
    ]
    assert sentences("Ресейдің жағдайы.XVIII ғасырда.", "kk") == ["Ресейдің жағдайы.", "XVIII ғасырда."]
    assert sentences("See v1.234.Net and Node.Js now.") == ["See v1.234.Net and Node.Js now."]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Is it Dr. Who? | Yes!"),
        ("de", "Er ist 25. | Sie ist 30."),
        ("de", "Zum 100. Mal kam er. | Er wohnt in der Goethestr. 5 und bleibt."),
        ("ru", "Так и т. д. | Потом нет."),
        ("ko", "그가 말했다. | 3.5입니다."),
        ("tr", "Bu XIX. yüzyıl ve XIV. Louis. | Sonra gitti."),
        ("pl", "To prof. dr hab. Lis. | Tak itd. | Potem nie."),
    ],
)
def test_ends_of_sentences_follow_the_language(language, text):
    expected = text.split(" | ")
    assert [piece.text for piece in segment(" ".join(expected), SegmentOptions(language))] == expected


@pytest.mark.parametrize(
    ("language", "line"), [("hi", "क्या?|हाँ।"), ("am", "እንደምን አለህ?|መልካም ቀን ይሁንልህ።"), ("th", "ไปไหน?|กลับบ้าน!|ดี")]
)
def test_a_mark_without_a_space_behind_it_ends_a_sentence_in_scripts_without_capitals(language, line):
    assert sentences(line.replace("|", ""), language) == line.split("|")
