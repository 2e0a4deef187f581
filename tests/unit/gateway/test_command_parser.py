"""Arguments of the command line that are left out, and what that means."""

import argparse
import sys
from io import BytesIO, TextIOWrapper

import pytest

from gateway.cli import parser, parser_parts
from gateway.cli.commands.tune import engine_to_measure
from gateway.cli.main import COMMANDS, main
from seriatim.settings import Settings


def parsed(*words: str) -> argparse.Namespace:
    return parser.build_parser(COMMANDS).parse_args(words)


@pytest.mark.parametrize("command", [("speak",), ("up",), ("voices",), ("voices", "list"), ("voices", "add", "a", "b")])
def test_the_model_is_an_option_of_the_engine(command: tuple[str, ...]) -> None:
    options = parsed(*command, "--engine-option", "rtf=1", "--model", "models/mine")
    assert parser_parts.engine_options(options) == ("rtf=1", "model=models/mine")
    assert parser_parts.engine_options(parsed(*command)) == ()


def test_what_was_said_before_an_action_stays_said() -> None:
    options = parsed("voices", "--engine", "tone", "--model", "m", "--json", "list")
    assert (options.action, options.engine, options.model, options.json) == ("list", "tone", "m", True)


@pytest.mark.parametrize(
    ("words", "processes"),
    [
        (("--engine", "tone"), parser_parts.CORES),
        (("--engine", "xtts"), 1),
        (("--engine", "xtts", "--workers", "2"), 2),
    ],
)
def test_an_engine_that_fills_the_machine_has_one_process(words: tuple[str, ...], processes: int) -> None:
    assert parser_parts.processes(parsed("speak", *words)) == processes


@pytest.mark.parametrize(
    ("chars", "words", "processes"),
    [
        (80, (), 1),
        (20_000_000, ("--engine", "tone"), parser_parts.CORES),
        (80, ("--workers", "3"), 3),
        (20_000_000, ("--engine", "xtts"), 1),
    ],
)
def test_a_short_text_loads_one_engine(chars: int, words: tuple[str, ...], processes: int) -> None:
    assert parser_parts.processes(parsed("speak", *words), "x" * chars) == processes


@pytest.mark.parametrize(
    ("cores", "chars", "words", "workers"),
    [
        (2, 20_000_000, (), (1, 2)),
        (5, 20_000_000, (), (3, 2)),
        (2, 80, (), (1, 0)),
        (1, 20_000_000, (), (1, 0)),
        (2, 20_000_000, ("--workers", "2"), (2, 0)),
        (2, 20_000_000, ("--engine-option", "slots=3"), (1, 0)),
        (2, 20_000_000, ("--engine", "espeak"), (2, 0)),
    ],
)
def test_two_cores_share_one_model_of_hibari(
    monkeypatch: pytest.MonkeyPatch, cores: int, chars: int, words: tuple[str, ...], workers: tuple[int, int]
) -> None:
    """Processes and the slots of each, 0: the engine's own. So a book takes 0.2 GB less on two cores."""
    monkeypatch.setattr(parser_parts, "CORES", cores)
    options = parsed("book", "novel.epub", *(() if "--engine" in words else ("--engine", "hibari")), *words)
    plan = parser_parts.worker_plan(options, "x" * chars)
    assert (plan.processes, plan.slots) == workers


def test_every_command_that_talks_to_redis_takes_its_address() -> None:
    """`seriatim worker` has a grammar of its own, and the same option (tests/integration/operation/test_workers.py)."""
    words = {
        "book": ["novel.epub"], "book fix": ["novel.m4b"], "batch": ["texts", "-o", "spoken"], "cancel": ["j"],
        "timeline": ["j"], "healthcheck": ["worker"], "cache": ["warm", "menu.txt"],
    }  # fmt: skip
    for command in set(COMMANDS) - {"models", "text", "tune"}:
        assert parsed(command, *words.get(command, []), "--redis", "redis://there/0").redis == "redis://there/0"


@pytest.mark.parametrize(
    ("words", "engine"), [((), "tone"), (("--model", "models/xtts-v2"), "xtts"), (("--engine", "piper"), "piper")]
)
def test_tune_measures_the_default_engine_unless_its_user_names_another(words: tuple[str, ...], engine: str) -> None:
    assert engine_to_measure(parsed("tune", *words), Settings(engine="tone")) == engine


