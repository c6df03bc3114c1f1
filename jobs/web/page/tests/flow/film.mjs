/** A film from the drop to the download, with the keyboard alone; FILM is the file, OUT gets what was downloaded. */
import assert from "node:assert/strict";
import { BASE, OUT, PATIENCE_MS, colourAt, exact, launch, look, pageAt, saved, step } from "./browser.mjs";

const browser = await launch();
const { page, faults } = await pageAt(browser);
const press = (...keys) => keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
// set before the first key: a browser that is told only then may open its own window
page.on("filechooser", (chooser) => chooser.setFiles(process.env.FILM));
const marks = () => page.getByRole("button", { name: /^Delete stroke/ }).count();

await step("add a film from the start page", async () => {
  await page.goto(BASE);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await press("Shift+O");
  await page.waitForURL(/\/projects\/.+/, { timeout: PATIENCE_MS });
});
const project = new URL(page.url()).pathname;
const api = `${BASE}/api/v1${project}`;

await step("wait for the first colours", () => exact(page));

await step("compare", async () => {
  const [grey, colour] = [await colourAt(page, 0.4, 0.5), await colourAt(page, 0.6, 0.5)];
  const spread = (rgb) => Math.max(...rgb) - Math.min(...rgb);
  assert.ok(spread(grey) < 1.5, `the left half of the wipe is grey, found ${grey}`);
  assert.ok(spread(colour) > 2, `the right half of the wipe is in colour, found ${colour}`);
  for (const [key, name] of [["s", "Side by side"], ["d", "Difference"], ["c", "Colour only"], ["w", "Wipe"]]) {
    await press(key);
    assert.equal(await page.getByRole("button", { name, exact: true }).getAttribute("aria-pressed"), "true");
  }
  await page.keyboard.down("h");
  await page.getByText("Original", { exact: true }).nth(1).waitFor();
  assert.ok(spread(await colourAt(page, 0.6, 0.5)) < 1.5, "the original is grey");
  await page.keyboard.up("h");
});

await step("play, pause, and see the very frame", async () => {
  const shown = async () => Number(await page.locator("[data-frame]").getAttribute("data-frame"));
  await press("Space");
  await page.waitForFunction(() => Number(document.querySelector("[data-frame]").dataset.frame) > 2, null, { timeout: PATIENCE_MS });
  await press("Space");
  await exact(page);
  const frame = await shown();
  await press("ArrowRight");
  assert.equal(await shown(), Math.min(frame + 1, Number(await page.getByLabel("Place in the film").getAttribute("max"))));
  await press("Home");
  assert.equal(await shown(), 0);
  await exact(page);
});

await step("paint a stroke with the keyboard", async () => {
  await press("2", "y");
  await exact(page);
  const before = await colourAt(page, 0.5, 0.5);
  await press("Enter", ...Array(6).fill("ArrowRight"), "Enter");
  assert.equal(await marks(), 1);
  await saved(page);
  await page.waitForTimeout(200);
  await exact(page);
  const after = await colourAt(page, 0.5, 0.5);
  assert.ok(Math.hypot(...after.map((value, index) => value - before[index])) > 4, `the stroke changes the picture: ${before} to ${after}`);
});

await step("undo, reload, do again", async () => {
  await press("Control+z");
  assert.equal(await marks(), 0);
  await saved(page);
  await page.reload();
  await exact(page);
  await press("2", "Control+Shift+Z");
  await page.waitForFunction(() => document.querySelector("[aria-label^='Marks of this shot (1)']"));
  await saved(page);
  const { shots } = await (await fetch(`${api}/review`)).json();
  assert.equal(Object.keys(shots["0"].marks).length, 1);
});

await step("keep a comment while the server is away", async () => {
  await press("1");
  await page.context().setOffline(true);
  await press("e");
  await page.keyboard.type("The <b>door</b> is too green 🚪");
  await page.getByText("Kept here until the server is back").waitFor();
  await fetch(`${api}/review`, { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ client: "other", base: 0, changes: [{ shot: 0, field: "comment", value: "theirs" }] }) });
  await page.context().setOffline(false);
  await page.getByText(/Another browser changed shot 1, comment/).waitFor({ timeout: PATIENCE_MS });
  await saved(page);
  assert.equal((await (await fetch(`${api}/review`)).json()).shots["0"].comment, "The <b>door</b> is too green 🚪");
  await press("Escape");
});

await step("hear of another browser's change", async () => {
  await fetch(`${api}/review`, { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ client: "other", base: 1e6, changes: [{ shot: 0, field: "comment", value: "from elsewhere" }] }) });
  await page.waitForFunction(() => document.querySelector("textarea").value === "from elsewhere", null, { timeout: PATIENCE_MS });
});

await step("approve", async () => {
  await press("a");
  await page.getByRole("button", { name: "Approved", exact: true }).waitFor();
  await saved(page);
});

await step("render and download", async () => {
  await press("Shift+R");
  await page.getByRole("dialog").getByRole("radio").first().waitFor();
  await press("Enter");
  await page.getByRole("dialog", { name: "Render the film" }).waitFor({ state: "detached" });
  const button = page.locator("header button", { hasText: "Download" });
  await page.waitForFunction(() => [...document.querySelectorAll("header button")].some((one) => one.textContent === "Download" && !one.disabled), null, { timeout: PATIENCE_MS });
  assert.ok(await button.isEnabled());
  const [download] = await Promise.all([page.waitForEvent("download"), press("Shift+D")]);
  await download.saveAs(`${OUT}/${download.suggestedFilename()}`);
  const link = await (await fetch(`${api}/job.yaml?what=film`)).text();
  assert.match(link, /shape: stroke/);
});

await step("look at every screen of the film", async () => {
  for (const panel of ["1", "2", "3", "4"]) {
    await press(panel);
    if (panel === "4") await page.getByRole("img", { name: /regions/ }).or(page.getByRole("alert")).first().waitFor({ timeout: PATIENCE_MS });
    await look(page, `film-${panel}-1440-dark`);
  }
  await press("?");
  await look(page, "keys-1440-dark");
  await press("Escape", "Shift+R");
  await look(page, "render-1440-dark");
  await press("Escape", "g", "r");
  await page.locator("iframe").waitFor();
  const pair = page.frameLocator("iframe").locator(".pair").first();
  await pair.getByRole("slider").press("ArrowRight");
  assert.equal(await pair.evaluate((element) => element.style.getPropertyValue("--at")), "51%", "the boundary moves");
  await look(page, "report-1440-dark");
});

assert.deepEqual(faults, []);
await browser.close();
console.log(`PROJECT ${project.split("/").at(-1)}`);
