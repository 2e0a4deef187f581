"""Piper voice files: cut once for streaming, and named where they cannot be used."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from seriatim.errors import EngineUnavailable
from tests.integration.engines.piper.piper_speech import SENTENCE, chunks, one_voice
from tests.support.piper_voice import write_voice
from tests.support.process_system import ROOT
from workers.engines.engine_registry import load


class TestPiperFolders:
    def test_the_graph_is_cut_once(self, tmp_path: Path) -> None:
        voice = one_voice(tmp_path)
        load("piper", {"voices": str(tmp_path)}).close()
        (cut,) = (tmp_path / ".cut").iterdir()
        before = {path.name: path.stat().st_mtime_ns for path in cut.iterdir()}
        assert before.keys() == {"front.onnx", "decoder.onnx", "seam.json"}
        load("piper", {"voices": str(tmp_path)}).close()
        assert {path.name: path.stat().st_mtime_ns for path in cut.iterdir()} == before
        write_voice(tmp_path, voice.stem, seed=7)
        load("piper", {"voices": str(tmp_path)}).close()
        assert len(list((tmp_path / ".cut").iterdir())) == 2, "another file is cut anew"

    def test_processes_that_cut_at_once_do_not_disturb_each_other(self, tmp_path: Path) -> None:
        one_voice(tmp_path)
        with ThreadPoolExecutor(3) as threads:
            for engine in threads.map(lambda _: load("piper", {"voices": str(tmp_path)}), range(3)):
                engine.close()
        assert len(list((tmp_path / ".cut").iterdir())) == 1

    def test_cut_graphs_can_lie_elsewhere(self, tmp_path: Path) -> None:
        one_voice(tmp_path / "voices")
        engine = load("piper", {"voices": str(tmp_path / "voices"), "cache": str(tmp_path / "cache")})
        assert not (tmp_path / "voices" / ".cut").exists()
        engine.close()

    def test_a_cut_folder_that_cannot_be_written_is_named(self, tmp_path: Path) -> None:
        one_voice(tmp_path)
        (tmp_path / ".cut").write_text("a file")
        with pytest.raises(EngineUnavailable, match=r"cannot write .*\.cut: .*; keep .*--engine-option cache=DIR$"):
            load("piper", {"voices": str(tmp_path)})

    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda v: v.unlink(), r"one-medium\.onnx is missing; each voice is NAME\.onnx with NAME\.onnx\.json"),
            (
                lambda v: v.with_name(f"{v.name}.json").unlink(),
                r"\.onnx\.json: No such file .*each voice is NAME\.onnx",
            ),
            (
                lambda v: v.with_name(f"{v.name}.json").write_text("<html>"),
                r"is not the config of a Piper voice: Expec",
            ),
            (
                lambda v: v.with_name(f"{v.name}.json").write_text("[]"),
                r"is not the config of a Piper voice: .*indices",
            ),
            (lambda v: v.with_name(f"{v.name}.json").write_text("{}"), r"is not the config .*: it has no 'inference'"),
            (lambda v: v.write_bytes(v.read_bytes()[:5000]), r"cannot be used: it is not an ONNX file"),
            (lambda v: v.write_bytes(b""), r"cannot be used: expected the inputs input, .*; found \[\]"),
        ],
    )
    def test_a_broken_voice_is_named(self, tmp_path: Path, spoil: Callable[[Path], object], message: str) -> None:
        spoil(one_voice(tmp_path))
        with pytest.raises(EngineUnavailable, match=message):
            load("piper", {"voices": str(tmp_path)})
        assert not list(tmp_path.glob(".cut/*"))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"phoneme_type": "pinyin"}, "phoneme_type is 'pinyin', expected espeak or text"),
            ({"phoneme_id_map": {"a": [1]}}, "its phoneme_id_map lacks _"),
            ({"language": {"code": "../x"}}, "its language is '../x'"),
            ({"espeak": {"voice": "xx"}}, "espeak-ng has no voice 'xx'"),
        ],
    )
    def test_a_config_that_cannot_be_used_is_named(self, tmp_path: Path, change: dict[str, Any], message: str) -> None:
        one_voice(tmp_path, "en_US-one-medium", **change)
        with pytest.raises(EngineUnavailable, match=rf"one-medium\.onnx\.json.*{message}"):
            load("piper", {"voices": str(tmp_path)})

    @pytest.mark.parametrize(("name", "message"), [("", "has no voices"), ("none", "there is no folder .*models get")])
    def test_a_folder_without_voices_says_how_to_get_some(self, tmp_path: Path, name: str, message: str) -> None:
        with pytest.raises(EngineUnavailable, match=message):
            load("piper", {"voices": str(tmp_path / name)})

    def test_a_graph_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        """With a second sampling step the frames are not the only random part."""
        import onnx

        voice = one_voice(tmp_path)
        model = onnx.load(str(voice))
        (prior,) = (node for node in model.graph.node if node.name == "/RandomNormalLike")
        prior.op_type = "RandomUniformLike"
        prior.input[0] = "scales"
        onnx.save(model, str(voice))
        with pytest.raises(EngineUnavailable, match="expected one step that draws the latent frames, as VITS has"):
            load("piper", {"voices": str(tmp_path)})

    @pytest.mark.thorough
    def test_a_decoder_that_looks_far_is_not_streamed(self, tmp_path: Path) -> None:
        """Its windows would differ from the whole: how much context is enough is measured when the graph is cut."""
        seams = []
        for kernel in (5, 101, 401):
            one_voice(tmp_path / str(kernel), kernel=kernel)
            engine = load("piper", {"voices": str(tmp_path / str(kernel))})
            (seam,) = (tmp_path / str(kernel)).glob(".cut/*/seam.json")
            seams.append((json.loads(seam.read_text())["left"], len(chunks(engine, SENTENCE, "")) > 3))
            engine.close()
        assert seams == [(34, True), (64, True), (-1, False)]

    def test_it_needs_no_network(self, folder: Path) -> None:
        program = (
            "import sys\n"
            "def refuse(event, arguments):\n"
            "    if event.startswith('socket.') and event != 'socket.__new__': raise RuntimeError(event)\n"
            "sys.addaudithook(refuse)\n"
            "from seriatim.engine import Utterance; from workers.engines.engine_registry import load\n"
            "engine = load('piper', {'voices': sys.argv[1]})\n"
            "print(sum(len(c.pcm) for c in engine.speak(Utterance('Hello.'), lambda: False)))"
        )
        command = [sys.executable, "-c", program, str(folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) > 10_000
