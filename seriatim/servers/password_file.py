"""Password files of Redis, read again for each new connection: a password may be replaced while processes run.

Secrets that Kubernetes, Vault's agent or an operator replace appear in the same file. Connections that are open stay
so; without a new look at the file, the first one that breaks would be refused until the process is restarted.
"""

from redis.credentials import CredentialProvider
from redis.exceptions import ConnectionError as RedisConnectionError

from seriatim.errors import Misconfigured
from seriatim.servers.server_urls import PASSWORD_FILE, read_secret


class PasswordFile(CredentialProvider):
    """The credentials of a new connection: a user, "" for the default one, and what the file has now."""

    def __init__(self, user: str, path: str) -> None:
        self.user, self.path = user, path

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """The user and the password, as redis-py takes them.

        Raises:
            redis.exceptions.ConnectionError: the file cannot be read now; redis-py tries again.
        """
        try:
            password = read_secret(PASSWORD_FILE, self.path)
        except Misconfigured as error:  # it is being replaced
            raise RedisConnectionError(str(error)) from None
        return (self.user, password) if self.user else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same in an event loop: the file is small, and on this machine."""
        return self.get_credentials()
