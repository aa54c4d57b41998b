"""What can be wrong with a registry or with one of its versions."""


class RegistryError(Exception):
    """The registry cannot be used, or a version is refused; the message says what to do."""


class StorageError(RegistryError):
    """The folder is not there, is full, or may not be read or written."""


class NotThereError(StorageError):
    """There is no registry at the address: not yet, or not mounted."""


class KeyFileError(RegistryError):
    """The key that signs versions is missing or unsafe."""


class RefusedError(RegistryError):
    """This version must not serve."""


class UnknownVersionError(RefusedError):
    """No version of this id was published here."""


class UnsignedError(RefusedError):
    """The manifest carries no signature."""


class WrongKeyError(RefusedError):
    """The manifest was signed with another key, or changed after it was signed."""


class DamagedError(RefusedError):
    """A file is missing, cut short, changed, or no manifest at all."""


class MismatchError(RefusedError):
    """Sound, but made for other features, another lineage or other software."""
