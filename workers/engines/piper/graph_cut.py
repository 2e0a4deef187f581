"""The graph cut of a Piper voice: `python -m workers.engines.piper.graph_cut VOICE.onnx FOLDER`, once for each voice.

A Piper voice is one ONNX graph (VITS), from phoneme ids to samples, that draws random numbers on its way: a sentence's
bytes then depend on all that was spoken before it, and no sample comes out before the last one is computed. Here the
graph becomes two files. The front takes the ids and the noise of the durations, and gives the distribution of the
latent frames; the worker draws those from the sentence's seed; the decoder makes sound of any stretch of frames.

    ids, lengths, scales, noise -> front.onnx -> mean, logs, mask, frames of each id
    latent = mean + noise · exp(logs) · noise_scale
    latent, mask (a window of frames) -> decoder.onnx -> samples

The halves are compared with the whole, without noise, before they are kept: a graph of another build is refused, not
spoken wrongly. Windows are compared with all frames at once: their context is the smallest one that is enough, or none
is, and the voice is decoded in one piece. A process of its own does it, so that no worker keeps its 400 MB.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from seriatim.errors import EngineUnavailable, SeriatimError
from seriatim.process.error_report import report_error
from workers.engines.piper.decoder_windows import CONTEXTS, WHOLE, Context, decode_frames

FRONT, DECODER, SEAM = "front.onnx", "decoder.onnx", "seam.json"
NOISE = "duration_noise"  #: the front's new input: float32[1, 2, ids]
NOISE_CHANNELS = 2  #: of VITS' stochastic duration predictor
PHONEME_INPUTS = {"input", "input_lengths"}  #: what depends on these is of the sentence, the rest of the speaker
ENOUGH = (
    1e-3  #: of a sample -1..1 between the whole graph and its halves: float rounding; a wrong cut gives 0.1 and more
)
WINDOW_ENOUGH = 2e-4  #: between windows and all frames at once, 6 of 32,767; joe (medium) has 3e-5
PROBE_IDS = 120  #: some two seconds of arbitrary phonemes: several windows

Samples = npt.NDArray[np.float32]


def main(arguments: list[str]) -> int:
    """Cut one voice; returns the exit status, with the reason on stderr."""
    try:
        cut_voice(*map(Path, arguments))
    except SeriatimError as error:
        return report_error(error)
    return 0


def cut_voice(voice: Path, folder: Path) -> None:
    """Write the two halves of a voice and their seam into `folder`, which appears complete or not at all.

    Raises:
        EngineUnavailable: the file is no graph of a Piper voice, or the folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".cut-", dir=folder.parent))
    except OSError as error:
        raise EngineUnavailable(
            f"cannot write {folder.parent}: {error.strerror}; keep the cut graphs elsewhere: --engine-option cache=DIR"
        ) from error
    try:
        seam = split_graph(_read_model(voice), unfinished)
        seam |= _measure_seam(voice, unfinished, seam)
        (unfinished / SEAM).write_text(json.dumps(seam, indent=1) + "\n", "utf-8")
        unfinished.chmod(0o755)  # mkdtemp's is private; other users' workers read it
        _rename(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def split_graph(model: onnx.ModelProto, folder: Path) -> dict[str, Any]:
    """Write front.onnx and decoder.onnx; returns the names of the tensors between them.

    Raises:
        EngineUnavailable: the graph is not that of a Piper voice.
    """
    graph = _VoiceGraph(model)
    mean, logs, latent = graph.find_latent()
    durations = graph.find_durations()
    has_noise = graph.feed_noise_from_outside(latent)
    decoder_nodes, inside = graph.descendants(latent)
    crossing = graph.inputs_of(decoder_nodes) - inside - graph.constants
    seam = sorted(name for name in crossing if graph.sources_of(name) & PHONEME_INPUTS)
    of_speaker = sorted(set().union(*(graph.sources_of(name) for name in crossing - set(seam))) - PHONEME_INPUTS)
    inputs = [each.name for each in model.graph.input]
    output = model.graph.output[0].name
    for name in (mean, logs, latent, *seam, *durations):  # where shapes cannot be inferred; all are of floats
        model.graph.value_info.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    try:
        extractor = onnx.utils.Extractor(model)
        onnx.save(extractor.extract_model(inputs, [mean, logs, *seam, *durations]), str(folder / FRONT))
        onnx.save(extractor.extract_model([latent, *seam, *of_speaker], [output]), str(folder / DECODER))
    except (KeyError, ValueError) as error:
        raise EngineUnavailable(f"the graph cannot be cut: {error}") from error
    return {
        "mean": mean, "logs": logs, "latent": latent, "seam": seam, "durations": durations,
        "noise": has_noise, "speaker": "sid" in of_speaker,
    }  # fmt: skip


class _VoiceGraph:
    """A graph's nodes by what they give and take."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = model.graph
        self._producers = {name: node for node in model.graph.node for name in node.output}
        self._inputs = {each.name for each in model.graph.input}
        self.constants = {each.name for each in model.graph.initializer} | {""}
        if not self._inputs >= {*PHONEME_INPUTS, "scales"} or len(model.graph.output) != 1:
            raise EngineUnavailable(
                f"expected the inputs input, input_lengths and scales, and one output; found {sorted(self._inputs)}"
            )

    def find_latent(self) -> tuple[str, str, str]:
        """The names of mean, logs and latent in `latent = mean + noise · exp(logs) · noise_scale`.

        Raises:
            EngineUnavailable: there is no such step, or several.
        """
        found = [latent for node in self._random_nodes() if (latent := self._latent_of(node))]
        if len(found) != 1:
            raise EngineUnavailable(f"expected one step that draws the latent frames, as VITS has, found {len(found)}")
        return found[0]

    def find_durations(self) -> list[str]:
        """The name of the tensor with the frames of each id: rounded up, then added up for the path. [] if unclear."""
        ceilings = [node.output[0] for node in self._graph.node if node.op_type == "Ceil"]
        found = [name for name in ceilings if "CumSum" in (user.op_type for user in self._users(name))]
        return found if len(found) == 1 else []

    def feed_noise_from_outside(self, latent: str) -> bool:
        """Make the durations' noise an input of the graph; False if the voice has none."""
        _, behind = self.descendants(latent)
        others = [node for node in self._random_nodes() if not self._latent_of(node)]
        if len(others) > 1 or any(node.output[0] in behind for node in others):
            raise EngineUnavailable(f"expected at most one other random step, before the latent; found {len(others)}")
        for random in others:
            for node in self._users(random.output[0]):
                node.input[:] = [NOISE if name == random.output[0] else name for name in node.input]
            shape: list[str | int | None] = ["batch_size", NOISE_CHANNELS, "phonemes"]
            self._graph.input.append(onnx.helper.make_tensor_value_info(NOISE, onnx.TensorProto.FLOAT, shape))
            self._inputs.add(NOISE)
        return bool(others)

    def descendants(self, name: str) -> tuple[list[onnx.NodeProto], set[str]]:
        """The nodes that need a tensor, in order; and that tensor with all that they give."""
        inside, nodes = {name}, []
        for node in self._graph.node:
            if inside.intersection(node.input):
                inside.update(node.output)
                nodes.append(node)
        return nodes, inside

    def inputs_of(self, nodes: Iterable[onnx.NodeProto]) -> set[str]:
        return {name for node in nodes for name in node.input}

    def sources_of(self, name: str) -> set[str]:
        """The inputs of the graph that a tensor depends on."""
        found, seen, pending = set(), set(), [name]
        while pending:
            each = pending.pop()
            if each in self._inputs:
                found.add(each)
            elif each in self._producers and each not in seen:
                pending += self._producers[each].input
            seen.add(each)
        return found

    def _random_nodes(self) -> list[onnx.NodeProto]:
        """The random nodes whose numbers are used."""
        return [node for node in self._graph.node if node.op_type.startswith("Random") and self._users(node.output[0])]

    def _users(self, name: str) -> list[onnx.NodeProto]:
        return [node for node in self._graph.node if name in node.input]

    def _latent_of(self, random: onnx.NodeProto) -> tuple[str, str, str] | None:
        scaled = self._only_user(random.output[0], "Mul")
        times = self._only_user(scaled.output[0], "Mul") if scaled else None
        added = self._only_user(times.output[0], "Add") if times else None
        if not (scaled and times and added and random.input):
            return None
        deviations = [self._producers[name] for name in scaled.input if name in self._producers]
        logs = [node.input[0] for node in deviations if node.op_type == "Exp"]
        if len(logs) != 1 or random.input[0] not in added.input:
            return None
        return random.input[0], logs[0], added.output[0]

    def _only_user(self, name: str, op_type: str) -> onnx.NodeProto | None:
        users = self._users(name)
        return users[0] if [node.op_type for node in users] == [op_type] else None


def _read_model(voice: Path) -> onnx.ModelProto:
    try:
        return onnx.load(str(voice))
    except Exception as error:  # protobuf's own, which have no common class
        raise EngineUnavailable(f"it is not an ONNX file: {type(error).__name__}") from error


def _measure_seam(voice: Path, folder: Path, seam: dict[str, Any]) -> dict[str, Any]:
    """Compare the halves with the whole; returns samples per frame, and the context of a window.

    Raises:
        EngineUnavailable: the halves give other samples.
    """
    sessions = [
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for path in (voice, folder / FRONT, folder / DECODER)
    ]
    whole, front, decoder = sessions
    ids = 3 + np.arange(PROBE_IDS, dtype=np.int64)[None] % 100  # every voice has over a hundred phonemes
    quiet = {"input": ids, "input_lengths": np.array([PROBE_IDS]), "scales": np.array([0.0, 1.0, 0.0], np.float32)}
    sid = {"sid": np.array([0])} if any(each.name == "sid" for each in whole.get_inputs()) else {}
    noise = {NOISE: np.zeros((1, NOISE_CHANNELS, PROBE_IDS), np.float32)} if seam["noise"] else {}
    names = [seam["mean"], seam["logs"], *seam["seam"], *seam["durations"]]
    mean, _, *rest = front.run(names, quiet | sid | noise)
    masks, frames = rest[: len(seam["seam"])], rest[len(seam["seam"]) :]
    tensors = {seam["latent"]: mean} | dict(zip(seam["seam"], masks, strict=True))
    of_speaker = sid if seam["speaker"] else {}
    expected = whole.run(None, quiet | sid)[0].reshape(-1)
    halves = decoder.run(None, tensors | of_speaker)[0].reshape(-1)
    if expected.shape != halves.shape or np.abs(expected - halves).max() > ENOUGH or len(halves) % mean.shape[2]:
        raise EngineUnavailable("its two halves do not sound as the whole graph does")
    context = _enough_context(decoder, tensors, of_speaker, halves)
    are_durations = all(each.size == PROBE_IDS and each.sum() == mean.shape[2] for each in frames)
    durations = seam["durations"] if are_durations else []
    hop = len(halves) // mean.shape[2]
    return {"hop": hop, "left": context.left, "right": context.right, "durations": durations}


def _enough_context(decoder: Any, tensors: dict[str, Any], of_speaker: dict[str, Any], whole: Samples) -> Context:
    hop = len(whole) // next(iter(tensors.values())).shape[2]
    for context in CONTEXTS:
        windowed = np.concatenate(list(decode_frames(decoder, tensors, of_speaker, context, hop)))
        if np.abs(windowed - whole).max() <= WINDOW_ENOUGH:
            return context
    return WHOLE


def _rename(unfinished: Path, folder: Path) -> None:
    try:
        os.rename(unfinished, folder)  # noqa: PTH104  # Path.rename says the same
    except OSError as error:
        if not (folder / SEAM).is_file():  # else another worker was faster, with the same result
            raise EngineUnavailable(
                f"cannot write {folder}: {error.strerror}; free some space, or name another: cache=DIR"
            ) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
