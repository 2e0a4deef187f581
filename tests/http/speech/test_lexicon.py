"""A lexicon over HTTP: its words are spoken otherwise, captions stay, and what has no effect is said."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.http.api_keys import read_keys
from seriatim.errors import Misconfigured
from tests.http.clients.test_stream_socket import calling
from tests.http.gateways import Gateway, start
from tests.http.speech.test_markup import captions
from tests.support.process_system import RealSystem

TEXT = "Nguyen made a GIF."


def spoken_bytes(client: httpx2.Client, **options: Any) -> int:
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "pcm"} | options)
    assert answer.status_code == 200, answer.text
    return len(answer.content)


def test_words_are_respelled(client: httpx2.Client) -> None:
    plain = spoken_bytes(client)
    assert spoken_bytes(client, lexicon={"Nguyen": "Mister Nguyen Win"}) > plain
    assert spoken_bytes(client, lexicon=[{"word": "gif", "say": "graphics interchange format"}]) > plain
    assert spoken_bytes(client, lexicon=[{"word": "GIF", "say": "long, long, long", "language": "de"}]) == plain


def test_captions_show_what_is_written(client: httpx2.Client) -> None:
    assert captions(client, input=TEXT, lexicon={"GIF": "jif"}) == [TEXT]


def test_phonemes_that_the_engine_does_not_take_are_warned_of(client: httpx2.Client) -> None:
    body = {"input": TEXT, "lexicon": {"Nguyen": "/wɪn/", "GIF": "jif /dʒɪf/"}}
    answer = client.post("/v1/audio/speech", json=body)
    assert (
        "takes no phonemes: a lexicon entry without a respelling, read as written" in answer.headers["seriatim-warning"]
    )


def test_a_lexicon_that_is_wrong_is_refused(client: httpx2.Client) -> None:
    for lexicon, message in [
        ({"GIF": "a/b"}, "expected a respelling"), ({"GIF": ""}, "expected a respelling"), ([{"wrd": "x"}], "lexicon"),
    ]:  # fmt: skip
        answer = client.post("/v1/audio/speech", json={"input": TEXT, "lexicon": lexicon})
        assert answer.status_code == 400, answer.text
        assert message in answer.text


ANNA, BEN = "anna-0123456789abcdef", "ben-0123456789abcdef"
#: a word that each lexicon has, from the one that counts first to the last, with respellings of different lengths
WORDS = {"Request": 10, "Key": 20, "Pool": 30, "House": 40}
AS_IN_FILES = " ".join(WORDS)


def respelling(owner: str) -> str:
    """A respelling whose length says whose lexicon it is from."""
    return "a" * WORDS[owner]


def entries(owner: str) -> dict[str, str]:
    """The entries of a lexicon: its own word, and the words of all that count after it."""
    words = list(WORDS)
    return dict.fromkeys(words[words.index(owner) :], respelling(owner))


def lexicon_file(folder: Path, owner: str) -> Path:
    path = folder / f"{owner}.txt"
    path.write_text("".join(f"{word} = {say}\n" for word, say in entries(owner).items()), "utf-8")
    return path


@pytest.fixture(scope="module")
def with_files(system: RealSystem) -> Gateway:
    """A gateway with a lexicon for every text, one of its pool, and one of Anna's key."""
    files = {owner: lexicon_file(system.folder, owner) for owner in ("Key", "Pool", "House")}
    keys = system.folder / "lexicon-keys.toml"
    keys.write_text(
        f'[[key]]\nkey = "{ANNA}"\nuser = "anna"\nlexicon = "Key.txt"\n[[key]]\nkey = "{BEN}"\nuser = "ben"\n', "utf-8"
    )
    return start(system, "lexicons", http_keys_file=keys, lexicon=files["House"], pool_lexicons=f"tone={files['Pool']}")


