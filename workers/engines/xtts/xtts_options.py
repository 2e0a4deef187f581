"""The XTTS engine's options: those of a worker, and those that a listener may set for a text."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from seriatim.engine_abilities import Abilities
from workers.engines.engine_options import OptionInfo, option_ranges
from workers.engines.xtts.batch.batch_row import SamplingOptions
from workers.engines.xtts.quality.hallucination_guard import GuardStrictness
from workers.engines.xtts.text_tokens import CHINESE, LANGUAGES


class Precision(StrEnum):
    """What the GPT computes in. Audio is made in float32 always."""

    AUTO = "auto"  #: bf16 on a GPU, fp32 on a CPU
    FP32 = "fp32"  #: codes do not depend on who else is being spoken
    BF16 = "bf16"  #: twice as fast, and almost always the same codes
    FP16 = "fp16"  #: GPUs older than bf16


@dataclass(frozen=True, slots=True)
class XttsOptions:
    """How a worker runs the model."""

    model: Annotated[str, OptionInfo("folder of the checkpoint")] = ""
    voice_dir: Annotated[str, OptionInfo("folder of the cloned voices")] = "~/.local/share/seriatim/voices"
    accept_licence: Annotated[str, OptionInfo("CPML: the licence of the weights is accepted")] = ""
    device: Annotated[str, OptionInfo("auto, cpu, cuda or cuda:N; auto is the first GPU, or the CPU")] = "auto"
    slots: Annotated[int, OptionInfo("sentences spoken at once; 0: as many as fit", 0, 1024)] = 0
    precision: Annotated[Precision, OptionInfo("what the GPT computes in")] = Precision.AUTO
    exact: Annotated[bool, OptionInfo("1: bytes that no batch can change, a sentence at a time, without streaming")] = (
        False
    )
    threads: Annotated[int, OptionInfo("processor threads; 0: all cores", 0, 1024)] = 0
    gpu_limit: Annotated[int, OptionInfo("sentences at once on the GPU over all processes; 0: no limit", 0, 1024)] = 0
    gpu_share: Annotated[float, OptionInfo("share of the GPU's memory for this process; 0: what is free", 0, 1)] = 0.0
    guard: Annotated[GuardStrictness, OptionInfo("against babble, repeats and silence")] = GuardStrictness.RETRY
    max_codes: Annotated[int, OptionInfo("codes of one sentence at most, 21.5 a second; 0: the model's", 0, 4096)] = 0
    temperature: Annotated[float, OptionInfo("lower is more even", 0.01, 5)] = 0.75
    top_k: Annotated[int, OptionInfo("only so many of the likeliest codes; 0: all", 0, 1026)] = 50
    top_p: Annotated[float, OptionInfo("only the likeliest codes that have this share together", 0.01, 1)] = 0.85
    repetition_penalty: Annotated[float, OptionInfo("above 1: codes said before are less likely", 0.1, 100)] = 10.0
    length_penalty: Annotated[float, OptionInfo("as the model's; it weighs beams, and one is spoken", -10, 10)] = 1.0
    sample: Annotated[bool, OptionInfo("0: always the likeliest code")] = True


PER_TEXT = ("temperature", "top_k", "top_p", "repetition_penalty", "length_penalty", "sample")  #: a text may set these
ABILITIES = Abilities("xtts", (*LANGUAGES, *CHINESE), option_ranges(XttsOptions, *PER_TEXT))


def sampling_of(options: XttsOptions, sentence_options: Mapping[str, float]) -> SamplingOptions:
    """Sampling options of one sentence: the worker's, with those of its text in their place.

    Raises:
        UnknownOption: an option that texts do not have, or a value outside its range.
    """
    ABILITIES.check("", 1.0, sentence_options)
    merged = {name: sentence_options.get(name, getattr(options, name)) for name in ABILITIES.options}
    return SamplingOptions(
        temperature=float(merged["temperature"]),
        top_k=int(merged["top_k"]),
        top_p=float(merged["top_p"]),
        repetition_penalty=float(merged["repetition_penalty"]),
        do_sample=bool(merged["sample"]),
    )
