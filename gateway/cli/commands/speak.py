"""`seriatim speak`: write the speech of a text to a file or a pipe, in order, while it is being synthesized."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from gateway.cli.commands.voices import list_voices
from gateway.cli.render.progress import ProgressDisplay
from gateway.cli.render.summary import RunSummary
from gateway.local.installed_engines import choose_installed
from gateway.local.processes import LocalSystem, private_system, running_system
from gateway.output.open_output import open_output
from gateway.output.partial_files import PartialFiles
from gateway.output.speak_arguments import SpeakArguments
from gateway.output.speech_run import SpeakRun, SpeechOutput, speak_text
from seriatim.audio.formats import STDOUT
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.engine import Voice
from seriatim.errors import BadInput, SeriatimError
from seriatim.settings import Settings

if TYPE_CHECKING:
    from gateway.webhooks.outbox_sender import OutboxSender


def with_engine(settings: Settings, request: JobRequest, text: str, *, embedded: bool) -> tuple[JobRequest, str]:
    """The request with the engine that speaks it, and the reason if that is not the default one.

    Raises:
        Unavailable: a running system's Redis does not answer.
        Misconfigured: its configuration is unusable.
        UnknownVoice: no engine has the request's voice.
    """
    if embedded:
        return choose_installed(settings, request, text, _voices_of)
    if request.pool_name:
        return request, ""
    with running_system(settings), closing(Producer(settings)) as producer:
        return producer.choose_engine(request, text)


def _voices_of(engine: str) -> list[Voice]:
    return [Voice(card["name"], card["language"], card["description"]) for card in list_voices(engine, None)]


def speak(arguments: SpeakArguments, settings: Settings, webhook: str = "") -> RunSummary:
    """Speak a text into its output; returns a summary. `webhook`: a URL to which its end is posted; "": none.

    Raises:
        SeriatimError: any error of the tree; if the output is a file, the run can be resumed.
        KeyboardInterrupt: likewise.
    """
    if not webhook:
        return _speak(arguments, settings, None)
    if arguments.output == STDOUT:
        raise BadInput("--webhook needs an output file, beside which its message is kept; name one with -o")
    from gateway.webhooks.outbox_sender import OutboxSender  # few commands need it
    from gateway.webhooks.webhook_outbox import WebhookOutbox

    outbox = WebhookOutbox(Path(f"{arguments.output}.webhooks"))
    with OutboxSender.of(outbox, webhook, arguments.request.user, settings) as webhooks:
        if not PartialFiles.of(arguments.output).journal.exists():
            webhooks.settle(complete=True)  # a command was killed before it could send the message of its output
        return _speak(arguments, settings, webhooks)


def _speak(arguments: SpeakArguments, settings: Settings, webhooks: "OutboxSender | None") -> RunSummary:
    console = Console(stderr=True, quiet=arguments.quiet)
    with (
        open_output(
            arguments.output, arguments.fingerprint, format_name=arguments.format_name, begin=arguments.begin
        ) as output,
        ProgressDisplay(console) as progress,
    ):
        try:
            with _reported(webhooks, arguments.output), open_system(arguments, settings) as system:
                run = SpeakRun(arguments, output, progress)
                if webhooks:
                    run.on_complete = partial(_prepare_done, webhooks, run)
                return speak_text(system, run)
        except (SeriatimError, KeyboardInterrupt):
            progress.finish()
            if output.sentences_done and output.advice:
                console.print(output.advice, soft_wrap=True, highlight=False, markup=False)
            raise


@contextmanager
def _reported(webhooks: "OutboxSender | None", output: str) -> Iterator[None]:
    """A context in which a run is reported: its prepared message once it is complete, or its error."""
    if webhooks is None:
        yield
        return
    webhooks.settle(complete=False)  # what is still prepared is of an interrupted run, which goes on here
    try:
        yield
    except BaseException as error:
        webhooks.settle(complete=False)
        if isinstance(error, SeriatimError):
            webhooks.add("speech.failed", output=output, reason=str(error))
        raise
    webhooks.settle(complete=True)


def _prepare_done(webhooks: "OutboxSender", run: SpeakRun, output: SpeechOutput) -> None:
    """Prepare the message of a run whose output is about to be complete: no crash behind that loses it."""
    webhooks.prepare(
        "speech.done",
        output=run.arguments.output,
        sentences=output.sentences_done,
        gaps=len(run.gaps),
        audio_ms=round(output.ms_done),
    )


def open_system(arguments: SpeakArguments, settings: Settings) -> AbstractContextManager[LocalSystem]:
    """The system that speaks: a private one, which may be warm from a command before, or the one that runs.

    Raises:
        Unavailable, EngineUnavailable, Misconfigured: it does not start, or does not answer.
        BadInput: a system that runs is to be kept warm.
    """
    if not arguments.embedded:
        if arguments.keep_warm:
            raise BadInput("--keep-warm is for a private system; leave it out with --redis")
        return running_system(settings)
    if arguments.keep_warm:
        from gateway.local.warm_system import warm_system  # few commands need it

        return warm_system(settings, *arguments.worker_plans)
    return private_system(settings, *arguments.worker_plans)
