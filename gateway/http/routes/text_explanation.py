"""POST /v1/text/explain: how a text would be read, without speaking it."""

import asyncio

from fastapi import APIRouter, Request

from gateway.http.context import GatewayContext
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.schemas.requests import ExplainBody
from gateway.http.schemas.responses import REFUSALS, ExplainedSentence, ExplainedStep, Explanation
from seriatim.client.job_options import JobRequest
from seriatim.client.sentence_rows import segmentation_for, sentences_of
from seriatim.text.explain import explain_steps
from seriatim.text.segment import segment

router = APIRouter(tags=["speech"])


@router.post("/v1/text/explain", responses=REFUSALS)
async def explain_text(request: Request, body: ExplainBody, context: ContextDep, caller: CallerDep) -> Explanation:
    """Explain how a text would be read: what each step makes of it, and its sentences, as `seriatim text --explain`.

    Nothing is spoken, and no job is made. The request is that of speech: model, voice, language and lexicon count.
    """
    request.state.warning = body.pop_unknown_fields()
    job_request = await asyncio.to_thread(body.request, context, caller, kind="batch")
    return await asyncio.to_thread(_explain, context, body.input, job_request)


def _explain(context: GatewayContext, text: str, job_request: JobRequest) -> Explanation:
    resolved = context.producer.resolve(job_request, text)
    cut = segmentation_for(resolved)
    steps = explain_steps(text, cut, resolved.request.lexicon)
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
