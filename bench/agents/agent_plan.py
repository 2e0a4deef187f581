"""Agents' runs and their results, as JSON between the bench and the process that has the framework. Pure."""

import json
import re
from dataclasses import asdict, dataclass

PLUGIN, ADAPTER, SESSION = "plugin", "adapter", "adapter-session"
CONTENDERS = {
    PLUGIN: "livekit-plugins-seriatim: a turn is a job, whose text is sent as it is written",
    ADAPTER: "livekit-plugins-openai with LiveKit's StreamAdapter: a sentence is a request, one after another",
    SESSION: "the same with the header `seriatim-session`",
}
FOXES = ("red", "old", "sly", "shy", "wet", "big", "sad", "odd", "mad", "dim")
HILLS = ("green", "brown", "misty", "windy", "quiet", "empty", "sandy")
SPEAKS = ("sings", "talks", "dreams", "writes", "thinks", "hears", "learns", "reads", "sighs")
SENTENCES = 5  #: of a turn


@dataclass(frozen=True, slots=True)
class AgentRun:
    """Agents that speak at once through one gateway, each one turn after another."""

    contender: str
    url: str  #: of the gateway
    redis_url: str  #: where a run with interruptions sees the slots
    pool: str
    agents: int = 1
    turns: int = 10  #: of each agent
    interruptions: int = 0  #: instead of turns: so many turns of one agent, each interrupted soon after its first sound
    tokens_per_s: float = 60.0

    def to_json(self) -> str:
        """The run for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "AgentRun":
        """The run of another process."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class TurnResult:
    """One turn; times in seconds after its first token."""

    frames: list[tuple[float, float]]  #: (arrival, ms) of each piece of sound
    ended_s: float
    error: str = ""  #: of the framework; "": the turn was spoken to its end

    @property
    def outcome(self) -> str:
        """`ok`, `refused` before any sound, or `cut` after some."""
        if not self.error:
            return "ok"
        return "cut" if self.frames else "refused"


@dataclass(frozen=True, slots=True)
class Interruption:
    """A turn that its listener interrupted."""

    busy_slots: int  #: when it was interrupted
    free_ms: float  #: from there to the first moment without a busy slot
    late_chunks: int  #: messages with sound that came after the cancel
    late_bytes: int


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """Everything that came of a run."""

    turns: list[TurnResult]
    interruptions: list[Interruption]

    def to_json(self) -> str:
        """The answer for the bench."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "AgentAnswer":
        """The answer of the other process."""
        found = json.loads(text)
        turns = [TurnResult([(at_s, ms) for at_s, ms in each.pop("frames")], **each) for each in found["turns"]]
        return cls(turns, [Interruption(**each) for each in found["interruptions"]])


def turn_text(agent: int, turn: int) -> str:
    """The text of a turn: SENTENCES sentences of nearly one length, whose ends are clear to every tokenizer."""
    first = (agent * 10 + turn) * SENTENCES
    return " ".join(
        f"The {FOXES[n % len(FOXES)]} fox {SPEAKS[n % len(SPEAKS)]} of {HILLS[n % len(HILLS)]} hills."
        for n in range(first, first + SENTENCES)
    )


def tokens(text: str) -> list[str]:
    """A text as a language model writes it: common words are one token each, with the space behind them."""
    return re.findall(r"\S+\s*", text)
