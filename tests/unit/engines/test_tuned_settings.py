"""Tuned settings, the verdicts of `seriatim tune`: one for each device, engine and set of options, kept in a file."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from seriatim.errors import Misconfigured, Unwritable
from seriatim.process.process_range import ProcessRange
from workers.__main__ import _build_parser, _slot_arguments, _suiting
from workers.tune.device_name import device_name, processor_name
from workers.tune.tuned_settings import TunedSetting, TunedSubject, find_setting, keep_setting

FOUND = TunedSetting(8, 2, 4, 12.5, 320, "2026-11-29")
CPU = TunedSubject.of("a processor, 8 cores", "xtts", {"model": "/models/xtts"})


def arguments(*words: str) -> argparse.Namespace:
    return _build_parser().parse_args(["--engine", "xtts", *words])


def test_a_verdict_is_found_for_its_device_engine_and_options_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "tuned.json"
    assert find_setting(file, CPU) is None
    keep_setting(file, CPU, FOUND)
    assert find_setting(file, CPU) == FOUND
    for other in (replace(CPU, device="NVIDIA L4"), replace(CPU, engine="piper"), replace(CPU, options="")):
        assert find_setting(file, other) is None


def test_a_new_verdict_replaces_the_one_before_and_no_other(tmp_path: Path) -> None:
    file, gpu = tmp_path / "tuned.json", replace(CPU, device="NVIDIA L4")
    keep_setting(file, CPU, FOUND)
    keep_setting(file, gpu, replace(FOUND, slots=48, processes=1))
    keep_setting(file, CPU, replace(FOUND, slots=4))
    found = {subject: find_setting(file, subject) for subject in (CPU, gpu)}
    assert {subject: setting.slots for subject, setting in found.items() if setting} == {CPU: 4, gpu: 48}
    assert len(json.loads(file.read_text("utf-8"))["settings"]) == 2
    assert list(tmp_path.iterdir()) == [file]


def test_a_subject_is_what_was_given_without_what_is_tuned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From whatever folder the command is called."""
    monkeypatch.chdir(tmp_path)
    user_options = {"slots": "3", "threads": "2", "rtf": "1", "model": "mine"}
    assert TunedSubject.of("d", "e", user_options).options == f"model={tmp_path}/mine rtf=1"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"settings": [{"device": "d"}]}'])
def test_a_file_of_something_else_is_neither_read_nor_overwritten(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tuned.json"
    file.write_text(text)
    with pytest.raises(
        Misconfigured, match=r"tuned\.json \(SERIATIM_TUNED_FILE\) has no tuned settings: .*move it away"
    ):
        find_setting(file, CPU)
    with pytest.raises(Misconfigured):
        keep_setting(file, CPU, FOUND)
    assert file.read_text() == text


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable, match="set SERIATIM_TUNED_FILE"):
        keep_setting(tmp_path / "file" / "below" / "tuned.json", CPU, FOUND)


def test_slots_auto_takes_what_was_tuned_and_says_so() -> None:
    auto = arguments("--slots", "auto", "--processes", "auto")
    found = [
        "--slots",
        "8",
        "--slots-from",
        "tuned on 2026-11-29",
        "--tuned-x",
        "0.7812",
        "--engine-option",
        "threads=4",
    ]
    assert _slot_arguments(auto, FOUND) == found
    assert _suiting(auto, FOUND) == ProcessRange(1, 2)
    assert _slot_arguments(auto, None) == ["--slots-from", "engine; not tuned"]
    assert _suiting(auto, None) == ProcessRange(1, 1), "it fills the machine"


def test_threads_are_those_of_as_many_processes_and_what_is_given_counts_first() -> None:
    assert _slot_arguments(arguments("--slots", "auto"), FOUND) == found_slots()
    two_processes = arguments("--slots", "auto", "--processes", "2", "--engine-option", "threads=1")
    assert _slot_arguments(two_processes, FOUND) == found_slots()
    assert _slot_arguments(arguments("--slots", "3"), None) == ["--slots", "3", "--slots-from", "given"]
    assert _slot_arguments(arguments(), None) == ["--slots-from", "engine"]
    assert _suiting(arguments("--processes", "1..3"), FOUND) == ProcessRange(1, 3)


def found_slots() -> list[str]:
    return ["--slots", "8", "--slots-from", "tuned on 2026-11-29", "--tuned-x", "0.7812"]


def test_a_processor_is_named_with_the_cores_that_may_be_used() -> None:
    info = "processor\t: 0\nmodel name\t: AMD EPYC 9354\nprocessor\t: 1\nmodel name\t: AMD EPYC 9354\n"
    assert processor_name(info, 2) == "AMD EPYC 9354, 2 cores"
    assert processor_name(info, 1) == "AMD EPYC 9354, 1 core"
    assert processor_name("", 2).endswith(", 2 cores")


def test_an_engine_that_uses_no_gpu_is_tuned_for_the_processor() -> None:
    assert device_name("espeak", {}) == device_name("xtts", {"device": "cpu"})
    assert "core" in device_name("tone", {}, {"CUDA_VISIBLE_DEVICES": "0"})
