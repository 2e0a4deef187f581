"""Response bodies, as described in the OpenAPI document."""

from typing import Any, Literal

from pydantic import BaseModel

from gateway.http.encoding.stream_formats import MEDIA


class ErrorDetail(BaseModel):
    """Details of an error."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """The body of every error response, in OpenAI's format."""

    error: ErrorDetail


class ModelCard(BaseModel):
    """A pool, in OpenAI's format for models."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "seriatim"


class ModelList(BaseModel):
    """All models."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class VoiceCard(BaseModel):
    """A voice of a pool."""

    id: str
    object: Literal["voice"] = "voice"
    name: str
    language: str  #: its default, as BCP 47; "" if it has none
    languages: list[str] = []  #: all that it speaks; empty if unknown, or if it speaks any
    description: str = ""
    model: str
    rate_hz: int = 0  #: samples per second of its audio, before any `sample_rate`


class VoiceList(BaseModel):
    """All voices of a model."""

    object: Literal["list"] = "list"
    data: list[VoiceCard]


class NameList(BaseModel):
    """Voices or models, each with `id` and `name`, in the form of other servers."""

    voices: list[dict[str, str]] | None = None
    models: list[dict[str, str]] | None = None


class PoolCard(BaseModel):
    """The state of a pool. "Recent" is the last one to two minutes."""

    id: str
    object: Literal["pool"] = "pool"
    slots: int  #: capacity in concurrent sentences
    in_flight: int  #: sentences that are dispatched or spoken
    waiting: int  #: sentences accepted and not in flight
    jobs: int  #: that have not ended
    load: float  #: slots that live jobs need, divided by those available to them
    rtf: float  #: recent slot seconds per second of audio
    wait_p50_s: float | None  #: of recent live sentences, from dispatchable to claimed; None: there were none
    wait_p95_s: float | None
    refusing: bool  #: one more live job would be refused
    refused_lately: int
    expected_back: int  #: refused requests whose Retry-After has not passed
    degraded: list[str]


class PoolList(BaseModel):
    """All pools."""

    object: Literal["list"] = "list"
    data: list[PoolCard]


class JobCard(BaseModel):
    """The state of a job."""

    id: str
    object: Literal["job"] = "job"
    model: str  #: the pool; "" if only the recording is left
    state: Literal["running", "done", "failed", "cancelled", "timed_out"]
    reason: str
    kind: str
    drain: str
    sentences: int  #: known so far
    sentences_done: int  #: complete, in order, from the first on
    gaps: int = 0  #: sentences that were given up, so that all or the rest of them is missing
    doubtful: int = 0  #: sentences whose audio may be wrong, for example far too short for their text
    audio_s: float  #: duration of the audio that is available
    rate_hz: int  #: 0 while nothing was spoken
    closed: bool  #: its text is complete
    title: str = ""  #: given by its client, or the beginning of its text; "" if unknown
    has_text: bool = False  #: its text is stored: GET /v1/jobs/{id}/text
    created: float | None = None  #: time of acceptance in s since 1970; None if unknown
    warning: str = ""  #: such as a text in another language than its voice's
    stream: str = ""  #: the Redis key of its ordered stream, for readers of Redis; "" if only the recording is left


class JobList(BaseModel):
    """The caller's jobs, newest first."""

    object: Literal["list"] = "list"
    data: list[JobCard]


class CaptionWord(BaseModel):
    """A word and its times, in seconds from the beginning of the job."""

    text: str
    start_s: float
    end_s: float


class CaptionItem(BaseModel):
    """A sentence and its times."""

    seq: int  #: 0-based
    start_s: float
    end_s: float
    text: str
    words: list[CaptionWord]
    words_from: Literal["engine", "estimate"]  #: who knows the times of the words


class CaptionList(BaseModel):
    """All sentences spoken so far."""

    job: str
    whole: bool  #: the job is done, so no captions will follow
    captions: list[CaptionItem]


class ExplainedStep(BaseModel):
    """One step of reading a text, and what it made of it."""

    name: str
    text: str


class ExplainedSentence(BaseModel):
    """A sentence as it would be spoken."""

    text: str
    pause_ms: int  #: silence after it
    voice: str  #: "": that of the text
    language: str  #: BCP 47; "": that of the text


class Explanation(BaseModel):
    """How a text would be read."""

    object: Literal["explanation"] = "explanation"
    model: str  #: the pool that would speak it
    voice: str  #: "": the pool's first
    language: str  #: BCP 47, by whose rules it is read
    warning: str  #: such as a text in another language than its voice's
    steps: list[ExplainedStep]  #: in order, from document (of one) or markup to pronunciation
    sentences: list[ExplainedSentence]


StatusResponses = dict[int | str, dict[str, Any]]  #: status -> response, as FastAPI expects


def body_of(*kinds: str) -> StatusResponses:
    """A response with a body of one of the content types `kinds`."""
    return {200: {"content": {kind: {} for kind in kinds}, "description": "success"}}


def _error_responses(*statuses: int) -> StatusResponses:
    return {status: {"model": ErrorBody} for status in statuses}


REFUSALS = _error_responses(400, 401, 404, 408, 409, 413, 429, 500, 503, 504)
LOOKUPS = _error_responses(400, 401, 404, 409, 410, 416, 500, 503, 504)
AUDIO_RESPONSES = body_of(*MEDIA.values(), "audio/pcm", "text/event-stream")
