"""The console in a real browser, against a real API: every page, at both widths, in both colours."""

import csv
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import httpx
import pytest
import zstandard
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from domain.control import Scope
from local_stack.ports import free_ports
from tests.advisor.training.files import shop
from tests.integration.browser import ABSENT, browser, program
from tests.integration.place import ANSWER_S, Api, Place, eventually
from tests.integration.services import raised, send
from tests.promtool import require_clean_metrics

ALERTS = 3
RETAIL = Path(os.environ.get("EBBWATCH_DATA", "../shared/data")) / "online_retail_2010_2011.csv.zst"
SCOPES: tuple[Scope, ...] = ("read", "alerts", "workspaces", "admin")
PAGES = (
    "/", "/customers", "/alerts", "/campaign", "/cohorts", "/survival", "/segments", "/experiments", "/engagement",
    "/model", "/files", "/predict", "/settings",
)  # fmt: skip
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
WAIT_MS = 60_000
expect.set_options(timeout=WAIT_MS)  # a context's own time-out does not hold for it


class Here(NamedTuple):
    """What the tests of this module share."""

    api: Api
    url: str
    key: str
    browser: Browser
    pictures: Path
    user: str
    """The one most at risk."""
    metrics: str
    """Where the console tells what it counts."""


@pytest.fixture(scope="module")
def here(module_place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """Users, a model, results of the batch jobs, alerts, API, advisor and console."""
    if program() is None:
        pytest.skip(ABSENT)
    module_place.ebbwatch("simulate", "--users", 40, "--days", 80, "--seed", 3)
    few: dict[str, object] = {"contestants": '["logistic"]', "learners": '["logistic"]'}
    place = module_place.but(api_per_second=0, **({} if os.environ.get("CONSOLE_RETAIL") else few))
    place.but(archiver=True, trainer=True).ebbwatch("run", "--until-idle")
    place.ebbwatch("batch", "run")
    (metrics,) = free_ports(1, Random())
    pictures = Path(os.environ.get("EBBWATCH_PICTURES") or tmp_path_factory.mktemp("pictures"))
    with (
        place.answering_api(alert_budget_least=1000) as api,
        place.advisor(),
        place.console(api.url, console_metrics_port=metrics) as url,
        browser() as chromium,
    ):
        key = api.key(*SCOPES, name="the founder")
        top = api.get("/v1/users?limit=1", key).json()["items"][0]["user"]
        send(place, [raised(number) for number in range(ALERTS)])
        eventually("alerts are there", lambda: api.get("/v1/alerts?state=open", key).json()["items"])
        yield Here(api, url, key, chromium, pictures, top, f"http://127.0.0.1:{metrics}")


class Visitor(NamedTuple):
    """A browser of its own, which tells what went wrong in it."""

    page: Page
    faults: list[str]


def visiting(here: Here, size: dict[str, int], colours: Any = "light") -> Visitor:
    context = here.browser.new_context(viewport=size, color_scheme=colours)  # type: ignore[arg-type]
    context.set_default_timeout(WAIT_MS)
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    own = (here.url, here.url.replace("http", "ws", 1), "data:", "blob:")
    page.on(
        "request", lambda asked: None if asked.url.startswith(own) else faults.append(f"calls {asked.url}")
    )
    return Visitor(page, faults)


def sign_in(here: Here, page: Page, key: str, after: str = "/") -> None:
    page.goto(f"{here.url}/sign-in?next={after}")
    page.get_by_label("Key of the API").fill(key)
    page.get_by_role("button", name="Sign in").click()


def settled(page: Page) -> None:
    """The page's machinery answers, and what it draws is drawn."""
    page.wait_for_function("window.did_handshake")
    # behind the heading, which comes at once, is what the API had to be asked for
    page.wait_for_function("document.querySelectorAll('.nicegui-content > *').length > 1")
    page.wait_for_load_state("networkidle")


def grave(page: Page) -> list[str]:
    """What an automated check of accessibility finds that is serious or critical."""
    found = Axe().run(page).response["violations"]
    bad = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in bad]


