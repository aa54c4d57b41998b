"""What is published is read back to the bit; what is amiss is refused by name, and the last good one serves."""

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from online_model.registry import errors
from online_model.registry import manifest as manifests
from online_model.registry.manifest import LEARNER, SCORER, Manifest
from online_model.registry.registry import MANIFEST, Registry
from tests.online_model.registry.published import ARRAYS, KEY, Trained, learner, publish


def change(registry: Registry, name: str, edit: Callable[[bytes], bytes]) -> None:
    """Meddle with a file."""
    registry.storage.write(name, edit(registry.storage.read(name)))


def edited(registry: Registry, version: str, **changes: Any) -> None:
    """Another manifest in its place, under the signature that is there."""
    resealed(registry, version, b"no matter which", signature_of(registry, version), **changes)


def resealed(
    registry: Registry, version: str, key: bytes = KEY, signature: str | None = None, **changes: Any
) -> None:
    """Another manifest in its place, signed with the key or by the signature given."""
    name = f"{version}/{MANIFEST}"
    found = msgspec.json.decode(registry.storage.read(name))
    manifest = msgspec.json.decode(msgspec.json.encode(found["manifest"]), type=Manifest)
    sealed = msgspec.json.decode(manifests.seal(msgspec.structs.replace(manifest, **changes), key))
    if signature is not None:
        sealed["signature"] = signature
    registry.storage.write(name, msgspec.json.encode(sealed))


def signature_of(registry: Registry, version: str) -> str:
    return str(msgspec.json.decode(registry.storage.read(f"{version}/{MANIFEST}"))["signature"])


def test_what_is_read_back_is_what_was_published(registry: Registry, training: Trained) -> None:
    model = learner()
    published = registry.publish(training(), ARRAYS, model)
    found = registry.load(published.version, lineage=training().lineage)
    assert found.manifest == published
    assert found.manifest.training.model_settings == training().model_settings
    assert found.manifest.training.metrics == {"log_loss": 0.41, "roc_auc": None}
    arrays = found.arrays()
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].tobytes() == array.tobytes()
    again = found.learner()
    assert again.weights == model.weights
    assert pickle.dumps(again) == pickle.dumps(pickle.loads(found.payloads[LEARNER]))


def test_the_same_again_is_the_same_version(registry: Registry, training: Trained) -> None:
    first = publish(registry, training())
    before = registry.storage.read(f"{first}/{MANIFEST}")
    assert publish(registry, training()) == first
    assert registry.versions() == [first]
    assert registry.storage.read(f"{first}/{MANIFEST}") == before


def test_another_scorer_seed_or_metric_is_another_version(registry: Registry, training: Trained) -> None:
    base = training()
    others = [
        registry.publish(base, ARRAYS | {"weights": np.zeros(5)}, learner()),
        registry.publish(msgspec.structs.replace(base, seed=8), ARRAYS, learner()),
        registry.publish(msgspec.structs.replace(base, metrics={"log_loss": 0.4}), ARRAYS, learner()),
        registry.publish(base, None, learner(5)),
        registry.publish(base, None, learner(6)),
    ]
    assert len({publish(registry, base), *(o.version for o in others)}) == 6


def test_a_pickle_of_other_bytes_is_no_other_version(registry: Registry, training: Trained) -> None:
    word = "".join(["a", "b"])
    shared, apart = [word, word], [word, "".join(["a", "b"])]
    assert pickle.dumps(shared) != pickle.dumps(apart)
    first = registry.publish(training(), ARRAYS, shared)
    assert registry.publish(training(), ARRAYS, apart) == first


def test_versions_are_in_the_order_of_event_time(registry: Registry, training: Trained) -> None:
    ids = [publish(registry, training(days)) for days in (3, 1, 200, 2)]
    assert registry.versions() == [ids[2], ids[0], ids[3], ids[1]]
    found = registry.latest_good()
    assert found.version is not None
    assert (found.version.id, found.skipped) == (ids[2], [])


def test_the_latest_of_a_contestant_and_a_lineage(registry: Registry, training: Trained) -> None:
    wanted = publish(registry, training(1))
    publish(registry, training(2, name="forest"))
    publish(registry, training(3, lineage="ffffffffffffffff"))
    found = registry.latest_good(name="logistic", lineage=training().lineage)
    assert found.version is not None
    assert found.version.id == wanted
    assert [type(s.error) for s in found.skipped] == [errors.MismatchError]


def test_nothing_published_is_no_error(registry: Registry) -> None:
    assert registry.latest_good() == (None, [])


MEDDLING: list[tuple[str, type[Exception], Callable[[Registry, str, str], None]]] = [
    ("unsigned", errors.UnsignedError, lambda r, v, _: resealed(r, v, signature="")),
    ("changed", errors.WrongKeyError, lambda r, v, _: edited(r, v, facts_fingerprint="0" * 16)),
    ("other key", errors.WrongKeyError, lambda r, v, _: resealed(r, v, key=b"somebody else's key")),
    ("other schema", errors.MismatchError, lambda r, v, _: resealed(r, v, feature_schema="0" * 16)),
    ("later format", errors.MismatchError, lambda r, v, _: resealed(r, v, format=2)),
    ("odd signature", errors.WrongKeyError, lambda r, v, _: resealed(r, v, signature="ö")),
    ("short scorer", errors.DamagedError, lambda r, v, _: change(r, f"{v}/{SCORER}", lambda c: c[:-1])),
    ("short learner", errors.DamagedError, lambda r, v, _: change(r, f"{v}/{LEARNER}", lambda c: c[:9])),
    ("empty learner", errors.DamagedError, lambda r, v, _: change(r, f"{v}/{LEARNER}", lambda _: b"")),
    ("no scorer", errors.DamagedError, lambda r, v, _: r.storage.remove(f"{v}/{SCORER}")),
    ("half a manifest", errors.DamagedError, lambda r, v, _: change(r, f"{v}/{MANIFEST}", lambda c: c[:99])),
    ("no text", errors.DamagedError, lambda r, v, _: change(r, f"{v}/{MANIFEST}", lambda _: b"\xff{")),
    ("a list", errors.DamagedError, lambda r, v, _: change(r, f"{v}/{MANIFEST}", lambda _: b"[1]")),
    (
        "the manifest of another",
        errors.DamagedError,
        lambda r, v, other: r.storage.write(f"{v}/{MANIFEST}", r.storage.read(f"{other}/{MANIFEST}")),
    ),
    (
        "the learner of another",
        errors.DamagedError,
        lambda r, v, other: r.storage.write(f"{v}/{LEARNER}", r.storage.read(f"{other}/{LEARNER}")),
    ),
    (
        "learner for scorer",
        errors.DamagedError,
        lambda r, v, _: r.storage.write(f"{v}/{SCORER}", r.storage.read(f"{v}/{LEARNER}")),
    ),
]


