import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api import problems
from api.routes import runbooks

FOLDER = Path(__file__).parents[2] / "docs" / "runbooks"


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(runbooks.router)
    problems.install(app, (runbooks.router,))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")


async def test_the_index_lists_every_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/runbooks")

    assert answer.status_code == 200
    links = set(re.findall(r'href="/runbooks/([^"]*)"', answer.text))
    assert links == {path.stem for path in FOLDER.glob("*.md")} - {"README"}


@pytest.mark.parametrize("page", runbooks.pages())
async def test_links_of_a_page_lead_to_pages(client: httpx.AsyncClient, page: str) -> None:
    text = (await client.get(f"/runbooks/{page}")).text

    assert "<h2>First look</h2>" in text
    for link in re.findall(r'href="([^"]*)"', text):
        assert (await client.get(link)).status_code == 200, link


async def test_other_names_are_not_found_and_lead_nowhere(client: httpx.AsyncClient) -> None:
    for name in ("README", "none", "..%2Foperations", "%2e%2e%2f%2e%2e%2fpyproject"):
        assert (await client.get(f"/runbooks/{name}")).status_code == 404
