"""The address of a server: its URL, parsed once, so that no library reads it a second time.

redis-py's two clients and kombu each read URLs in their own way: a parameter is known to one and a TypeError of the
other, a database of a socket is lost. All three are built of these parts. An unknown parameter is refused with the
known ones, since it would be ignored silently.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qsl, quote, unquote

from seriatim.errors import Misconfigured
from seriatim.servers.host_list import Host, netloc, parse_hosts
from seriatim.servers.sentinel_group import SentinelGroup
from seriatim.servers.server_urls import (
    CLUSTER_SPELLING,
    CLUSTERS,
    ENCRYPTED,
    SENTINEL_SPELLING,
    SENTINELS,
    SPELLING,
    redacted_url,
    split_url,
)

PORT = 6379
NO_BROKER = (
    "is a cluster, which Celery cannot use as its broker; set SERIATIM_BROKER_URL to a single Redis, to one that "
    "Sentinels watch, or to RabbitMQ: it holds nothing that must not be lost"
)
FOREIGN = f"is how other programs name Sentinels; {SENTINEL_SPELLING}"
#: how a URL begins that is not supported -> what to write
OTHERS = {"redis+sentinel": FOREIGN, "redis-sentinel": FOREIGN, "rediss+sentinel": FOREIGN}
AMQP = ("amqp", "amqps", "pyamqp")  #: RabbitMQ
CERTIFICATES = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _parse_seconds(text: str) -> float:
    if not 0 < (value := float(text)) < 86_400:
        raise ValueError
    return value


def _parse_database(text: str) -> int:
    if (value := int(text)) < 0:
        raise ValueError
    return value


def _parse_protocol(text: str) -> int:
    return {"2": 2, "3": 3}[text]


def _parse_bool(text: str) -> bool:
    return BOOLEANS[text.lower()]


def _parse_certificates(text: str) -> str:
    CERTIFICATES[result := text.lower().removeprefix("cert_")]
    return result


#: parameter of a URL of Redis -> what it may be, and how it is read
PARAMETERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "db": ("a number", _parse_database),
    "virtual_host": ("a number", _parse_database),  # kombu's word for db
    "username": ("a name", str),
    "password": ("a password", str),
    "password_file": ("a file", str),  # read for each connection
    "client_name": ("a name", str),
    "protocol": ("2 or 3", _parse_protocol),
    "socket_timeout": ("seconds", _parse_seconds),
    "socket_connect_timeout": ("seconds", _parse_seconds),
    "health_check_interval": ("seconds", _parse_seconds),
    "socket_keepalive": ("true", _parse_bool),  # always so
    "retry_on_timeout": ("true", _parse_bool),  # always so
}
#: the same, of those of a socket
SOCKET_PARAMETERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "restarts": ("true or false", _parse_bool),  # false: one that refuses a connection has ended, and is not waited for
}
#: the same, of those that speak TLS
TLS_PARAMETERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "ssl_ca_certs": ("a file", str),
    "ssl_ca_path": ("a folder", str),
    "ssl_certfile": ("a file", str),
    "ssl_keyfile": ("a file", str),
    "ssl_password": ("a password", str),
    "ssl_cert_reqs": ("none, optional or required", _parse_certificates),
    "ssl_check_hostname": ("true or false", _parse_bool),
}
#: the same, of those that name Sentinels
SENTINEL_PARAMETERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "service": ("a name", str),
    "sentinel_username": ("a name", str),
    "sentinel_password": ("a password", str),
}
AMQP_PARAMETERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "heartbeat": ("seconds", _parse_seconds),
    "login_method": ("PLAIN, AMQPLAIN or EXTERNAL", str),
}
IMPLIED = ("socket_keepalive", "retry_on_timeout")
DATABASES = ("db", "virtual_host")  #: a cluster has one alone


@dataclass(frozen=True, slots=True)
class Address:
    """A Redis server, the Sentinels that know which it is, or a cluster."""

    scheme: str  #: redis, rediss, unix, sentinel, sentinels, redis+cluster or rediss+cluster
    host: str = ""
    port: int = PORT
    path: str = ""  #: of a socket
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    password_file: str = ""  #: has the password, if it is not here; read for each connection
    db: int = 0
    options: Mapping[str, object] = field(default_factory=dict, repr=False)  #: by redis-py's names, TLS's among them
    sentinels: SentinelGroup | None = None  #: asked for host and port, which are not here then
    cluster: tuple[Host, ...] = ()  #: nodes that know the others; host and port are not here then

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read a URL of Redis; kombu's redis+socket:// is unix://.

        Raises:
            Misconfigured: it is none, or something in it is not known.
        """
        parts = _split_url(url)
        scheme = {"redis+socket": "unix"}.get(parts.scheme, parts.scheme)
        if scheme not in ("redis", "rediss", "unix", *SENTINELS, *CLUSTERS):
            raise Misconfigured(f"{redacted_url(url)!r} is no Redis URL; {SPELLING}")
        parameters = _parse_parameters(url, parts, _known_parameters(scheme))
        sentinels = SentinelGroup.of(url, parts, parameters) if scheme in SENTINELS else None
        cluster = _cluster_hosts(url, parts) if scheme in CLUSTERS else ()
        apart = (*IMPLIED, *SENTINEL_PARAMETERS)
        options = {name: value for name, value in parameters.items() if name not in apart}
        user, password = options.pop("username", ""), options.pop("password", "")
        dbs = [options.pop(name, None) for name in DATABASES]
        db = next((db for db in dbs if db is not None), None)
        return cls(
            scheme,
            host="" if sentinels or cluster else unquote(parts.hostname or "") or "localhost",
            port=0 if sentinels or cluster else parts.port or PORT,
            path=unquote(parts.path) if scheme == "unix" else "",
            user=unquote(parts.username or "") or str(user),
            password=unquote(parts.password or "") or str(password),
            password_file=str(options.pop("password_file", "")),
            db=int(str(db)) if db is not None else _path_database(url, parts, scheme),
            options=options,
            sentinels=sentinels,
            cluster=cluster,
        )

    def node(self, host: Host) -> "Address":
        """The address of one node of the cluster, as of a single server."""
        return replace(self, scheme=self.scheme.partition("+")[0], host=host[0], port=host[1], cluster=())


