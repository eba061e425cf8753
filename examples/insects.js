// Turns the pages of a list until there is no next one, and picks what is worth it.
async function main({ site, legs = 0 }) {
  const found = [];
  let pages = 0;
  let next = "/insects?page=1";
  while (next !== null) {
    const { body } = await step("fetch", { url: site + next }, { retry: { max_attempts: 3, initial: "200ms" } });
    console.log(`page ${++pages}: ${body.items.length} insects`);
    found.push(...body.items.filter((insect) => insect.legs >= legs).map((insect) => insect.name));
    next = body.next;
  }
  return { pages, found };
}
