"""What serves in a deployment, for commands."""

import typer

from ebbwatch.deployment import Deployment
from ebbwatch.processes import registry_address
from online_model.registry.key import registry_key
from online_model.registry.registry import Registry
from online_model.risk import Risk
from profiles import views
from profiles.serving import Models, Serving
from profiles.views import Basis


def open_registry(here: Deployment) -> Registry:
    """The deployment's registry, to be read.

    Raises:
        KeyFileError: there is no key for it.
        StorageError: no such kind of address.
    """
    key = registry_key(here.settings.home, here.settings.registry_key, create=False)
    return Registry(registry_address(here.settings), key)


def models(here: Deployment) -> Models:
    """Follows what serves."""
    return Models(here.at.kafka, here.settings.model_topic, here.lineage, lambda: open_registry(here))


def basis(here: Deployment, risk: Risk) -> Basis:
    """By what users are judged now."""
    return views.basis(here.store, here.stream, risk, here.settings.facts().horizon_ms, here.thresholds)


def served(here: Deployment) -> Risk:
    """What serves now; says on standard error if that is not what is announced.

    Raises:
        LogError: Kafka does not answer.
    """
    with models(here) as following:
        return told(following.look()).risk


def told(serving: Serving) -> Serving:
    """The same, once its fault is said on standard error."""
    if serving.fault is not None:
        typer.echo(
            f"ebbwatch: the announced model cannot be used, {' and '.join(serving.risk.versions)} serves here "
            f"instead: {serving.fault}",
            err=True,
        )
    return serving
