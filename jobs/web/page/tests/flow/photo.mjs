/** A photo from the drop on the start page to the download at full size, in at most three clicks; PHOTO is the file. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { BASE, OUT, PATIENCE_MS, colourAt, exact, launch, look, pageAt, step } from "./browser.mjs";

const browser = await launch();
const { page, faults } = await pageAt(browser);
let clicks = 0;
await page.exposeFunction("clicked", () => (clicks += 1));
await page.addInitScript(() => window.addEventListener("pointerdown", (event) => event.isTrusted && window.clicked(), true));

await step("drop a photo", async () => {
  await page.goto(BASE);
  await page.getByRole("heading", { level: 1 }).waitFor();
  const bytes = readFileSync(process.env.PHOTO).toString("base64");
  const dropped = await page.evaluateHandle(([bytes, name]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name));
    return transfer;
  }, [bytes, basename(process.env.PHOTO)]);
  clicks += 1;
  await page.dispatchEvent("body", "drop", { dataTransfer: dropped });
  await page.waitForURL(/\/projects\/.+/, { timeout: PATIENCE_MS });
});

await step("see it in colour", async () => {
  await exact(page);
  const spread = (rgb) => Math.max(...rgb) - Math.min(...rgb);
  assert.ok(spread(await colourAt(page, 0.6, 0.5)) > 2, "the right half of the wipe is in colour");
  await look(page, "photo-1440-dark");
});

await step("download", async () => {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: PATIENCE_MS }), page.getByRole("button", { name: "Download", exact: true }).click()]);
  await download.saveAs(`${OUT}/${download.suggestedFilename()}`);
});

await step("paint, and download what is painted with a key", async () => {
  const before = clicks;
  for (const key of ["2", "y", "Enter", "ArrowRight", "ArrowRight", "Enter", "Escape", "Shift+D"]) await page.keyboard.press(key);
  const download = await page.waitForEvent("download", { timeout: PATIENCE_MS });
  await download.saveAs(`${OUT}/painted-${download.suggestedFilename()}`);
  assert.equal(clicks, before);
});

assert.ok(clicks <= 3, `a photo takes ${clicks} clicks`);
assert.deepEqual(faults, []);
await browser.close();
console.log(`${clicks} clicks`);
