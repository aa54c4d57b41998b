"""What serves now: read from the topic of announcements and the registry, as the workers do."""

from typing import NamedTuple

import typer

from ebbwatch.deployment import Deployment
from ebbwatch.model_topics import Newest
from ebbwatch.processes import registry_address
from online_model import loading
from online_model.quality import published
from online_model.quality.published import Published, PublishedError
from online_model.registry.announcement import Announcement, AnnouncementError, decode
from online_model.registry.errors import RegistryError
from online_model.registry.key import registry_key
from online_model.registry.manifest import Manifest
from online_model.registry.registry import Registry
from online_model.risk import Risk
from stream_processors.following import CHAMPION


class Serving(NamedTuple):
    """What serves, and what is known of it."""

    risk: Risk
    announcement: Announcement | None
    """The last one; None while the baseline serves because nothing was announced."""
    manifests: tuple[Manifest, ...]
    """Of the versions in `risk`, in their order; none for the baseline."""
    quality: Published | None
    """The trainer's latest judgement of this lineage, if there is one."""
    fault: str | None
    """Why what is announced cannot serve."""


def open_registry(here: Deployment) -> Registry:
    """The deployment's registry, to be read.

    Raises:
        KeyFileError: there is no key for it.
        StorageError: no such kind of address.
    """
    key = registry_key(here.settings.home, here.settings.registry_key, create=False)
    return Registry(registry_address(here.settings), key)


class Models:
    """Follows what serves. A context manager."""

    def __init__(self, here: Deployment) -> None:
        self._here = here
        self._topic = Newest(here.at.kafka, here.settings.model_topic)
        self._taken: bytes | None = None
        self._serving = Serving(Risk(), None, (), None, None)

    def __enter__(self) -> "Models":
        return self

    def __exit__(self, *_: object) -> None:
        self._topic.__exit__()

    def look(self) -> Serving:
        """What serves now; versions are loaded only when something new is announced.

        Raises:
            LogError: Kafka does not answer.
        """
        values = self._topic.look()
        announced = values.get(CHAMPION)
        if announced is not None and announced != self._taken:
            self._taken = announced
            self._serving = self._load(announced)
        return self._serving._replace(quality=_judgement(values.get(published.KEY), self._here.lineage))

    def _load(self, value: bytes) -> Serving:
        lineage = self._here.lineage
        announcement: Announcement | None = None
        try:
            announcement = decode(CHAMPION, value)
            registry = open_registry(self._here)
            return _known(registry, loading.load(registry, announcement, lineage), announcement, None)
        except (AnnouncementError, RegistryError) as fault:
            why = str(fault)
        try:
            registry = open_registry(self._here)
            return _known(registry, loading.last_good(registry, lineage), announcement, why)
        except RegistryError:
            return Serving(Risk(), announcement, (), None, why)


def served(here: Deployment) -> Risk:
    """What serves now; says on standard error if that is not what is announced.

    Raises:
        LogError: Kafka does not answer.
    """
    with Models(here) as models:
        return told(models.look()).risk


def told(serving: Serving) -> Serving:
    """The same, once its fault is said on standard error."""
    if serving.fault is not None:
        typer.echo(
            f"ebbwatch: the announced model cannot be used, {' and '.join(serving.risk.versions)} serves here "
            f"instead: {serving.fault}",
            err=True,
        )
    return serving


def _known(registry: Registry, risk: Risk, announcement: Announcement | None, fault: str | None) -> Serving:
    manifests = tuple(registry.manifest(part.version) for part in risk.parts)
    return Serving(risk, announcement, manifests, None, fault)


def _judgement(value: bytes | None, lineage: str) -> Published | None:
    if value is None:
        return None
    try:
        found = published.decode(value)
    except PublishedError:
        return None
    return found if found.lineage == lineage else None
