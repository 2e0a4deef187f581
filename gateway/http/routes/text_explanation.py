"""POST /v1/text/explain: how a text would be read, without speaking it."""

import asyncio

from fastapi import APIRouter, Request

from gateway.http.context import GatewayContext
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.job_body import parse_text_body, text_or_document
from gateway.http.schemas.ignored_fields import joined_warning
from gateway.http.schemas.requests import EXPLAINED_CHARS, ExplainBody
from gateway.http.schemas.responses import REFUSALS, ExplainedSentence, ExplainedStep, Explanation
from seriatim.client.job_options import JobRequest
from seriatim.client.sentence_rows import segmentation_for, sentences_of
from seriatim.text.dialects import shown_dialect
from seriatim.text.explain import document_facts, explain_steps
from seriatim.text.segment import segment

router = APIRouter(tags=["speech"])


@router.post(
    "/v1/text/explain", responses=REFUSALS | {415: REFUSALS[400]}, openapi_extra=text_or_document("ExplainBody")
)
async def explain_text(request: Request, context: ContextDep, caller: CallerDep) -> Explanation:
    """Explain how a text would be read: what each step makes of it, and its sentences, as `seriatim text --explain`.

    Nothing is spoken, and no job is made. The request is that of speech: model, voice, language and lexicon count. The
    body may be a document, as that of POST /v1/jobs; of a longer one its first 20,000 characters are explained.
    """
    body, document = await parse_text_body(request, context, ExplainBody)
    context, body = body.at_server(context, caller)
    facts: list[ExplainedStep] = []
    if document:
        body = body.model_copy(update={"input": document.text[:EXPLAINED_CHARS], "markup": str(document.markup)})
        facts = [ExplainedStep(name="document", text=document_facts(document))]
    lost = getattr(request.state, "document_warning", "")
    request.state.warning = joined_warning(lost, body.pop_unknown_fields())
    job_request = await asyncio.to_thread(body.request, context, caller, kind="batch")
    explanation = await asyncio.to_thread(_explain, context, body, job_request)
    return explanation.model_copy(update={"steps": [*facts, *explanation.steps]})


def _explain(context: GatewayContext, body: ExplainBody, job_request: JobRequest) -> Explanation:
    text = body.input
    resolved = context.producer.resolve(job_request, text)
    cut = segmentation_for(resolved)
    steps = explain_steps(text, cut, resolved.request.lexicon, shown_dialect(body.engine) if body.engine else None)
    return Explanation(
        model=resolved.request.pool_name,
        voice=resolved.request.voice,
        language=cut.language,
        warning=resolved.joined_warning(),
        steps=[ExplainedStep(name=name, text=made) for name, made in steps],
        sentences=[
            ExplainedSentence(text=s.text, pause_ms=s.pause_ms, voice=s.voice, language=s.language)
            for s in sentences_of(segment(text, cut), resolved)
        ],
    )
