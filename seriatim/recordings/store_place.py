"""The place of a store: a folder, or a bucket's prefix, as SERIATIM_STORE_DIR names it. No I/O.

    /var/lib/seriatim/store
    s3://BUCKET/PREFIX
    s3://BUCKET/PREFIX?endpoint=https://minio.lan:9000&region=eu-central-1

The text is all that a process needs besides its credentials, so heartbeats and child processes pass it on as it is.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from seriatim.errors import Misconfigured

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/-]*")  #: characters that every server and tool takes as they are
OPTIONS = ("endpoint", "region")
FORM = "s3://BUCKET/PREFIX?endpoint=URL&region=NAME, of which the bucket alone is needed"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, and the prefix of the keys in it that are the store's."""

    name: str
    prefix: str = ""  #: without a slash at its ends
    endpoint: str = ""  #: URL of the server; "": what AWS_ENDPOINT_URL_S3 or a profile names, or else AWS
    region: str = ""  #: "": what AWS_REGION or a profile names

    def __str__(self) -> str:
        options = [(name, getattr(self, name)) for name in OPTIONS if getattr(self, name)]
        query = "&".join(f"{name}={quote(value, safe=':/[]')}" for name, value in options)
        return f"s3://{self.name}/{self.prefix}".rstrip("/") + (f"?{query}" if query else "")

    def key(self, *parts: str) -> str:
        """The key of an object of the store, from the parts of its path."""
        return "/".join(filter(None, (self.prefix, *parts)))


StorePlace = Path | Bucket


def store_place(text: str) -> StorePlace:
    """Read the place of a store.

    Raises:
        Misconfigured: a URL that is not one of a bucket.
    """
    if not SCHEME.match(text):
        return Path(text)
    try:
        url = urlsplit(text)
        return _bucket_of(url)
    except ValueError as error:
        shown = re.sub(r"//.*@", "//***@", text)  # a secret key may contain a slash
        raise Misconfigured(f"SERIATIM_STORE_DIR={shown!r}: {error}; expected a folder, or {FORM}") from None


def place_name(place: StorePlace) -> str:
    """The name by which processes compare stores: the folder's full path, or the bucket's URL."""
    return str(place.resolve()) if isinstance(place, Path) else str(place)


def _bucket_of(url: SplitResult) -> Bucket:
    """Read the URL of a bucket.

    Raises:
        ValueError: with the reason.
    """
    if url.scheme.lower() != "s3":
        raise ValueError(f"unknown scheme {url.scheme!r}")
    if "@" in url.netloc + url.path:
        raise ValueError("keys do not belong in it, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile")
    if not BUCKET_NAME.fullmatch(url.netloc):
        raise ValueError(f"{url.netloc!r} is not the name of a bucket")
    prefix = unquote(url.path).strip("/")
    if not PREFIX.fullmatch(prefix) or "//" in prefix or url.fragment:
        raise ValueError(f"{url.path!r} is not a prefix of letters, digits and -_./")
    options = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
    if unknown := options.keys() - set(OPTIONS):
        raise ValueError(f"unknown option {min(unknown)!r}, known are {' and '.join(OPTIONS)}")
    endpoint = options.get("endpoint", "").rstrip("/")
    if endpoint and not re.fullmatch(r"https?://[^/@\s]+(/[^@\s?#]*)?", endpoint):
        raise ValueError("its endpoint is not the URL of a server such as https://minio.lan:9000")
    return Bucket(url.netloc, prefix, endpoint, options.get("region", ""))
