"""The remaining text of long requests: read and sent in batches while the beginning is played, behind encoding.

An hour of text takes a fifth of a second of a processor to be cut and read. Two hundred such texts, each on a thread of
its own, would take the threads of all other requests, and the time of the encoders whose listeners wait.
"""

import asyncio
import time

from gateway.http.encoding.deadline_slots import DeadlineSlots, encoder_slots
from gateway.http.encoding.stream_formats import threads
from seriatim.client.partial_submission import PartialSubmission

BATCH_SENTENCES = 100  #: read in one go: 20 to 50 ms of a processor
#: Until then listeners who would run dry earlier go first. The beginning, which was sent before, lasts for minutes; the
#: producer's lease on a text that is not complete, for one minute.
DUE_S = 10.0

_reading = DeadlineSlots(1)  #: texts by turns, the one that waits longest first


async def send_remaining_text(submission: PartialSubmission) -> None:
    """Send what is left of a text, in batches by turns with those of other requests.

    Raises:
        SeriatimError: as `PartialSubmission.send_rest`.
    """
    loop = asyncio.get_running_loop()
    while not submission.whole:
        now_s = time.monotonic()
        async with _reading.hold_slot(now_s), encoder_slots.hold_slot(now_s + DUE_S):
            batch = await loop.run_in_executor(threads, submission.read_batch, BATCH_SENTENCES)
        await asyncio.to_thread(submission.send_batch, batch)
