"""Redis errors, translated into this package's own exceptions.

A server that refuses for now and recovers by itself is `Unavailable`, whatever its error code: it was demoted, it is
loading its data, its disk is full, its replicas are away. A refusal that does not go away is `CommandRefused`, with its
code: a missing right, a key of another type, and any unlisted code. `RECONNECT` are the errors after which a new
connection may reach another server: behind one address, that is how a failover looks.
"""

import ssl

from redis import exceptions

from seriatim.errors import CommandRefused, MemoryFull, SeriatimError, Unavailable

FULL_AGAIN_S = 5.0  #: after which a call that found no memory may be tried again

#: code of an error reply -> why the server refuses now, and what to look at
NOT_NOW = {
    "READONLY": "it is a replica: a failover is under way, or SERIATIM_REDIS_URL names a replica",
    "MISCONF": "it cannot save to its disk and takes no writes: look at its log and its disk",
    "NOREPLICAS": "too few replicas are connected to it: see min-replicas-to-write",
    "LOADING": "it is loading its data",
    "BUSY": "a script keeps it busy",
    "MASTERDOWN": "it is a replica that has lost its master",
    "TRYAGAIN": "a slot of the cluster is being moved; if it stays so, see redis-cli --cluster check",
    "CLUSTERDOWN": "no node of the cluster serves this slot: a failover is under way, or none that is up has it",
    "UNBLOCKED": "what was waited for is gone: it became a replica, or its data was deleted (FLUSHALL)",
}
#: code of an error reply -> what to do about it
FOR_GOOD = {
    "NOPERM": "its user lacks a right: is the ACL file of this version loaded (docs/how-to/security.md)?",
    "WRONGTYPE": "another program or version writes under our key names; give each system a Redis database of its own",
}
SERVER_LOG = "its log, or that of a proxy in front of it, may say more"
PASSWORD = "see SERIATIM_REDIS_PASSWORD and SERIATIM_REDIS_PASSWORD_FILE; the user stands in the URL"
OTHER_NAME = (62, 64)  #: OpenSSL's codes of a certificate that is for another host name, or for another address
NAMED = "write the name that its certificate is for, or ?ssl_check_hostname=false"
TRUSTED = "SERIATIM_TLS_CA_FILE names the file of the authority that signed it"
#: word in the reason of OpenSSL -> what to do about it
TLS_HINTS = {
    "CERTIFICATE_REQUIRED": "set SERIATIM_TLS_CERT_FILE and SERIATIM_TLS_KEY_FILE",
    "HANDSHAKE_FAILURE": "does it want SERIATIM_TLS_CERT_FILE and SERIATIM_TLS_KEY_FILE?",
    "WRONG_VERSION_NUMBER": "does the server speak TLS? redis:// and amqp:// are without",
    "RECORD_LAYER_FAILURE": "does the server speak TLS? redis:// and amqp:// are without",
}
NO_TURN = "No connection available"  #: redis-py's words where no connection became free in time
TOO_MANY = "max number of clients"  #: the server's words
NO_DATABASE = ("DB index is out of range", "SELECT is not allowed")  #: likewise; a cluster has one alone
NO_CLUSTER = "cluster support disabled"  #: likewise
RECONNECT: list[type[Exception]] = [
    exceptions.ConnectionError,  # LOADING and the limit of clients are of this class
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.MasterDownError,
]


class NoMaster(exceptions.ConnectionError):
    """No Sentinel names a master; the message says why, and what to do. As a lost connection, it is tried again."""


NO_ANSWER = (exceptions.ConnectionError, exceptions.TimeoutError, OSError, EOFError)


class RedisErrorTranslation:
    """Around commands of redis-py: when all its patience is spent, the error is one of our tree."""

    def __enter__(self) -> None:
        """Nothing happens before the commands."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise the error of our tree for redis-py's."""
        if isinstance(error, exceptions.RedisError | OSError | EOFError):
            raise translate_error(error) from error


