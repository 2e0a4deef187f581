"""Length of segments: the engine's limit, the first one, short sentences."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from seriatim.text.duration_estimate import estimate_ms
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment
from seriatim.text.segment.graphemes import are_joined
from seriatim.text.unicode_forms import compose
from tests.unit.text.segmentation_texts import letters, words


def pieces(text: str, **options: Any) -> list[str]:
    return [piece.text for piece in segment(text, SegmentOptions(**options))]


def parts(text: str, **options: Any) -> list[tuple[str, int]]:
    return [(piece.text, piece.pause_ms) for piece in segment(text, SegmentOptions(**options))]


def test_a_long_sentence_is_cut_at_a_clause_and_its_parts_have_no_pause_between():
    text = "It is cut at a comma if there is one, or at a semicolon; else it is cut between two words of it. Yes."
    assert parts(text, limit_chars=60) == [
        ("It is cut at a comma if there is one, or at a semicolon;", 0),
        ("else it is cut between two words of it.", 200),
        ("Yes.", 200),
    ]


def test_a_greater_pause_is_preferred_if_it_leaves_half_of_the_room_in_use():
    rest = " it was, they say, the worst of times for everybody"
    assert pieces("it was the best of times;" + rest, limit_chars=44)[0] == "it was the best of times;"
    assert pieces("it was the best;" + rest, limit_chars=44)[0] == "it was the best; it was, they say,"


def test_a_long_clause_is_cut_between_words():
    text = "this goes on and on until the engine would have lost the thread of it"
    assert pieces(text, limit_chars=30) == [
        "this goes on and on until the",
        "engine would have lost",
        "the thread of it",
    ]


def test_a_long_quotation_is_cut_where_a_sentence_in_it_ends():
    text = 'He said: "I was there, you know. I saw it, all of it. They were, as ever, too late for it." Then he left.'
    assert parts(text, limit_chars=60) == [
        ('He said: "I was there, you know. I saw it, all of it.', 200),
        ('They were, as ever, too late for it."', 200),
        ("Then he left.", 200),
    ]


def test_a_cut_knows_where_the_sentences_behind_it_end():
    text = (
        "(Here is one sentence that is not quite short. It is not so. "
        "And then there is a third that has no mark at all)"
    )
    assert pieces(text, limit_chars=50) == [
        "(Here is one sentence that is not quite short.",
        "It is not so.",
        "And then there is a third that has no mark at all)",
    ]


def test_a_mark_behind_a_space_does_not_begin_a_part():
    assert pieces("mais non alors, ça va ! » et toi", limit_chars=20) == ["mais non alors,", "ça va ! » et toi"]
    assert pieces("maisnonalors ça va bien ! et encore toi", limit_chars=24) == [
        "maisnonalors ça va",
        "bien ! et encore toi",
    ]


def test_a_long_stretch_that_says_nothing_is_left_out():
    kept = pieces("Yes. " + "🎉 " * 200 + "No. " + "!? " * 200, limit_chars=100)
    assert [word for piece in kept for word in words(piece)] == ["Yes.", "No."]
    assert all(map(letters, kept))


def test_a_quotation_that_never_closes_does_not_hold_the_text():
    text = 'He said: "' + "I was there and I saw it all. " * 40
    assert all(piece.endswith("all.") and len(piece) <= 350 for piece in pieces(text, limit_chars=10_000))


def test_no_small_rest_is_left():
    for n in range(40, 130):
        text = " ".join("word" for _ in range(n // 5)) + "."
        assert min(map(len, pieces(text, limit_chars=60))) >= 15


def test_a_word_over_the_limit_is_cut_and_nothing_of_it_is_lost():
    assert pieces("a" * 1000, limit_chars=250) == ["a" * 250] * 4
    assert pieces("go to " + "a" * 500 + " now", limit_chars=250) == ["go to", "a" * 250, "a" * 250, "now"]


def test_chinese_is_cut_at_a_clause_or_between_characters():
    text = "今天天气很好，我们一起去公园散步，看到了很多美丽的花朵，大家都非常高兴。"
    assert pieces(text, limit_chars=20) == [
        "今天天气很好，我们一起去公园散步，",
        "看到了很多美丽的花朵，大家都非常高兴。",
    ]
    unknown = pieces("这" * 50, limit_chars=20)
    assert ("".join(unknown), len(unknown)) == ("这" * 50, 3)
    assert max(map(len, unknown)) <= 20


def test_scripts_without_spaces_are_cut_between_words():
    thai = "ฉันตื่นแต่เช้าวันนี้และไปเดินเล่นในสวนใกล้บ้านแล้วกินข้าวเช้าที่ร้านเล็กๆกับเพื่อนมากมาย"
    assert pieces(thai, limit_chars=50) == [
        "ฉันตื่นแต่เช้าวันนี้และไปเดินเล่นในสวนใกล้บ้าน",
        "แล้วกินข้าวเช้าที่ร้านเล็กๆกับเพื่อนมากมาย",
    ]
    japanese = "コンピューターサイエンスの研究者たちは朝早く起きて公園を散歩しました"
    assert pieces(japanese, limit_chars=25) == [
        "コンピューターサイエンスの研究者たちは",
        "朝早く起きて公園を散歩しました",
    ]


def test_what_is_seen_or_spoken_as_one_character_is_not_parted():
    accented = "e\u0301" * 100
    family = "a👩\u200d👩\u200d👧\u200d👦" * 20
    for text in (accented, family, "क्षि" * 50, "a👍🏽" * 50, "a🇩🇪" * 50, "ギャー" * 50, "한" * 60):
        whole = pieces(text, limit_chars=21)
        assert "".join(whole) == compose(text)
        assert not any(are_joined(a[-1], b[0]) for a, b in pairwise(whole))


def test_the_first_piece_of_a_live_job_is_a_clause_of_a_long_first_sentence():
    text = "Well, what I wanted to tell you, and it is important, is that speech should start early. And, well, go on."
    assert parts(text, first_chars=40) == [
        ("Well, what I wanted to tell you,", 0),
        ("and it is important, is that speech should start early.", 200),
        ("And, well, go on.", 200),
    ]


def test_the_first_piece_of_dense_scripts_is_shorter_by_the_characters():
    text = "今天天气很好，我们一起去公园散步，看到了很多美丽的花朵和树木和小鸟和很多人。"
    assert pieces(text, first_chars=36) == [text]
    assert [p.text for p in segment(text, SegmentOptions("zh", first_chars=36))] == [
        *("今天天气很好，", "我们一起去公园散步，看到了很多美丽的花朵和树木和小鸟和很多人。")
    ]


def test_a_first_sentence_that_is_short_or_has_no_clauses_stays_whole():
    assert pieces("It is fine, thank you. And, well, you?", first_chars=40) == [
        "It is fine, thank you.",
        "And, well, you?",
    ]
    text = "This one goes on and on without any place where a speaker would draw breath, sir."
    assert pieces(text, first_chars=40) == [text]


def test_short_sentences_join_their_neighbours():
    text = "Do you want to know? No. Why should I know? Yes! Yes! Yes sir! Well, that is what it is. Fine."
    assert pieces(text, merge_chars=15) == [
        *("Do you want to know?", "No. Why should I know?", "Yes! Yes! Yes sir!", "Well, that is what it is. Fine.")
    ]
    assert pieces(text)[:3] == ["Do you want to know?", "No.", "Why should I know?"]


def test_short_sentences_stay_in_their_line_and_within_the_limit():
    assert pieces("Yes.\nNo. No.\n\nOh.", merge_chars=15) == ["Yes.", "No. No.", "Oh."]
    assert pieces("No. This takes all the room there is here. No.", limit_chars=40, merge_chars=15) == [
        *("No.", "This takes all the room there is here.", "No.")
    ]


def test_a_short_first_sentence_does_not_make_the_first_piece_long():
    text = "Hi. How can I help you today with your problems, such as they are, and with all of the others?"
    assert pieces(text, first_chars=40, merge_chars=15)[0] == "Hi. How can I help you today with your problems,"


@given(st.integers(20, 80), st.integers(0, 80), st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_no_sentence_below_the_wanted_length_has_room_beside_it_in_its_line(limit, merge, lengths):
    merge = min(merge, limit)
    text = " ".join("Aaa" + "a" * n + "." for n in lengths)
    whole = pieces(text, limit_chars=limit, merge_chars=merge)
    ended = [index for index, piece in enumerate(whole) if piece[0] == "A" and piece[-1] == "."]
    for index in ended:
        before_is_whole, after_is_whole = index - 1 in ended, index + 1 in ended
        if len(whole[index]) < merge and after_is_whole:
            assert len(whole[index]) + 1 + len(whole[index + 1]) > limit
        if len(whole[index]) < merge and index == len(whole) - 1 and before_is_whole:
            assert len(whole[index - 1]) + 1 + len(whole[index]) > limit


def test_a_cut_is_the_same_for_a_text_that_comes_letter_by_letter():
    text = "Well, what I wanted to tell you, and it is important, is: start. No. Yes! " * 5
    for cut in (
        SegmentOptions(first_chars=40),
        SegmentOptions(merge_chars=15),
        SegmentOptions(limit_chars=30, merge_chars=9, first_chars=20),
    ):
        incremental = IncrementalSegmenter(cut)
        fed = [piece for char in text for piece in incremental.feed(char)] + incremental.flush()
        assert fed == list(segment(text, cut))


def test_a_piece_that_would_last_too_long_ends_at_a_clause_and_has_no_pause_behind_it():
    text = (
        "Long, as sentences of lawyers are, and it goes on for a while before it ends; "
        "then, at last, it does stop for good and all. Ah."
    )
    assert parts(text, limit_ms=4_000) == [
        ("Long, as sentences of lawyers are,", 0),
        ("and it goes on for a while before it ends;", 0),
        ("then, at last, it does stop for good and all.", 200),
        ("Ah.", 200),
    ]


def test_a_word_is_spoken_to_its_end_however_long_it_lasts():
    number = "1234567890" * 3
    assert pieces(f"{number} is a number and there are others behind it", limit_ms=4_000)[0] == number
    assert pieces(f"x{number}", limit_ms=4_000) == [f"x{number}"]


@given(
    st.lists(st.text("ab7", min_size=1, max_size=24), min_size=1, max_size=60), st.sampled_from(["", ",", ";", "."]),
    st.sampled_from([4_000, 8_000]), st.sampled_from([0, 40]),
)  # fmt: skip
def test_pieces_limited_by_time_hold_whole_words_however_their_text_comes(parts_of_text, mark, limit_ms, first_chars):
    text = f"{mark} ".join(parts_of_text)
    cut = SegmentOptions(limit_ms=limit_ms, first_chars=first_chars)
    whole = list(segment(text, cut))
    assert " ".join(piece.text for piece in whole).split() == text.split()
    incremental = IncrementalSegmenter(cut)
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == whole
    rest_ms = estimate_ms("7" * 48)  # what is left of a sentence, and a word, may go on beyond the limit
    assert all(estimate_ms(piece.text) <= limit_ms + rest_ms for piece in whole)
