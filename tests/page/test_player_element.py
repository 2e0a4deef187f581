"""The element `<seriatim-player>` on a page of another origin: it reads the page and marks what sounds."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.http.gateways import Gateway, start
from tests.page.browser import Page, browser
from tests.support.process_system import RealSystem

PAGE = """<!doctype html><html lang="en"><title>News</title>
<script type="module" src="{gateway}/client/player-element.js"></script>
<seriatim-player id="player" for="article" model="tone"></seriatim-player>
<article id="article"><h1>The harbour</h1>
<p>The <em>first</em> boat came at <b>7</b>. It was
blue.</p><style>p {{ color: black }}</style><p hidden>Nobody hears this.</p><p>The second was red.</p></article>
<seriatim-player id="own" model="tone">Read me instead. And me.</seriatim-player>
<seriatim-player id="lost" for="nothing"></seriatim-player>
<seriatim-player id="refused" model="tone" speed="99">Too quick.</seriatim-player>
<seriatim-player id="long" model="tone">{long}</seriatim-player>
<seriatim-player id="held" model="tone">{held}</seriatim-player>
"""
SENTENCES = ["The harbour", "The first boat came at 7.", "It was\nblue.", "The second was red."]
WATCH = """
window.heard = []; window.marks = [];
for (const player of document.querySelectorAll("seriatim-player")) {
  const hear = ({type}) => heard.push([player.id, type]);
  for (const name of ["play", "pause", "end", "stop", "error"]) player.addEventListener(name, hear);
  const mark = () => marks.push([...CSS.highlights.get("seriatim-sentence") ?? []].map(String).join());
  player.addEventListener("sentence", mark);
}
"""


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def site(system: RealSystem, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Gateway]]:
    """A site that has the players, in a browser, and the gateway that allows the site's origin."""
    folder = tmp_path_factory.mktemp("site")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gateway = start(system, "gateway-site", http_cors=f"http://127.0.0.1:{server.server_port}")
    long = " ".join(f"This is sentence number {n} of many." for n in range(200))
    held = " ".join(system.held(["Read me instead."]))
    Path(folder / "index.html").write_text(PAGE.format(gateway=gateway.url, long=long, held=held), "utf-8")
    with browser(tmp_path_factory.mktemp("site-browser"), f"http://127.0.0.1:{server.server_port}") as made:
        yield made, gateway
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(site: tuple[Page, Gateway]) -> Page:
    """The site as on a first visit."""
    made, _ = site
    made.driver.get(made.url)
    made.until(lambda: made.script("return Boolean(customElements.get('seriatim-player'))"), "the element is defined")
    made.script(WATCH)
    return made


IN_SHADOW = "document.getElementById(arguments[0]).shadowRoot.querySelector(`[part=${arguments[1]}]`)"


def press(page: Page, player: str, part: str = "play") -> None:
    """Press a button in the element's shadow."""
    page.script(f"{IN_SHADOW}.click()", player, part)


def state(page: Page, player: str) -> str:
    return str(page.script("return document.getElementById(arguments[0]).state", player))


def test_an_article_is_read_and_each_sentence_marked_where_it_stands(page: Page) -> None:
    press(page, "player")
    page.until(lambda: ["player", "end"] in page.script("return heard"), "it is read to its end")
    assert page.script("return marks") == SENTENCES
    assert page.script("return heard") == [["player", "play"], ["player", "end"]]
    assert state(page, "player") == "idle"
    assert page.script("return CSS.highlights.has('seriatim-sentence')") is False


def test_one_player_sounds_at_a_time(page: Page) -> None:
    press(page, "long")
    page.until(lambda: state(page, "long") == "playing", "it plays")
    press(page, "own")
    page.until(lambda: ["own", "end"] in page.script("return heard"), "the other is read to its end")
    assert page.script("return heard.filter(([id]) => id === 'long')") == [["long", "play"], ["long", "stop"]]
    assert page.script("return marks").count("Read me instead.") == 1


def test_of_two_that_are_asked_at_once_one_sounds(page: Page) -> None:
    page.script("document.getElementById('long').play(); document.getElementById('own').play()")
    page.until(lambda: ["own", "end"] in page.script("return heard"), "the last one is read to its end")
    assert page.script("return heard.filter(([id]) => id === 'long')") == [["long", "stop"]]
    assert page.script("return marks") == ["Read me instead.", "And me."]


@pytest.mark.thorough
def test_a_pause_keeps_the_place(page: Page, system: RealSystem) -> None:
    texts = system.held(["Read me instead."])
    press(page, "held")
    page.until(lambda: state(page, "held") == "playing", "it plays")
    press(page, "held")
    assert state(page, "held") == "paused"
    system.gate.touch()
    press(page, "held")
    page.until(lambda: ["held", "end"] in page.script("return heard"), "it is read to its end")
    assert page.script("return heard") == [["held", name] for name in ("play", "pause", "play", "end")]
    assert page.script("return marks") == texts


def test_stop_ends_the_job(page: Page, site: tuple[Page, Gateway], system: RealSystem) -> None:
    page.script(
        "const player = document.getElementById('long'), speak = player.client.speak.bind(player.client);"
        "player.client.speak = (...given) => window.speech = speak(...given)"
    )
    press(page, "long")
    page.until(lambda: state(page, "long") == "playing", "it plays")
    press(page, "long", "stop")
    job = page.script("return speech.job")
    page.until(lambda: system.producer().attach(job).status().state == "cancelled", "its job has ended")
    assert state(page, "long") == "idle"


@pytest.mark.parametrize(("player", "message"), [("lost", "nothing"), ("refused", "speed")])
def test_an_error_is_shown(page: Page, player: str, message: str) -> None:
    press(page, player)
    page.until(lambda: page.script("return heard") == [[player, "error"]], "it says so")
    shown = page.script(f"return {IN_SHADOW}.textContent", player, "status")
    assert message in str(shown)
    assert state(page, player) == "idle"
