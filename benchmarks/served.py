"""A version that serves, without days of training: learned from the users that the store holds now."""

from typing import Final

import numpy as np
from confluent_kafka import Producer

from benchmarks.deployment import TOPIC, Deployment
from domain.catalogue import INDEX
from domain.features import features
from domain.labels import FEATURES, lineage_of
from domain.settings import FactSettings
from domain.timers import at_risk_many
from feature_store import lookup
from feature_store import stream as streams
from feature_store.lookup import Facts
from online_model.learners.line_up import make
from online_model.loading import BACKGROUND, SCORER_KIND
from online_model.registry.announcement import CHAMPION, Announcement, encode, share_of
from online_model.registry.key import registry_key
from online_model.registry.manifest import Training
from online_model.registry.registry import Registry
from producers.topics import ensure_topics

KIND: Final = "recursive"
_EXAMPLES: Final = 3000
_BACKGROUND: Final = 64


def serve(
    kafka: str,
    model_topic: str,
    registry: Registry,
    lineage: str,
    settings: FactSettings,
    facts: Facts,
    kind: str = KIND,
) -> str:
    """Publish and announce a version of a contestant; its id.

    Args:
        facts: users whose features are learned from, with outcomes that are drawn by their silence.
        kind: of the learner.
    """
    slots = np.flatnonzero(at_risk_many(facts.states, np.arange(len(facts.users))))
    nows = np.maximum(facts.states["last_ms"][slots], facts.clock)
    rng = np.random.default_rng(7)
    x = features(facts.states, slots, nows)
    x = x[rng.integers(0, len(x), _EXAMPLES)] * rng.uniform(0.5, 1.5, (_EXAMPLES, FEATURES))
    silence = np.nan_to_num(x[:, INDEX["days_since_last_session"]])
    lost = rng.random(_EXAMPLES) < 1 - np.exp(-silence / 20)
    learner = make(kind, 0, settings.horizon_ms)
    learner.learn_many(x, lost, np.ones(_EXAMPLES))
    scorer = learner.scorer()
    assert scorer is not None
    arrays = {SCORER_KIND: np.array(scorer.kind), BACKGROUND: x[:_BACKGROUND]} | scorer.to_arrays()
    now = int(nows.max())
    registry.prepare()
    training = Training(
        name=kind,
        kind=kind,
        lineage=lineage,
        facts=settings,
        seed=0,
        first_snapshot_ms=now - 1,
        last_snapshot_ms=now,
        last_due_ms=now,
        examples=_EXAMPLES,
    )
    manifest = registry.publish(training, arrays, None)
    announcement = Announcement(
        role=CHAMPION.decode(),
        lineage=lineage,
        address=str(registry.storage),
        shares=(share_of(manifest, 1.0),),
        decided_ms=now,
        reason="for a measurement",
    )
    producer = Producer({"bootstrap.servers": kafka})
    key, value = encode(announcement)
    producer.produce(model_topic, value, key)
    producer.flush()
    return manifest.version


def serving_version(here: Deployment) -> list[str]:
    """Let a version serve; the users at risk."""
    topic_id = ensure_topics(here.at.kafka, TOPIC, 12, "dead-letters", "control", compacted=("models",))
    served = streams.load(here.store)
    assert served is not None
    parts = [lookup.most_at_risk(here.store, served, p, 10_000) for p in range(served.partitions)]
    registry = Registry(str(here.home / "registry"), registry_key(here.home, None, create=True))
    serve(here.at.kafka, "models", registry, lineage_of(FactSettings(), topic_id), FactSettings(), parts[0])
    return [user for part in parts for user in part.users]
