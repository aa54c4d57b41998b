"""A version as a run of an MLflow tracking server, for teams that compare their models there."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from online_model.registry.errors import RegistryError
from online_model.registry.registry import MANIFEST
from online_model.registry.version import Version

if TYPE_CHECKING:
    from mlflow import MlflowClient

TAG: Final = "ebbwatch.version"
_FINISHED: Final = "FINISHED"


class ExportError(RegistryError):
    """The client is not installed, or the server does not take the run."""


def export(version: Version, server: str, experiment: str) -> str:
    """Send settings, metrics and files of a version; a version that is there already is not sent again.

    Args:
        version: read back from a registry.
        server: address of the tracking server, such as `http://127.0.0.1:5000`.
        experiment: name; made where there is none.

    Returns:
        Id of the run.

    Raises:
        ExportError: says what is missing.
    """
    try:
        import mlflow  # noqa: PLC0415 - an extra, and slow
        from mlflow.exceptions import MlflowException  # noqa: PLC0415
    except ImportError as fault:
        raise ExportError(
            "MLflow's client is not installed: `pip install --require-hashes -r requirements/mlflow.txt`"
        ) from fault
    try:
        return _send(mlflow.MlflowClient(tracking_uri=server), version, experiment)
    except (MlflowException, OSError) as fault:
        raise ExportError(f"MLflow at {server} did not take version {version.id}: {fault}") from fault


def _send(client: "MlflowClient", version: Version, experiment: str) -> str:
    training = version.manifest.training
    found = client.get_experiment_by_name(experiment)
    place = found.experiment_id if found else client.create_experiment(experiment)
    for former in client.search_runs([place], f"tags.`{TAG}` = '{version.id}'"):
        if former.info.status == _FINISHED:
            return str(former.info.run_id)
    tags = {TAG: version.id, "ebbwatch.lineage": training.lineage, "ebbwatch.contestant": training.name}
    run = client.create_run(place, tags=tags, run_name=f"{training.name} {version.id}").info.run_id
    for name, value in _settings(version).items():
        client.log_param(run, name, value)
    for name, metric in training.metrics.items():
        if metric is not None:
            client.log_metric(run, name, metric, timestamp=training.last_due_ms, step=training.examples)
    with tempfile.TemporaryDirectory(prefix="ebbwatch-mlflow-") as folder:
        for name, content in (version.payloads | {MANIFEST: version.sealed}).items():
            Path(folder, name).write_bytes(content)
        client.log_artifacts(run, folder)
    client.set_terminated(run, _FINISHED)
    return str(run)


def _settings(version: Version) -> dict[str, Any]:
    manifest, training = version.manifest, version.manifest.training
    facts = msgspec.structs.asdict(training.facts)
    return {
        "kind": training.kind,
        "seed": training.seed,
        "examples": training.examples,
        "first_snapshot_ms": training.first_snapshot_ms,
        "last_snapshot_ms": training.last_snapshot_ms,
        "last_due_ms": training.last_due_ms,
        "feature_schema": manifest.feature_schema,
        **{f"software.{name}": value for name, value in msgspec.structs.asdict(manifest.software).items()},
        **{f"facts.{name}": value for name, value in facts.items()},
        **{f"model.{name}": value for name, value in training.model_settings.items()},
    }
