"""Turns of the encoders: the listener that runs dry first is next; one that leaves frees its place."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gateway.http.encoding.deadline_slots import DeadlineSlots


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.integers(1, 4))
def test_who_runs_dry_first_goes_first(due: list[float], places: int) -> None:
    async def run() -> list[float]:
        turns, went = DeadlineSlots(places), []

        async def work(due_s: float) -> None:
            async with turns.hold_slot(due_s):
                went.append(due_s)

        async def hold(until: asyncio.Event) -> None:
            async with turns.hold_slot(0):
                await until.wait()

        free = asyncio.Event()
        holders = [asyncio.create_task(hold(free)) for _ in range(places)]
        await asyncio.sleep(0)
        workers = [asyncio.create_task(work(due_s)) for due_s in due]
        await asyncio.sleep(0)
        assert not went, "there is no place"
        holders.pop().cancel()  # one at a time from here on
        await asyncio.gather(*workers)
        free.set()
        await asyncio.gather(*holders)
        assert turns.free == places
        return went

    assert asyncio.run(run()) == sorted(due)


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_who_leaves_takes_no_place_along(leaves: list[bool]) -> None:
    async def run() -> None:
        turns, went = DeadlineSlots(1), 0

        async def work() -> None:
            nonlocal went
            async with turns.hold_slot(1):
                went += 1
                await asyncio.sleep(0)

        workers = [asyncio.create_task(work()) for _ in leaves]
        await asyncio.sleep(0)
        for worker, left in zip(workers, leaves, strict=True):
            if left:
                worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        assert turns.free == 1
        assert went >= leaves.count(False)

    asyncio.run(run())
