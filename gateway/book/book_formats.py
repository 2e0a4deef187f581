"""Formats of books, as the command line and HTTP name them, and what else of a book may be chosen."""

BOOK_FORMATS = ("m4b", "m4a", "mp3", "flac", "opus", "epub")
ONE_FILE = ("m4b", "m4a", "mp4", "mp3", "opus", "epub")  #: endings of files that can hold chapters
CHAPTER_FILES = ("mp3", "m4a", "opus", "flac")  #: formats of a folder, the default first
MP4_FORMATS = ("m4b", "m4a")  #: formats with a choice of codecs
MP4_CODECS = ("aac", "opus")  #: in them, the default first
CAPTION_FORMATS = ("vtt", "srt")  #: of captions beside a file
INCLUDABLE = ("notes",)  #: parts of a document that are spoken by choice
#: matter of a book, and parts of its text (seriatim.text.documents.document.PartKind), that are left out by choice
EXCLUDABLE = ("front", "back", "tables", "poems", "quotations")
LOUDNESS_LUFS = (-40, -16)  #: of speech that is neither noise nor distorted; more the limiter would take back
ROOM_TONE_DB = (-80, -50)  #: of noise that is hardly heard: ACX allows -60 dBFS at most
