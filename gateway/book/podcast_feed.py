"""The podcast feed of a book, a chapter an episode: RSS 2.0 with Apple's tags, and captions as transcripts. Pure.

Apple's "Podcast RSS feed requirements" say which tags there must be; a serial podcast is listened to from its first
episode on. An episode has its identifier and its date by the feed's address and its number: a chapter that is
corrected, or gets another title, is no new episode.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import PurePath
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from gateway.book.book_plan import BookPlan
from gateway.book.xml_text import xml_text

FEED_NAME = "feed.xml"
#: by the endings of files, as Apple lists them, or else as registered
MEDIA_TYPES = {"mp3": "audio/mpeg", "m4a": "audio/x-m4a", "opus": "audio/ogg", "flac": "audio/flac"}
CAPTION_TYPES = {"vtt": "text/vtt", "srt": "application/x-subrip"}
EPISODE_STEP_S = 1  #: between the dates of two episodes: players that know no numbers sort by them
_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
     xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:atom="http://www.w3.org/2005/Atom">
  <channel>
"""
_TAIL = "  </channel>\n</rss>\n"


@dataclass(frozen=True, slots=True)
class Episode:
    """A chapter as an episode."""

    name: str  #: of its file
    title: str
    number: int  #: of the chapter in the document, 1-based
    n_bytes: int
    duration_s: float
    captions: tuple[str, ...] = ()  #: the names of their files


@dataclass(frozen=True, slots=True)
class PodcastFeed:
    """The feed of a book."""

    plan: BookPlan
    narrator: str
    address: str  #: at which its files are served, with a slash at its end
    cover: str  #: the name of its file; "": there is none
    published_s: int  #: the date from which those of the episodes count, in s since the epoch

    def to_xml(self, episodes: Sequence[Episode]) -> str:
        """The feed, with the episodes in the order of the book."""
        lines = [*self._facts(), *(line for i, one in enumerate(episodes) for line in self._episode(i, one))]
        return _HEAD + "".join(f"    {line}\n" for line in lines) + _TAIL

    def _facts(self) -> Iterator[str]:
        plan = self.plan
        by = f" by {plan.author}" if plan.author else ""
        read_by = f", read by {self.narrator}" if self.narrator else ""
        yield f"<title>{xml_text(plan.title)}</title>"
        yield f"<link>{xml_text(self.address)}</link>"
        yield f"<description>{xml_text(plan.title + by + read_by)}</description>"
        yield f"<language>{xml_text(plan.language or 'en')}</language>"
        yield f'<atom:link rel="self" type="application/rss+xml" href={self._link(FEED_NAME)}/>'
        if plan.author:
            yield f"<itunes:author>{xml_text(plan.author)}</itunes:author>"
        if self.cover:
            yield f"<itunes:image href={self._link(self.cover)}/>"
        yield "<itunes:type>serial</itunes:type>"
        yield "<itunes:explicit>false</itunes:explicit>"
        yield '<itunes:category text="Arts"><itunes:category text="Books"/></itunes:category>'

    def _episode(self, index: int, one: Episode) -> Iterator[str]:
        date = datetime.fromtimestamp(self.published_s + one.number * EPISODE_STEP_S, UTC)
        yield "<item>"
        yield f"  <title>{xml_text(one.title)}</title>"
        yield f'  <guid isPermaLink="false">{uuid.uuid5(uuid.NAMESPACE_URL, f"{self.address}{one.number}")}</guid>'
        yield f"  <pubDate>{format_datetime(date)}</pubDate>"
        media_type = MEDIA_TYPES[_ending(one.name)]
        yield f'  <enclosure url={self._link(one.name)} length="{one.n_bytes}" type="{media_type}"/>'
        yield f"  <itunes:duration>{round(one.duration_s)}</itunes:duration>"
        yield f"  <itunes:episode>{index + 1}</itunes:episode>"
        for name in one.captions:
            yield f'  <podcast:transcript url={self._link(name)} type="{CAPTION_TYPES[_ending(name)]}"/>'
        yield "</item>"

    def _link(self, name: str) -> str:
        return quoteattr(self.address + quote(name))


def _ending(name: str) -> str:
    return PurePath(name).suffix.lstrip(".")
