"""Formats of books, as the command line names them."""

BOOK_FORMATS = ("m4b", "m4a", "mp3", "flac", "opus", "epub")
ONE_FILE = ("m4b", "m4a", "mp4", "mp3", "opus", "epub")  #: endings of files that can hold chapters
CHAPTER_FILES = ("mp3", "m4a", "opus", "flac")  #: formats of a folder, the default first
CAPTION_FORMATS = ("vtt", "srt")  #: of captions beside a file
