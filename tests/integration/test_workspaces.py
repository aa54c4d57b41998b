"""From a file to a target list through the API, as `docs/advisor-workspaces.md` has it."""

import csv
import http.client
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.advisor.training.files import shop
from tests.integration.place import COMMAND_S, REPOSITORY, Api, Place, eventually

PAGE = (REPOSITORY / "docs" / "advisor-workspaces.md").read_text("utf-8")
FEW = {"inactivity_days": 40, "horizon_days": 20, "contact": 2.0}


@pytest.fixture(scope="module")
def api(module_place: Place) -> Iterator[Api]:
    place = module_place.but(contestants='["logistic"]', learners='["logistic"]', api_per_second=0)
    with place.answering_api() as found, place.advisor():
        yield found


@pytest.fixture(scope="module")
def client(api: Api) -> Iterator[httpx.Client]:
    with api.caller("workspaces") as calling:
        yield calling


def sent(client: httpx.Client, content: bytes, name: str = "shop.csv") -> str:
    made = client.post("/v1/workspaces", params={"name": name}, content=content)
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"/v1/workspaces/{made.json()['id']}"
    return str(made.json()["id"])


def becomes(client: httpx.Client, id_: str, *states: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v1/workspaces/{id_}").json()
        return found if found["state"] in states else None

    found: dict[str, Any] = eventually(f"it is {states}", there)
    return found


def mapped(client: httpx.Client, id_: str) -> dict[str, Any]:
    read = becomes(client, id_, "read")
    columns = {role: offer["column"] for role, offer in read["proposed"].items()}
    assert client.put(f"/v1/workspaces/{id_}/mapping", json={"columns": columns}).status_code == 202
    return becomes(client, id_, "mapped")


def declared(api: Api, authorization: str, size: int) -> tuple[int, str]:
    """The answer to somebody who announces so much, and sends nothing."""
    calling = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=60)
    calling.putrequest("POST", "/v1/workspaces")
    calling.putheader("Authorization", authorization)
    calling.putheader("Content-Length", str(size))
    calling.endheaders()
    answer = calling.getresponse()
    said = answer.read().decode()
    calling.close()
    return answer.status, said


def test_from_a_file_to_a_target_list(api: Api, client: httpx.Client) -> None:
    id_ = sent(client, shop(4).encode(), "../../up/shop.csv")
    here = f"/v1/workspaces/{id_}"
    for path in (
        "profile", "threshold", "results", "customers", "customers/c001", "charts/months.svg", "model-card.html",
    ):  # fmt: skip
        assert client.get(f"{here}/{path}").status_code == 409
    assert client.post(f"{here}/predict", json={"user": "c001"}).status_code == 409
    read = becomes(client, id_, "read")
    assert (read["name"], read["rows"]) == ("shop.csv", shop(4).count("\n") - 1)
    assert client.get(f"{here}/preview", params={"rows": 3}).json()["items"][2]["_row"] == 3
    wrong = client.put(f"{here}/mapping", json={"columns": {"customer": "customer", "date": "total"}})
    assert (wrong.status_code, "amount" in wrong.json()["detail"]) == (422, True)
    assert mapped(client, id_)["customers"] == 110
    assert client.get(f"{here}/profile").json()["quality"]["score"] > 5
    assert len(client.get(f"{here}/threshold").json()["choices"]) == 151
    assert client.post(f"{here}/training", json=FEW).status_code == 202
    eventually("it tells how far it is", lambda: client.get(here).json()["progress"])
    becomes(client, id_, "trained")
    summary = client.get(f"{here}/results").json()
    first = client.get(f"{here}/customers", params={"limit": 60}).json()
    rest = client.get(f"{here}/customers", params={"limit": 60, "cursor": first["cursor"]}).json()
    everybody = [*first["items"], *rest["items"]]
    assert (len(everybody), first["total"], rest["cursor"]) == (summary["customers"], 110, None)
    money = [row["value_at_risk"] for row in everybody if row["value_at_risk"] is not None]
    assert money == sorted(money, reverse=True)
    for row in summary["at_risk"]:
        if row["tier"] is not None:
            of_tier = client.get(f"{here}/customers", params={"tier": row["tier"]}).json()
            assert of_tier["total"] == row["customers"]
    ids = sorted(row["user"] for row in everybody if row["user"].startswith("c00"))
    some = client.get(f"{here}/customers", params={"search": "c00", "sort": "risk", "limit": 5}).json()
    risks = [row["probability"] for row in some["items"]]
    assert (some["total"], risks) == (len(ids), sorted(risks, reverse=True))
    top = everybody[0]
    shown = client.get(f"{here}/customers/{top['user']}").json()
    assert {name: shown[name] for name in top} == top
    assert sum(month["orders"] for month in shown["months"]) == top["orders"]
    assert client.get(f"{here}/customers/nobody%2F..").status_code == 404
    now = client.post(f"{here}/predict", json={"user": top["user"]}).json()
    assert now["before"] == now["after"]
    assert now["after"]["score"] == top["probability"]
    later = client.post(f"{here}/predict", json={"user": top["user"], "silent_days": 15}).json()
    assert later["features"]
    assert later["after"]["score"] != top["probability"]
    gone = everybody[-1]["user"]
    for body, status in (({"user": "nobody"}, 404), ({"user": gone}, 409), ({"user": gone, "no": 1}, 422)):
        assert client.post(f"{here}/predict", json=body).status_code == status
    same = client.post(f"{here}/simulate", json={"scenario": "all_at_risk", "contact": 2.0})
    assert same.json() == summary["scenarios"]["all_at_risk"]
    dear = client.post(f"{here}/simulate", json={"scenario": "all_at_risk", "contact": 1000.0}).json()
    assert dear["gain"] < 0
    rows = list(csv.DictReader(client.get(f"{here}/predictions.csv").text.splitlines()))
    assert [row["user"] for row in rows] == [row["user"] for row in everybody]
    targets = list(csv.DictReader(client.get(f"{here}/targets.csv").text.splitlines()))
    assert 0 < len(targets) < len(rows)
    assert all(row["email"] and row["action"] for row in targets)
    assert client.get(f"{here}/model-card.html").text.count(summary["version"]) == 2
    drawn = client.get(f"{here}/charts").json()["items"]
    names = {chart["name"] for chart in drawn}
    assert names == {"activity", "threshold", "months", "reasons", "segments", "sureness"}
    for chart in drawn:
        for form, kind in (("svg", "image/svg+xml"), ("png", "image/png")):
            image = client.get(chart[form])
            assert (image.status_code, image.headers["content-type"]) == (200, kind)
    tricks = {
        "..%2Fupload.svg": 422,
        "%2e%2e/upload": 404,
        "months.svg%2F": 422,
        "rows.parquet": 422,
        "upload.png": 404,
    }
    for trick, status in tricks.items():
        assert client.get(f"{here}/charts/{trick}").status_code == status, trick
    edits = {
        theme: dict.fromkeys(("medium", "high"), "Ask.")
        for theme in client.get(f"{here}/actions").json()["actions"]
    }
    assert client.put(f"{here}/actions", json={"actions": edits}).json()["actions"] == edits
    assert client.put(f"{here}/actions", json={"actions": {"weather": {}}}).status_code == 422
    assert client.get(f"{here}/customers/{targets[0]['user']}").json()["action"] == "Ask."
    assert client.get(f"{here}/targets.csv").text.count(",Ask.,") == len(targets)
    assert client.get(f"{here}/summary.pdf").content.startswith(b"%PDF")
    folder = api.place.home / "workspaces"
    assert [path.name for path in folder.iterdir()] == [id_]
    assert client.delete(here).status_code == 204
    assert client.get(here).status_code == 404
    assert list(folder.iterdir()) == []


