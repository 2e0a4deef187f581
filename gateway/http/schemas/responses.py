"""Response bodies as the OpenAPI document describes them."""

from typing import Any, Literal

from pydantic import BaseModel

from gateway.http.encoding.stream_formats import MEDIA


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """The body of every answer that is an error, as OpenAI has it."""

    error: ErrorDetail


class ModelCard(BaseModel):
    """A pool, as OpenAI describes models."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "seriatim"


class ModelList(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class VoiceCard(BaseModel):
    """A voice of a pool."""

    id: str
    object: Literal["voice"] = "voice"
    name: str
    language: str  #: its own, as BCP 47; "" if it has none
    languages: list[str] = []  #: all that it can be told to speak; none are listed where nobody knows, or any will do
    description: str = ""
    model: str


class VoiceList(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[VoiceCard]


class NameList(BaseModel):
    """Voices or models, each with its `id` and `name`, as clients that know other servers expect them."""

    voices: list[dict[str, str]] | None = None
    models: list[dict[str, str]] | None = None


class PoolCard(BaseModel):
    """A pool as it stands. "Of late" is the last one to two minutes."""

    id: str
    object: Literal["pool"] = "pool"
    slots: int  #: sentences that may be spoken at once
    in_flight: int  #: sentences that are dispatched or spoken
    waiting: int  #: sentences accepted and not in flight
    jobs: int  #: that are not over
    load: float  #: slots that live jobs need, by those that they may have
    rtf: float  #: slot seconds per second of audio, of late
    wait_p50_s: float | None  #: of live sentences, from dispatchable to claimed, of late; None: there were none
    wait_p95_s: float | None
    refusing: bool  #: one more live job would be refused
    refused_lately: int
    expected_back: int  #: refused, told when to come, and expected
    degraded: list[str]


class PoolList(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[PoolCard]


class JobCard(BaseModel):
    """A job as it stands."""

    id: str
    object: Literal["job"] = "job"
    model: str  #: the pool; "" if only the recording is left
    state: Literal["running", "done", "failed", "cancelled", "timed_out"]
    reason: str
    kind: str
    drain: str
    sentences: int  #: known so far
    spoken: int  #: whole, in order, from the first on
    gaps: int = 0  #: sentences of which all, or the rest, is missing: they were given up
    audio_s: float  #: of sound that can be heard
    rate_hz: int  #: 0 while nothing was spoken
    closed: bool  #: no more text will come
    title: str = ""  #: as its caller said, or how its text begins; "" if that is not known
    has_text: bool = False  #: its text is kept as it came: GET /v1/jobs/{id}/text
    created: float | None = None  #: when it was accepted, in s since 1970; None if that is forgotten


class JobList(BaseModel):
    """The caller's jobs, the latest first."""

    object: Literal["list"] = "list"
    data: list[JobCard]


class CaptionItem(BaseModel):
    """A sentence in its time."""

    seq: int  #: 0-based
    start_s: float
    end_s: float
    text: str


class CaptionList(BaseModel):
    """All sentences that were spoken."""

    job: str
    whole: bool  #: the job is done: none will follow
    captions: list[CaptionItem]


Answers = dict[int | str, dict[str, Any]]  #: by status, as FastAPI wants them


def body_of(*kinds: str) -> Answers:
    """An answer whose body is none of the models above."""
    return {200: {"content": {kind: {} for kind in kinds}, "description": "what was asked for"}}


def _failures(*statuses: int) -> Answers:
    return {status: {"model": ErrorBody} for status in statuses}


REFUSALS = _failures(400, 401, 404, 408, 409, 413, 429, 500, 503, 504)
LOOKUPS = _failures(400, 401, 404, 409, 410, 416, 500, 503, 504)
SOUND = body_of(*MEDIA.values(), "audio/pcm", "text/event-stream")
