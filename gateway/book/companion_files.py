"""Companion files of a folder of chapters: cover, metadata, captions and feed; those of other people stay."""

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path

from gateway.book.book_assembly import BookAssembly, SpokenChapter
from gateway.book.book_captions import caption_text
from gateway.book.book_output import BookOutput, OutputKind
from gateway.book.library_metadata import opf
from gateway.book.podcast_feed import FEED_NAME, Episode, PodcastFeed
from seriatim.audio.book_tags import cover_name

Contents = dict[str, Callable[[], bytes]]  #: by the names of the files; called once the chapters' files are complete


def companion_files(
    assembly: BookAssembly,
    folder: Path,
    output: BookOutput,
    known: Collection[str],
    tracks: Mapping[str, SpokenChapter],
) -> Contents:
    """The companion files, without those in the folder that are not of this book.

    `known`: names of files of this book. `tracks`: the chapters in order, by the names of their files.
    """
    contents: Contents = {}
    if cover := assembly.tags.cover:
        contents[cover_name(cover)] = partial(bytes, cover)
    if output.kind is OutputKind.LIBRARY:
        contents["metadata.opf"] = lambda: opf(assembly.plan, assembly.tags.narrator).encode()
    for name, chapter in tracks.items():
        for caption_format in output.captions:
            contents[caption_name(name, caption_format)] = partial(_captions, chapter, caption_format)
    if output.podcast:
        contents[FEED_NAME] = partial(_feed, assembly, folder, output, tracks)
    return {name: content for name, content in contents.items() if name in known or not (folder / name).exists()}


def caption_name(audio_name: str, caption_format: str) -> str:
    """The name of the captions beside a file."""
    return str(Path(audio_name).with_suffix(f".{caption_format}"))


def _captions(chapter: SpokenChapter, caption_format: str) -> bytes:
    return caption_text([chapter], [0.0], caption_format).encode()


def _feed(assembly: BookAssembly, folder: Path, output: BookOutput, tracks: Mapping[str, SpokenChapter]) -> bytes:
    episodes = [
        Episode(
            name, chapter.plan.title, chapter.plan.number, (folder / name).stat().st_size, chapter.record.duration_s,
            tuple(caption_name(name, caption_format) for caption_format in output.captions),
        )
        for name, chapter in tracks.items()
    ]  # fmt: skip
    tags = assembly.tags
    published_s = assembly.project.publication_time(int(time.time()))
    feed = PodcastFeed(assembly.plan, tags.narrator, output.podcast, cover_name(tags.cover), published_s)
    return feed.to_xml(episodes).encode()
