"""Every query of every board, asked of a real Prometheus that reads real processes; and the same figures by HTTP."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest

from dashboards import pushing
from dashboards.committed import boards
from dashboards.panels.told import USUALLY_EMPTY
from local_stack.ports import free_ports
from tests.advisor.training.files import shop
from tests.integration.browser import ABSENT, browser, program
from tests.integration.grafana import Running, answered, as_before, copies, drawable, faults, grafana, seen
from tests.integration.place import WAIT_S, Api, Place, eventually
from tests.integration.test_batch_results import supervised
from tests.integration.watching import Prometheus, as_asked, prometheus

MOST_SERIES = 20_000
PANELS = [(b["uid"], p) for b in boards() for p in b["panels"] if p["type"] != "row"]


class Watched(NamedTuple):
    """A deployment that has done some work while Prometheus read it."""

    api: Api
    prometheus: Prometheus


@pytest.fixture(scope="module")
def watched(module_place: Place) -> Iterator[Watched]:
    names = (
        "metrics_port",
        "trainer_metrics_port",
        "archiver_metrics_port",
        "exporter_port",
        "courier_metrics_port",
        "notifier_metrics_port",
        "advisor_metrics_port",
        "console_metrics_port",
    )
    ports = dict(zip(names, free_ports(len(names), Random()), strict=True))
    place = module_place.but(**ports)
    with ExitStack() as running:
        running.enter_context(place.worker())
        running.enter_context(place.trainer())
        running.enter_context(place.archiver())
        running.enter_context(place.courier())
        running.enter_context(supervised(place, "exporter"))
        api = running.enter_context(place.answering_api(api_per_second=0))
        running.enter_context(place.advisor())
        console = running.enter_context(place.console(api.url))
        jobs = ("worker", "trainer", "archiver", "exporter", "courier", "notifier", "advisor", "console")
        targets = {job: f"127.0.0.1:{port}" for job, port in zip(jobs, ports.values(), strict=True)}
        targets["api"] = api.url.removeprefix("http://")
        found = running.enter_context(prometheus(place.home / "prometheus", targets))
        eventually("all are read", lambda: set(found.up().values()) == {"up"})
        place.ebbwatch("simulate", "--users", 250, "--days", 150, "--seed", 3)
        place.but(trainer=True, archiver=True).ebbwatch("wait", "--timeout", WAIT_S)
        place.ebbwatch("batch", "run")
        key = api.key("read", "workspaces")
        assert api.post("/v1/workspaces?name=orders.csv", key, content=shop(2).encode()).status_code == 201
        asked = 'sum(ebbwatch_api_requests_total{route="/v1/users",status="200"})'
        for number, tried in enumerate(("nonsense", key, key), 1):
            assert api.get("/v1/users", key).status_code == 200
            seen_by(console, tried)
            # what is counted shows as an increase between two scrapes
            eventually("it is read", lambda n=number: found.ask(f"{asked} >= {n}"))  # type: ignore[misc]
        read = 'ebbwatch_advisor_steps_total{step="read",outcome="succeeded"} == 1'
        eventually("the file is read", lambda: found.ask(read))
        eventually("the results are told", lambda: found.ask('ebbwatch_job_success{batch_job="experiments"}'))
        eventually("how things stand is told", lambda: found.ask("ebbwatch_store_at_risk_users > 0"))
        yield Watched(api, found)


def seen_by(console: str, key: str) -> None:
    """Somebody signs in, or tries to, and looks at a page."""
    with httpx.Client(base_url=console, timeout=30.0) as visitor:
        visitor.post("/sign-in", data={"key": key}, headers={"Origin": console})
        assert visitor.get("/files").status_code in (200, 303)


def empty_or_refused(found: Prometheus, panel: dict[str, Any]) -> list[str]:
    return [t["expr"] for t in panel["targets"] if not found.ask(as_asked(t["expr"]))]


def test_every_panel_shows_something(watched: Watched) -> None:
    empty = {
        f"{uid}: {panel['title']}": missing
        for uid, panel in PANELS
        if USUALLY_EMPTY not in panel["description"]
        and len(missing := empty_or_refused(watched.prometheus, panel)) == len(panel["targets"])
    }

    assert not empty, "\n".join(f"{name}: {missing}" for name, missing in empty.items())


def test_what_is_usually_empty_can_be_asked(watched: Watched) -> None:
    for _, panel in PANELS:
        empty_or_refused(watched.prometheus, panel)


def test_variables_and_annotations_can_be_asked(watched: Watched) -> None:
    for board in boards():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = re.fullmatch(
                    r"label_values\((.*), (\w+)\)", variable["query"]["query"]
                ).groups()  # type: ignore[union-attr]
                assert {s.labels.get(label) for s in watched.prometheus.ask(as_asked(metric))} - {None}, (
                    variable["name"]
                )
        for annotation in board["annotations"]["list"]:
            watched.prometheus.ask(as_asked(annotation["expr"]))


def test_a_board_is_no_burden(watched: Watched) -> None:
    assert 1_000 < watched.prometheus.value('count({__name__=~".+"})') < MOST_SERIES


def test_rules_can_be_evaluated(watched: Watched) -> None:
    def evaluated() -> bool:
        return all(rule["health"] != "unknown" for group in groups() for rule in group["rules"])

    def groups() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = watched.prometheus.get("/api/v1/rules")["groups"]
        return found

    eventually("all rules were evaluated", evaluated)
    assert {
        rule["name"]: rule.get("lastError") for g in groups() for rule in g["rules"] if rule["health"] != "ok"
    } == {}
    assert len(groups()) == 6


def test_figures_are_those_of_the_api(watched: Watched) -> None:
    api, ask = watched.api, watched.prometheus.value
    key = api.key("read")

    def rows(path: str, **params: str) -> list[dict[str, Any]]:
        answer = api.get(path, key, params={"limit": "1000"} | params)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    told_as = {
        "users": "users",
        "active": "users",
        "churn_rate": "ratio",
        "revenue": "money",
        "sessions": "sessions",
    }
    for figure, unit in told_as.items():
        (row,) = rows("/v1/overview", figure=figure)
        said = ask(f'ebbwatch_overview_{unit}{{figure="{figure}",period="now"}}')
        assert said == pytest.approx(row["value"]), figure
    churn = {(row["dimension"], row["value"]): row["rate"] for row in rows("/v1/overview", table="churn")}
    for platform in (value for dimension, value in churn if dimension == "platform"):
        said = ask(f'ebbwatch_churn_ratio{{dimension="platform",value="{platform}"}}')
        assert said == pytest.approx(churn["platform", platform])
    segments = {row["segment"]: row["users"] for row in rows("/v1/segments")}
    told = watched.prometheus.ask("ebbwatch_segment_users")
    assert {s.labels["segment"]: s.value for s in told} == segments
    ranked = rows("/v1/users")
    # tiers are of each user's last visit here, of now there; the API counts every ten seconds
    eventually(
        "as many are told as are ranked",
        lambda: watched.prometheus.ask(f"sum(ebbwatch_store_at_risk_users) == {len(ranked)}"),
    )
    money = {
        row["group"]: row["at_risk"] / 100
        for row in rows("/v1/value", table="revenue_at_risk")
        if row["grouping"] == "platform"
    }
    assert money
    said_money = watched.prometheus.ask('ebbwatch_value_at_risk_money{grouping="platform",part="at_risk"}')
    assert {s.labels["group"]: s.value for s in said_money} == pytest.approx(money)
    cells = rows("/v1/retention", grain="week", kind="classic", dimension="all")
    cohort = cells[0]["cohort"]
    shares = {f"W{row['period']:02d}": row["ratio"] for row in cells if row["cohort"] == cohort}
    lines = watched.prometheus.ask(f'ebbwatch_cohort_retention_ratio{{cohort="{cohort}"}}')
    assert {s.labels["period"]: s.value for s in lines} == pytest.approx(shares)
    (median,) = rows("/v1/survival", table="medians", view="passage", dimension="all")
    medians = watched.prometheus.ask('ebbwatch_survival_median_seconds{group_kind="all"}')
    assert [s.value for s in medians] == ([] if median["median"] is None else [median["median"] * 86_400])


def test_a_scrape_is_answered_at_once(watched: Watched) -> None:
    longest = watched.prometheus.ask("max by (job) (max_over_time(scrape_duration_seconds[1m]))")

    assert {s.labels["job"] for s in longest} >= {
        "worker",
        "trainer",
        "api",
        "exporter",
        "advisor",
        "console",
    }


def test_a_visit_and_a_file_are_counted(watched: Watched) -> None:
    ask = watched.prometheus.value

    assert ask('ebbwatch_console_refused_sign_ins_total{reason="key"}') == 1
    assert ask('ebbwatch_console_requests_total{route="/files",status="200"}') == 2
    assert ask('ebbwatch_console_requests_total{route="/files",status="303"}') == 1
    assert ask('ebbwatch_console_calls_total{outcome="refused"}') == 1
    assert ask("ebbwatch_console_sessions") == 2
    assert ask('ebbwatch_advisor_workspaces{state="read"}') == 1
    assert ask('ebbwatch_advisor_step_seconds_count{step="read"}') == 1
    assert ask("ebbwatch_advisor_oldest_waiting_seconds") == 0
    for process in ("advisor", "console"):
        assert ask(f"ebbwatch_{process}_restarts") == 0
    told = watched.prometheus.ask('{__name__=~"ebbwatch_(advisor|console)_.*"}')
    assert len(told) < 400
    values = {value for each in told for label, value in each.labels.items() if label != "instance"}
    assert not {value for value in values if re.search(r"[a-z2-7]{26}|orders\.csv|ebb_", value)}


@pytest.fixture(scope="module")
def there() -> Iterator[Running]:
    with grafana() as found:
        yield found


@pytest.fixture(scope="module")
def pushed(there: Running, watched: Watched) -> Iterator[httpx.Client]:
    """A Grafana with copies of all boards; its HTTP API."""
    with as_before(there) as client:
        states = pushing.pushed(there.server, copies(boards()), there.prometheus or watched.prometheus.url)
        assert {each.state for each in states} == {"new"}
        yield client


@pytest.mark.grafana
def test_pushing_again_changes_nothing(there: Running, pushed: httpx.Client) -> None:
    again = pushing.pushed(there.server, copies(boards()), None)

    assert {each.board["uid"]: each.state for each in again} == {b["uid"]: "same" for b in copies(boards())}


@pytest.mark.grafana
@pytest.mark.parametrize("board", boards(), ids=lambda board: board["uid"])
def test_grafana_has_an_answer_for_every_panel(pushed: httpx.Client, board: dict[str, Any]) -> None:
    assert {p["title"]: why for p in drawable(board) if (why := answered(pushed, p))} == {}


@pytest.mark.grafana
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_panel_is_drawn(there: Running, pushed: httpx.Client, theme: str) -> None:
    if program() is None:
        pytest.skip(ABSENT)
    with browser() as chromium:
        page = chromium.new_page()
        found = {b["uid"]: faults(b, seen(page, there, b, theme)) for b in copies(boards())}

    assert {uid: wrong for uid, wrong in found.items() if wrong} == {}
