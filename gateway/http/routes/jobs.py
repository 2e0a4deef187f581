"""/v1/jobs: submit jobs that need no connected listener, and query, list and cancel them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import JSONResponse, Response

from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem
from gateway.http.recordings.job_owners import accepted_at, jobs_of
from gateway.http.recordings.source_text import SourceText, replace_title, text_of, title_of
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.job_body import REF, parse_job_body, text_or_document
from gateway.http.schemas.books import BookBody
from gateway.http.schemas.requests import ExplainBody, JobChange, NewJobBody
from gateway.http.schemas.responses import LOOKUPS, REFUSALS, JobCard, JobList
from gateway.http.server_answers import ask_each_server
from gateway.http.streaming.silent_answer import enqueue_or_silence
from seriatim.client.cold_start import await_workers_async
from seriatim.client.job import Job
from seriatim.errors import JobUnknown
from seriatim.recordings.store_place import Bucket, store_place

router = APIRouter(tags=["jobs"])

LIST_THREADS = 8  #: jobs of a list that are looked up at once in a bucket
JobId = Annotated[str, Path(max_length=64, description="the id that POST /v1/jobs returned")]


@router.post(
    "/v1/jobs",
    status_code=202,
    response_model=JobCard,
    responses=REFUSALS | {415: REFUSALS[400]},
    openapi_extra=text_or_document("NewJobBody"),
)
async def create_job(
    request: Request,
    context: ContextDep,
    caller: CallerDep,
    idempotency_key: Annotated[
        str, Header(max_length=256, description="within a pool, the same key names the same job")
    ] = "",
) -> Response:
    """Submit a job; responds when all its text is stored durably.

    The body is JSON; or a form with a document as `file` and the other fields; or a document, with the fields in the
    query string. A document is EPUB, PDF, DOCX, HTML, Markdown, subtitles, plain text and others, by its content.
    """
    body = await parse_job_body(request, context)
    context, body = body.at_server(context, caller, idempotency_key)
    with context.outage.trial():
        job_request = await asyncio.to_thread(body.request, context, caller, idempotency_key=idempotency_key)
        text = body.text(context, job_request.pool_name)
        await context.admit(job_request.pool_name, caller)
        await await_workers_async(context.producer, job_request)
        job = await asyncio.to_thread(enqueue_or_silence, context.producer, text, job_request)
    lost = getattr(request.state, "document_warning", "")
    request.state.warning = "; ".join(filter(None, [lost, job.warning]))
    await context.note(job, caller, SourceText(text, body.title or ""))
    card = await asyncio.to_thread(_job_card_with_time, context, job, caller.user)
    return JSONResponse(card.model_dump(), 202, {"location": f"/v1/jobs/{job.id}", "seriatim-job": job.id})


@router.get("/v1/jobs", responses=LOOKUPS)
async def list_jobs(
    request: Request, context: ContextDep, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> JobList:
    """List the caller's latest jobs that have not expired, newest first."""
    found = await ask_each_server(request, context, lambda each: _latest_jobs(each, caller.user, limit))
    cards = sorted(chain(*found.values()), key=lambda card: card.created or 0.0, reverse=True)
    return JobList(data=cards[:limit])


@router.get("/v1/jobs/{job_id}", responses=LOOKUPS)
async def get_job(job_id: JobId, context: ContextDep, caller: CallerDep) -> JobCard:
    """Get the state of a job."""
    job = await context.own(job_id, caller)
    return await asyncio.to_thread(_job_card_with_time, context, job, caller.user)


@router.patch("/v1/jobs/{job_id}", responses=LOOKUPS)
async def rename_job(job_id: JobId, change: JobChange, context: ContextDep, caller: CallerDep) -> JobCard:
    """Give a job another title, which its recording and its downloads have from then on."""
    job = await context.own(job_id, caller)
    if not await asyncio.to_thread(replace_title, job, change.title):
        raise HttpProblem(
            409, "not_recorded", f"job {job.id} is not recorded: it has the beginning of its text as title"
        )
    return await asyncio.to_thread(_job_card_with_time, context, job, caller.user)


@router.delete("/v1/jobs/{job_id}", responses=LOOKUPS)
async def cancel_job(job_id: JobId, context: ContextDep, caller: CallerDep) -> JobCard:
    """Cancel a job: its remaining sentences are not spoken. Its recording is kept. No effect on an ended job."""
    job = await context.own(job_id, caller)
    if job.pool:
        await asyncio.to_thread(job.cancel)
    return await asyncio.to_thread(_job_card_with_time, context, job, caller.user)


def body_schemas() -> dict[str, Any]:
    """The schemas of bodies that routes parse themselves, for the OpenAPI document."""
    schemas: dict[str, Any] = {}
    for model in (NewJobBody, ExplainBody, BookBody):
        schema = model.model_json_schema(ref_template=REF)
        schemas |= {**schema.pop("$defs"), model.__name__: schema}
    return schemas


def job_card(context: GatewayContext, job: Job, created: float | None) -> JobCard:
    """Describe a job; `created` is the time at which it was accepted, in s since 1970.

    Raises:
        JobUnknown: it has expired.
    """
    s = job.status()
    return JobCard.model_validate(
        {
            "id": job.id, "model": context.shown_pool(job.pool),
            "state": "running" if s.state == "run" else s.state, "reason": s.reason,
            "kind": s.kind or "batch", "drain": str(job.drain), "sentences": s.sentences, "sentences_done": s.emitted,
            "gaps": s.gaps, "doubtful": s.doubtful,
            "audio_s": round(s.audio_s, 3), "rate_hz": s.rate_hz, "closed": s.closed,
            "title": title_of(job), "has_text": text_of(job) is not None, "created": created,
            "warning": s.warning, "stream": job.stream if job.pool else "",
        }
    )  # fmt: skip


def _job_card_with_time(context: GatewayContext, job: Job, user: str) -> JobCard:
    return job_card(context, job, accepted_at(job.redis, user, job.id))


def _latest_jobs(context: GatewayContext, user: str, most: int) -> list[JobCard]:
    """The user's latest jobs; those in a bucket are looked up together, as each takes some requests."""
    in_bucket = isinstance(store_place(context.settings.store_dir), Bucket)
    with ThreadPoolExecutor(LIST_THREADS if in_bucket else 1, "list") as threads:
        jobs = jobs_of(context.producer.redis, user, most).items()
        cards = threads.map(lambda job: _card_or_none(context, *job), jobs)
    return [card for card in cards if card is not None]


def _card_or_none(context: GatewayContext, job_id: str, created: float) -> JobCard | None:
    try:
        return job_card(context, context.producer.attach(job_id), created)
    except JobUnknown:  # it has expired and was not recorded
        return None
