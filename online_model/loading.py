"""From an announcement to what serves: versions out of the registry, checked, as scorers."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from domain.labels import FEATURES
from online_model.calibration.scorer import Line, calibrated
from online_model.learners.scorers import from_arrays
from online_model.registry.announcement import Announcement, manifest_hash
from online_model.registry.errors import DamagedError, MismatchError
from online_model.registry.manifest import Setting
from online_model.registry.registry import Registry
from online_model.registry.version import Version
from online_model.risk import Part, Risk

SCORER_KIND: Final = "scorer_kind"
"""Array of a version that says of which kind the scorer is."""
BACKGROUND: Final = "background"
"""Array with the raw features of some users of its time, shape (n, features)."""
SLOPE: Final = "calibration_slope"
"""Setting of a version: what log-odds are multiplied by, before `INTERCEPT` is added."""
INTERCEPT: Final = "calibration_intercept"


def load(registry: Registry, announcement: Announcement, lineage: str) -> Risk:
    """What is announced.

    Args:
        lineage: what the versions must have been trained on.

    Raises:
        StorageError: the registry cannot be read.
        RefusedError: a version is unsigned, damaged, of other features or another lineage, or is not the one that was
            announced.
    """
    if announcement.lineage != lineage:
        raise MismatchError(f"versions of lineage {announcement.lineage} are announced, here is {lineage}")
    parts = []
    for share in announcement.shares:
        version = registry.load(share.version, lineage)
        if manifest_hash(version.manifest) != share.manifest_sha256:
            raise DamagedError(f"version {version.id}: not the one that was announced; publish it again")
        parts.append(part_of(version, share.share))
    return Risk(parts, announcement.thresholds)


def last_good(registry: Registry, lineage: str) -> Risk:
    """The newest version that may serve; the baseline where there is none.

    Raises:
        StorageError: the registry cannot be read.
    """
    found = registry.latest_good(lineage=lineage).version
    return Risk() if found is None else Risk([part_of(found, 1.0)])


def part_of(version: Version, share: float) -> Part:
    """A version as it serves a share of the users.

    Raises:
        RefusedError: its scorer cannot be made of its arrays.
    """
    arrays = version.arrays()
    try:
        scorer = from_arrays(str(arrays[SCORER_KIND]), arrays)
    except (KeyError, ValueError) as fault:
        raise DamagedError(f"version {version.id}: {fault}; publish it again") from fault
    training = version.manifest.training
    background = arrays.get(BACKGROUND, np.zeros((0, FEATURES)))
    line = line_of(training.model_settings)
    return Part(version.id, training.name, calibrated(scorer, line), share, background)


def settings_of(line: Line) -> dict[str, Setting]:
    """What the manifest says of the calibration."""
    return {SLOPE: line.slope, INTERCEPT: line.intercept}


def line_of(settings: Mapping[str, Setting]) -> Line:
    """Inverse of `settings_of`; as it is, where they say nothing."""
    return Line(float(settings.get(SLOPE) or 1.0), float(settings.get(INTERCEPT) or 0.0))
