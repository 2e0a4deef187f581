"""`python -m tests.simulator`: run seeds and print a line of totals, or the first seed that fails."""

import argparse
import sys
import time
from collections import Counter

from tests.simulator.faults import LOGGED
from tests.simulator.plan import draw
from tests.simulator.run import Failed, history, play
from tests.support.redis_servers import PrivateServer, debian, embedded


def main() -> int:
    """Parse the command line and run. Returns 1 if a seed failed."""
    options = _options()
    binary = debian() if options.redis else embedded()
    if binary is None:
        sys.exit("no redis-server here; leave --redis away to use the embedded Valkey")
    began, total = time.monotonic(), Counter[str]()
    with PrivateServer(binary, *LOGGED) as server:
        for seed in range(options.first, options.first + options.seeds):
            try:
                plan = draw(
                    seed,
                    options.redis_crashes,
                    options.hot,
                    options.inline,
                    options.joint,
                    options.standby,
                    options.ahead,
                )
                world = play(plan, server)
            except Failed as failed:
                sys.stdout.writelines(f"{line}\n" for line in failed.steps if options.history)
                sys.stdout.write(f"{failed}\n")
                return 1
            total += world.tally
            if options.history:
                sys.stdout.writelines(f"{line}\n" for line in history(world))
    sys.stdout.write(f"{totals(total)} in {time.monotonic() - began:.1f} s\n")
    sys.stdout.write("0 lost, 0 twice, 0 out of order, 0 of another job or take; every accepted job ended once\n")
    return 0


def totals(total: Counter[str]) -> str:
    """One line of what the runs went through."""
    return ", ".join(f"{total[name]} {name}" for name in sorted(total, key=lambda name: (name != "runs", name)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many runs (200)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--history", action="store_true", help="print every step")
    parser.add_argument(
        "--redis-crashes", type=int, metavar="N", help="kill the server N times a run (0 to 3 times, as the seed says)"
    )
    parser.add_argument(
        "--hot", type=float, metavar="SHARE", help="of finished sentences whose slot takes the next one (the seed says)"
    )
    parser.add_argument(
        "--inline", type=float, metavar="SHARE", help="of chunks that are emitted as they arrive (the seed says)"
    )
    parser.add_argument(
        "--joint", type=float, metavar="SHARE", help="of neighbouring steps of a job and the pool that are one"
    )
    parser.add_argument(
        "--standby", type=float, metavar="SHARE", help="of slots without a next sentence that wait for one"
    )
    parser.add_argument("--ahead", type=float, metavar="SHARE", help="of finishes that ask for a sentence ahead")
    parser.add_argument("--redis", action="store_true", help="Debian's redis-server instead of the embedded Valkey")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
