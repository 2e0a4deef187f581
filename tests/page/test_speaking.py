"""Speaking on the page: a text is typed, spoken and heard."""

import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from tests.http.decoded_audio import seconds, seconds_of_pcm
from tests.http.gateways import clear, start
from tests.page.browser import Page
from tests.page.conftest import SLOW
from tests.support.expected_audio import stream_of
from tests.support.free_ports import free_port
from tests.support.process_system import RealSystem, wait_until

NEAR_S = 0.15  #: 1,105 samples at 8 kHz: what an encoder and a decoder of MP3 put before the sound

CUT = "ERR_INCOMPLETE_CHUNKED_ENCODING"  #: a stream that is cut on purpose: its job was cancelled, or its gateway died
LOUDNESS = """
const [done] = arguments, audio = document.getElementById("audio"), context = new AudioContext();
const analyser = context.createAnalyser(), samples = new Float32Array(analyser.fftSize);
context.createMediaElementSource(audio).connect(analyser).connect(context.destination);
const look = () => {
  analyser.getFloatTimeDomainData(samples);
  const rms = Math.hypot(...samples) / Math.sqrt(samples.length);
  if (rms > 0.01 || audio.ended) return done(rms);
  if (audio.readyState < 3 && !audio.seeking) audio.currentTime = 0; // it has played all there is by now: once more
  setTimeout(look, 20);
};
look();
"""


#: for the life of a document there is no MediaSource, and what Web Audio is given is written down
NO_SOURCE = """
delete window.MediaSource;
window.pieces = [];
const {start} = AudioBufferSourceNode.prototype;
AudioBufferSourceNode.prototype.start = function (when) {
  const samples = this.buffer.getChannelData(0);
  const loudness = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
  window.pieces.push({when, length: this.buffer.duration, loudness, now: this.context.currentTime});
  return start.call(this, when);
};
"""


#: what is marked is recorded by the page itself: a look now and then may miss a sentence
MARKS = """
window.marks = [];
new MutationObserver(() => {
  const marked = document.querySelector("#reading [aria-current]")?.textContent;
  if (marked && marked !== window.marks.at(-1)) window.marks.push(marked);
}).observe(document.body, {subtree: true, childList: true, attributes: true});
"""

#: where the document before was left, as it has stored that; %s is a job
LEFT = "window.left = JSON.parse(sessionStorage.getItem('seriatim.place.%s') ?? '{}').at"
#: where the audio element first played; null if it has not
BEGAN = "const {played} = document.getElementById('audio'); return played.length ? played.start(0) : null"


@pytest.fixture
def samples(page: Page) -> Iterator[Page]:
    """The page in a browser that has to play bare samples."""
    with page.beginning_with(NO_SOURCE):
        page.open()
        yield page


def test_a_text_is_heard_while_it_is_spoken(page: Page, client: httpx2.Client, system: RealSystem) -> None:
    page.until(lambda: page.choose("pool", SLOW), "the slow pool is offered")
    job = page.speak(" ".join(system.held(clear(6))))
    page.until(lambda: page.at_s() > 0.3, "the audio element plays")
    assert client.get(f"/v1/jobs/{job}").json()["state"] == "running"
    assert page.later(LOUDNESS) > 0.01, "what it plays is no silence"
    system.gate.touch()
    length_s = page.until(page.length_s, "the element knows its length")
    card = client.get(f"/v1/jobs/{job}").json()
    assert card["state"] == "done"
    assert length_s == pytest.approx(card["audio_s"], abs=NEAR_S)
    page.script("document.getElementById('audio').playbackRate = 8")
    page.until(lambda: page.script("return document.getElementById('audio').ended"), "it is heard to its end")
    assert page.at_s() == pytest.approx(card["audio_s"], abs=NEAR_S)


