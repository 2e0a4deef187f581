"""Writing while it is heard: a text is still generated, and its sentences are spoken meanwhile.

from seriatim import open_job
"""

import asyncio

import pytest

from seriatim import AsyncClient, SentenceStart, open_job

WORDS = ["Hel", "lo. I am", " thinking", " of an", " answer. Her", "e it is: forty", "-two. ", "Good", "bye."]


def test_words_go_in_as_they_come_and_sentences_come_out():
    """As a language model gives them: pieces of words. A sentence goes out as soon as it is complete."""
    with open_job(engine="tone") as answer:
        for piece in WORDS:
            answer.say(piece)
    texts = [entry.text for entry in answer.job.audio() if isinstance(entry, SentenceStart)]
    assert " ".join(texts) == "".join(WORDS)
    assert len(texts) >= 3


def test_the_first_sentence_is_heard_before_the_last_one_is_written():
    answer = open_job(engine="tone")
    answer.say("This is complete. And this is no")
    first = next(iter(answer.job.pcm()))
    assert first
    answer.say("t yet, but now it is.")
    answer.close()
    assert answer.job.wait(timeout_s=60).state == "done"


def test_an_error_of_the_writer_ends_the_job():
    answer = open_job(engine="tone")

    def write() -> None:
        with answer:
            answer.say("The answer is. And")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        write()
    status = answer.job.wait(timeout_s=60)
    assert (status.state, status.reason) == ("cancelled", "its producer failed: ConnectionError")


def test_the_same_works_with_asyncio():
    async def speak() -> bytes:
        async with AsyncClient() as client:
            job = await client.enqueue_job("Good morning. How are you?", engine="tone")
            return b"".join([pcm async for pcm in job.pcm()])

    assert asyncio.run(speak())