_TRANSLATION = RedisErrorTranslation()  #: one for all: it keeps nothing, and each command is in two or three


def translate_redis_errors() -> RedisErrorTranslation:
    """Around commands of redis-py: when all its patience is spent, the error is one of our tree.

    Raises:
        Unavailable: Redis does not answer, or refuses for now.
        MemoryFull: it has no memory left.
        CommandRefused: it refuses this command, or this user, and waiting does not help.
    """
    return _TRANSLATION


def code_of(error: BaseException | None) -> str:
    """The code that an error reply began with, such as READONLY; "" if it had none."""
    code = str(getattr(error, "status_code", "") or _server_message(error).partition(" ")[0])
    return code if code.isupper() else ""


def _server_message(error: BaseException | None) -> str:
    """The server's message, without the command that redis-py prepends in pipelines: it may have a listener's text."""
    command, caused, message = str(error).partition(" of pipeline caused error: ")
    return message if caused and command.startswith("Command #") else str(error)


def translate_error(error: Exception) -> SeriatimError:
    """Translate an error of redis-py, or of a broken connection, into one of `seriatim.errors`."""
    code = code_of(error)
    if isinstance(error, exceptions.OutOfMemoryError) or code == "OOM":
        return MemoryFull("Redis has no memory left: running jobs make room as they are heard", FULL_AGAIN_S)
    if code in NOT_NOW:
        return Unavailable(f"Redis takes no such command now ({code}): {NOT_NOW[code]}")
    if NoMaster in (type(error), type(error.__cause__)):  # it is wrapped in event loops
        return Unavailable(str(error))
    if why := _connection_reason(error):
        return Unavailable(why)
    return CommandRefused(_refusal_message(error, code), code)


def _connection_reason(error: Exception) -> str:
    """Why there was no answer, and what to look at; "" if there was one."""
    if isinstance(error, exceptions.InvalidResponse):
        return f"what answers is no Redis: {error}; is SERIATIM_REDIS_URL right?"
    if why := tls_reason(error):
        return f"Redis does not answer: {why}"
    if TOO_MANY in str(error):
        return f"Redis does not answer: {error}; raise its maxclients, or lower SERIATIM_REDIS_CONNECTIONS"
    if NO_TURN in str(error):
        return "all connections to Redis that SERIATIM_REDIS_CONNECTIONS allows are in use"
    if isinstance(error, NO_ANSWER) and not isinstance(error, exceptions.AuthenticationError):
        return f"Redis does not answer: {error}; is it up, and is SERIATIM_REDIS_URL right?"
    return ""


def tls_reason(error: BaseException | None) -> str:
    """Why two sides cannot speak TLS, and what to do; "" if that is not what led to an error."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    if error is None:
        return ""
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = NAMED if error.verify_code in OTHER_NAME else TRUSTED
        return f"its certificate is not trusted: {error.verify_message}; {hint}"
    reason = error.reason or ""  # none: the connection broke, as any may
    hint = next((hint for word, hint in TLS_HINTS.items() if word in reason), "")
    return f"TLS failed: {reason.lower().replace('_', ' ')}; {hint}" if hint else ""


def _refusal_message(error: Exception, code: str) -> str:
    if isinstance(error, exceptions.AuthenticationError):
        return f"Redis refused the password: {error}; {PASSWORD}"
    if isinstance(error, exceptions.AskError):  # MovedError is one
        return "Redis is a node of a cluster: write redis+cluster:// in SERIATIM_REDIS_URL (docs/how-to/deploy.md)"
    if NO_CLUSTER in str(error):
        return "Redis is no node of a cluster: write redis:// in SERIATIM_REDIS_URL"
    if any(words in str(error) for words in NO_DATABASE):
        return f"Redis has no such database: {error}; name one that it has, such as /0, in SERIATIM_REDIS_URL"
    label, reason = f" ({code})" if code else "", _server_message(error).removeprefix(code).strip()
    return f"Redis refused a command{label}: {reason}; {FOR_GOOD.get(code, SERVER_LOG)}"
