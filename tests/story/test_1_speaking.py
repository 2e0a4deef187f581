"""Speaking: a text becomes a job, and a job is heard in order.

    from seriatim import enqueue_job

Every example names the `tone` engine, which needs no model: it plays a melody in place of words.
"""

import wave
from pathlib import Path

from seriatim import Sentence, SentenceStart, enqueue_job


def test_a_text_is_enqueued_and_its_sound_comes_as_it_becomes_ready():
    job = enqueue_job("The fog has gone. Ten boats came home.", engine="tone")
    seconds = sum(len(pcm) for pcm in job.pcm()) / 2 / job.rate_hz()
    assert 2 < seconds < 4


def test_many_speak_at_once_and_one_text_is_heard():
    """Two workers share the sentences. What is heard are the sentences in their order, each in one piece."""
    text = [f"This is sentence number {n}." for n in ("one", "two", "three", "four", "five", "six", "seven", "eight")]
    entries = enqueue_job(text, engine="tone").audio()
    assert [entry.text for entry in entries if isinstance(entry, SentenceStart)] == text


def test_the_same_text_sounds_the_same_every_time():
    """Whichever worker speaks a sentence: with a repeatable engine the stream is the same to the byte."""
    text = "One after another, in order. That is what the word means. Nobody is heard twice."
    once, again = (b"".join(enqueue_job(text, engine="tone").pcm()) for _ in range(2))
    assert once == again


def test_a_voice_and_a_speed_are_chosen_for_the_whole_text():
    slow = enqueue_job("Slowly, please.", engine="tone", voice="bass", speed=0.5)
    fast = enqueue_job("Slowly, please.", engine="tone", voice="bass", speed=2)
    assert len(b"".join(slow.pcm())) > 3 * len(b"".join(fast.pcm()))


def test_or_for_each_sentence_so_that_a_dialogue_is_one_job():
    job = enqueue_job(
        [
            Sentence("Who is there?", pause_ms=600, voice="bass"),
            Sentence("It is only me.", pause_ms=200, voice="soprano", speed=1.2),
        ],
        engine="tone",
    )
    entries = list(job.audio())
    assert [entry.text for entry in entries if isinstance(entry, SentenceStart)] == ["Who is there?", "It is only me."]


def test_a_job_is_saved_as_a_file(tmp_path: Path):
    """Only a whole job gets the file's name."""
    enqueue_job("Good morning. How are you?", engine="tone").save(tmp_path / "morning.wav")
    with wave.open(str(tmp_path / "morning.wav")) as file:
        assert file.getnframes() / file.getframerate() > 1


def test_a_job_says_how_far_it_is_and_how_it_ended():
    job = enqueue_job("One. Two. Three.", engine="tone")
    b"".join(job.pcm())
    status = job.status()
    assert (status.state, status.sentences, status.emitted) == ("done", 3, 3)


def test_a_lexicon_says_how_words_are_spoken_and_the_text_stays_as_it_is_written():
    text = "Nguyen made a GIF."
    plain, job = enqueue_job(text, engine="tone"), enqueue_job(text, engine="tone", lexicon={"Nguyen": "Mister win"})
    assert len(b"".join(job.pcm())) > len(b"".join(plain.pcm()))
    assert [entry.text for entry in job.audio() if isinstance(entry, SentenceStart)] == [text]
