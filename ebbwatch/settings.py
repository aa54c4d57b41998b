"""Settings: one table; every one can be given in the environment as ``EBBWATCH_<NAME>``."""

import os
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from batch_jobs.learners.settings import KINDS
from connections.secrets import secret
from domain.settings import ChurnDefinition, FactSettings
from domain.webhooks import RETRIES_S
from logs.beginning import Format
from online_model.training.contestants import DEFAULT

PREFIX: Final = "EBBWATCH_"
SECRETS: Final = ("registry_key", "report_hook", "smtp_url", "id_secret", "limits_redis")
"""Settings that nobody else may read; each may be given by a file."""


class SecretFiles(PydanticBaseSettingsSource):
    """Secrets by file: ``EBBWATCH_<NAME>_FILE`` for every setting of `SECRETS`."""

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 the library asks for it
        field_name: str,
    ) -> tuple[Any, str, bool]:
        """Nothing: all come at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Name to value, of those that are given.

        Raises:
            AccessError: one is given twice, or its file cannot be read.
        """
        given = {name: secret(os.environ, f"{PREFIX}{name.upper()}") for name in SECRETS}
        return {name: value for name, value in given.items() if value is not None}


class Settings(BaseSettings):
    """What a deployment can choose. Those in `facts` shape stored facts and are hashed into the store."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore")

    home: Path = Field(Path(".ebbwatch"), description="folder of local state: stacks, logs, reject files")
    stack: str = Field("auto", description="where Kafka and Redis come from: auto, env, docker or local")
    log_format: Format = Field("human", description="how processes log: human or json, an object a line")
    topic: str = Field("session-events", description="topic of events and clock marks")
    partitions: int = Field(12, ge=1, le=1024, description="partitions of the topic when it is created")
    dead_letter_topic: str = Field("dead-letters", description="topic of records that could not be used")
    snapshot_topic: str = Field("snapshots", description="topic of snapshots: features at weekly instants")
    outcome_topic: str = Field("outcomes", description="topic of outcomes: who was lost within the horizon")
    model_topic: str = Field("models", description="compacted topic that says which versions serve")
    decision_topic: str = Field("model-decisions", description="topic of the tournament's decisions")
    command_topic: str = Field("model-commands", description="topic of orders to the tournament")
    control_topic: str = Field("control", description="compacted topic of decisions of people")

    churn: ChurnDefinition = Field(
        "inactivity", description="what a loss is: inactivity, cancellation, either"
    )
    inactivity_days: int = Field(30, ge=1, le=180, description="silence that makes a user gone, in days")
    horizon_days: int = Field(30, ge=1, le=180, description="how far risk looks ahead, in days")
    session_gap: int = Field(1800, ge=1, le=86_400, description="silence that ends a session, in seconds")
    allowed_lateness: int = Field(86_400, ge=0, le=2_592_000, description="how late an event may be, seconds")
    future_tolerance: int = Field(300, ge=0, description="how far ahead of Kafka's time, in seconds")
    session_types: tuple[str, ...] = Field((), description="custom event types that count as a sign of life")

    registry: str = Field(
        "",
        description="folder or object store of model versions; else `registry` in the home folder",
    )
    registry_key: str = Field(
        "", description="secret that signs versions; else the file `registry.key` in the home folder"
    )
    archive: Path | None = Field(
        None, description="folder of the ledger and the archived log; else `archive` in the home folder"
    )
    archive_log: str = Field(
        "",
        description="folder or s3:// address of the archived log; else `log` in the folder of the ledger",
    )
    archiver: bool = Field(
        True, description="whether `run` and `demo` start an archiver, and `wait` waits for it"
    )
    archive_batch_records: int = Field(
        100_000, ge=1, le=1_000_000, description="records that the archiver writes at a time"
    )
    archive_batch_seconds: float = Field(
        10.0, gt=0, description="or fewer, when the first of them has waited for so long"
    )
    archiver_metrics_port: int = Field(
        0, ge=0, le=65_535, description="archiver's metrics and health; 0 takes a free one"
    )
    contestants: tuple[str, ...] = Field(DEFAULT, description="models that take part in the tournament")
    model_seed: int = Field(0, description="of all randomness in training")
    publish_examples: int = Field(2000, ge=1, description="a version is published after so many examples")
    publish_days: int = Field(1, ge=1, description="or after so many days of event time")
    trainer: bool = Field(
        True, description="whether `run` and `demo` start a trainer, and `wait` waits for it"
    )
    checkpoint_interval: float = Field(30.0, gt=0, description="seconds between checkpoints of the training")
    trainer_metrics_port: int = Field(
        0, ge=0, le=65_535, description="trainer's metrics and health; 0 takes a free one"
    )

    batch: bool = Field(
        True, description="whether `run` starts the scheduler of the batch jobs and the exporter"
    )
    results: str = Field(
        "",
        description="folder or object store of what batch jobs find; else `results` in the archive's folder",
    )
    results_kept: int = Field(
        8, ge=1, le=1000, description="former results of each job that are kept, one a day, to compare with"
    )
    batch_memory: int = Field(
        1000, ge=200, description="of the batch jobs' engine, MB; what does not fit goes to disk meanwhile"
    )
    batch_threads: int = Field(2, ge=1, le=256, description="of the batch jobs' engine")
    batch_look: float = Field(
        300.0,
        gt=0,
        description="seconds between looks whether a day is complete, beside the one after midnight",
    )
    batch_minute: int = Field(
        15, ge=0, le=59, description="minute after midnight, UTC, of the look that mostly finds a new day"
    )
    learners: tuple[str, ...] = Field(
        KINDS, min_length=1, description="kinds of models that a batch job refits on the ledger"
    )
    learners_seconds: float = Field(
        600.0,
        ge=0,
        description="for tuning refitted models, all kinds together; each is tried once in any case",
    )
    candidates: int | tuple[str, ...] = Field(
        1,
        description="refitted models that enter the tournament at each training: how many, the best first, or which "
        "kinds, as a JSON list",
    )
    workspaces: str = Field(
        "",
        description="folder of files that people send to the advisor; else `workspaces` in the home folder",
    )
    workspace_days: int = Field(
        30, ge=1, le=3650, description="after so many days a workspace is deleted, all of it"
    )
    advisor: bool = Field(True, description="whether `run` starts the advisor, which works on workspaces")
    advisor_at_once: int = Field(2, ge=1, le=64, description="workspaces that the advisor works on at once")
    advisor_metrics_port: int = Field(
        0, ge=0, le=65_535, description="advisor's metrics and health; 0 takes a free one"
    )
    console: bool = Field(True, description="whether `run` starts the console, the pages for people")
    console_host: str = Field("127.0.0.1", description="where the console listens")
    console_port: int = Field(8080, ge=1, le=65_535, description="port of the console")
    console_api: str = Field(
        "", description="address of the API as the console reaches it; else that of this machine's"
    )
    console_idle_minutes: float = Field(
        30.0, gt=0, description="after so long without a sign of the visitor the console signs out"
    )
    console_metrics_port: int = Field(
        0, ge=0, le=65_535, description="console's metrics and health; 0 takes a free one"
    )
    exporter_port: int = Field(
        0, ge=0, le=65_535, description="results as gauges for Prometheus, and health; 0 takes a free one"
    )
    report_weekday: int = Field(
        0, ge=0, le=6, description="day with whose beginning the week of the report ends, 0 for Monday"
    )
    report_to: tuple[str, ...] = Field((), description="who gets it by mail, as a JSON list; else `mail_to`")
    report_hook: str = Field(
        "",
        description="secret address of a chat's incoming webhook (Slack and alike) that is told of the report",
    )

    clock_lag: float = Field(60.0, ge=0, description="live marks stand so far behind the wall clock, seconds")
    mark_interval: float = Field(10.0, gt=0, description="seconds between live clock marks")
    tier_medium: float = Field(0.4, gt=0, lt=1, description="risk from which a user is in the medium tier")
    tier_high: float = Field(0.7, gt=0, lt=1, description="risk from which a user is in the high tier")
    tier_medium_share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="share of the users at risk for the medium tier, instead of a fixed risk",
    )
    tier_high_share: float | None = Field(
        None,
        gt=0,
        lt=1,
        validate_default=True,
        description="share of them for the high tier; both are given, or neither",
    )
    contact_cost: float = Field(
        50.0, gt=0, description="of contacting one user, so of a false alarm, in money"
    )
    customer_value: float = Field(200.0, gt=0, description="what a lost user costs, in money")
    saving_chance: float = Field(
        0.35, ge=0, le=1, description="share of lost users that a contact keeps, until a holdout measures it"
    )
    margin: float = Field(1.0, gt=0, le=1, description="share of revenue that is margin, for lifetime value")
    discount_rate: float = Field(
        0.10,
        ge=0,
        le=10,
        description="by which money of the future is worth less, a year, for lifetime value",
    )
    tier_margin: float = Field(0.05, ge=0, lt=1, description="a tier ends so far below where it begins")
    alert_topic: str = Field("risk-alerts", description="topic of alerts: who has risen into a tier, and why")
    alert_cooldown_days: float = Field(7.0, ge=0, description="a user raises no second alert within it, days")
    alert_actions: Path | None = Field(
        None, description="JSON file of recommended actions, by theme and tier, in place of those built in"
    )
    alert_budget: float = Field(
        0.01, ge=0, le=1, description="alerts a day that are handed out, as a share of the active users"
    )
    alert_budget_least: int = Field(1, ge=0, description="alerts a day, however few users are active")
    holdout: float = Field(
        0.1, ge=0, lt=1, description="share of users, by a hash of the id, who are never alerted"
    )
    contact_quiet_days: float = Field(
        14.0, ge=0, description="days for which a user is left alone after a contact"
    )
    public_url: str = Field(
        "", description="address at which people reach the API; begins the links in alerts and mails"
    )
    smtp_url: str = Field(
        "", description="mail server, smtp://user:password@host:587 or smtps://; no mail is sent without it"
    )
    mail_from: str = Field("", description="sender of digests and of mails about urgent alerts")
    mail_to: tuple[str, ...] = Field((), description="who gets them, as a JSON list")
    digest_hour: int = Field(7, ge=0, le=23, description="hour of the day, UTC, of the daily digest")
    sweep_users: int = Field(
        500,
        ge=0,
        le=100_000,
        description="users whose risk is computed afresh at each live mark of a partition",
    )
    api: bool = Field(True, description="whether `run` starts the API, the notifier and the courier")
    api_host: str = Field("127.0.0.1", description="address that the API listens on")
    api_port: int = Field(8000, ge=1, le=65_535, description="port of the API")
    api_processes: int = Field(1, ge=1, le=64, description="processes that answer on that port")
    api_per_second: int = Field(
        1000, ge=0, description="requests a second of a key that has no rate of its own; 0 for no limit"
    )
    api_patience: float = Field(
        2.0,
        ge=0,
        le=60,
        description="seconds that a call of the API waits for those who carry out what it has written",
    )
    api_cors_origins: tuple[str, ...] = Field(
        (), description="web origins that may call the API; none by default"
    )
    api_audit_log: Path | None = Field(
        None, description="file of the audit log; else `audit.log` in the home folder"
    )
    id_secret: str = Field(
        "", description="secret with which user ids are hashed at the door; empty keeps them as they are"
    )
    limits_redis: str = Field(
        "",
        description="URL of a Redis without persistence that counts rates for all API machines; "
        "else a small one is started beside each",
    )
    webhook_private: bool = Field(
        False,
        description="whether webhooks may go to loopback and private addresses, plain HTTP and any port",
    )
    webhook_retries: tuple[Annotated[float, Field(ge=0, le=604_800)], ...] = Field(
        RETRIES_S, description="pauses between the attempts of one delivery, seconds"
    )
    webhook_breaker_failures: int = Field(
        10, ge=1, description="after so many failures in a row an endpoint is left alone for a while"
    )
    webhook_breaker: float = Field(
        30.0, gt=0, description="for so long at first, then for twice as long each time, seconds"
    )
    notifier_metrics_port: int = Field(
        0, ge=0, le=65_535, description="notifier's metrics and health; 0 takes a free one"
    )
    courier_metrics_port: int = Field(
        0, ge=0, le=65_535, description="courier's metrics and health; 0 takes a free one"
    )
    workers: int = Field(1, ge=1, le=64, description="workers that `run` and `demo` start")
    background_nice: int = Field(
        10,
        ge=0,
        le=19,
        description="how far workers and the trainer yield the processor to the API beside them in `run`, "
        "as a nice value; 0 for not at all",
    )
    metrics_host: str = Field(
        "127.0.0.1", description="address that the worker's metrics and health listen on"
    )
    metrics_port: int = Field(
        0, ge=0, le=65_535, description="worker's metrics and health; 0 takes a free one"
    )
    group: str = Field("ebbwatch-features", description="prefix of the consumer group")
    session_timeout: float = Field(
        10.0, ge=2, le=300, description="a worker silent for so long is declared dead, seconds"
    )
    max_poll_records: int = Field(
        8000, ge=1, le=100_000, description="records of all partitions in one fetch"
    )

    @field_validator("learners", "candidates")
    @classmethod
    def _kinds_are_known(cls, wanted: int | tuple[str, ...], info: ValidationInfo) -> int | tuple[str, ...]:
        known = info.data.get("learners", KINDS)
        if wanted < 0 if isinstance(wanted, int) else not set(wanted) <= set(known):
            raise ValueError(f"of {', '.join(known)} some or all, or, for candidates, a number from 0 on")
        return wanted

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 there is no such file
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 by variables, see `SecretFiles`
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the code says, then secrets, then the environment."""
        return init_settings, SecretFiles(settings_cls), env_settings

    @field_validator("tier_high_share")
    @classmethod
    def _shares_go_together(cls, high: float | None, info: ValidationInfo) -> float | None:
        medium = info.data.get("tier_medium_share")
        if (high is None) != (medium is None):
            raise ValueError("give both EBBWATCH_TIER_MEDIUM_SHARE and EBBWATCH_TIER_HIGH_SHARE, or neither")
        if high is not None and medium is not None and high + medium >= 1:
            raise ValueError("the two shares must be below 1 in sum: the others are in the low tier")
        return high

    def facts(self) -> FactSettings:
        """The settings that shape facts, as the domain wants them."""
        return FactSettings(
            churn=self.churn,
            inactivity_ms=self.inactivity_days * 86_400_000,
            horizon_ms=self.horizon_days * 86_400_000,
            session_gap_ms=self.session_gap * 1000,
            allowed_lateness_ms=self.allowed_lateness * 1000,
            future_tolerance_ms=self.future_tolerance * 1000,
            session_types=tuple(sorted(set(self.session_types))),
        )
