"""User limits: what one user gets of a pool, in one record.

The record makes the options of `seriatim set --user`, the fields of the file of API keys, the arguments of scripts and
the messages of refusals. A new limit is a field here, a setting `user_<name>`, its rule in `lua/pool/submit.lua`, and a
verdict of the rule in `seriatim.lua.pool_records.SubmitVerdict`, with the name that the limit has in scripts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from seriatim.settings import Settings

MAX_LIMIT = 10**9


@dataclass(frozen=True, slots=True)
class LimitInfo:
    """The description of one limit."""

    script_name: str  #: in the scripts' arguments and in the pool's hashes
    help: str  #: for the command line
    reached: str = ""  #: of the refusal "user 'anna' has <reached> SERIATIM_USER_<NAME> allows"
    low: float = 1
    high: float = MAX_LIMIT
    factor: int = 1  #: from the limit's unit to that of the scripts


def _limit(*description: Any) -> Any:
    return field(default=None, metadata={"info": LimitInfo(*description)})


@dataclass(frozen=True, slots=True)
class UserLimits:
    """The limits of a user; None: as requests and settings say."""

    weight: float | None = _limit("weight", "share of the pool relative to other users", "", 0.001, 1000)
    jobs: float | None = _limit("cap_jobs", "cap on the user's running jobs", "as many jobs as")
    in_flight: float | None = _limit("cap_infl", "cap on the user's sentences in flight")
    queued_s: float | None = _limit(
        "cap_queued", "cap on the user's queued audio, in seconds", "as much audio queued as",
        0.001, MAX_LIMIT / 1000, 1000,
    )  # fmt: skip
    characters_day: float | None = _limit(
        "cap_chars", "budget: characters that engines are sent for the user in a day (UTC), retries included",
        "spent as many characters today as",
    )  # fmt: skip

    @classmethod
    def from_settings(cls, settings: "Settings") -> Self:
        """The limits of every user; 0 in a setting is none."""
        return cls(**{name: getattr(settings, f"user_{name}", 0) or None for name in LIMITS})

    @classmethod
    def from_script(cls, values: Mapping[str, float]) -> Self:
        """Read what a script returned."""
        found = {name: values.get(info.script_name) for name, info in LIMITS.items()}
        return cls(**{name: None if value is None else value / LIMITS[name].factor for name, value in found.items()})

    def as_dict(self) -> dict[str, float]:
        """The limits that are set, by name."""
        return {name: value for name in LIMITS if (value := getattr(self, name)) is not None}

    def to_script(self) -> dict[str, float]:
        """The limits that are set, with the names and units of the scripts."""
        return {LIMITS[name].script_name: value * LIMITS[name].factor for name, value in self.as_dict().items()}


#: the limits by name, in the order of the fields
LIMITS: Mapping[str, LimitInfo] = {each.name: each.metadata["info"] for each in fields(UserLimits)}
