import asyncio

from support.serving import Attempt, refusing

from gnatwork_blocks.services import Services
from gnatwork_blocks.services.keys import MAX_VALUE
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_executor.services.of_bus import BusServices
from gnatwork_schemas.subjects import KEYS_BUCKET, kept_key

DEADLINE = 20.0


async def test_what_is_kept_is_read_again(services: Services) -> None:
    keys = services.keys(Attempt())
    assert await keys.get("b", "k") is None
    for value in (None, False, 0, "text", [1, {"a": None}], {"größe": 1.5}):
        revision = await keys.put("b", "k", value)
        assert await keys.get("b", "k") == (value, revision)


async def test_any_text_is_a_key_of_its_own(services: Services) -> None:
    keys = services.keys(Attempt())
    texts = ["a.b", "a b", "*", ">", "ada@example.com", "/x/", "A", "=41", "größe", "\n", "." * 255]
    for number, key in enumerate(texts):
        await keys.put("b", key, number)
    for number, key in enumerate(texts):
        assert (await keys.get("b", key) or (None,))[0] == number


async def test_namespaces_and_buckets_do_not_see_each_other(services: Services) -> None:
    mine, theirs = services.keys(Attempt("a")), services.keys(Attempt("b"))
    await mine.put("one", "k", "mine")
    assert await theirs.get("one", "k") is None
    assert await mine.get("two", "k") is None
    await theirs.put("one", "k", "theirs")
    await theirs.delete("one", "k")
    assert (await mine.get("one", "k") or ("",))[0] == "mine"


async def test_a_write_on_a_condition(services: Services) -> None:
    keys, other = services.keys(Attempt()), services.keys(Attempt(idempotency_key="run/other"))
    first = await keys.put("b", "k", 1, revision=0)
    with refusing("kv.changed") as caught:
        await other.put("b", "k", 2, revision=0)
    assert caught.value.details == {"revision": first}
    second = await other.put("b", "k", 2, revision=first)
    assert second > first
    with refusing("kv.changed"):
        await keys.put("b", "k", 3, revision=first)
    with refusing("kv.changed"):
        await keys.delete("b", "k", revision=first)
    await keys.delete("b", "k", revision=second)
    assert await keys.get("b", "k") is None
    with refusing("kv.changed") as caught:
        await keys.put("b", "k", 4, revision=second)
    assert caught.value.details == {"revision": None}
    assert await other.put("b", "k", 5, revision=0) > second


async def test_what_is_gone_can_be_removed(services: Services) -> None:
    keys = services.keys(Attempt())
    await keys.delete("b", "never")
    revision = await keys.put("b", "k", 1)
    await keys.delete("b", "k", revision=revision)
    await keys.delete("b", "k", revision=revision)
    await keys.delete("b", "k")


async def test_a_value_expires(services: Services) -> None:
    keys = services.keys(Attempt())
    await keys.put("b", "k", 1, ttl=1.0 if isinstance(services, BusServices) else 0.1)
    assert await keys.get("b", "k") is not None
    async with asyncio.timeout(DEADLINE):
        while await keys.get("b", "k") is not None:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.05)
    assert await keys.put("b", "k", 2, revision=0) > 0


async def test_a_value_has_a_greatest_size(services: Services) -> None:
    keys = services.keys(Attempt())
    await keys.put("b", "k", "x" * (MAX_VALUE - 2))
    with refusing("kv.too_large"):
        await keys.put("b", "k", "x" * (MAX_VALUE - 1))


async def test_one_of_many_gets_it(services: Services) -> None:
    tasks = [services.keys(Attempt(idempotency_key=f"run/{number}")) for number in range(20)]
    found = await asyncio.gather(
        *(keys.put("locks", "it", number, revision=0) for number, keys in enumerate(tasks)), return_exceptions=True
    )
    assert sum(isinstance(one, int) for one in found) == 1


async def test_the_same_task_writes_once_on_a_condition(bus: Connection) -> None:
    """An attempt that was killed before anyone knew of its end runs again, and finds its own write."""
    services = BusServices(bus)
    first = await services.keys(Attempt()).put("b", "k", 1, revision=0)
    assert await services.keys(Attempt()).put("b", "k", 1, revision=0) == first
    second = await services.keys(Attempt()).put("b", "k", 2, revision=first)
    assert await services.keys(Attempt()).put("b", "k", 2, revision=first) == second
    with refusing("kv.changed"):
        await services.keys(Attempt(idempotency_key="run/other")).put("b", "k", 2, revision=first)


async def test_what_others_put_there_is_not_read(bus: Connection) -> None:
    await Bucket(bus, KEYS_BUCKET).put(kept_key("default", "b", "k"), b"anything")
    with refusing("kv.not_ours"):
        await BusServices(bus).keys(Attempt()).get("b", "k")
