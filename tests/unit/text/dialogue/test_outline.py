"""An outline as a dialogue: two hosts take turns through its headings and points, and nothing is left out."""

import pytest

from gateway.cli.input_text import with_hosts
from seriatim.client.job_options import JobRequest
from seriatim.errors import BadInput
from seriatim.text.dialogue.outline import outline_script
from seriatim.text.markup import Markup
from seriatim.text.segment import SegmentOptions, segment

OUTLINE = """# Harbour news ##

Good evening, and
welcome.

## Ships

* Three ships *came* in.
  They bring timber.
   1) All were late.
- [x] The crane works again

---

The weather
-----------
+ Rain
"""
SCRIPT = """A: Harbour news. Good evening, and welcome.

B: Ships.
A: Three ships *came* in. They bring timber.
B: All were late.
A: The crane works again

B: The weather.
A: Rain
"""


def test_two_hosts_take_turns_through_headings_and_points() -> None:
    assert outline_script(OUTLINE, ["A", "B"]) == SCRIPT
    assert outline_script("Only text.\n", ["A", "B"]) == "A: Only text.\n"
    assert outline_script("", ["A", "B"]) == ""
    assert outline_script("Title\n=====\n- One.", ["A", "B"]) == "A: Title.\nB: One.\n"


def test_each_turn_is_spoken_in_its_hosts_voice() -> None:
    request, script = with_hosts("alto, bass", JobRequest(), "# News\nGood evening.\n- Rain, *at last*.\n- And wind.")
    cut = SegmentOptions(markup=Markup.MARKDOWN, speakers=request.speaker_styles)
    assert [(piece.text, piece.style.voice) for piece in segment(script, cut)] == [
        ("News.", "alto"), ("Good evening.", "alto"), ("Rain, at last.", "bass"), ("And wind.", "alto"),
    ]  # fmt: skip


def test_hosts_may_be_speakers_of_the_cast() -> None:
    request = JobRequest.of({"cast": {"speakers": {"ANNA": {"voice": "alto", "speed": 0.5}}}})
    hosted, script = with_hosts("ANNA,bass", request, "- One.\n- Two.")
    assert script == "ANNA: One.\nHOST 2: Two.\n"
    assert {name: style.voice for name, style in hosted.speaker_styles.items()} == {"ANNA": "alto", "HOST 2": "bass"}
    assert hosted.speaker_styles["ANNA"].rate == 0.5


@pytest.mark.parametrize("hosts", ["alto", "alto,", "a,b,c", ","])
def test_hosts_are_two(hosts: str) -> None:
    with pytest.raises(BadInput, match="expected two voices"):
        with_hosts(hosts, JobRequest(), "- One.")
