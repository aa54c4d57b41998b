"""Storage that dies in the middle of its work."""

from storage.files import Storage


class CrashError(BaseException):
    """The process is killed: nothing runs any more, also no clean-up."""


class Dying(Storage):
    """Does `left` operations that change something, and dies in the place of the next one."""

    left = 1_000_000

    def write(self, name: str, content: bytes) -> None:
        """Die or write."""
        self._live()
        super().write(name, content)

    def remove(self, name: str) -> None:
        """Die or remove."""
        self._live()
        super().remove(name)

    def _live(self) -> None:
        if self.left == 0:
            raise CrashError
        self.left -= 1
