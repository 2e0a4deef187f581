"""`seriatim speak`: write the speech of a text to a file or a pipe, in order, while it is being synthesized."""

from contextlib import AbstractContextManager, closing

from rich.console import Console

from gateway.cli.render.progress import ProgressDisplay
from gateway.cli.render.summary import RunSummary
from gateway.local.installed_engines import choose_installed
from gateway.local.processes import LocalSystem, private_system, running_system
from gateway.output.open_output import open_output
from gateway.output.speak_arguments import SpeakArguments
from gateway.output.speech_run import SpeakRun, speak_text
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import SeriatimError
from seriatim.settings import Settings


def with_engine(settings: Settings, request: JobRequest, text: str, *, embedded: bool) -> tuple[JobRequest, str]:
    """The request with the engine that speaks it, and the reason if that is not the default one.

    Raises:
        Unavailable: a running system's Redis does not answer.
        Misconfigured: its configuration is unusable.
    """
    if embedded:
        return choose_installed(settings, request, text)
    if request.pool_name:
        return request, ""
    with running_system(settings), closing(Producer(settings)) as producer:
        return producer.choose_engine(request, text)


def speak(arguments: SpeakArguments, settings: Settings) -> RunSummary:
    """Speak a text into its output; returns a summary.

    Raises:
        SeriatimError: any error of the tree; if the output is a file, the run can be resumed.
        KeyboardInterrupt: likewise.
    """
    console = Console(stderr=True, quiet=arguments.quiet)
    with (
        open_output(
            arguments.output, arguments.fingerprint, format_name=arguments.format_name, begin=arguments.begin
        ) as output,
        ProgressDisplay(console) as progress,
    ):
        try:
            with open_system(arguments, settings) as system:
                return speak_text(system, SpeakRun(arguments, output, progress))
        except (SeriatimError, KeyboardInterrupt):
            progress.finish()
            if output.sentences_done and output.advice:
                console.print(output.advice, soft_wrap=True, highlight=False, markup=False)
            raise


def open_system(arguments: SpeakArguments, settings: Settings) -> AbstractContextManager[LocalSystem]:
    """The system that speaks: a private one, or the one that runs.

    Raises:
        Unavailable, EngineUnavailable, Misconfigured: it does not start, or does not answer.
    """
    return private_system(settings, *arguments.worker_plans) if arguments.embedded else running_system(settings)