def test_who_may_see_it(api: Api, client: httpx.Client) -> None:
    id_ = sent(client, b"a,b\n1,2\n")
    here = f"/v1/workspaces/{id_}"
    with (
        api.caller("workspaces") as other,
        api.caller("read", "ingest") as reader,
        api.caller("workspaces", "admin") as admin,
    ):
        assert other.get("/v1/workspaces").json()["items"] == []
        for call in (
            "",
            "/preview",
            "/profile",
            "/results",
            "/customers",
            "/customers/c001",
            "/actions",
            "/charts",
            "/charts/months.png",
            "/model-card.html",
            "/predictions.csv",
            "/targets.csv",
        ):
            assert other.get(f"{here}{call}").status_code == 404
            assert reader.get(f"{here}{call}").status_code == 403
        assert other.delete(here).status_code == 404
        assert reader.post("/v1/workspaces", content=b"a,b\n1,2\n").status_code == 403
        assert id_ in [one["id"] for one in admin.get("/v1/workspaces").json()["items"]]
        assert httpx.post(f"{api.url}/v1/workspaces", content=b"a,b\n").status_code == 401
    assert client.delete(here).status_code == 204


def test_what_cannot_be_used_is_told_and_leaves_nothing(api: Api, client: httpx.Client) -> None:
    id_ = sent(client, b"%PDF-1.4 and so on", "report.csv")
    assert "a PDF, not a table" in becomes(client, id_, "failed")["error"]
    assert client.put(f"/v1/workspaces/{id_}/mapping", json={"columns": {"date": "a"}}).status_code == 409
    assert client.post(f"/v1/workspaces/{id_}/training", json=FEW).status_code == 409
    assert client.delete(f"/v1/workspaces/{id_}").status_code == 204
    status, said = declared(api, client.headers["authorization"], 101 << 20)
    assert (status, "104,857,600" in said) == (413, True)
    nothing = client.post("/v1/workspaces", content=b"")
    assert (nothing.status_code, nothing.json()["type"].rpartition("/")[2]) == (422, "empty")
    for wrong in ("a" * 25, "..%2F..%2Fetc", "A" * 26):
        assert client.get(f"/v1/workspaces/{wrong}").status_code in (404, 422)
    eventually("nothing is left", lambda: not list((api.place.home / "workspaces").iterdir()))


def test_a_training_is_cancelled_and_gone_on_with(client: httpx.Client) -> None:
    id_ = sent(client, shop(5, customers=800).encode())
    here = f"/v1/workspaces/{id_}"
    mapped(client, id_)
    assert client.delete(f"{here}/training").status_code == 409
    assert client.post(f"{here}/training", json={}).status_code == 202

    def far() -> bool:
        progress = client.get(here).json()["progress"]
        return (
            progress is not None and progress["stage"].startswith("predicting") and progress["share"] >= 0.4
        )

    eventually("it has learned", far)
    assert client.delete(f"{here}/training").json()["state"] == "mapped"
    eventually("nobody works on it", lambda: client.get(here).json()["progress"] is None)
    kept = client.get(here).json()["kept"]
    assert 0.2 <= kept < 1
    assert client.post(f"{here}/training", json={}).status_code == 202, "it goes on"
    becomes(client, id_, "trained")
    assert client.get(here).json()["kept"] is None
    assert client.delete(here).status_code == 204


def test_the_page(api: Api, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(shop(6))
    (script,) = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    environ = os.environ | {"URL": api.url, "KEY": api.key("workspaces", name="tests")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=COMMAND_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"gain":' in done.stdout
    with (tmp_path / "targets.csv").open() as found:
        assert next(csv.reader(found))[0] == "user"
