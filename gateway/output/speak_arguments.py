"""Speak arguments: a text, its output and its options, with the fingerprint that decides what is spoken again."""

from dataclasses import dataclass

from gateway.local.processes import WorkerPlan
from gateway.output.journal import Option, TextFingerprint
from gateway.output.open_output import ResumePolicy
from seriatim.client.job_options import NO_LEXICON, JobRequest
from seriatim.text.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class SpeakArguments:
    """The arguments of `seriatim speak`, parsed."""

    text: str
    output: str
    request: JobRequest
    worker_plan: WorkerPlan
    embedded: bool
    begin: ResumePolicy = ResumePolicy.NEW
    format_name: str | None = None
    quiet: bool = False
    keep_warm: bool = False  #: the private system stays for the next command
    system_lexicon: Lexicon = NO_LEXICON  #: of the request's pool and of all texts, behind that of the request
    cast_plans: tuple[WorkerPlan, ...] = ()  #: the workers of speakers who have an engine of their own

    @property
    def worker_plans(self) -> tuple[WorkerPlan, ...]:
        """The workers of all pools that speak the text in a private system."""
        return (self.worker_plan, *self.cast_plans)

    @property
    def disposable(self) -> bool:
        """Does the system end with the command, and all jobs with it?"""
        return self.embedded and not self.keep_warm

    @property
    def fingerprint(self) -> TextFingerprint:
        """The fingerprint that an interrupted run must share to be resumed."""
        r = self.request
        options: dict[str, Option] = {
            "engine": r.engine, "voice": r.voice, "language": r.language, "speed": r.speed, "seed": r.seed,
            "pause": r.pause_ms, "paragraph": r.paragraph_ms, "gap": str(r.gap_policy),
            "markup": str(r.markup), "reading": str(r.reading), "code": str(r.code), "emoji": str(r.emoji),
            "speakers": " ".join(f"{name}={voice}" for name, voice in sorted(r.speakers.items())),
            "lexicon": " ".join(map(str, r.lexicon.entries)),
            "engine options": " ".join(sorted(self.worker_plan.engine_options)),
            "options": " ".join(f"{name}={value}" for name, value in sorted(r.options.items())),
            "cast": str(r.cast),
            "system lexicon": " ".join(map(str, self.system_lexicon.entries)),
        }  # fmt: skip
        return TextFingerprint.of(self.text, options)