@pytest.mark.parametrize("words", [
    ("tune", "--engine", "espeak", "--language", "German"),
    ("voices", "add", "anna", "anna.wav", "--model", "m", "--language", "deu"),
])  # fmt: skip
def test_a_language_may_be_named_in_english_everywhere(words: tuple[str, ...]) -> None:
    assert parsed(*words).language == "de"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("serve", "--port", "65536"), "--port: 65536; expected a port, from 0 to 65535"),
        (("flower", "--port", "-1"), "--port: -1; expected a port, from 0 to 65535"),
        (("healthcheck", "gateway", "--port", "http"), "--port: http; expected a port, from 0 to 65535"),
        (("up", "--http", "65536"), "--http: 65536; expected a port, from 0 to 65535"),
        (("up", "--port", "0"), "--port: 0; expected a port, from 1 to 65535"),
        (("up", "--port", "65536"), "--port: 65536; expected a port, from 1 to 65535"),
        (("up", "--slots", "two"), "--slots: two; expected 1 or more"),
        (("speak", "--workers", "0"), "--workers: 0; expected 1 or more"),
        (("book", "a.txt", "--loudness", "nan"), "--loudness: nan; expected -40 to -16, such as -20"),
    ],
)
def test_a_number_out_of_range_is_refused_with_what_is_expected(
    words: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port beyond the last one would be served as another port."""
    with pytest.raises(SystemExit) as refused:
        parsed(*words)
    assert refused.value.code == 2
    assert capsys.readouterr().err.startswith(f"seriatim {words[0]}: argument {complaint}; seriatim ")


@pytest.mark.parametrize(("option", "value"), [("--port", "1"), ("--http", "0"), ("--http", "65535")])
def test_a_port_in_range_is_taken(option: str, value: str) -> None:
    assert getattr(parsed("up", option, value), option.strip("-")) == int(value)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("spaek", "a.txt"), "seriatim: unknown command 'spaek'; nearest: speak; seriatim --help shows all commands"),
        (
            ("speak", "a.txt", "--voise", "anna"),
            "seriatim speak: unknown option '--voise'; nearest: --voice, --voices; "
            "seriatim speak --help shows all options",
        ),
        (("speak", "a", "b"), "seriatim speak: unexpected argument 'b'; seriatim speak --help shows all options"),
        (
            ("batch",),
            "seriatim batch: the following arguments are required: DIR|LIST, -o/--output; "
            "seriatim batch --help shows all options",
        ),
        (
            ("batch", "in", "-o", "out", "--retries", "99"),
            "seriatim batch: argument --retries: 99; expected a number from 0 to 10; "
            "seriatim batch --help shows all options",
        ),
        (
            ("book", "--", "a.txt", "--plan"),
            "seriatim book: option --plan stands behind --, where every word is an argument; put it before --; "
            "seriatim book --help shows all options",
        ),
        (
            ("book", "-a.epub", "-oc.m4b"),
            "seriatim book: the following arguments are required: FILE; a file of that name is ./-a.epub; "
            "seriatim book --help shows all options",
        ),
        (
            ("voices", "ply"),
            "seriatim voices: unknown action 'ply'; nearest: play; seriatim voices --help shows all options",
        ),
        (
            ("cache", "warm", "--each", "lin"),
            "seriatim cache warm: argument --each: unknown value 'lin'; nearest: line; "
            "seriatim cache warm --help shows all options",
        ),
    ],
)
def test_a_misspelt_word_is_answered_in_one_line_with_the_nearest(
    words: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        parsed(*words)
    assert (refused.value.code, capsys.readouterr().err) == (2, f"{line}\n")


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_a_terminal_of_any_encoding_shows_every_character(monkeypatch: pytest.MonkeyPatch, errors: str) -> None:
    """Also bytes of a file's name that are no UTF-8, and in the C locale."""
    out = TextIOWrapper(BytesIO(), encoding="ascii", errors=errors)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO("Café, 5 €.".encode())))
    assert main(["text", "--reading", "off"]) == 0
    out.flush()
    assert b"Caf\\xe9, 5 \\u20ac." in out.buffer.getvalue()
