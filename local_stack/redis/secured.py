"""A Redis that speaks TLS alone and knows no user but those of `users.acl`."""

from pathlib import Path
from random import Random
from urllib.parse import quote

from local_stack.certificates import Certificates
from local_stack.part import Progress
from local_stack.ports import HOST
from local_stack.redis.server import RedisServer
from local_stack.redis.users import acl


class SecuredRedis(RedisServer):
    """As `RedisServer`, for clients that have a password and trust the authority."""

    def __init__(
        self,
        folder: Path,
        random: Random,
        progress: Progress,
        certificates: Certificates,
        passwords: dict[str, str],
    ) -> None:
        """
        Args:
            passwords: of users of `users.acl`; `operator` is one of them.
        """
        super().__init__(folder, random, progress)
        self._certificates = certificates
        self._passwords = passwords

    def settings(self, ports: tuple[int, ...]) -> dict[str, str]:
        """See `RedisServer.settings`."""
        users = self.folder / "users.acl"
        users.touch(mode=0o600)
        users.write_text(acl(self._passwords))
        return super().settings(ports) | {
            "port": "0",
            "tls-port": str(ports[0]),
            "tls-cert-file": f'"{self._certificates.certificate}"',
            "tls-key-file": f'"{self._certificates.key}"',
            "tls-ca-cert-file": f'"{self._certificates.ca}"',
            "tls-auth-clients": "no",
            "aclfile": f'"{users}"',
        }

    @property
    def url(self) -> str:
        """As the operator reaches it."""
        return self.url_of("operator")

    def url_of(self, user: str, database: int = 0) -> str:
        """As a user reaches it."""
        ca = quote(str(self._certificates.ca))
        return f"rediss://{user}:{self._passwords[user]}@{HOST}:{self.port}/{database}?ssl_ca_certs={ca}"
