"""/v1/jobs: texts that are spoken whether or not somebody listens now, and everything about them afterwards."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from gateway.http.access import CallerDep, ContextDep
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem
from gateway.http.recordings.job_owners import accepted_at, jobs_of
from gateway.http.recordings.source_text import SourceText, text_of, title_of
from gateway.http.schemas.requests import NewJobBody
from gateway.http.schemas.responses import LOOKUPS, REFUSALS, JobCard, JobList
from gateway.http.streaming.silent_answer import enqueue
from seriatim.client.job import Job
from seriatim.errors import JobUnknown
from seriatim.text.text_files import decode_text

router = APIRouter(tags=["jobs"])

JobId = Annotated[str, Path(max_length=64, description="as POST /v1/jobs gave it")]
REF = "#/components/schemas/{model}"
FILE = {"type": "string", "format": "binary"}
JSON, FORM = "application/json", "multipart/form-data"


@router.post(
    "/v1/jobs",
    status_code=202,
    response_model=JobCard,
    responses=REFUSALS | {415: REFUSALS[400]},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"$ref": REF.format(model="NewJobBody")}},
                FORM: {"schema": {"type": "object", "properties": {"file": FILE}, "required": ["file"]}},
            },
        }
    },
)
async def new_job(
    request: Request,
    context: ContextDep,
    caller: CallerDep,
    idempotency_key: Annotated[str, Header(max_length=256, description="the same key names the same job")] = "",
) -> Response:
    """Accept a job; returns when all its text is accepted, which no crash loses any more.

    The body is JSON, or a form with a text file as `file` (UTF-8, or UTF-16 with its mark) and the other fields.
    """
    wanted = await _body(request)
    asked = await asyncio.to_thread(wanted.request, context, caller, idempotency_key=idempotency_key)
    text = wanted.text(context, asked.pool_name)
    await context.admit(asked.pool_name, caller)
    job = await asyncio.to_thread(enqueue, context.producer, text, asked)
    await context.note(job, caller, SourceText(text, wanted.title or ""))
    found = await asyncio.to_thread(_dated, job, caller.user)
    return JSONResponse(found.model_dump(), 202, {"location": f"/v1/jobs/{job.id}", "seriatim-job": job.id})


@router.get("/v1/jobs", responses=LOOKUPS)
async def all_jobs(context: ContextDep, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> JobList:
    """The caller's latest jobs, as far as they are still known."""
    return JobList(data=await asyncio.to_thread(_latest, context, caller.user, limit))


@router.get("/v1/jobs/{job_id}", responses=LOOKUPS)
async def one_job(job_id: JobId, context: ContextDep, caller: CallerDep) -> JobCard:
    """A job as it stands."""
    job = await context.own(job_id, caller)
    return await asyncio.to_thread(_dated, job, caller.user)


@router.delete("/v1/jobs/{job_id}", responses=LOOKUPS)
async def end_job(job_id: JobId, context: ContextDep, caller: CallerDep) -> JobCard:
    """End a job: nothing more of it is spoken. What was recorded is kept. Nothing happens if it has ended."""
    job = await context.own(job_id, caller)
    if job.pool:
        await asyncio.to_thread(job.cancel)
    return await asyncio.to_thread(_dated, job, caller.user)


def schemas() -> dict[str, Any]:
    """The bodies that are read here, for the OpenAPI document."""
    found = NewJobBody.model_json_schema(ref_template=REF)
    return {**found.pop("$defs"), "NewJobBody": found}


def card(job: Job, created: float | None) -> JobCard:
    """What there is to say of a job; `created` is when it was accepted, in s since 1970.

    Raises:
        JobUnknown: its life is over.
    """
    s = job.status()
    return JobCard.model_validate(
        {
            "id": job.id, "model": job.pool, "state": "running" if s.state == "run" else s.state, "reason": s.reason,
            "kind": s.kind or "batch", "drain": str(job.drain), "sentences": s.sentences, "spoken": s.emitted,
            "gaps": s.gaps, "audio_s": round(s.audio_s, 3), "rate_hz": s.rate_hz, "closed": s.closed,
            "title": title_of(job), "has_text": text_of(job) is not None, "created": created,
        }
    )  # fmt: skip


def _dated(job: Job, user: str) -> JobCard:
    return card(job, accepted_at(job.redis, user, job.id))


def _latest(context: GatewayContext, user: str, most: int) -> list[JobCard]:
    found = []
    for job_id, created in jobs_of(context.producer.redis, user, most).items():
        try:
            found.append(card(context.producer.attach(job_id), created))
        except JobUnknown:  # its life is over, and nobody recorded it
            continue
    return found


async def _body(request: Request) -> NewJobBody:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        return await _form(request)
    if kind != JSON:
        raise HttpProblem(415, "bad_input", f"a body of {kind or 'no type'}; expected {JSON} or {FORM}")
    raw = await request.body()
    return await asyncio.to_thread(_checked, lambda: NewJobBody.model_validate_json(raw))


async def _form(request: Request) -> NewJobBody:
    async with request.form(max_files=1, max_fields=40, max_part_size=1024 * 1024) as form:
        given: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
        file = form.get("file")
        if isinstance(file, UploadFile):
            given["input"] = decode_text(await file.read(), "the file")
    return _checked(lambda: NewJobBody.model_validate(given))


def _checked(read: Any) -> NewJobBody:
    try:
        found: NewJobBody = read()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        param = ".".join(str(part) for part in first["loc"]) or None
        raise HttpProblem(400, "bad_input", f"{param or 'the body'}: {first['msg']}", param=param) from None
    return found
