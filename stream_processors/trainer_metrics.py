"""What a trainer tells Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from stream_processors.judged_metrics import JudgedMetrics


class TrainerMetrics:
    """Metrics of one trainer process; labels are bounded, no user ids."""

    def __init__(self, registry: CollectorRegistry, restarts: int = 0) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"ebbwatch_trainer_{name}", meaning, labels, registry=registry)

        self.learned = gauge("learned_examples", "Examples learned", "contestant")
        self.size = gauge("learner_bytes", "Memory of a learner's state", "contestant")
        self.log_loss = gauge("log_loss", "Rolling log loss of predictions as they were made", "contestant")
        self.auc = gauge("roc_auc", "Rolling ROC AUC of predictions as they were made", "contestant")
        self.champion = gauge("serves_share", "Share of the users that a contestant serves", "contestant")
        self.waiting = gauge("waiting_snapshots", "Predicted snapshots whose outcome is not due yet")
        self.events = gauge("events", "Items by what became of them", "what")
        self.lag = gauge("lag_records", "Records of a topic that are not read yet", "topic")
        self.clock = gauge("clock_timestamp_seconds", "Event time up to which all is learned")
        self.checkpoint = gauge("checkpoint_timestamp_seconds", "When the last checkpoint was written")
        self.restarts = gauge("restarts", "Times that the supervisor has started this trainer anew")
        self.restarts.set(restarts)
        self.waits = Counter(
            "ebbwatch_trainer_waits", "Retries while a service was away", ["service"], registry=registry
        )
        self.decisions = Counter(
            "ebbwatch_trainer_decisions", "Decisions of the tournament and of operators",
            ["kind", "champion"], registry=registry,
        )  # fmt: skip
        self.published = Counter(
            "ebbwatch_trainer_published_versions", "Versions that went into the registry", ["contestant"],
            registry=registry,
        )  # fmt: skip
        self.drifts = Counter(
            "ebbwatch_trainer_drift_alarms", "Alarms of the drift watch", ["cause"], registry=registry
        )
        for cause in ("features", "error"):
            self.drifts.labels(cause)
        self.serving = gauge("serving_version", "1 for each version that serves", "contestant", "version")
        self.judged = JudgedMetrics(registry)