def spoken_by(gateway: Gateway, way: str, key: str, **options: Any) -> int:
    """How many bytes of samples a text has, by one of the ways to get it."""
    if way == "socket":
        with calling(gateway) as caller:
            caller.say("start", key=key, **options)
            caller.say("text", text=AS_IN_FILES)
            caller.say("close")
            caller.until("end")
            return len(caller.sound)
    with gateway.client(key) as client:
        if way == "speech":
            body = {"input": AS_IN_FILES, "response_format": "pcm"} | options
            answer = client.post("/v1/audio/speech", json=body)
        else:
            job = client.post("/v1/jobs", json={"input": AS_IN_FILES} | options).json()["id"]
            answer = client.get(f"/v1/jobs/{job}/audio?format=pcm")
        assert answer.status_code == 200, answer.text
        return len(answer.content)


@pytest.mark.parametrize("way", ["speech", "socket", "job"])
def test_a_request_counts_before_its_key_and_that_before_its_pool_and_house(
    with_files: Gateway, gateway: Gateway, way: str
) -> None:
    def as_if_from(*owners: str) -> int:
        """The same text where a request says whose respelling each word has."""
        lexicon = {word: respelling(owner) for word, owner in zip(WORDS, owners, strict=True) if owner}
        return spoken_by(gateway, way, "", lexicon=lexicon)

    request = {"Request": respelling("Request")}
    everyone = spoken_by(with_files, way, ANNA, lexicon=request)
    assert everyone == as_if_from("Request", "Key", "Key", "Key")
    assert spoken_by(with_files, way, ANNA) == as_if_from("", "Key", "Key", "Key")
    assert spoken_by(with_files, way, BEN) == as_if_from("", "", "Pool", "Pool")
    assert spoken_by(with_files, way, BEN, lexicon={"House": respelling("Request")}) == as_if_from(
        "", "", "Pool", "Request"
    )


def warning_of(gateway: Gateway, way: str, key: str) -> str:
    """What a text's warning says, by one of the ways to speak it; "" without one."""
    if way == "socket":
        with calling(gateway) as caller:
            caller.say("start", key=key)
            started = caller.until("started")
            caller.say("close")
            caller.until("end")
            return str(started.get("warning", ""))
    with gateway.client(key) as client:
        answer = client.post("/v1/audio/speech" if way == "speech" else "/v1/jobs", json={"input": TEXT})
        assert answer.is_success, answer.text
        if way == "job":
            job = client.get(f"/v1/jobs/{answer.json()['id']}").json()
            assert job["warning"] == answer.headers.get("seriatim-warning", "")
        return str(answer.headers.get("seriatim-warning", ""))


@pytest.mark.parametrize("way", ["speech", "socket", "job"])
def test_phonemes_of_a_keys_lexicon_are_warned_of(system: RealSystem, with_files: Gateway, way: str) -> None:
    path = system.folder / "Key.txt"
    before = path.read_text("utf-8")
    path.write_text("GIF = /dʒɪf/\nNguyen = /wɪn/\n", "utf-8")  # read again by the gateway, which runs
    try:
        warned, plain = (warning_of(with_files, way, key) for key in (ANNA, BEN))
    finally:
        path.write_text(before, "utf-8")
    assert "takes no phonemes: 2 lexicon entries" in warned
    assert plain == ""


def test_phonemes_of_markup_that_the_engine_does_not_take_are_warned_of(client: httpx2.Client) -> None:
    text = '<speak>A <phoneme ph="ɡɪf">GIF</phoneme> and a GIF.</speak>'
    answer = client.post("/v1/audio/speech", json={"input": text, "markup": "ssml"})
    assert answer.headers["seriatim-warning"] == "without effect: <phoneme>"
    assert captions(client, input=text, markup="ssml") == ["A GIF and a GIF."]


@pytest.mark.parametrize(
    ("entry", "message"),
    [("lexicon = 5", "expected the name of a file"), ('lexicon = "none.txt"', "No such file or directory; lexicon of")],
)
def test_a_key_with_a_lexicon_that_cannot_be_read_is_refused(tmp_path: Path, entry: str, message: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(f'[[key]]\nkey = "{ANNA}"\nuser = "anna"\n{entry}\n', "utf-8")
    with pytest.raises(Misconfigured, match=message):
        read_keys(str(path))
