"""The same request for each of some cities, all at once, and a decision on what came of them."""

import asyncio


async def celsius(site, city):
    try:
        found = await step("fetch", {"url": f"{site}/weather/{city}"}, retry={"max_attempts": 3, "initial": "200ms"})
    except RuntimeError as error:
        return error_of(error)["code"]
    return found["body"]["celsius"]


async def main(input):
    cities = input["cities"]
    found = await asyncio.gather(*[celsius(input["site"], city) for city in cities])
    known = [value for value in found if isinstance(value, int)]
    await sleep("100ms")
    return {"celsius": dict(zip(cities, found)), "advice": "take a coat" if min(known) < 0 else "a shirt will do"}