def _cluster_hosts(url: str, parts: SplitResult) -> tuple[Host, ...]:
    """The nodes that a URL of a cluster names."""
    try:
        return parse_hosts(parts.netloc.rpartition("@")[2], PORT)
    except ValueError:
        raise Misconfigured(f"{redacted_url(url)!r} does not name nodes of a cluster; {CLUSTER_SPELLING}") from None


def _known_parameters(scheme: str) -> dict[str, tuple[str, Callable[[str], object]]]:
    tls = TLS_PARAMETERS if scheme in ENCRYPTED else {}
    usual = {name: rule for name, rule in PARAMETERS.items() if scheme not in CLUSTERS or name not in DATABASES}
    socket = SOCKET_PARAMETERS if scheme == "unix" else {}
    return {**usual, **socket, **tls, **(SENTINEL_PARAMETERS if scheme in SENTINELS else {})}


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker in the form that Celery takes."""

    url: str = field(repr=False)  #: as kombu reads it, and nothing in it that kombu would take for something else
    tls: Mapping[str, object] | None  #: None: without; kombu would speak to any server, whatever certificate it shows
    password_file: tuple[str, str] | None = None  #: the user and the file of a Redis whose password is in one
    confirms: bool = False  #: what it has, where a closed connection may hide a loss: RabbitMQ
    sentinels: SentinelGroup | None = None  #: whose master is the broker; its service is an option of kombu's

    @classmethod
    def of(cls, url: str) -> "Broker":
        """Read a URL of a broker: Redis or RabbitMQ.

        Raises:
            Misconfigured: it is none.
        """
        scheme = _split_url(url).scheme
        if scheme in CLUSTERS:
            raise Misconfigured(f"{redacted_url(url)!r} {NO_BROKER}")
        if scheme in AMQP:
            return _rabbitmq_broker(url)
        if scheme == "memory":  # kombu's own, within one process: enough for a test of one
            return cls(url, None)
        if scheme not in ("redis", "rediss", "unix", "redis+socket", *SENTINELS):
            raise Misconfigured(
                f"{redacted_url(url)!r} is no broker's URL; expected redis://, rediss://, unix://, sentinel://, "
                "amqp:// or amqps://"
            )
        address = Address.of(url)
        user = f"{quote(address.user, safe='')}:{quote(address.password, safe='')}@" if address.password else ""
        file = (address.user, address.password_file) if address.password_file and not address.password else None
        if address.scheme == "unix":
            return cls(f"redis+socket://{user}{quote(address.path)}?virtual_host={address.db}", None, file)
        tls = tls_options(address.options) if address.scheme in ENCRYPTED else None
        if address.sentinels:
            return cls(address.sentinels.kombu_url(user, address.db), tls, file, sentinels=address.sentinels)
        return cls(f"{address.scheme}://{user}{netloc(address.host, address.port)}/{address.db}", tls, file)


def _rabbitmq_broker(url: str) -> Broker:
    parts = _split_url(url)
    encrypted = parts.scheme == "amqps"
    parameters = _parse_parameters(url, parts, {**AMQP_PARAMETERS, **(TLS_PARAMETERS if encrypted else {})})
    query = "&".join(
        f"{name}={quote(str(parameters[name]), safe='')}" for name in AMQP_PARAMETERS if name in parameters
    )
    bare = parts._replace(query=query).geturl()
    if not encrypted:
        return Broker(bare, None, confirms=True)
    tls = tls_options(parameters)
    checked = tls["ssl_cert_reqs"] != ssl.CERT_NONE and tls.pop("ssl_check_hostname", True)
    named = {name.removeprefix("ssl_"): value for name, value in tls.items() if name != "ssl_check_hostname"}
    return Broker(bare, named | ({"server_hostname": parts.hostname} if checked else {}), confirms=True)


def tls_options(options: Mapping[str, object]) -> dict[str, object]:
    """The TLS options of a library: a server must have a trusted certificate, unless the URL says otherwise."""
    result = {name: value for name, value in options.items() if name in TLS_PARAMETERS}
    return result | {"ssl_cert_reqs": CERTIFICATES[str(options.get("ssl_cert_reqs", "required"))]}


def _split_url(url: str) -> SplitResult:
    scheme = url.partition("://")[0].lower()
    if scheme in OTHERS:
        raise Misconfigured(f"{redacted_url(url)!r} {OTHERS[scheme]}")
    parts = split_url(url)
    if parts.fragment or "@" in parts.query:  # a password with a # or a ? in it ends before its host
        raise Misconfigured(f"{redacted_url(url)!r} is no URL of a server; {SPELLING}")
    return parts


def _parse_parameters(
    url: str, parts: SplitResult, known: Mapping[str, tuple[str, Callable[[str], object]]]
) -> dict[str, object]:
    result = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            hint = "; those of TLS want rediss://, sentinels:// or amqps://" if name in TLS_PARAMETERS else ""
            raise Misconfigured(
                f"{redacted_url(url)!r}: unknown parameter {name[:40]!r}; known: {', '.join(known)}{hint}"
            )
        expected, read = known[name]
        try:
            result[name] = read(text)
        except (ValueError, KeyError, OverflowError):
            raise Misconfigured(f"{redacted_url(url)!r}: its parameter {name} is not {expected}") from None
    return result


def _path_database(url: str, parts: SplitResult, scheme: str) -> int:
    """The database that the path names."""
    text = unquote(parts.path).strip("/") if scheme != "unix" else ""
    if scheme in CLUSTERS and text not in ("", "0"):
        raise Misconfigured(f"{redacted_url(url)!r}: a cluster has database 0 alone; {CLUSTER_SPELLING}")
    if text and not (text.isascii() and text.isdigit()):
        raise Misconfigured(f"{redacted_url(url)!r}: its database is no number; {SPELLING}")
    return int(text or 0)
