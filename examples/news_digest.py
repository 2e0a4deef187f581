"""A news digest with two voices by turns: one line of a file after another.

python examples/news_digest.py headlines.txt digest.wav alto bass

Redis is that of SERIATIM_REDIS_URL; `seriatim voices` lists the voices. The lines are spoken in parallel, and the file
has them in order.
"""

import sys
from pathlib import Path

from seriatim import enqueue_job

SPEAKERS = ("ANNA", "BEN")


def main(headlines: str, output: str, *voices: str) -> None:
    """Speak the lines of a file in turns."""
    lines = [line for line in Path(headlines).read_text("utf-8").splitlines() if line.strip()]
    script = "\n".join(f"{SPEAKERS[n % len(SPEAKERS)]}: {line}" for n, line in enumerate(lines))
    job = enqueue_job(script, cast={"speakers": dict(zip(SPEAKERS, voices, strict=True))}, kind="batch")
    status = job.save(output)
    print(f"{status.sentences} sentences, {status.audio_s:.1f} s")  # noqa: T201  # a program's answer


if __name__ == "__main__":
    main(*sys.argv[1:])
