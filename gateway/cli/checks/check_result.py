"""The result of one check: what was found, whether it will do, and what to do if it will not. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """Whether what was found will do."""

    OK = "ok"
    WARN = "warn"  #: it works, and something about it may surprise
    FAIL = "fail"  #: it does not work


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of `seriatim doctor`."""

    check: str  #: what was looked at, such as "redis eviction"
    status: CheckStatus
    found: str
    advice: str = ""  #: what to do; there is some wherever the status is not OK


def ok(check: str, found: str) -> CheckResult:
    """A result that needs nothing to be done."""
    return CheckResult(check, CheckStatus.OK, found)


def warn(check: str, found: str, advice: str) -> CheckResult:
    """A result that may surprise."""
    return CheckResult(check, CheckStatus.WARN, found, advice)


def fail(check: str, found: str, advice: str) -> CheckResult:
    """A result that keeps something from working."""
    return CheckResult(check, CheckStatus.FAIL, found, advice)


def from_message(check: str, message: object, status: CheckStatus = CheckStatus.FAIL) -> CheckResult:
    """The result that an error's message is: its first part says what was found, the rest what to do."""
    found, _, advice = str(message).partition("; ")
    return CheckResult(check, status, found, advice or "see docs/how-to/doctor.md")


def as_lines(results: Iterable[CheckResult]) -> list[str]:
    """One line for each result, for a person."""
    shown = list(results)
    width = max((len(result.check) for result in shown), default=0)
    return [_line(result, width) for result in shown]


def _line(result: CheckResult, width: int) -> str:
    line = f"{result.status:<4}  {result.check:<{width}}  {result.found}"
    return " ".join((f"{line} -> {result.advice}" if result.advice else line).splitlines())
