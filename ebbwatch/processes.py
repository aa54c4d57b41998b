"""What each process of a deployment is told at its start."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from advisor.workspaces.config import AdvisorConfig
from api.config import ApiConfig
from archive.schema import TABLE
from connections.redis import apart
from console.config import ConsoleConfig
from domain.actions import DEFAULT, ActionsError, with_edits
from domain.alerts import DAY_MS, Policy
from domain.triage import Rules
from domain.webhooks import Rules as WebhookRules
from ebbwatch.deployment import Deployment
from ebbwatch.settings import Settings
from online_model.registry.key import registry_key
from online_model.thresholds import Contact
from producers.topics import topic_id
from stream_processors.archiver_config import ArchiverConfig
from stream_processors.config import WorkerConfig
from stream_processors.courier_config import CourierConfig
from stream_processors.notifier_config import NotifierConfig
from stream_processors.trainer_config import TrainerConfig


def worker_config(here: Deployment, instance: str, restarts: int) -> WorkerConfig:
    """One of its workers.

    Args:
        instance: static Kafka member id (`instance_name`).

    Raises:
        ActionsError: the file of actions cannot be used.
        KeyFileError: the registry's key cannot be used.
    """
    settings, stream = here.settings, here.stream
    return WorkerConfig(
        kafka=here.at.kafka,
        redis=here.at.redis,
        topic=stream.topic,
        topic_id=here.topic_id,
        partitions=stream.partitions,
        generation=stream.generation,
        dead_letter_topic=settings.dead_letter_topic,
        snapshot_topic=settings.snapshot_topic,
        outcome_topic=settings.outcome_topic,
        alert_topic=settings.alert_topic,
        model_topic=settings.model_topic,
        registry=registry_address(settings),
        registry_key=registry_key_of(settings),
        policy=policy_of(settings),
        actions=_actions(settings.alert_actions),
        sweep_users=settings.sweep_users,
        group=f"{settings.group}-{stream.generation}",
        instance=instance,
        facts=settings.facts(),
        clock_lag_ms=int(settings.clock_lag * 1000),
        mark_interval_s=settings.mark_interval,
        metrics_host=settings.metrics_host,
        metrics_port=settings.metrics_port,
        restarts=restarts,
        max_poll_records=settings.max_poll_records,
        session_timeout_s=settings.session_timeout,
    )


def trainer_config(here: Deployment, restarts: int) -> TrainerConfig:
    """Its trainer.

    Raises:
        KeyFileError: the registry's key cannot be used.
    """
    settings = here.settings
    return TrainerConfig(
        kafka=here.at.kafka,
        lineage=here.lineage,
        partitions=here.stream.partitions,
        facts=settings.facts(),
        snapshot_topic=settings.snapshot_topic,
        outcome_topic=settings.outcome_topic,
        model_topic=settings.model_topic,
        decision_topic=settings.decision_topic,
        command_topic=settings.command_topic,
        folder=str(settings.home / "training"),
        archive=str(archive_folder(settings)),
        registry=registry_address(settings),
        key=registry_key_of(settings),
        contestants=settings.contestants,
        thresholds=here.thresholds,
        tier_shares=here.tier_shares,
        contact=contact_of(settings),
        seed=settings.model_seed,
        publish_examples=settings.publish_examples,
        publish_days=settings.publish_days,
        checkpoint_s=settings.checkpoint_interval,
        metrics_host=settings.metrics_host,
        metrics_port=settings.trainer_metrics_port,
        restarts=restarts,
    )


def notifier_config(here: Deployment, restarts: int) -> NotifierConfig:
    """Its notifier."""
    settings = here.settings
    return NotifierConfig(
        kafka=here.at.kafka,
        redis=here.at.redis,
        control_topic=settings.control_topic,
        control_id=_topic_id(here, settings.control_topic),
        alert_topic=settings.alert_topic,
        alert_id=_topic_id(here, settings.alert_topic),
        model_topic=settings.model_topic,
        lineage=here.lineage,
        triage=Rules(
            share=settings.alert_budget,
            least=settings.alert_budget_least,
            quiet_ms=int(settings.contact_quiet_days * DAY_MS),
            holdout=settings.holdout,
            value=settings.customer_value,
            cost=settings.contact_cost,
            chance=settings.saving_chance,
        ),
        inactivity_days=settings.inactivity_days,
        horizon_days=settings.horizon_days,
        public_url=settings.public_url,
        smtp_url=settings.smtp_url,
        mail_from=settings.mail_from,
        mail_to=settings.mail_to,
        digest_hour=settings.digest_hour,
        archive=str(archive_folder(settings)),
        metrics_host=settings.metrics_host,
        metrics_port=settings.notifier_metrics_port,
        restarts=restarts,
    )


def courier_config(here: Deployment, restarts: int) -> CourierConfig:
    """Its courier.

    Raises:
        KeyFileError: the deployment's key cannot be used.
    """
    settings = here.settings
    return CourierConfig(
        redis=here.at.redis,
        key=registry_key_of(settings),
        private=settings.webhook_private,
        rules=WebhookRules(
            retries_s=settings.webhook_retries,
            breaker_failures=settings.webhook_breaker_failures,
            breaker_s=settings.webhook_breaker,
        ),
        metrics_host=settings.metrics_host,
        metrics_port=settings.courier_metrics_port,
        restarts=restarts,
    )


def archiver_config(here: Deployment, restarts: int) -> ArchiverConfig:
    """Its archiver."""
    settings = here.settings
    return ArchiverConfig(
        kafka=here.at.kafka,
        topic=here.stream.topic,
        topic_id=here.topic_id,
        partitions=here.stream.partitions,
        facts=settings.facts(),
        archive=archived_log(settings, here.stream.topic),
        batch_records=settings.archive_batch_records,
        batch_s=settings.archive_batch_seconds,
        metrics_host=settings.metrics_host,
        metrics_port=settings.archiver_metrics_port,
        restarts=restarts,
    )


def workspaces_folder(settings: Settings) -> Path:
    """Where files lie that people send to the advisor."""
    return Path(settings.workspaces) if settings.workspaces else settings.home / "workspaces"


def advisor_config(settings: Settings, restarts: int) -> AdvisorConfig:
    """Of the process that works on workspaces."""
    return AdvisorConfig(
        root=str(workspaces_folder(settings).absolute()),
        at_once=settings.advisor_at_once,
        facts=settings.facts(),
        contestants=settings.contestants,
        learners=settings.learners,
        metrics_host=settings.metrics_host,
        metrics_port=settings.advisor_metrics_port,
        restarts=restarts,
    )


def console_config(settings: Settings, restarts: int) -> ConsoleConfig:
    """Of the process with the pages for people."""
    return ConsoleConfig(
        host=settings.console_host,
        port=settings.console_port,
        api=settings.console_api or f"http://{reachable(settings.api_host)}:{settings.api_port}",
        idle_s=60 * settings.console_idle_minutes,
        metrics_host=settings.metrics_host,
        metrics_port=settings.console_metrics_port,
        restarts=restarts,
    )


def reachable(host: str) -> str:
    """A host to call what listens there: no machine has the address that stands for all."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104


