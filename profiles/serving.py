"""What serves now: read from the topic of announcements and the registry, as the workers do."""

from collections.abc import Callable
from typing import NamedTuple

from control.newest import Newest
from online_model import loading
from online_model.quality import published
from online_model.quality.published import Published, PublishedError
from online_model.registry.announcement import CHAMPION, Announcement, AnnouncementError, decode
from online_model.registry.errors import RegistryError
from online_model.registry.manifest import Manifest
from online_model.registry.registry import Registry
from online_model.risk import Risk


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


class Models:
    """Follows what serves. A context manager."""

    def __init__(
        self, kafka: str, model_topic: str, lineage: str, open_registry: Callable[[], Registry]
    ) -> None:
        """
        Args:
            open_registry: asked only when something is announced; may raise `RegistryError`.
        """
        self._lineage = lineage
        self._open_registry = open_registry
        self._topic = Newest(kafka, model_topic)
        self._taken: bytes | None = None
        self._serving = Serving(Risk(), None, (), None, None)
        self._told: bytes | None = None
        self._judgement: Published | None = None

    def __enter__(self) -> "Models":
        return self

    def __exit__(self, *_: object) -> None:
        self._topic.__exit__()

    def look(self) -> Serving:
        """What serves now; the same object as before if nothing has changed.

        Versions are loaded only when something new is announced.

        Raises:
            LogError: Kafka does not answer.
        """
        values = self._topic.look()
        announced = values.get(CHAMPION)
        if announced is not None and announced != self._taken:
            self._taken = announced
            self._serving = self._load(announced)
        if (told := values.get(published.KEY)) != self._told:
            self._told, self._judgement = told, _judgement(told, self._lineage)
        if self._serving.quality is not self._judgement:
            self._serving = self._serving._replace(quality=self._judgement)
        return self._serving

    def forget(self) -> None:
        """Load what is announced once more at the next look: its fault may have passed."""
        self._taken = None

    def _load(self, value: bytes) -> Serving:
        lineage = self._lineage
        announcement: Announcement | None = None
        try:
            announcement = decode(CHAMPION, value)
            registry = self._open_registry()
            return _known(registry, loading.load(registry, announcement, lineage), announcement, None)
        except (AnnouncementError, RegistryError) as fault:
            why = str(fault)
        try:
            registry = self._open_registry()
            return _known(registry, loading.last_good(registry, lineage), announcement, why)
        except RegistryError:
            return Serving(Risk(), announcement, (), None, why)


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