@pytest.mark.thorough
def test_the_sentence_that_is_heard_is_marked(page: Page) -> None:
    texts = clear(4)
    page.script(MARKS)
    page.speak(f"{texts[0]} {texts[1]}\n\n{texts[2]}\n{texts[3]}")
    page.until(lambda: page.script("return window.marks.at(-1)") == texts[-1], "the last sentence is marked")
    marks = page.script("return window.marks")
    assert marks == [text for text in texts if text in marks], "one after another; a late look may miss one"
    page.until(lambda: page.script("return document.getElementById('audio').ended"), "it stands still")
    for number, text in enumerate(texts):
        page.press("#reading [data-seq]", number)
        page.until(lambda text=text: page.marked() == text, "each of them is marked")  # type: ignore[misc]  # called at once
    assert len(page.all("#reading p")) == 2, "paragraphs are those that were typed"
    assert page.reading() == " ".join(texts).split(), "nothing is shown twice"


def test_a_listener_goes_where_he_likes(page: Page) -> None:
    texts = clear(8)
    page.speak(" ".join(texts))
    length_s = page.until(page.length_s, "all of it is there")
    page.stand_still()
    page.until(lambda: page.words("#state").startswith("Spoken"), "the page knows that it is done")
    page.seek(length_s * 0.6)
    assert page.at_s() == pytest.approx(length_s * 0.6, abs=0.2)
    here = texts.index(page.marked())
    page.press("#on")
    page.until(lambda: page.marked() == texts[here + 1], "the next sentence")
    page.press("#back")
    page.until(lambda: page.marked() == texts[here], "the one before")
    page.press("#reading [data-seq]", 2)
    page.until(lambda: page.marked() == texts[2], "the sentence that was pressed")
    assert (page.one("#seek").get_attribute("aria-valuetext") or "").endswith("seconds")


@pytest.mark.thorough
def test_a_place_before_that_of_a_reload_is_asked_for_again(page: Page) -> None:
    """After a reload the stream begins where the listener was: what lies before is fetched when it is wanted."""
    texts = clear(8)
    second_s = seconds_of_pcm(stream_of(texts[:1]))
    page.speak(" ".join(texts))
    page.until(page.length_s, "all of it is there")
    page.until(lambda: len(page.all("#reading [data-seq]")) == len(texts), "so is its text")
    page.stand_still()
    page.press("#reading [data-seq]", 5)
    page.until(lambda: page.marked() == texts[5], "the sentence that was pressed")
    page.driver.refresh()
    page.until(lambda: page.marked() == texts[5] and page.held_from_s() > 5, "it begins there")
    page.press("#reading [data-seq]", 1)
    page.until(lambda: page.marked() == texts[1] and -1 < page.held_from_s() < 5, "it begins anew, earlier")
    page.until(lambda: page.at_s() == pytest.approx(second_s, abs=NEAR_S), "at the sentence that was pressed")
    page.press("#play")
    page.until(lambda: page.at_s() > second_s + 0.1, "and plays")
    began_s = page.script("return document.getElementById('audio').played.start(0)")
    assert began_s == pytest.approx(second_s, abs=NEAR_S), "from there"


def test_a_job_is_cancelled(page: Page, client: httpx2.Client, system: RealSystem) -> None:
    page.until(lambda: page.choose("pool", SLOW), "the slow pool is offered")
    job = page.speak(" ".join(system.held(clear(60))))
    page.until(lambda: page.at_s() > 0.1, "it is heard")
    page.press("#cancel")
    page.until(lambda: page.words("#state").startswith("Cancelled"), "the page says so")
    assert client.get(f"/v1/jobs/{job}").json()["state"] == "cancelled"
    assert not page.one("#cancel").is_displayed()
    page.until(lambda: "cancelled" in page.words("#jobs li:first-child"), "the list says so")
    page.until(page.length_s, "the element knows that no more will come")
    assert page.complaints(CUT) == []


