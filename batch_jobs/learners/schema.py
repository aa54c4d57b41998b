"""Result tables of the learners."""

from typing import Final

import pyarrow as pa

_TIME: Final = pa.timestamp("ms", tz="UTC")


def _required(kind: pa.DataType, *names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, kind, nullable=False) for name in names)


def _numbers(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.float64()) for name in names)


SCORES: Final = pa.schema(
    [
        *_required(pa.string(), "model", "reason"),
        pa.field("calibration", pa.string()),
        pa.field("settings", pa.string()),
        *_required(pa.int64(), "trials", "examples"),
        *_required(_TIME, "trained_until", "tested_from"),
        *_numbers("roc_auc", "pr_auc", "log_loss", "brier", "ece", "base_rate", "threshold"),
        *_numbers("f1", "f1_of_all", "precision", "recall", "roi", "stability", "score"),
    ]
)
"""`learner_scores`: one row a model, on the same untouched latest snapshots, and `served` for what was served then.
`reason`: why it was trained: `first`, `schedule`, `drift` or `degradation`. `settings`: JSON. `trained_until`: due
time of the latest outcome that it knows. `f1`, `precision`, `recall`, `roi` are at the threshold of the contact rule;
`f1_of_all` is the F1 of flagging everybody. `score` is shown and decides nothing (`batch_jobs.learners.score`)."""

FOLDS: Final = pa.schema(
    [
        *_required(pa.string(), "model"),
        *_required(pa.int64(), "fold"),
        *_required(_TIME, "from", "until"),
        *_required(pa.int64(), "learned", "judged"),
        *_numbers("roc_auc", "log_loss"),
    ]
)
"""`learner_folds`: the chosen setting in time-ordered cross-validation, before calibration."""

IMPORTANCE: Final = pa.schema(
    [
        *_required(pa.string(), "model"),
        *_required(pa.int64(), "rank"),
        *_required(pa.string(), "feature"),
        *_numbers("weight"),
    ]
)
"""`learner_importance`: mean size of the SHAP values in log-odds; features without weight are left out."""

DEPENDENCE: Final = pa.schema(
    [
        *_required(pa.string(), "model", "feature"),
        *_required(pa.int64(), "point"),
        *_numbers("value", "risk", "share"),
    ]
)
"""`learner_dependence`: mean risk if everybody had the value; null is unknown. `share`: of users it stands for."""

MODELS: Final = pa.schema(
    [
        *_required(pa.string(), "model", "version", "software"),
        *_required(pa.bool_(), "enters"),
        *_required(_TIME, "trained_until"),
        *_required(pa.int64(), "examples"),
        *_required(pa.float64(), "test_log_loss"),
    ]
)
"""`learner_models`: the best kinds fitted with the chosen setting on all there is. `version` is the id among the
candidates (`online_model.refitted.candidates`), whose manifest says the rest; `enters`: into the tournament;
`test_log_loss` is that of its predecessor on the test."""

TABLES: Final = {
    "learner_scores": SCORES,
    "learner_folds": FOLDS,
    "learner_importance": IMPORTANCE,
    "learner_dependence": DEPENDENCE,
    "learner_models": MODELS,
}
