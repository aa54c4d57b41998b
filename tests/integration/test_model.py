"""A model is trained, promoted, explained, pinned and rolled back; what cannot serve is refused with a clear word."""

import json
import math
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

from domain.features import features
from ebbwatch.deployment import open_deployment
from ebbwatch.main import main
from ebbwatch.settings import Settings
from feature_store import lookup
from local_stack.ports import free_ports
from online_model.learners.scorers import from_arrays
from online_model.registry.key import registry_key
from online_model.registry.registry import Registry
from online_model.risk import BASELINE
from tests.integration.place import Answer, Place, eventually
from tests.integration.telling import told
from tests.promtool import require_clean_metrics


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    """Outcomes are due after eight days, and a version is published after a hundred of them."""
    return make_place(
        trainer=True,
        partitions=2,
        inactivity_days=10,
        horizon_days=7,
        publish_examples=100,
        contestants=json.dumps(["own_rhythm", "logistic"]),
        tier_medium_share=0.3,
        tier_high_share=0.1,
    )


class Desk:
    """The command line in this process: a command takes milliseconds, where a process of its own takes seconds."""

    def __init__(
        self, place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.place = place
        self.registry = place.home / "registry"
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        for name, value in place.environ().items():
            monkeypatch.setenv(name, value)

    def call(self, *arguments: object) -> Answer:
        """Run a command to its end, whatever that is."""
        words = ["ebbwatch", *(str(argument) for argument in arguments)]
        self._capsys.readouterr()
        said: str | int | None = 0
        with self._monkeypatch.context() as patched:
            patched.setattr("sys.argv", words)
            try:
                main()
            except SystemExit as end:
                said = end.code
        out, err = self._capsys.readouterr()
        return Answer(words, 1 if isinstance(said, str) else said or 0, out, f"{err} {said or ''}")

    def report(self, *arguments: object) -> Any:
        """The JSON that a successful command reports."""
        answer = self.call(*arguments, "--json")
        assert answer.returncode == 0, answer.said
        return answer.json()

    def top(self) -> tuple[list[Any], Answer]:
        """Users most at risk, and all that was said."""
        answer = self.call("users", "top", "--count", 5, "--json")
        return answer.json(), answer

    def served_by(self, contestant: str) -> str:
        """Waits until a contestant serves everybody; its version."""

        def found() -> str:
            (row,) = self.report("model", "show")["serves"]
            return str(row["version"]) if row["contestant"] == contestant else ""

        return str(eventually(f"{contestant} serves", found))

    def score(self, user: str, version: str) -> float:
        """What the version's scorer says of the user, asked without any of what serves."""
        here = open_deployment(Settings())
        facts = lookup.user(here.store, here.stream, user)
        assert facts is not None
        registry = Registry(str(self.registry), registry_key(self.place.home, None, create=False))
        arrays = registry.load(version).arrays()
        now = np.maximum(facts.states["last_ms"], facts.clock)
        x = features(facts.states, np.array([0]), now)
        return float(from_arrays(str(arrays["scorer_kind"]), arrays).score(x)[0])


def before_training(desk: Desk) -> None:
    (row,) = desk.report("model", "show")["serves"]
    assert (row["version"], row["examples"]) == (BASELINE, None)
    refused = desk.call("model", "list")
    assert refused.returncode == 1
    assert "no key for the registry" in refused.said
    assert "no contestant was judged yet" in desk.call("model", "compare").said
    nobody = desk.call("model", "promote", "logistic", "--timeout", 0)
    assert nobody.returncode == 1
    assert "does the trainer run" in nobody.said


def all_agree(desk: Desk, version: str) -> None:
    users, _ = desk.top()
    assert len(users) == 5
    assert {user["model"] for user in users} == {version}
    first = users[0]
    assert first["risk"] == pytest.approx(desk.score(first["user"], version), rel=1e-9)
    shown = desk.report("users", "show", first["user"])
    assert (shown["risk"], shown["model"], shown["reasons"]) == (first["risk"], version, first["reasons"])

    why = desk.report("model", "explain", first["user"])
    assert (why["risk"], why["model"], why["contestant"], why["exact"]) == (
        first["risk"],
        version,
        "logistic",
        True,
    )
    log_odds = math.log(first["risk"] / (1 - first["risk"]))
    for pieces in (why["features"], why["themes"]):
        assert why["base"] + sum(piece["weight"] for piece in pieces) == pytest.approx(log_odds, abs=1e-9)
    assert [theme["text"] for theme in why["themes"]][:3] == first["reasons"]

    listed = {row["version"]: row for row in desk.report("model", "list")}
    assert all(row["good"] for row in listed.values())
    assert (listed[version]["contestant"], listed[version]["serves"]) == ("logistic", 1.0)
    assert "champion" in listed[version]["kept"]
    assert list(listed) == sorted(listed, reverse=True)

    compared = desk.report("model", "compare")
    rows = {row["contestant"]: row for row in compared["contestants"]}
    assert set(rows) == {"champion", "own_rhythm", "logistic"} - {"champion"}
    assert rows["own_rhythm"]["rolling"]["examples"] == compared["settled"] == rows["logistic"]["learned"]
    # at first it had learned too little to say anything
    assert 0 < rows["logistic"]["rolling"]["examples"] < compared["settled"]
    assert rows["logistic"]["rolling"]["roc_auc"] > 0.5
    silence = desk.report("model", "compare", "--part", "silence:1-7d")["contestants"]
    assert 0 < silence[0]["rolling"]["examples"] < compared["settled"]
    assert "silence:1-7d" in desk.call("model", "compare", "--part", "nonsense").said


def tiers_keep_their_shares(desk: Desk) -> None:
    begin = desk.report("model", "show")["thresholds"]
    assert begin != {"medium": 0.4, "high": 0.7}
    users = desk.call("users", "top", "--count", 1000, "--json").json()
    for user in users:
        expected = (
            "high"
            if user["risk"] >= begin["high"]
            else "medium"
            if user["risk"] >= begin["medium"]
            else "low"
        )
        assert user["tier"] == expected
    tiers = [user["tier"] for user in users]
    assert len(tiers) > 100
    # the thresholds are of the last whole week's snapshots, these are the users of now
    assert 0 < tiers.count("high") < 0.25 * len(tiers)
    assert 0.15 < tiers.count("medium") / len(tiers) < 0.45


def operators_decide(desk: Desk, version: str) -> None:
    unknown = desk.call("model", "promote", "nobody")
    assert unknown.returncode == 1
    assert "'nobody' is none" in unknown.said
    assert "logistic is champion" in desk.call("model", "veto", "logistic").said
    (back,) = desk.report("model", "rollback")
    assert (back["kind"], back["by"], back["detail"]["champion"]) == ("roll_back", "operator", "own_rhythm")
    desk.served_by("own_rhythm")
    one_version_is_pinned(desk)
    (pinned,) = desk.report("model", "pin", version)
    assert (pinned["kind"], pinned["detail"]["champion"]) == ("pin", "logistic")
    assert desk.served_by("logistic") == version
    kept = {row["version"]: row["kept"] for row in desk.report("model", "list")}[version]
    assert set(kept) == {"champion", "pinned"}
    (named,) = desk.report("model", "pin", "logistic")
    assert named["detail"]["version"] is None
    eventually("the pin is shown", lambda: desk.report("model", "show")["pinned"])
    unpinned_over_http(desk)
    eventually("and taken off", lambda: desk.report("model", "show")["pinned"] is False)
    decided = [found["kind"] for found in desk.report("model", "show", "--decisions", 6)["decisions"]]
    assert decided == ["unpin", "pin", "pin", "unpin", "pin", "roll_back"]


def unpinned_over_http(desk: Desk) -> None:
    """Orders need the scope admin."""
    with desk.place.answering_api() as api:
        assert api.post("/v1/model/unpin", api.key("read")).status_code == 403
        (unpinned,) = api.post("/v1/model/unpin", api.key("admin")).json()["items"]
        assert (unpinned["kind"], unpinned["by"]) == ("unpin", "operator")


def one_version_is_pinned(desk: Desk) -> None:
    """Not the newest one of who serves: that one comes back when the pin is taken off."""
    newest = desk.served_by("own_rhythm")
    older = min(row["version"] for row in desk.report("model", "list") if row["contestant"] == "own_rhythm")
    assert older < newest
    (pinned,) = desk.report("model", "pin", older)
    assert (pinned["kind"], pinned["detail"]["champion"]) == ("pin", "own_rhythm")
    assert pinned["detail"]["version"] == older
    eventually("it serves", lambda: desk.served_by("own_rhythm") == older)
    users, _ = desk.top()
    assert {user["model"] for user in users} == {older}
    assert users[0]["risk"] == pytest.approx(desk.score(users[0]["user"], older), rel=1e-9)
    eventually("the pin is shown", lambda: desk.report("model", "show")["pinned_version"] == older)
    assert f"pinned to {older}" in desk.call("model", "show").said
    assert desk.call("model", "pin", f"{older[:-12]}{'0' * 12}").returncode == 1
    desk.report("model", "unpin")
    eventually("the newest serves again", lambda: desk.served_by("own_rhythm") == newest)


def damaged_is_refused(desk: Desk, version: str) -> None:
    with (desk.registry / version / "scorer.npz").open("ab") as file:
        file.write(b"x")
    users, answer = desk.top()
    (instead,) = {user["model"] for user in users}
    assert instead not in (version, BASELINE)
    assert f"{instead} serves here instead" in answer.said
    assert f"version {version}: scorer.npz is not the file that was published" in answer.said
    listed = {row["version"]: row for row in desk.report("model", "list")}
    assert not listed[version]["good"]
    assert "scorer.npz" in listed[version]["refused"]
    assert listed[instead]["good"]


def wrong_key_and_no_registry(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("EBBWATCH_REGISTRY_KEY", "quite another key of enough length")
        users, answer = desk.top()
    assert {user["model"] for user in users} == {BASELINE}
    assert "signed with another key" in answer.said
    assert f"{BASELINE} serves here instead" in answer.said
    desk.registry.rename(desk.registry.with_name("away"))
    users, answer = desk.top()
    assert {user["model"] for user in users} == {BASELINE}
    assert "not there, or no registry" in answer.said
    assert desk.call("model", "list").returncode == 1


def test_a_model_from_its_training_to_its_end(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(place, monkeypatch, capsys)
    before_training(desk)
    place.ebbwatch("simulate", "--users", 200, "--days", 70, "--seed", 1)
    place.ebbwatch("run", "--until-idle")
    (port,) = free_ports(1, Random())
    with place.trainer(trainer_metrics_port=port):
        desk.report("model", "promote", "logistic", "--timeout", 240)  # it has just begun
        version = desk.served_by("logistic")
        all_agree(desk, version)
        tiers_keep_their_shares(desk)
        operators_decide(desk, version)
        metrics = told(port, "trainer")
    for name in (
        "log_loss",
        "calibration_slope",
        "serves_ratio",
        "decisions_total",
        "promotion_timestamp_seconds",
    ):
        assert f"\nebbwatch_trainer_{name}{{" in metrics, name
    damaged_is_refused(desk, version)
    wrong_key_and_no_registry(desk, monkeypatch)
    require_clean_metrics(metrics)
