"""All settings, in one frozen record, read once in `main` and passed down.

Every setting is an environment variable `SERIATIM_<NAME>`. An unknown variable with that prefix stops the process
with the nearest known name: a misspelt setting that is silently ignored is found at 3 a.m. Kubernetes' own are ignored:
a Service called `seriatim-gateway` gives every pod `SERIATIM_GATEWAY_PORT` and others.
docs/reference/settings.md is this table.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace

from seriatim.errors import Misconfigured
from seriatim.recordings.store_place import store_place
from seriatim.servers.connection_shares import FEWEST
from seriatim.servers.server_address import Address, Broker
from seriatim.servers.server_urls import redacted_url, with_password, with_password_file, with_tls

PREFIX = "SERIATIM_"
TRACES = ("", "otlp")
FORMATS = ("text", "json")
HOT_SLOTS = ("auto", "on", "off")
CACHES = ("off", "exact", "all")
SCOPES = ("shared", "user")  #: of the cache
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
#: what Kubernetes gives every pod of a namespace for each Service (and Docker for links), behind the Service's name
SERVICE = re.compile(r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
SERVICE_PORT = re.compile(r"(tcp|udp|sctp)://.*")  #: the value of its `<NAME>_PORT`
#: fields that `from_env` puts into the URLs
SECRETS = (
    "redis_password", "redis_password_file", "broker_password", "broker_password_file",
    "tls_ca_file", "tls_cert_file", "tls_key_file",
)  # fmt: skip


def _setting(default: object, doc: str, low: float = 0, high: float = float("inf")) -> object:
    return field(default=default, metadata={"doc": doc, "low": low, "high": high})


def _text(default: str, doc: str) -> str:
    return _setting(default, doc)  # type: ignore[return-value]  # dataclass fields stand for their values


def _int(default: int, doc: str, low: float = 0, high: float = float("inf")) -> int:
    return _setting(default, doc, low, high)  # type: ignore[return-value]  # as above


def _float(default: float, doc: str, low: float = 0, high: float = float("inf")) -> float:
    return _setting(default, doc, low, high)  # type: ignore[return-value]  # as above


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """What an operator may set. Times end in their unit.

    `from_env` puts passwords and certificates into the URLs, and then clears the fields that they came from.
    """

    redis_url: str = _text(
        "redis://127.0.0.1:6379/0",
        "the Redis or Valkey server that holds jobs and audio: redis://, rediss://, unix://; for one that Sentinels "
        "watch, sentinel://host:26379,host:26379/0?service=NAME; for a cluster, redis+cluster://host:6379,host:6379",
    )
    broker_url: str = _text("", "Celery's broker, if it is another (no cluster): a URL as above, or amqp://, amqps://")
    redis_password: str = _text("", "password for SERIATIM_REDIS_URL, where that has none; a user stands in the URL")
    redis_password_file: str = _text("", "file whose first line is that password; it is read for each connection")
    broker_password: str = _text("", "password for SERIATIM_BROKER_URL, where that has none")
    broker_password_file: str = _text("", "file whose first line is that password")
    redis_connections: int = _int(
        0,
        "connections to Redis (to each node of a cluster) and to its broker that a gateway, or a program that enqueues "
        "and listens, opens at most with one pool, 5 or more; who finds none free waits for a turn; 0: any number",
    )
    tls_ca_file: str = _text(
        "", "authorities for rediss://, sentinels://, rediss+cluster:// and amqps:// servers (the system's)"
    )
    tls_cert_file: str = _text("", "certificate to show to such a server, if it asks for one")
    tls_key_file: str = _text("", "its key")
    engine: str = _text(
        "",
        "engine (its pool) that speaks what names none; empty: hibari, else espeak, xtts, or any other pool with "
        "workers. What it cannot speak goes to the first of these that can",
    )
    store_dir: str = _text(
        "seriatim-store",
        "folder of the recordings of jobs that drain to the store, or a bucket: s3://BUCKET/PREFIX, with "
        "?endpoint=https://minio.lan:9000 for a server that is not AWS, and region=NAME (docs/how-to/buckets.md)",
    )
    recording_retention_days: float = _float(
        0, "recordings are removed so many days after they were written last; 0: never"
    )
    recording_limit_gb: float = _float(
        0, "the oldest recordings are removed, within an hour, where all take more GB (10^9 bytes); 0: never"
    )
    books_at_once: int = _int(
        2, "books (`POST /v1/books`) that one gateway makes at a time; 0: it makes none, and leaves them to others", 0
    )
    book_lease_s: float = _float(
        15, "a book whose gateway is gone for so long goes on at another gateway of the same store", 0.5
    )
    book_dir: str = _text("", "folder of books, which all gateways share; empty: books in that of SERIATIM_STORE_DIR")
    book_retention_days: float = _float(
        0, "books are removed so many days after they were made, corrected, or have failed; 0: never"
    )
    book_limit_gb: float = _float(
        0, "the oldest books are removed, within an hour, where all take more GB (10^9 bytes); 0: never"
    )
    pool_prices: str = _text(
        "",
        "what a million characters cost in pools, for the cost of books: openai=15 USD,eleven=120 USD; others: unknown",
    )
    cache: str = _text(
        "off", "sentences that workers keep, to speak them at once again: off; exact: of exact engines; all: of all"
    )
    cache_scope: str = _text(
        "shared",
        "shared: what one user had spoken is there for all; user: each user of jobs has sentences of their own",
    )
    cache_dir: str = _text("~/.cache/seriatim", "folder of that cache; workers of several hosts may share one")
    cache_mb: int = _int(1024, "size of the cache, in MB", 1)
    cache_days: float = _float(30, "days after which a sentence that was not spoken again is removed from it")
    voice_dir: str = _text("~/.local/share/seriatim/voices", "folder of cloned voices; every worker reads it")
    model_dir: str = _text("~/.local/share/seriatim/models", "folder whose folders `seriatim models` looks through")
    tuned_file: str = _text(
        "~/.local/share/seriatim/tuned.json", "file with the verdicts of `seriatim tune`, for `--slots auto`"
    )
    piper_url: str = _text(
        "https://huggingface.co/rhasspy/piper-voices/resolve/main",
        "address of the voices that `seriatim models get` downloads: voices.json and the files that it names",
    )
    traces: str = _text(
        "", "otlp: send OpenTelemetry traces to where OTEL_EXPORTER_OTLP_ENDPOINT says (docs/how-to/traces.md)"
    )
    log_level: str = _text(
        "INFO",
        "DEBUG, INFO, WARNING or ERROR. DEBUG adds requests for health and metrics, and what libraries say, which "
        "may be listeners' text; Celery's own lines are always above INFO",
    )
    log_format: str = _text("text", "text or json: one line each, or one JSON object a line")
    log_sentences: int = _int(1, "1: a worker writes a line at INFO where a sentence ends; 0: it does not", 0, 1)

    first_audio_ms: int = _int(500, "when a live job's first audio should be heard, after it was accepted", 1)
    live_window_ms: int = _int(20_000, "audio that may lie between synthesis and a live job's listener", 500)
    batch_window_ms: int = _int(60_000, "the same for a batch job's reader or recorder", 500)
    live_slot_share: float = _float(
        1.0, "share of a pool's slots that live jobs may claim; the batch reserve comes off it", 0.01, 1
    )
    batch_reserve: float = _float(0.05, "share of a pool that batch work gets even when live work wants all", 0, 0.9)
    memory_share: float = _float(0.8, "share of Redis' maxmemory above which new jobs are refused", 0.05, 1)

    lease_ms: int = _int(3_000, "without a sign of life for so long a worker process counts as dead", 200)
    heartbeat_ms: int = _int(750, "time between signs of life; well below a third of lease_ms", 20)
    message_timeout_ms: int = _int(
        4_000, "a message that was not claimed for so long, and two sentences, counts as lost", 200
    )
    sweep_ms: int = _int(400, "least time between two sweeps of a pool", 10)
    pending_step_grace_ms: int = _int(1_000, "steps that another process began are left to it for so long", 10)
    max_failures: int = _int(3, "failures of a sentence before it is given up", 1)
    backoff_ms: int = _int(200, "pause before the second attempt at a sentence; doubles with each, up to a minute", 0)
    stall_timeout_ms: int = _int(
        30_000, "a sentence that shows no sound for so long, and twice its estimate, is stuck", 100
    )
    handover_ms: int = _int(
        3_000,
        "a live sentence that shows no sound for so long, and twice as long as the pool's engine lately took, is "
        "spoken by another process as well; after twice that, its process ends; 0: never",
        0,
    )
    hot_slots: str = _text(
        "auto",
        "auto: a slot takes the sentence behind one of less than 250 ms without a message; on: behind any; off: never",
    )

    worker_max_sentences: int = _int(
        0, "a worker process that has spoken so many sentences is replaced by a fresh one; 0: never", 0
    )
    worker_max_memory: str = _text(
        "", "the same for one that holds so much of the machine's memory, such as 2G: well above what it begins with"
    )
    worker_look_s: float = _float(
        2,
        "a supervisor with a range of processes, such as 1..4, looks at its pool so often; it grows after 3 looks",
        0.01,
        5,
    )
    worker_quiet_s: float = _float(
        120, "it drains one process when one less would have borne the load for so long", 0.1
    )
    worker_drain_s: float = _float(
        30, "time in which a worker finishes its sentences after SIGTERM; unfinished ones go to other workers", 0
    )
    cold_start_s: float = _float(
        0,
        "a scaler starts workers within so long: a live request to a pool without any waits for them instead of being "
        "refused; 0: there is no scaler",
        0,
    )
    live_timeout_s: int = _int(3_600, "a live job that is not spoken within so long has timed out", 1)
    batch_timeout_s: int = _int(7 * 24 * 3_600, "the same for a batch job", 1)
    reader_grace_s: float = _float(
        60, "a job that drains by window is cancelled when its reader is gone for so long", 0.1
    )
    open_job_lease_s: float = _float(60, "an open job is closed when its producer is gone for so long", 0.1)
    ended_job_ttl_s: float = _float(
        600,
        "how long an ended job can be asked for, and still be read; one that was read to its end or cancelled can be "
        "for a minute, or less where Redis' memory is short",
        1,
    )
    queue_limit_ms: int = _int(300_000, "audio that may wait in an open job before say() blocks", 1_000)

    webhook_secret_file: str = _text(
        "", "file with the secret that signs webhooks, whsec_...; further lines: older secrets, which sign as well"
    )
    webhook_hosts: str = _text(
        "",
        "hosts that webhooks may reach by http, and at private addresses, with commas between: hooks.lan,*.svc.local; "
        "others are reached by https at public addresses alone",
    )
    webhook_retry_s: str = _text(
        "5,60,300,1800,7200,18000,36000",
        "pauses between the tries to deliver a webhook, in seconds, with commas between",
    )
    webhook_timeout_s: float = _float(10, "a receiver of webhooks must have answered within so long", 0.1, 60)

    max_text_bytes: int = _int(64 * 1024 * 1024, "the largest text of one job", 1)
    lexicon: str = _text("", "a lexicon's file, for every text of this process, behind the text's own")
    pool_lexicons: str = _text(
        "", "files of lexicons for the texts of one pool, before that of every text: espeak=names.txt,xtts=brands.txt"
    )
    document_max_bytes: int = _int(64 * 1024 * 1024, "the largest document: EPUB, DOCX, PDF and the like", 1)
    document_unpacked_bytes: int = _int(
        256 * 1024 * 1024, "most bytes that are unpacked of a document that is an archive", 1
    )
    document_max_files: int = _int(5_000, "most files in such an archive", 1)
    document_max_pages: int = _int(5_000, "most pages of a PDF", 1)
    document_timeout_s: float = _float(60, "time that reading an uploaded document may take", 0.1)
    document_memory_bytes: int = _int(
        1024**3, "memory of the process that reads an uploaded document", 64 * 1024 * 1024
    )
    max_sentences: int = _int(200_000, "the most sentences of one job", 1)
    max_sentence_chars: int = _int(10_000, "the longest sentence that a caller cuts itself; texts are cut here", 1)
    user_jobs: int = _int(0, "live and batch jobs that one user may have at once; 0: any number", 0)
    user_in_flight: int = _int(0, "sentences of one user in flight at once; 0: any number", 0)
    user_queued_s: int = _int(0, "seconds of audio that one user's jobs may have queued; 0: any amount", 0)
    user_characters_day: int = _int(
        0, "characters that engines of a pool are sent for one user in a day (UTC), retries included; 0: any number", 0
    )

    http_keys_file: str = _text(
        "", "API keys of `seriatim serve` (docs/reference/http.md); without it only loopback is served"
    )
    http_pool: str = _text(
        "", "pool that speaks what names no model, or one of OpenAI's; empty: as where programs name no engine"
    )
    http_models: str = _text("", "other names of pools, for clients that cannot be changed: tts-1=espeak,tts-1-hd=xtts")
    http_routes_file: str = _text(
        "",
        "pools of several servers behind one gateway (docs/how-to/deploy.md): a file of servers and of models' pools",
    )
    http_voices: str = _text("", "other names of voices: alloy=en-us,nova=en-gb; OpenAI's mean the default otherwise")
    http_pcm_hz: int = _int(
        24_000, "rate of pcm from OpenAI's speech route, which its clients take for granted; 0: as the pool makes it", 0
    )
    http_open_lists: int = _int(
        0, "1: the lists of models and voices are open to those without a key, as Open WebUI asks for them", 0, 1
    )
    http_user_sessions: int = _int(
        0,
        "1: speech requests with the same `user` are one session, for clients that cannot send `seriatim-session`",
        0,
        1,
    )
    http_hosts: str = _text(
        "", "names under which browsers and others call the gateway, besides this machine's own: tts.lan,tts.example"
    )
    http_root: str = _text("", "path under which a proxy serves the gateway, such as /tts")
    http_proxies: str = _text(
        "", "addresses and networks of proxies whose X-Forwarded headers are believed, with commas between; *: any"
    )
    http_keep_alive_s: int = _int(
        75, "a connection without a request is kept for so long; longer than a proxy in front keeps it", 1
    )
    http_cors: str = _text(
        "",
        "origins whose pages may call the gateway from a browser, with commas between; *: any, where keys are needed",
    )
    http_body_bytes: int = _int(16 * 1024 * 1024, "largest body of a request", 1_000)
    http_read_timeout_s: float = _float(30, "a request's head, and its body, must have come within so long", 0.1)
    http_drain_s: float = _float(
        5, "time in which a gateway finishes running requests after SIGTERM; it refuses new ones", 0
    )
    http_write_timeout_s: float = _float(
        300, "a client that takes nothing for so long is gone, and its job cancelled", 1
    )
    http_max_concurrency: int = _int(
        2_000, "requests that one gateway process serves at once; more are refused with a Retry-After", 1
    )
    http_probe_s: float = _float(15, "how lately a sentence must have been heard for /readyz to say yes", 1)
    flower_root: str = _text("", "path under which a proxy serves Flower, such as /flower")
    flower_password_file: str = _text("", "file whose first line opens `seriatim flower`: a password, or user:password")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Raises:
            Misconfigured: an unknown variable, or a value that is no number or out of its range, or no server's URL.
        """
        known: dict[str, Field[object]] = {variable(f): f for f in fields(cls)}
        values: dict[str, object] = {}
        for name, raw in environ.items():
            if not name.startswith(PREFIX) or _is_service_variable(name.removeprefix(PREFIX), raw):
                continue
            if name not in known:
                words = [variable_name.removeprefix(PREFIX) for variable_name in known]
                near = difflib.get_close_matches(name.removeprefix(PREFIX), words, n=1)
                hint = f"did you mean {PREFIX}{near[0]}?" if near else "docs/reference/settings.md lists them all"
                raise Misconfigured(f"unknown setting {name}; {hint}")
            values[known[name].name] = _parse(name, known[name], raw)
        settings = cls(**values)  # type: ignore[arg-type]  # _parse gave each field its type
        settings.check()
        return settings._with_complete_urls()

    def check(self) -> None:
        """Refuse settings that contradict each other.

        Raises:
            Misconfigured: with the two values.
        """
        if self.log_level.upper() not in LEVELS:
            raise Misconfigured(f"{PREFIX}LOG_LEVEL={self.log_level!r}: expected one of {', '.join(LEVELS)}")
        words = {"log_format": FORMATS, "hot_slots": HOT_SLOTS, "cache": CACHES, "cache_scope": SCOPES}
        for name, choices in words.items():
            if (chosen := getattr(self, name)) not in choices:
                raise Misconfigured(f"{PREFIX}{name.upper()}={chosen!r}: expected one of {', '.join(choices)}")
        store_place(self.store_dir)
        if self.traces not in TRACES:
            raise Misconfigured(f"{PREFIX}TRACES={self.traces!r}: expected otlp, or nothing for none")
        if 0 < self.redis_connections < FEWEST:
            raise Misconfigured(f"{PREFIX}REDIS_CONNECTIONS={self.redis_connections}: expected {FEWEST} or more, or 0")
        if self.heartbeat_ms * 2 > self.lease_ms:
            raise Misconfigured(
                f"{PREFIX}HEARTBEAT_MS={self.heartbeat_ms} and {PREFIX}LEASE_MS={self.lease_ms}: a worker that misses "
                "one heartbeat would count as dead; make the lease at least three heartbeats long"
            )

    def _with_complete_urls(self) -> "Settings":
        """The settings with passwords and certificates in the servers' URLs."""
        redis_url = self._complete_url(self.redis_url, "redis_password")
        broker_url = self._complete_url(self.broker_url, "broker_password") if self.broker_url else ""
        spent = dict.fromkeys(SECRETS, "")
        opened = replace(self, redis_url=redis_url, broker_url=broker_url, **spent)  # type: ignore[arg-type]  # all text
        Address.of(opened.redis_url)
        Broker.of(opened.broker)
        return opened

    def _complete_url(self, url: str, name: str) -> str:
        password, path = getattr(self, name), getattr(self, f"{name}_file")
        if password and path:
            both = f"{PREFIX}{name.upper()} and {PREFIX}{name.upper()}_FILE"
            raise Misconfigured(f"{both} are both set; which of them is it?")
        url = with_password_file(url, f"{PREFIX}{name.upper()}_FILE", path) if path else with_password(url, password)
        files = {"ssl_ca_certs": self.tls_ca_file, "ssl_certfile": self.tls_cert_file, "ssl_keyfile": self.tls_key_file}
        return with_tls(url, files)

    def __repr__(self) -> str:
        """What differs from the defaults, without anything secret."""
        changed = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        hidden = {name: "***" for name in SECRETS if "password" in name and name in changed}
        urls = {name: redacted_url(changed[name]) for name in ("redis_url", "broker_url") if name in changed}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in (changed | hidden | urls).items())})"

    @property
    def broker(self) -> str:
        """The URL of where Celery's messages go."""
        return self.broker_url or self.redis_url

    def to_env(self) -> dict[str, str]:
        """The variables that make a child process read the same settings."""
        return {variable(f): str(getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default}


def other_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that are none of our settings: what a child process inherits besides those that it is given."""
    return {name: value for name, value in environ.items() if not name.startswith(PREFIX)}


def variable(setting: "Field[object]") -> str:
    """The environment variable of a setting."""
    return PREFIX + setting.name.upper()


def _is_service_variable(name: str, raw: str) -> bool:
    """Is it one of Kubernetes' own variables? `name` is what stands behind our prefix."""
    port = name == "PORT" or name.endswith("_PORT")
    return bool(SERVICE.fullmatch(name) or (port and SERVICE_PORT.fullmatch(raw)))


def _parse(name: str, setting: "Field[object]", raw: str) -> object:
    if setting.type is str:
        return raw
    low, high = setting.metadata["low"], setting.metadata["high"]
    kind = "a whole number" if setting.type is int else "a number"
    try:
        value = int(raw) if setting.type is int else float(raw)
    except ValueError:
        raise Misconfigured(f"{name}={raw!r}: expected {kind}, such as {setting.default}") from None
    if not low <= value <= high:
        span = f"from {low:g} to {high:g}" if high < float("inf") else f"of at least {low:g}"
        raise Misconfigured(f"{name}={raw}: expected {kind} {span}")
    return value


def table() -> str:
    """docs/reference/settings.md, made of the fields above."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    rows += [f"| `{variable(f)}` | `{f.default}` | {f.metadata['doc']} |" for f in fields(Settings)]
    return "\n".join(rows) + "\n"
