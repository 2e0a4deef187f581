"""The JavaScript player of clients/js in a browser, on a page of another origin, against a real gateway."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.http.gateways import clear, start
from tests.page.browser import Page, browser
from tests.support.process_system import ROOT, RealSystem

RECORD = """
const sent = [];
const recordingWebSocket = () => class extends WebSocket {
  send(text) {
    sent.push(JSON.parse(text));
    super.send(text);
  }
};
"""
PLAY = """
const [gateway, text, done] = arguments;
const {Seriatim, SpeechPlayer} = await import("/src/index.js");
const seriatim = new Seriatim(gateway, {WebSocket: recordingWebSocket()}), player = new SpeechPlayer();
const speech = seriatim.speak(text, {model: "tone"}), sounding = [];
player.addEventListener("sentence", ({detail}) => sounding.push([detail.seq, detail.startMs, player.positionMs]));
const began = performance.now();
const whole = await player.play(speech);
seriatim.close();
done({
  whole, sounding, tookMs: performance.now() - began, lengthMs: speech.durationMs, sentences: speech.sentences,
  job: speech.job, sent,
});
"""
STOP = """
const [gateway, text, done] = arguments;
const {Seriatim, SpeechPlayer} = await import("/src/index.js");
const seriatim = new Seriatim(gateway, {WebSocket: recordingWebSocket()}), player = new SpeechPlayer();
const speech = seriatim.speak(text, {model: "tone", window_ms: 3000});
player.addEventListener("sentence", ({detail}) => detail.seq === 0 && player.stop());
const whole = await player.play(speech);
await speech.cancel();
done({whole, job: speech.job, position: player.positionMs, sent});
"""


def program(code: str) -> str:
    """A script that may wait, and knows what the client has sent to the gateway."""
    return f"(async () => {{{RECORD}{code}}}).apply(null, arguments)"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves the files of the client, as any web server does."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def player_page(system: RealSystem, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page whose origin the gateway allows; its `url` is the gateway's."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(ROOT / "clients" / "js")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    gateway = start(system, "gateway-player", http_cors=origin)
    with browser(tmp_path_factory.mktemp("player"), gateway.url) as made:
        made.driver.get(f"{origin}/package.json")
        yield made
    server.shutdown()
    server.server_close()


def test_a_speech_is_played_to_its_end_and_sentences_are_shown_when_they_sound(player_page: Page) -> None:
    played = player_page.later(program(PLAY), player_page.url, " ".join(clear(3)))
    assert played["whole"] is True
    assert played["lengthMs"] > 3_000
    assert played["tookMs"] >= played["lengthMs"], "it is played at the speed of speech"
    assert [seq for seq, _, _ in played["sounding"]] == [0, 1, 2]
    for _, start_ms, position_ms in played["sounding"]:
        assert start_ms <= position_ms <= played["lengthMs"]
    assert [each["startMs"] for each in played["sentences"]] == [start_ms for _, start_ms, _ in played["sounding"]]
    reports = [message for message in played["sent"] if message["type"] == "heard"]
    assert {report["job"] for report in reports} == {played["job"]}
    positions = [report["ms"] for report in reports]
    assert positions == sorted(positions)
    assert positions[-1] > played["lengthMs"], "the gateway learns of the end, which it sent long before"


def test_stop_ends_playback_and_the_job(player_page: Page, system: RealSystem) -> None:
    text = " ".join(clear(60))
    stopped = player_page.later(program(STOP), player_page.url, text)
    assert (stopped["whole"], stopped["position"]) == (False, 0)
    assert system.producer().attach(stopped["job"]).status().state == "cancelled"
    kinds = [message["type"] for message in stopped["sent"] if message["type"] != "received"]
    assert kinds[-2:] == ["heard", "cancel"], "and how much of it was played"