def test_a_reload_in_the_middle_goes_on(page: Page, client: httpx2.Client, system: RealSystem) -> None:
    texts = system.held(clear(20))
    page.until(lambda: page.choose("pool", SLOW), "the slow pool is offered")
    job = page.speak(" ".join(texts))
    stored = f"return JSON.parse(sessionStorage.getItem('seriatim.place.{job}') ?? '{{}}').at ?? 0"
    page.until(lambda: page.script(stored) > 2.5, "some of it was heard")
    with page.beginning_with(LEFT % job):
        page.driver.refresh()
        began_s = page.until(lambda: page.script(BEGAN), "it goes on")
    assert client.get(f"/v1/jobs/{job}").json()["state"] == "running"
    assert began_s == pytest.approx(page.script("return window.left"), abs=NEAR_S), "where it was left"
    page.until(lambda: page.marked() in texts[1:], "and what is heard is marked")
    system.gate.touch()
    length_s = page.until(page.length_s, "it is there to its end")
    assert length_s == pytest.approx(seconds_of_pcm(stream_of(texts)), abs=NEAR_S)
    page.until(lambda: page.reading() == " ".join(texts).split(), "and all of its text")


@pytest.mark.thorough
def test_the_death_of_a_gateway_is_not_heard(page: Page, system: RealSystem) -> None:
    mortal = start(system, "mortal", at_port=free_port())
    texts = system.held(clear(10))
    here = Page(page.driver, mortal.url, page.downloads)
    here.open()
    here.until(lambda: here.choose("pool", SLOW), "the slow pool is offered")
    here.speak(" ".join(texts))
    here.until(lambda: here.at_s() > 1, "some of it was heard")
    system.end("mortal", signal.SIGKILL)
    here.until(lambda: here.one("#away").is_displayed(), "its silence is noticed")
    assert here.words("#news") == "The gateway does not respond."
    system.start("mortal", "-m", "gateway.cli.main", "serve", "--port", str(mortal.port), http_pool="tone")
    here.until(lambda: not here.one("#away").is_displayed(), "so is its return")
    system.gate.touch()
    length_s = here.until(here.length_s, "it is there to its end")
    assert length_s == pytest.approx(seconds_of_pcm(stream_of(texts)), abs=NEAR_S)
    assert here.script("return document.getElementById('audio').buffered.length") == 1, "nothing is missing"
    here.until(lambda: here.reading() == " ".join(texts).split(), "nor in its text")
    assert page.complaints(CUT, "ERR_CONNECTION") == []


def test_speech_is_saved_as_a_file(page: Page, client: httpx2.Client) -> None:
    job = page.speak("Anna: " + clear(1)[0])
    page.until(lambda: page.one("#download").is_enabled(), "it is done")
    for name in ("flac", "vtt"):
        page.choose("format", name)
        page.press("#download")
        path: Path = page.downloads / f"Anna {clear(1)[0][:-1]}.{name}"
        wait_until(lambda path=path: path.exists() and path.stat().st_size, f"{path.name} is there")  # type: ignore[misc]  # called at once; the browser keeps its name with an empty file
        if name == "flac":
            assert seconds(path.read_bytes()) == pytest.approx(
                client.get(f"/v1/jobs/{job}").json()["audio_s"], abs=0.01
            )
        else:
            assert path.read_text("utf-8").startswith("WEBVTT")


@pytest.mark.thorough
def test_a_browser_that_knows_no_media_source_hears_it_while_it_is_spoken(
    samples: Page, client: httpx2.Client, system: RealSystem
) -> None:
    texts = system.held(clear(6))
    samples.until(lambda: samples.choose("pool", SLOW), "the slow pool is offered")
    job = samples.speak(" ".join(texts))
    samples.until(lambda: samples.marked() in texts[1:], "the second sentence is heard")
    assert client.get(f"/v1/jobs/{job}").json()["state"] == "running"
    system.gate.touch()
    samples.until(lambda: samples.words("#state").startswith("Spoken"), "it is done")
    length_s = client.get(f"/v1/jobs/{job}").json()["audio_s"]
    sum_s = "return window.pieces.reduce((sum, piece) => sum + piece.length, 0)"
    samples.until(lambda: samples.script(sum_s) > length_s - 0.001, "all of it is there")
    pieces = samples.script("return window.pieces")
    assert samples.script(sum_s) == pytest.approx(length_s, abs=0.001), "each sample once"
    pauses_s = [after["when"] - piece["when"] - piece["length"] for piece, after in pairwise(pieces)]
    assert min(pauses_s) > -1e-6, "one piece follows another"
    assert min(map(abs, pauses_s)) < 1e-6
    for pause_s, piece, after in zip(pauses_s, pieces, pieces[1:], strict=False):
        assert pause_s < 1e-6 or after["now"] >= piece["when"] + piece["length"], "at once, unless it comes too late"
    assert max(piece["loudness"] for piece in pieces) > 0.1


