"""`make bench-agents`: voice agents of LiveKit that speak through our plugin, and through its plugin for OpenAI's API.

    python -m bench.agents [--turns 10] [--python FILE] [--json FILE]

1, 2, 3, 4 and 8 agents speak ten turns of five sentences each, written at 60 tokens a second, and play what they get.
The engine is `tone` with three slots at RTF 0.75: room for four agents, so three are 75 % load and eight 200 %. Each
way of speaking has a system of its own, and all run side by side, so that they meet the same machine. Then turns are
interrupted, and at the end a whole pipeline of LiveKit answers with the voice hibari.

LiveKit's packages are in an environment of their own (`make bench-agents` makes it). About 12 minutes.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from bench.agents.agent_figures import Answers, figure_lines, figures, first_sound_figure, heading, run_line
from bench.agents.agent_plan import ADAPTER, CONTENDERS, PLUGIN, AgentAnswer
from bench.agents.agent_systems import LISTENERS, AgentSystem, hibari_system, tone_system
from tests.support.process_system import ROOT

AGENTS = (1, 2, 3, 4, 8)
AT_75, AT_200 = round(0.75 * LISTENERS), round(2 * LISTENERS)
PYTHON = ROOT / ".venv-integrations" / "livekit" / "bin" / "python"


def main(argv: Sequence[str]) -> int:
    """Measure, print, and write a file; returns 1 if a required figure was missed."""
    arguments = parse(argv)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("\n".join(f"{name}: {CONTENDERS[name]}" for name in arguments.contenders))
    answers = measure_tone(arguments)
    rows = figures(answers, AT_75, AT_200)
    if arguments.answers:
        with hibari_system(arguments.python) as place:
            rows.append(first_sound_figure(place.speak_answers(arguments.answers)))
    print("\n" + "\n".join(figure_lines(rows)))
    runs = [{"contender": name, "agents": n} | asdict(answer) for (name, n), answer in answers.items()]
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps({"figures": [asdict(row) for row in rows], "runs": runs}) + "\n")
    return 0 if all(row.is_met for row in rows) else 1


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.agents", description="See the head of bench/agents/__main__.py."
    )
    parser.add_argument("--turns", type=int, default=10, help="of each agent")
    parser.add_argument("--interruptions", type=int, default=100)
    parser.add_argument("--answers", type=int, default=40, help="of the agent with hibari; 0: leave it out")
    parser.add_argument("--contenders", nargs="+", default=[PLUGIN, ADAPTER], choices=CONTENDERS)
    parser.add_argument("--python", type=Path, default=PYTHON, help="of the environment with LiveKit's packages")
    parser.add_argument("--json", type=Path, default=Path("bench/out/agents.json"), metavar="FILE")
    arguments = parser.parse_args(argv)
    if missing := {PLUGIN, ADAPTER} - set(arguments.contenders):
        parser.error(f"--contenders lacks {', '.join(sorted(missing))}, which the figures compare")
    return arguments


def measure_tone(arguments: argparse.Namespace) -> Answers:
    """All runs; those of the contenders go on side by side. 0 agents: the interruptions."""
    found: dict[tuple[str, int], AgentAnswer] = {}
    with ExitStack() as stack, ThreadPoolExecutor(len(arguments.contenders)) as threads:
        places = {name: stack.enter_context(tone_system(arguments.python)) for name in arguments.contenders}
        print(heading(), flush=True)
        for n in (*AGENTS, 0):

            def run(name: str, n: int = n) -> AgentAnswer:
                place: AgentSystem = places[name]
                if n == 0:
                    return place.run(name, interruptions=arguments.interruptions)
                return place.run(name, agents=n, turns=arguments.turns)

            for name, answer in zip(places, threads.map(run, places), strict=True):
                found[name, n] = answer
                if n:
                    print(run_line(name, n, n / LISTENERS, answer.turns), flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