def api_config(here: Deployment, restarts: int) -> ApiConfig:
    """Its API.

    Raises:
        KeyFileError: the registry's key cannot be used.
    """
    settings = here.settings
    return ApiConfig(
        host=settings.api_host,
        port=settings.api_port,
        processes=settings.api_processes,
        kafka=here.at.kafka,
        redis=here.at.redis,
        limits_redis=settings.limits_redis or _next_database(here.at.redis),
        topic=here.stream.topic,
        dead_letter_topic=settings.dead_letter_topic,
        control_topic=settings.control_topic,
        alert_topic=settings.alert_topic,
        model_topic=settings.model_topic,
        decision_topic=settings.decision_topic,
        command_topic=settings.command_topic,
        topic_id=here.topic_id,
        lineage=here.lineage,
        partitions=here.stream.partitions,
        registry=registry_address(settings),
        registry_key=registry_key_of(settings),
        archive=str(archive_folder(settings)),
        facts=settings.facts(),
        tier_medium=settings.tier_medium,
        tier_high=settings.tier_high,
        contact_cost=settings.contact_cost,
        customer_value=settings.customer_value,
        saving_chance=settings.saving_chance,
        results=results_address(settings),
        workspaces=str(workspaces_folder(settings).absolute()),
        workspace_days=settings.workspace_days,
        batch=str(batch_folder(settings)),
        per_second=settings.api_per_second,
        patience_s=settings.api_patience,
        id_secret=settings.id_secret,
        cors_origins=settings.api_cors_origins,
        webhook_private=settings.webhook_private,
        webhook_breaker_failures=settings.webhook_breaker_failures,
        trainer=settings.trainer,
        audit_log=str(settings.api_audit_log or settings.home / "audit.log"),
        restarts=restarts,
    )