@pytest.mark.parametrize(
    ("size", "colours"), [(DESK, "light"), (PHONE, "dark")], ids=["desk-light", "phone-dark"]
)
def test_every_page_is_whole(here: Here, size: dict[str, int], colours: str) -> None:
    page, faults = visiting(here, size, colours)
    sign_in(here, page, here.key)
    settled(page)
    for path in (*PAGES, f"/customer?user={here.user}"):
        page.goto(here.url + path)
        settled(page)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        name = path.strip("/").partition("?")[0] or "overview"
        page.screenshot(path=here.pictures / f"{name}-{size['width']}-{colours}.png", full_page=True)
        assert grave(page) == [], path
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{path} is {beyond} px too wide"
    assert faults == []
    page.context.close()


def counted(here: Here) -> dict[str, float]:
    """What the console tells, by name and labels."""
    told = httpx.get(f"{here.metrics}/metrics").text
    require_clean_metrics(told)
    lines = (line.rsplit(" ", 1) for line in told.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def test_what_visitors_do_is_counted_and_none_of_them_named(here: Here) -> None:
    page, _ = visiting(here, DESK)
    before = counted(here)
    sign_in(here, page, "nonsense")
    expect(page.get_by_text("not known")).to_be_visible()
    sign_in(here, page, here.key)
    settled(page)
    page.goto(f"{here.url}/customer?user={here.user}")
    settled(page)
    there = counted(here)

    def more(name: str) -> float:
        return there[f"ebbwatch_console_{name}"] - before.get(f"ebbwatch_console_{name}", 0)

    assert more('refused_sign_ins_total{reason="key"}') == 1
    assert more('requests_total{route="/sign-in",status="401"}') == 1
    assert more('requests_total{route="/customer",status="200"}') == 1
    assert more('calls_total{outcome="answered"}') >= 3
    assert more("sessions") == 1
    eventually("this page alone is open", lambda: counted(here)["ebbwatch_console_clients"] == 1)
    assert there['ebbwatch_console_requests_total{route="/_nicegui",status="200"}'] > 10
    assert not [name for name in there if here.user in name or "founder" in name]
    assert httpx.get(f"{here.url}/metrics").status_code in (303, 401), "not where everybody comes"
    page.context.close()
    eventually("none is open", lambda: counted(here)["ebbwatch_console_clients"] == 0)


def test_who_has_no_key_comes_nowhere(here: Here) -> None:
    with httpx.Client(base_url=here.url, timeout=ANSWER_S) as client:
        for path in (*PAGES, "/fetch/abcdefghijklmnopqrstuvwxyz/targets.csv", "/_nicegui/3/static/x.js"):
            assert client.get(path, headers={"Sec-Fetch-Mode": "navigate"}).status_code == 303
            assert client.get(path, headers={"Sec-Fetch-Mode": "cors"}).status_code == 401
        wrong = client.post("/sign-in", data={"key": "nonsense"}, headers={"Origin": here.url})
        assert (wrong.status_code, "not known" in wrong.text) == (401, True)
        foreign = client.post(
            "/sign-in", data={"key": here.key}, headers={"Origin": "http://elsewhere.example"}
        )
        assert (foreign.status_code, "set-cookie" in foreign.headers) == (403, False)
        ingest = client.post("/sign-in", data={"key": here.api.key("ingest")}, headers={"Origin": here.url})
        assert (ingest.status_code, "ingest" in ingest.text) == (403, True)
        policy = client.get("/sign-in").headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy


def test_a_session_is_a_cookie_that_scripts_cannot_read_and_ends(here: Here) -> None:
    page, _ = visiting(here, DESK)
    sign_in(here, page, here.key, "/alerts")
    page.wait_for_url("**/alerts")
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert here.key not in page.content() + str(
        page.evaluate("JSON.stringify(localStorage) + document.cookie")
    )
    for link in ("//elsewhere.example", "https://elsewhere.example"):
        sign_in(here, page, here.key, link)
        page.wait_for_url(f"{here.url}/")
    settled(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    kept = httpx.get(
        here.url,
        cookies={cookie["name"]: cookie["value"]},
        headers={"Sec-Fetch-Mode": "navigate"},
        timeout=ANSWER_S,
    )
    assert kept.status_code == 303, "the cookie leads nowhere any more"
    page.context.close()


def test_scopes_hold_on_every_page(here: Here) -> None:
    page, _ = visiting(here, DESK)
    sign_in(here, page, here.api.key("alerts", name="crm"))
    page.wait_for_url("**/alerts")
    settled(page)
    assert page.get_by_role("navigation").get_by_role("link").all_inner_texts() != []
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(1)
    for path in ("/customers", "/files", "/settings", f"/customer?user={here.user}"):
        page.goto(here.url + path)
        expect(page.get_by_role("alert")).to_contain_text("lacks the scope")
    page.context.close()


def test_a_what_if_says_what_the_api_says_to_the_digit(here: Here) -> None:
    page, faults = visiting(here, DESK)
    sign_in(here, page, here.key, f"/customer?user={here.user}")
    settled(page)
    slider = page.get_by_role("slider", name="Further days of silence")
    for _ in range(5):
        slider.press("ArrowRight")
    asked = {"silent_days": 5.0}
    told = here.api.post(f"/v1/users/{here.user}/what-if", here.key, json=asked).json()
    expect(page.locator(".answer code")).to_have_text(
        f"{told['before']['score']!r} → {told['after']['score']!r}"
    )
    assert faults == []
    page.context.close()


def test_every_picture_can_be_kept(here: Here) -> None:
    page, faults = visiting(here, DESK)
    sign_in(here, page, here.key)
    kept = 0
    for path in ("/cohorts", "/survival", "/segments", "/model"):
        page.goto(here.url + path)
        settled(page)
        for title in page.locator("figcaption > span").all_inner_texts():
            with page.expect_download() as downloading:
                page.get_by_role("button", name=f"Keep the picture: {title}", exact=True).first.click()
            assert downloading.value.suggested_filename.endswith(".svg")
            picture = ET.fromstring(Path(downloading.value.path()).read_text("utf-8"))
            assert picture.tag == "{http://www.w3.org/2000/svg}svg"
            assert "".join(picture.itertext()).strip(), f"{title} has words on its axes"
            kept += 1
    assert kept >= 8
    assert faults == []
    page.context.close()


def test_a_prediction_by_hand_is_the_api_s(here: Here) -> None:
    page, _ = visiting(here, DESK)
    sign_in(here, page, here.key, "/predict")
    settled(page)
    page.get_by_label("sessions so far").fill("40")
    page.get_by_role("button", name="Predict").click()
    features = {"days_since_last_session": 19, "gap_mean_days": 4, "plan": "pro", "sessions_total": 40}
    told = here.api.post("/v1/predict", here.key, json={"features": features}).json()
    expect(page.locator(".answer code")).to_have_text(repr(told["score"]))
    page.context.close()


def test_an_alert_is_acknowledged_and_dismissed_with_a_reason(here: Here) -> None:
    page, faults = visiting(here, DESK)
    sign_in(here, page, here.key, "/alerts")
    settled(page)
    alert = here.api.get("/v1/alerts?state=open", here.key).json()["items"][0]
    page.get_by_role("button", name=f"Acknowledge: {alert['user']}").click()

    def in_state(state: str) -> Any:
        found = here.api.get(f"/v1/alerts/{alert['alert']}", here.key).json()
        return found if found["state"] == state else None

    eventually("it is acknowledged", lambda: in_state("acknowledged"))
    page.get_by_role("button", name=f"Dismiss: {alert['user']}").click()
    page.get_by_role("dialog").get_by_label("Why").fill("moved to the family plan")
    page.get_by_role("dialog").get_by_role("button", name="Dismiss").click()
    dismissed = eventually("it is dismissed", lambda: in_state("dismissed"))
    assert dismissed["steps"][-1]["reason"] == "moved to the family plan"
    assert dismissed["steps"][-1]["by"] == "the founder"
    assert faults == []
    page.context.close()


def test_a_key_is_made_shown_once_and_revoked(here: Here) -> None:
    page, faults = visiting(here, DESK)
    sign_in(here, page, here.key, "/settings")
    settled(page)
    page.get_by_role("button", name="Make a key").click()
    page.get_by_role("dialog").get_by_label("Whose it is").fill("a guest")
    page.get_by_role("button", name="Make it").click()
    made = page.locator(".secret").inner_text()
    here.api.await_key(made)
    page.get_by_role("button", name="I have kept it").click()
    expect(page.locator(".secret")).to_have_count(0)
    page.get_by_role("button", name="Revoke a guest").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    here.api.await_key(made, holds=False)
    assert faults == []
    page.context.close()


def orders(folder: Path) -> Path:
    """A small shop's, or those of the retailer, which take some minutes."""
    path = folder / "orders of the shop.csv"
    if os.environ.get("CONSOLE_RETAIL"):
        with zstandard.open(RETAIL, "rb") as packed, path.open("wb") as out:
            shutil.copyfileobj(packed, out)
    else:
        path.write_text(shop(4), encoding="utf-8")
    return path


def test_a_file_from_upload_to_the_list_of_whom_to_contact(here: Here, tmp_path: Path) -> None:
    """As a growth manager would, with nothing but the page."""
    path = orders(tmp_path)
    page, faults = visiting(here, DESK)
    sign_in(here, page, here.key, "/files")
    settled(page)
    page.set_input_files("input[type=file]", path)
    page.wait_for_url("**/file?id=*")
    expect(page.get_by_role("heading", name=path.name)).to_be_visible()
    page.get_by_role("button", name="These are the columns").click()
    slider = page.get_by_role("slider", name="Days of silence that make a customer lost")
    before = int(slider.input_value())
    slider.press("ArrowRight")
    expect(page.get_by_text(f"{before + 1} days: ")).to_be_visible()
    page.screenshot(path=here.pictures / "file-quality-1280-light.png", full_page=True)
    assert grave(page) == []
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("What would a campaign bring?").wait_for(timeout=8 * WAIT_MS)
    settled(page)
    page.get_by_label("Cost of a contact").fill("2")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Whom to contact").click()
    rows = list(csv.DictReader(io.StringIO(Path(downloading.value.path()).read_text("utf-8"))))
    id_ = page.url.rpartition("=")[2]
    lists = here.api.get(f"/v1/workspaces/{id_}/targets.csv", here.key).text
    assert rows == list(csv.DictReader(io.StringIO(lists)))
    page.screenshot(path=here.pictures / "file-results-1280-light.png", full_page=True)
    assert grave(page) == []
    what_to_do_is_edited(here, page, id_)
    one_customer_is_looked_at(here, page, id_)
    assert faults == []
    page.context.close()


def what_to_do_is_edited(here: Here, page: Page, id_: str) -> None:
    page.get_by_text("What to do, by the heaviest reason").click()
    page.get_by_role("button", name="Edit Silence, high").click()
    page.get_by_role("dialog").get_by_label("What to do").fill("Call, and ask what is missing.")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("Call, and ask what is missing.")).to_be_visible()
    actions = here.api.get(f"/v1/workspaces/{id_}/actions", here.key).json()["actions"]
    assert actions["silence"]["high"] == "Call, and ask what is missing."


def one_customer_is_looked_at(here: Here, page: Page, id_: str) -> None:
    """Of those with the highest risk; what-ifs agree with the API to the digit."""
    first = here.api.get(f"/v1/workspaces/{id_}/customers?sort=risk&limit=1", here.key).json()["items"][0]
    page.get_by_role("combobox", name="Order").click()
    page.get_by_role("option", name="Highest risk").click()
    page.get_by_role("link", name=first["user"]).click()
    expect(page.get_by_role("heading", name=first["user"])).to_be_visible()
    settled(page)
    page.get_by_role("slider", name="Further days of silence").press("ArrowRight")
    asked = {"user": first["user"], "silent_days": 1.0}
    told = here.api.post(f"/v1/workspaces/{id_}/predict", here.key, json=asked).json()
    assert told["before"]["score"] == first["probability"]
    expect(page.locator(".answer code")).to_have_text(
        f"{told['before']['score']!r} → {told['after']['score']!r}"
    )
    page.screenshot(path=here.pictures / "file-customer-1280-light.png", full_page=True)
    assert grave(page) == []
