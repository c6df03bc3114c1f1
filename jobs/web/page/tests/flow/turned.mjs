/** Films that are shown turned and mirrored: the moving pair is cut where its halves lie, a stroke colours what it was painted on. */
import assert from "node:assert/strict";
import { BASE, OUT, PATIENCE_MS, colourAt, exact, launch, pageAt, step } from "./browser.mjs";

const browser = await launch();
const spread = (rgb) => Math.max(...rgb) - Math.min(...rgb);
const far = (one, other) => Math.hypot(...one.map((value, index) => value - other[index]));

/** Colours at a place of the picture, in shares of it, and where it would lie mirrored and turned over. */
async function around(page, [u, v]) {
  const found = [];
  for (const [x, y] of [[u, v], [1 - u, v], [u, 1 - v], [1 - u, 1 - v]]) {
    const [left, top] = await page.evaluate(([x, y]) => {
      const [canvas, area] = ["canvas[role=img]", "[role=application]"].map((name) => document.querySelector(name).getBoundingClientRect());
      return [(area.x - canvas.x + x * area.width) / canvas.width, (area.y - canvas.y + y * area.height) / canvas.height];
    }, [x, y]);
    found.push(await colourAt(page, left, top));
  }
  return found;
}

const NAMES = process.env.FILMS.split("/");

/** The films of the server's folder whose names FILMS has, once they can be reviewed. */
async function films() {
  for (const path of NAMES) await fetch(`${BASE}/api/v1/projects`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ path }) });
  for (const until = performance.now() + PATIENCE_MS; ; await new Promise((done) => setTimeout(done, 500))) {
    const { projects } = await (await fetch(`${BASE}/api/v1/projects`)).json();
    const found = projects.filter(({ title }) => NAMES.includes(title));
    if (found.length === NAMES.length && found.every((project) => project.can_review)) return found;
    assert.ok(performance.now() < until, "the films are not ready");
  }
}

for (const { id, title } of await films()) {
  await step(`look at and paint on ${title}`, async () => {
    const { page, faults, close } = await pageAt(browser);
    await page.goto(`${BASE}/projects/${id}`);
    await exact(page);
    await page.keyboard.press("Space");
    await page.waitForFunction(() => document.querySelector("[data-exact=no]") && !document.querySelector("video").paused, null, { timeout: PATIENCE_MS });
    await page.waitForFunction(() => Number(document.querySelector("[data-frame]").dataset.frame) > 1, null, { timeout: PATIENCE_MS });
    const halves = [await colourAt(page, 0.45, 0.6), await colourAt(page, 0.55, 0.6)].map(spread);
    assert.ok(halves[0] < 4 && halves[1] > 6, `grey lies to the left of the wipe and colour to the right, found ${halves}`);
    await page.screenshot({ path: `${OUT}/moving-${id}.png` });
    await page.keyboard.press("Space");
    await exact(page);
    for (const key of ["Home", "c", "2"]) await page.keyboard.press(key);
    await page.locator("[role=application]").waitFor();
    await exact(page);
    const place = [0.25, 0.25];
    const before = await around(page, place);
    const area = await page.locator("[role=application]").boundingBox();
    const [x, y] = [area.x + place[0] * area.width, area.y + place[1] * area.height];
    await page.mouse.move(x - 6, y);
    await page.mouse.down();
    await page.mouse.move(x + 6, y, { steps: 4 });
    await page.mouse.up();
    await page.mouse.move(area.x + area.width / 2, area.y + area.height / 2);
    await page.waitForTimeout(500);
    await exact(page);
    const after = await around(page, place);
    await page.screenshot({ path: `${OUT}/painted-${id}.png` });
    const [here, ...elsewhere] = before.map((colour, index) => far(colour, after[index]));
    assert.ok(here > 25, `the stroke colours what it was painted on, found a change of ${here}`);
    assert.ok(elsewhere.every((change) => change < here / 3), `and nothing else: ${here} and ${elsewhere}`);
    assert.deepEqual(faults, []);
    await close();
  });
}
await browser.close();
