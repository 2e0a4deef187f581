"""The keeper of books in a gateway: it looks for books with something to do, and runs some of them at a time.

Every gateway has one over the same store, so a book whose gateway was stopped or killed goes on at another one, or here
after a restart, once its lease is over.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.http.api_keys import ApiKeys
from gateway.http.books.book_folder import BookFolder
from gateway.http.books.book_lease import BookLease
from gateway.http.books.book_order import BookOrder, PreparedBook, prepare_book
from gateway.http.books.book_retention import BookRetention
from gateway.http.books.book_store import BookStore
from gateway.http.books.quality_measuring import QualityMeasuring
from seriatim.client.job_lexicon import SystemLexicons
from seriatim.client.operator_limits import set_user_limits
from seriatim.client.producer import Producer
from seriatim.errors import Misconfigured, SeriatimError

if TYPE_CHECKING:
    from gateway.http.books.book_run import BookRun

log = logging.getLogger(__name__)

LOOK_S = 2.0  #: between two looks at the store
CLOSE_S = 2.0  #: for runs to end when the process does


@dataclass(slots=True)
class BookKeeper:
    """The books that one gateway makes."""

    producer: Producer
    keys: ApiKeys
    lexicons: SystemLexicons = field(init=False)
    quality: QualityMeasuring = field(default_factory=QualityMeasuring)
    _runs: dict[str, "tuple[BookRun, threading.Thread]"] = field(default_factory=dict)  #: by the ids of the books
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)  #: of `_runs` and `_closed`
    _is_failing: bool = False  #: the last look failed, and a line of the log says so
    _swept_s: float = float("-inf")  #: monotonic time of the last look at what is too old or too much

    def __post_init__(self) -> None:
        self.lexicons = SystemLexicons(self.producer.settings)

    def store(self) -> BookStore:
        """The books of the store.

        Raises:
            Misconfigured: there is no folder for them.
            Unavailable: Redis does not answer.
        """
        store = self._find_store()
        if store is None:
            raise Misconfigured("books need a folder that all gateways share: set SERIATIM_BOOK_DIR beside a bucket")
        return store

    def _find_store(self) -> BookStore | None:
        """The books of the store; None: recordings are in a bucket, and there is no other folder."""
        if self.producer.settings.book_dir:
            return BookStore(Path(self.producer.settings.book_dir))
        place = self.producer.store()
        return BookStore(place / "books") if isinstance(place, Path) else None

    async def run(self) -> None:
        """Look for books until the task is cancelled."""
        while True:
            if self.producer.settings.books_at_once:
                await asyncio.to_thread(self._look)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._woken.wait()
            self._woken.clear()

    def wake(self) -> None:
        """Look at once: a book was added. To be called in the event loop."""
        self._woken.set()

    def stop(self, book_id: str) -> None:
        """Stop the run of a book that is removed, if it is here; a run elsewhere finds out by itself."""
        with self._lock:
            found = self._runs.get(book_id)
        if found:
            found[0].stop()

    def close(self) -> None:
        """Stop all runs; another gateway goes on with their books."""
        with self._lock:
            self._closed, runs = True, list(self._runs.values())
        self.quality.close()
        for run, _ in runs:
            run.stop()
        for _, thread in runs:
            thread.join(CLOSE_S / len(runs))

    @property
    def is_busy(self) -> bool:
        """Whether threads are at work, such as one that writes files."""
        return self.quality.is_busy or any(thread.is_alive() for _, thread in self._runs.values())

    def _look(self) -> None:
        try:
            if store := self._find_store():
                self._start_runs(store)
                self._sweep(store)
            self._is_failing = False
        except (SeriatimError, OSError) as error:  # the next look tries again
            if not self._is_failing:
                log.warning("books cannot be looked for", extra={"error": str(error)})
            self._is_failing = True

    def _sweep(self, store: BookStore) -> None:
        """Remove what is too old or too much, from time to time."""
        settings = self.producer.settings
        retention = BookRetention(settings.book_retention_days, settings.book_limit_gb)
        if time.monotonic() - self._swept_s < retention.round_s:
            return
        store.remove_abandoned()
        retention.sweep(store)
        self._swept_s = time.monotonic()

    def _start_runs(self, store: BookStore) -> None:
        """Start runs of pending books, as many as there is room for."""
        with self._lock:
            self._runs = {book: row for book, row in self._runs.items() if row[1].is_alive()}
            running = Counter(run.folder.owner for run, _ in self._runs.values())
        pending = [book for _, book in store.pending() if book.id not in self._runs]
        for book in in_turn(pending, running):
            if len(self._runs) >= self.producer.settings.books_at_once:
                return
            run = self._new_run(book)
            if run.lease.hold(run.progress()):
                self._start(run)

    def _start(self, run: "BookRun") -> None:
        thread = threading.Thread(target=run.work, name=f"book {run.folder.id[:8]}", daemon=True)
        with self._lock:
            if self._closed:
                run.lease.release()
                return
            self._runs[run.folder.id] = run, thread
            thread.start()

    def _new_run(self, book: BookFolder) -> "BookRun":
        from gateway.http.books.book_run import BookRun  # imports FFmpeg's libraries

        lease = BookLease(self.producer.redis, book.id, self.producer.settings.book_lease_s)
        return BookRun(book, lease, self.producer, self.prepare)

    def prepare(self, book: BookFolder, order: BookOrder) -> PreparedBook:
        """Prepare an order with the lexicons as they are now, and send the limits of its user to the pool.

        Raises:
            SeriatimError: the order cannot be met any more, or Redis does not answer.
        """
        caller, pool = self.keys.caller_of(order.user), str(order.options["pool"])
        own, system = caller.lexicon.current(), self.lexicons.current(pool)
        prepared = prepare_book(order, book.document(), book.files, own, system)
        if limits := caller.limits.as_dict():
            set_user_limits(self.producer.redis, pool, order.user, limits)
        return prepared


def in_turn(pending: Sequence[BookFolder], running: Mapping[str, int]) -> Iterator[BookFolder]:
    """Pending books, the oldest first, in the order in which they are to run.

    The next one is the first of the owner who has the fewest: one user's many books keep no other waiting.
    `running`: the books of each owner that run.
    """
    left, counts = list(pending), Counter(running)
    while left:
        book = min(left, key=lambda one: counts[one.owner])
        left.remove(book)
        counts[book.owner] += 1
        yield book