def registry_address(settings: Settings) -> str:
    """Where the versions are."""
    return settings.registry or str(settings.home.absolute() / "registry")


def policy_of(settings: Settings) -> Policy:
    """Tiers and alerts."""
    return Policy(
        settings.tier_medium,
        settings.tier_high,
        settings.tier_margin,
        int(settings.alert_cooldown_days * DAY_MS),
    )


def contact_of(settings: Settings) -> Contact:
    """What a contact costs and may save."""
    return Contact(
        cost=settings.contact_cost, value=settings.customer_value, chance_of_saving=settings.saving_chance
    )


def archive_folder(settings: Settings) -> Path:
    """Folder of the ledger, and of the archived log if that has no address of its own."""
    return settings.archive or settings.home.absolute() / "archive"


def archived_log(settings: Settings, topic: str) -> str:
    """Where the log of a topic is archived.

    Args:
        topic: that is served; after a repartition another one than the settings name, with a folder of its own.
    """
    name = TABLE if topic == settings.topic else f"{TABLE}-{topic}"
    return settings.archive_log or str(archive_folder(settings) / name)


def results_address(settings: Settings) -> str:
    """Where the results of the batch jobs are."""
    return settings.results or str(archive_folder(settings).absolute() / "results")


def batch_folder(settings: Settings) -> Path:
    """What the batch jobs work with, on this machine: the star, and what they keep of single users."""
    return settings.home.absolute() / "batch"


def instance_name(number: int) -> str:
    """Static Kafka member id of the `number`-th worker of this process on this machine."""
    return f"{socket.gethostname()}-{os.getpid()}-{number}"


def _next_database(redis: str) -> str:
    """The database after that of a URL: rates are not worth a topic, and a flush there forgets nothing else.

    A cluster has one database only.
    """
    if apart(redis)[1]:
        return redis
    parts = urlsplit(redis)
    number = int(parts.path.strip("/") or 0)
    return urlunsplit(parts._replace(path=f"/{number + 1}"))


def _topic_id(here: Deployment, topic: str) -> str:
    return topic_id(here.at.kafka, topic) or ""


def registry_key_of(settings: Settings) -> str:
    """Secret that signs versions; made where there is none.

    Raises:
        KeyFileError: it cannot be used.
    """
    return registry_key(settings.home, settings.registry_key, create=True).decode()


def _actions(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {theme: dict(row) for theme, row in DEFAULT.items()}
    try:
        return with_edits(path.read_bytes())
    except (OSError, ActionsError) as fault:
        raise ActionsError(f"EBBWATCH_ALERT_ACTIONS: {path}: {fault}") from fault
