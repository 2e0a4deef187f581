"""URLs of servers, completed with passwords and certificates (docs/how-to/security.md).

A completed URL is all that a connection needs: seriatim/servers/server_address.py parses it. A URL with a secret is
never shown: use `redacted_url` for messages and logs.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from seriatim.errors import Misconfigured

#: said wherever a URL cannot be read
SPELLING = (
    "expected redis://[user[:password]@]host[:port][/db], rediss:// with the same, unix:///path, "
    "sentinel://host[:port],host[:port]/db?service=NAME, or redis+cluster://host[:port],host[:port]; "
    "write / # ? @ : % of a password as %2F and so on, or set it apart from the URL"
)
SENTINEL_SPELLING = (
    "expected sentinel://[user[:password]@]host[:26379],host[:26379]/db?service=NAME, or sentinels:// with TLS"
)
CLUSTER_SPELLING = "expected redis+cluster://[user[:password]@]host[:6379],host[:6379], or rediss+cluster:// with TLS"
PASSWORD_FILE = "password_file"  #: parameter of Redis' URLs: the file that has the password
ENCRYPTED = ("rediss", "sentinels", "rediss+cluster", "amqps")  #: schemes of URLs that speak TLS
SENTINELS = ("sentinel", "sentinels")  #: schemes of URLs that name several hosts: Sentinels,
CLUSTERS = ("redis+cluster", "rediss+cluster")  #: or nodes of a cluster


def redacted_url(url: str) -> str:
    """A URL without user, password and parameters, for people. What is no URL may have a password, too."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url.rpartition("@")[2].partition("?")[0]
    return f"{scheme}{separator}{rest.rpartition('@')[2].partition('?')[0]}"


def with_password(url: str, password: str) -> str:
    """The URL with a password, unless it has one already.

    Raises:
        Misconfigured: it is no URL.
    """
    parts = split_url(url)
    user, colon, _ = parts.netloc.rpartition("@")[0].partition(":")
    if not password or colon:
        return url
    place = parts.netloc.rpartition("@")[2]
    # An empty place is a socket's; urlunsplit wants the authority to be there all the same.
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))


def with_password_file(url: str, variable: str, path: str) -> str:
    """The URL with the file of its password, which a setting names, unless it brings its own password.

    Redis' clients read the file for each connection. RabbitMQ's take the password that is in it now.

    Raises:
        Misconfigured: it is no URL, or the file has no password.
    """
    parts = split_url(url)
    if has_password(url):
        return url
    password = read_secret(variable, path)
    if "amqp" in parts.scheme:
        return with_password(url, password)
    return _with_query(url, [*parse_qsl(parts.query), (PASSWORD_FILE, str(Path(path).absolute()))])


def with_read_password(url: str) -> str:
    """The URL with the password that its file has now, for programs of others.

    Raises:
        Misconfigured: the file has none.
    """
    query = dict(parse_qsl(split_url(url).query))
    if PASSWORD_FILE not in query:
        return url
    password = read_secret(PASSWORD_FILE, query.pop(PASSWORD_FILE))
    return with_password(_with_query(url, query.items()), password)


def _with_query(url: str, query: Iterable[tuple[str, str]]) -> str:
    """The URL with another query; urlunsplit would lose the empty authority of a socket's URL."""
    text = urlencode([*query])
    return f"{url.partition('?')[0]}{'?' * bool(text)}{text}"


def has_password(url: str) -> bool:
    """Does a URL bring its own password?"""
    return ":" in url.partition("://")[2].rpartition("@")[0]


def with_tls(url: str, files: Mapping[str, str]) -> str:
    """The URL with the certificate files that it does not name itself, if it speaks TLS.

    `files` as redis-py names them: ssl_ca_certs, ssl_certfile, ssl_keyfile.

    Raises:
        Misconfigured: it is no URL, or a file cannot be read.
    """
    parts = split_url(url)
    if parts.scheme not in ENCRYPTED:
        return url
    query = dict(parse_qsl(parts.query))
    parameters = {name: path for name, path in files.items() if path} | query
    for name in files:
        if name in parameters:
            _check_readable(parameters[name])
    return urlunsplit(parts._replace(query=urlencode(parameters)))


def read_secret(variable: str, path: str) -> str:
    """The first line of a file, as container runtimes hand over secrets.

    Raises:
        Misconfigured: it cannot be read, or has nothing in it.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            secret = file.readline().rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{variable}={path}: cannot be read: {_read_error(error)}") from None
    if not secret:
        raise Misconfigured(f"{variable}={path}: its first line is empty; expected a password")
    return secret


def _check_readable(path: str) -> None:
    try:
        with Path(path).open("rb"):
            return
    except (OSError, ValueError) as error:
        raise Misconfigured(f"the certificate file {path} cannot be read: {_read_error(error)}") from None


def _read_error(error: OSError | ValueError) -> str:
    """Why a file cannot be read, and nothing of what is in it."""
    return (error.strerror or "it is no file").lower() if isinstance(error, OSError) else "it is no text"


def split_url(url: str) -> SplitResult:
    """The parts of a URL.

    Raises:
        Misconfigured: it is no URL; the message does not repeat a password.
    """
    try:
        if url.partition("://")[0].lower() in (*SENTINELS, *CLUSTERS):
            return _split_hosts(url)
        parts = urlsplit(url)
        _ = parts.port  # read late by those who connect: their errors would show what stands in its place
    except ValueError:  # its text may repeat a piece of the password
        raise Misconfigured(f"{redacted_url(url)!r} is no URL of a server; {SPELLING}") from None
    return parts


def _split_hosts(url: str) -> SplitResult:
    """The parts of a URL with several hosts, whose `port` and `hostname` mean nothing."""
    scheme, _, rest = url.partition("://")
    place = re.split("[/?#]", rest, maxsplit=1)[0]
    return urlsplit(f"{scheme}://host{rest.removeprefix(place)}")._replace(netloc=place)
