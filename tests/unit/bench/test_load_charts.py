"""The load bench's tables and charts, made of a run by hand."""

from xml.etree import ElementTree

from bench.load.cancels import Cancels
from bench.load.charts import first_audio, timeline
from bench.load.figures import summary
from bench.load.load_system import Outcome
from bench.load.picks import Picks
from bench.load.plan import Ask, LoadRun, RequestResult
from bench.load.table import HEADINGS, heading, line, refusals_line, target_lines, used_line
from bench.load.targets import figures
from bench.load.usage import Used

RESULTS = (
    RequestResult("ann", "live", "live", 0.0, job="a", chunks=[(0.5, 1_000), (2.5, 1_000)], ended_s=3.0, over_s=3.5),
    RequestResult("bob <b>", "live", "live", 1.0, job="b", over_s=10.0),
    RequestResult("cid", "live", "live", 2.0, refused="Busy", over_s=2.0),
)
OUTCOME = Outcome(
    LoadRun("a run", (Ask(0.0, "ann", (2.0,)),), 10.0, about="three listeners"),
    RESULTS, {"redis": Used(0.1, 20.0)}, (1.0, 2.0), {"rtf": 0.25},
)  # fmt: skip
PICKS = Picks(10_000, 64, 2_000, 9, 0.05, 0.2, 0.1, 0.4)


def words(svg: str) -> list[str]:
    return [e.text or "" for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("}text")]


def test_a_line_has_a_cell_for_each_heading() -> None:
    found = summary(RESULTS, 10.0)
    assert len(line("fair", "run", "live", found).split()) == len(HEADINGS)
    assert heading().startswith("policy")
    assert "redis 0.10 cores" in used_line(OUTCOME)


def test_refusals_stand_beside_erlang() -> None:
    lines = refusals_line(summary(RESULTS, 10.0), 20.0, 15, 16)
    assert "refused at first 33%" in lines
    assert "Erlang-B of 20 erlangs on 15 lines 33%" in lines
    assert "beyond the slots 20%" in lines


def test_the_load_picture_names_axes_curves_and_target() -> None:
    lines = words(first_audio({"fair": [(4, 0.1), (15, 0.7)], "fifo": [(4, 0.2), (15, 29.0)]}, 16).svg())
    assert {"fair", "fifo", "target 1 s", "all slots", "listeners in a closed loop"} <= set(lines)
    assert "seconds, logarithmic" in lines


def test_the_load_picture_of_a_single_point_can_be_drawn() -> None:
    assert "fair" in words(first_audio({"fair": [(15, 0.7)]}, 16).svg())


def test_the_timeline_shows_who_waits_hears_and_is_silent() -> None:
    canvas = timeline(OUTCOME)
    assert {"ann", "bob <b>", "waits", "hears", "silent"} <= set(words(canvas.svg()))
    assert "cid" not in words(canvas.svg()), "who was refused heard nothing of it"
    assert "silent for 1.00 s" in canvas.svg()


def test_every_target_figure_says_whether_it_was_met() -> None:
    calm = summary([RESULTS[0]], 10.0)
    found = {("fair", "closed 15", "live"): calm, ("fifo", "closed 15", "live"): summary(RESULTS, 10.0)}
    rows = figures(found, {}, PICKS, Cancels(9, 15.0, 60.0, 200.0))
    full, cancel, pick = rows
    assert not full.met, "one silence is one too many"
    assert "fifo" in full.found
    assert not cancel.met, "185 ms behind the engine's own"
    assert pick.met
    lines = target_lines([{"measure": r.measure, "target": r.target, "found": r.found, "met": r.met} for r in rows])
    assert [text[:4] for text in lines] == ["MISS", "MISS", "ok  "]
