"""The small site of the demo."""

from collections.abc import AsyncIterator

import httpx
import pytest

from gnatwork_cli.demo_site import DemoSite


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with DemoSite().serve() as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client


async def test_the_page(client: httpx.AsyncClient) -> None:
    page = await client.get("/news")
    assert page.status_code == 200
    assert page.text.count("<article>") == 3


async def test_documents(client: httpx.AsyncClient) -> None:
    assert (await client.get("/weather/oslo")).json() == {"sky": "snow", "celsius": -3}
    assert (await client.get("/weather/atlantis")).status_code == 404


async def test_flaky_fails_first_and_for_each_key_anew(client: httpx.AsyncClient) -> None:
    statuses = [(await client.get("/flaky/a", params={"fail": 2})).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert (await client.get("/flaky/b", params={"fail": 1})).status_code == 503


async def test_a_list_has_pages_that_lead_on(client: httpx.AsyncClient) -> None:
    path, names = "/insects", []
    while path:
        page = (await client.get(path)).json()
        names += [item["name"] for item in page["items"]]
        path = page["next"]
    assert names == ["gnat", "ant", "centipede", "spider", "millipede"]
    assert [(await client.get(f"/insects?page={page}")).status_code for page in ("4", "x")] == [404, 400]


async def test_broken_stays_broken(client: httpx.AsyncClient) -> None:
    assert [(await client.get("/broken")).status_code for _ in range(3)] == [500] * 3


async def test_the_hook_keeps_what_arrives(client: httpx.AsyncClient) -> None:
    assert (await client.post("/hook", json={"n": 1})).json() == {"received": 1}
    assert (await client.get("/hook")).json() == [{"n": 1}]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [("GET", "/nowhere", b"", 404), ("DELETE", "/hook", b"", 404), ("POST", "/hook", b"{", 400)],
)
async def test_what_it_does_not_understand(
    client: httpx.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    assert (await client.request(method, path, content=body)).status_code == status
