"""The scenarios of the runs. Pure: the same requests in every run of the bench, under each policy."""

from dataclasses import dataclass, replace

from bench.load.arrivals import bursts, poisson, spread
from bench.load.load_system import LISTENERS
from bench.load.plan import Ask, LoadRun

ANSWERS_S = (6.0, 9.0, 12.0, 15.0)  #: texts of a voice agent
CHAPTERS_S = (90.0, 150.0)
MIXED_S = (6.0, 9.0, 12.0, 90.0)  #: three answers for a chapter
BOOK_S = 600.0  #: of the hog's books, which have no listener
FULL = LISTENERS - 1  #: what admission lets in: the batch reserve of 5 % comes off
HOG_BOOKS = 40
LIGHT_USERS = 10
OFFERED = 1.25  #: of what the slots can speak
EQUALS = 8


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything. Spans in seconds."""

    sweep: tuple[int, ...]  #: listeners in a closed loop, for our policy
    sweep_others: tuple[int, ...]  #: for those that it is compared with
    sweep_s: float
    full_s: float  #: runs that a target figure depends on
    side_s: float  #: the others
    n_listeners: int  #: listeners at once, of the cheaper engine
    bisect: bool
    cancels: int
    pick_jobs: int
    picks: int


QUICK = Sizes((4, FULL), (4, FULL), 12.0, 14.0, 10.0, 120, bisect=False, cancels=8, pick_jobs=10_000, picks=400)
THOROUGH = Sizes(
    (1, 4, 8, 12, FULL, 32, 128), (4, 8, 12, FULL, 32), 22.0, 62.0, 30.0, 120, bisect=True, cancels=60,
    pick_jobs=10_000, picks=2_000,
)  # fmt: skip


def at_once(n: int, span_s: float, texts_s: tuple[float, ...] = ANSWERS_S, *, name: str = "") -> LoadRun:
    """`n` listeners in a closed loop, who gather during the first sixth, at least five seconds.

    Where they are fewer than half of what the slots can speak, the first text of each counts too: it is as any other.
    """
    gather_s = max(5.0, span_s / 6)
    warm_s = gather_s if n > LISTENERS // 2 else 0.0
    return LoadRun(
        name or f"closed {n}", _closed(n, texts_s, gather_s), span_s, warm_s, f"{n} listeners, one text after another"
    )


def _closed(n: int, texts_s: tuple[float, ...], over_s: float, *, user: str = "u", group: str = "live",
            from_s: float = 0.0) -> tuple[Ask, ...]:  # fmt: skip
    return tuple(
        Ask(from_s + at_s, f"{user}{i}", texts_s, i, again=True, group=group)
        for i, at_s in enumerate(spread(n, over_s))
    )


def batch_beside(n: int, span_s: float) -> LoadRun:
    """Full of live listeners, and a user with books whose deadlines are long past."""
    live = at_once(n, span_s)
    asks = (*_books(4), *live.asks)
    return LoadRun("batch beside", asks, span_s, live.warm_s, f"{n} live listeners and a user with 4 books (batch)")


def _books(n: int) -> tuple[Ask, ...]:
    return tuple(
        Ask(0.0, "hog", (BOOK_S,), 1_000 + i, "batch", comes_back=False, listens=False, group="hog") for i in range(n)
    )


def hog(span_s: float, *, books: int = HOG_BOOKS) -> LoadRun:
    """One user with books, who came first, beside light users. Without books: what light users get alone."""
    warm_s = max(5.0, span_s / 6)
    light = _closed(LIGHT_USERS, ANSWERS_S, warm_s - 2, user="light", group="light", from_s=2.0)
    name = f"hog {books}" if books else "no hog"
    return LoadRun(
        name, (*_books(books), *light), span_s, warm_s, f"{LIGHT_USERS} light users and a hog of {books} books"
    )


def offered(span_s: float, load: float = OFFERED, seed: int = 7) -> LoadRun:
    """Open loop: `load` times what the slots can speak, by chance; a refused client comes back after Retry-After."""
    mean_s = sum(ANSWERS_S) / len(ANSWERS_S)
    times = poisson(load * LISTENERS / mean_s, span_s, seed)
    asks = tuple(Ask(at_s, f"p{i}", ANSWERS_S, i, group="live") for i, at_s in enumerate(times))
    about = f"Poisson, {load:.0%} of what the slots can speak: {load * LISTENERS:.0f} erlangs"
    return LoadRun(f"poisson {load:.0%}", asks, span_s, 0.0, about)


def storms(span_s: float, size: int = 12) -> LoadRun:
    """Open loop: all at once."""
    times = bursts(size, span_s / 3, span_s - 4)
    asks = tuple(Ask(at_s, f"b{i}", ANSWERS_S, i, group="live") for i, at_s in enumerate(times))
    return LoadRun("bursts", asks, span_s, 0.0, f"{size} listeners at once, every {span_s / 3:.0f} s")


def mixed(span_s: float) -> LoadRun:
    """Short answers and long chapters at full load."""
    return at_once(FULL, span_s, MIXED_S, name="answers, chapters")


def short_beside_long(span_s: float) -> LoadRun:
    """Texts of one second beside texts of thirty."""
    warm_s = max(5.0, span_s / 6)
    short = _closed(5, (1.0,), warm_s, user="short", group="1 s")
    long = _closed(9, (30.0,), warm_s, user="long", group="30 s")
    return LoadRun("1 s beside 30 s", (*short, *long), span_s, warm_s, "5 listeners of 1 s texts, 9 of 30 s texts")


def leaving(span_s: float) -> LoadRun:
    """Some go in the middle: they cancel and ask again at once (barge-in), or they vanish."""
    stay = _closed(7, ANSWERS_S, 5.0)
    barge = tuple(
        Ask(i * 0.7, f"barge{i}", CHAPTERS_S, i, again=True, leaves_s=3.0, group="barge-in") for i in range(4)
    )
    vanish = tuple(
        Ask(i * 1.3, f"gone{i}", CHAPTERS_S, i, leaves_s=2.0, says_so=False, group="vanish") for i in range(3)
    )
    return LoadRun("disconnects", (*stay, *barge, *vanish), span_s, 5.0, "7 stay, 4 barge in every 3 s, 3 vanish")


def slow(span_s: float) -> LoadRun:
    """Readers at half speed, and one that never reports, beside people who listen."""
    others = _closed(10, ANSWERS_S, 5.0)
    halves = tuple(Ask(i * 0.9, f"slow{i}", CHAPTERS_S, i, pace=0.5, group="slow") for i in range(3))
    mute = (Ask(1.0, "mute", CHAPTERS_S, 99, silent=True, group="mute"),)
    return LoadRun(
        "slow readers", (*others, *halves, *mute), span_s, 5.0, "10 listen, 3 read at half speed, 1 is silent"
    )


def equals(span_s: float) -> LoadRun:
    """Equal users, each with more work than the pool can do, from the same moment on: who gets how much?"""
    asks = tuple(
        Ask(0.0, f"e{i}", (BOOK_S,), 2_000 + i, "batch", comes_back=False, listens=False, group="equal")
        for i in range(EQUALS)
    )
    return LoadRun("equal users", asks, span_s, 0.0, f"{EQUALS} equal users with a book each, all slots busy")


def many(n: int, span_s: float, *, buffers: bool = False) -> LoadRun:
    """So many listeners at once that only a cheaper engine can serve them on two cores; `buffers` as in `Ask`."""
    run = at_once(n, span_s, (40.0, 60.0), name=f"{n} at once")
    return replace(run, asks=tuple(replace(ask, buffers=buffers) for ask in run.asks))
