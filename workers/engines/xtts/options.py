"""The XTTS engine's options: those of a worker, and those that a listener may set for a text."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from tasks.abilities import Abilities
from workers.engines.options import Option, ranges
from workers.engines.xtts.guard import Strictness
from workers.engines.xtts.rows import Sampling
from workers.engines.xtts.text import CHINESE, LANGUAGES


class Precision(StrEnum):
    """What the GPT computes in. Audio is made in float32 always."""

    AUTO = "auto"  #: bf16 on a GPU, fp32 on a CPU
    FP32 = "fp32"  #: codes do not depend on who else is being spoken
    BF16 = "bf16"  #: twice as fast, and almost always the same codes
    FP16 = "fp16"  #: GPUs older than bf16


@dataclass(frozen=True, slots=True)
class XttsOptions:
    """How a worker runs the model."""

    model: Annotated[str, Option("folder of the checkpoint")] = ""
    voice_dir: Annotated[str, Option("folder of the cloned voices")] = "~/.local/share/seriatim/voices"
    accept_licence: Annotated[str, Option("CPML: the licence of the weights is accepted")] = ""
    device: Annotated[str, Option("auto, cpu, cuda or cuda:N; auto is the first GPU, or the CPU")] = "auto"
    slots: Annotated[int, Option("sentences spoken at once; 0: as many as fit", 0, 1024)] = 0
    precision: Annotated[Precision, Option("what the GPT computes in")] = Precision.AUTO
    exact: Annotated[bool, Option("1: bytes that no batch can change, a sentence at a time, without streaming")] = False
    threads: Annotated[int, Option("processor threads; 0: all cores", 0, 1024)] = 0
    gpu_limit: Annotated[int, Option("sentences at once on the GPU over all processes; 0: no limit", 0, 1024)] = 0
    gpu_share: Annotated[float, Option("share of the GPU's memory for this process; 0: what is free", 0, 1)] = 0.0
    guard: Annotated[Strictness, Option("against babble, repeats and silence")] = Strictness.RETRY
    max_codes: Annotated[int, Option("codes of one sentence at most, 21.5 a second; 0: the model's", 0, 4096)] = 0
    temperature: Annotated[float, Option("lower is more even", 0.01, 5)] = 0.75
    top_k: Annotated[int, Option("only so many of the likeliest codes; 0: all", 0, 1026)] = 50
    top_p: Annotated[float, Option("only the likeliest codes that have this share together", 0.01, 1)] = 0.85
    repetition_penalty: Annotated[float, Option("above 1: codes said before are less likely", 0.1, 100)] = 10.0
    length_penalty: Annotated[float, Option("as the model's; it weighs beams, and one is spoken", -10, 10)] = 1.0
    sample: Annotated[bool, Option("0: always the likeliest code")] = True


PER_TEXT = ("temperature", "top_k", "top_p", "repetition_penalty", "length_penalty", "sample")  #: a text may set these
ABILITIES = Abilities("xtts", (*LANGUAGES, *CHINESE), ranges(XttsOptions, *PER_TEXT))


def sampling_of(options: XttsOptions, asked: Mapping[str, float]) -> Sampling:
    """How the codes of one sentence are chosen: as the worker was told, and as its text asks.

    Raises:
        UnknownOption: an option that texts do not have, or a value outside its range.
    """
    ABILITIES.check("", 1.0, asked)
    merged = {name: asked.get(name, getattr(options, name)) for name in ABILITIES.options}
    return Sampling(
        temperature=float(merged["temperature"]),
        top_k=int(merged["top_k"]),
        top_p=float(merged["top_p"]),
        repetition_penalty=float(merged["repetition_penalty"]),
        do_sample=bool(merged["sample"]),
    )