@pytest.mark.parametrize(("error", "meddle"), [m[1:] for m in MEDDLING], ids=[m[0] for m in MEDDLING])
def test_what_is_amiss_is_refused_and_the_one_before_serves(
    registry: Registry,
    training: Trained,
    error: type[errors.RefusedError],
    meddle: Callable[[Registry, str, str], None],
) -> None:
    good = registry.publish(training(1), ARRAYS, learner(6)).version
    bad = publish(registry, training(2))
    meddle(registry, bad, good)
    with pytest.raises(error, match=bad):
        registry.load(bad)
    found = registry.latest_good()
    assert found.version is not None
    assert found.version.id == good
    assert [(s.version, type(s.error)) for s in found.skipped] == [(bad, error)]
    if error is not errors.MismatchError:
        registry.publish(training(2), ARRAYS, learner())  # put right by publishing it again
        assert registry.load(bad).manifest.training == registry.manifest(bad).training


def test_a_version_under_the_name_of_another_is_refused(registry: Registry, training: Trained) -> None:
    version = publish(registry, training())
    later = f"9{version[1:]}"
    for name in registry.storage.names(version):
        registry.storage.write(f"{later}/{name}", registry.storage.read(f"{version}/{name}"))
    with pytest.raises(
        errors.DamagedError, match=f"version {later}: holds the manifest of version {version}"
    ):
        registry.load(later)


def test_every_cut_and_every_flipped_byte_of_a_manifest_is_refused(tmp_path: Path, training: Trained) -> None:
    registry = Registry(str(tmp_path), KEY)
    registry.prepare()
    version = publish(registry, training())
    content = registry.storage.read(f"{version}/{MANIFEST}")
    broken = [content[:n] for n in range(0, len(content), 7)]
    broken += [content[:n] + bytes([content[n] ^ 1]) + content[n + 1 :] for n in range(0, len(content), 3)]
    for wrong in broken:
        with pytest.raises(errors.RefusedError):
            manifests.unseal(wrong, version, KEY)


def test_nothing_is_unpickled_before_the_signature_is_checked(registry: Registry, training: Trained) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, ("/nonexistent/trap/sprung",)

    version = publish(registry, training())
    content = pickle.dumps(Trap())
    registry.storage.write(f"{version}/{LEARNER}", content)
    payloads = registry.manifest(version).payloads | {
        LEARNER: manifests.Payload(hashlib.sha256(content).hexdigest(), len(content))
    }
    edited(registry, version, payloads=payloads)
    with pytest.raises(errors.WrongKeyError):
        registry.load(version)
    resealed(registry, version, payloads=payloads)  # what the key's owner signs is run: the trap goes off
    with pytest.raises(errors.MismatchError, match="FileNotFoundError"):
        registry.load(version).learner()


def test_a_scorer_outlives_its_software_a_learner_does_not(registry: Registry, training: Trained) -> None:
    version = publish(registry, training())
    for software in (
        manifests.Software("3.11.7", "0.25.0", "2.4.6"),
        manifests.Software("3.12.1", "0.26.1", "2"),
    ):
        resealed(registry, version, software=software)
        found = registry.load(version)
        assert found.arrays()["weights"].tobytes() == ARRAYS["weights"].tobytes()
        with pytest.raises(errors.MismatchError, match=f"River {software.river} on Python {software.python}"):
            found.learner()


def test_what_a_version_lacks_is_said(registry: Registry, training: Trained) -> None:
    serving = registry.publish(training(1), ARRAYS, None).version
    learning = registry.publish(training(2), None, learner()).version
    with pytest.raises(errors.MismatchError, match="has no learner"):
        registry.load(serving).learner()
    with pytest.raises(errors.MismatchError, match="has no scorer"):
        registry.load(learning).arrays()
    with pytest.raises(ValueError, match="needs a scorer or a learner"):
        registry.publish(training(3), None, None)
    with pytest.raises(TypeError, match="'codes' holds Python objects"):
        registry.publish(training(3), {"codes": np.array([{}])}, None)


@pytest.mark.parametrize("version", ["", "..", "../secret", "1700000000000-0123456789ab", "latest"])
def test_an_unknown_version(registry: Registry, version: str) -> None:
    with pytest.raises(errors.UnknownVersionError):
        registry.load(version)


def test_another_lineage_is_refused_with_its_settings(registry: Registry, training: Trained) -> None:
    version = publish(registry, training())
    with pytest.raises(errors.MismatchError, match=r"not ffffffffffffffff.*horizon_ms"):
        registry.load(version, lineage="f" * 16)