@pytest.mark.thorough
def test_without_a_media_source_a_listener_goes_where_he_likes(samples: Page, system: RealSystem) -> None:
    texts = system.held(clear(6))
    samples.speak(" ".join(texts))
    samples.until(lambda: len(samples.all("#reading [data-seq]")) >= len(texts) - 1, "all but the last is there")
    samples.until(lambda: samples.one("#play").get_attribute("aria-label") == "Pause", "it plays")
    samples.press("#play")
    system.gate.touch()
    samples.press("#reading [data-seq]", 4)
    samples.until(lambda: samples.marked() == texts[4], "the sentence that was pressed")
    here = samples.words("#now")
    samples.driver.refresh()
    samples.until(lambda: samples.marked() == texts[4], "a reload finds the place again")
    assert samples.words("#now") == here
    samples.press("#play")
    samples.until(lambda: samples.marked() == texts[-1], "it goes on")
    samples.until(lambda: samples.one("#play").get_attribute("aria-label") == "Play", "to the end")


@pytest.mark.thorough
def test_a_sentence_that_cannot_be_spoken_is_named(page: Page, client: httpx2.Client) -> None:
    texts = ["The first is fine.", "The second is venom to all.", "The third is fine."]
    page.until(lambda: page.choose("pool", SLOW), "the slow pool is offered")
    page.speak(" ".join(texts))
    why = "configured failure on 'venom'"
    page.until(lambda: page.words("#state") == f"Failed at sentence 2: {why}", "it has failed")
    assert page.words("#news").startswith(f"Failed at sentence 2: {why}. ")
    request = {"input": " ".join(texts), "model": SLOW, "kind": "live", "gap": "skip"}
    job = client.post("/v1/jobs", json=request).json()["id"]
    page.open(f"?job={job}")
    page.until(lambda: page.words("#state") == "Spoken, 3 sentences", "another goes on without it")
    assert page.texts("#reading .gap") == [texts[1]]
    assert page.one("#reading .gap").get_attribute("title") == f"Not spoken: {why}"
    assert page.complaints(CUT) == []


@pytest.mark.thorough
def test_a_long_text_moves_in_its_frame_and_the_page_stays(page: Page) -> None:
    texts = clear(60)
    page.speak("\n\n".join(texts))
    page.until(lambda: len(page.all("#reading [data-seq]")) == 60, "all of it is there")
    page.until(lambda: page.at_s() > 0, "it has begun")
    page.stand_still()
    page.press("#reading [data-seq]", 50)
    page.until(lambda: page.marked() == texts[50], "the sentence that was pressed")
    scrolled = page.script("return scrollY")
    inside = (
        "const frame = document.getElementById('reading').getBoundingClientRect(), "
        "mark = document.querySelector('#reading [aria-current]').getBoundingClientRect(); "
        "return mark.top >= frame.top && mark.bottom <= frame.bottom"
    )
    page.seek(float(page.one("#seek").get_attribute("max") or 0))
    page.until(lambda: page.marked() == texts[59] and page.script(inside), "it is in sight")
    page.seek(0)
    page.until(lambda: page.marked() == texts[0] and page.script(inside), "and so is the first")
    assert page.script("return scrollY") == scrolled, "the page has not moved"
    assert page.script(
        "const {offsetHeight, scrollHeight} = document.getElementById('reading');"
        "return offsetHeight < innerHeight && scrollHeight > 2 * offsetHeight"
    )
