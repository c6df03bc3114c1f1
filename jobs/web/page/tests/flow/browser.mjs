/** What every flow needs: a browser, a page that tells of its faults, and axe. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const BASE = process.env.BASE ?? "http://127.0.0.1:8764";
export const OUT = process.env.OUT ?? "out";
export const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 240_000);
export const SIZES = { 1440: 900, 1024: 768, 390: 844 };

const opened = [];
mkdirSync(OUT, { recursive: true });

export const launch = () => chromium.launch({ executablePath: process.env.BROWSER ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });

/** A page at one width; what it logs as an error, and what it asks of other hosts, is collected in `faults`. */
export async function pageAt(browser, width = 1440, theme = "dark") {
  const phone = width < 500;
  const context = await browser.newContext({ viewport: { width, height: SIZES[width] ?? 900 }, colorScheme: theme, hasTouch: phone, isMobile: phone, acceptDownloads: true });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  opened.push(page);
  const faults = [];
  page.on("pageerror", (error) => faults.push(`fault of the page: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && !/ERR_INTERNET_DISCONNECTED|status of (4\d\d|503)/.test(message.text()) && faults.push(message.text()));
  page.on("response", async (response) => response.status() >= 500 && response.status() !== 503 && faults.push(`${response.request().method()} ${response.url()}: ${await response.text().catch(String)}`));
  page.on("request", (request) => !/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(BASE) && faults.push(`asked ${request.url()}`));
  return { page, faults, close: () => context.close() };
}

/** No violation, nothing wider than the window, and a picture of it for people. */
export async function look(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
  assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes[0].html.slice(0, 200)}`), []);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${name} is ${over} px wider than the window`);
  await page.screenshot({ path: `${OUT}/${name}.png` });
}

export const exact = (page) => page.waitForSelector("[data-exact=yes]", { timeout: PATIENCE_MS, state: "attached" });

export const saved = (page) => page.waitForFunction(() => [...document.querySelectorAll("[role=status]")].some((status) => status.textContent === "Saved"), null, { timeout: PATIENCE_MS });

/** The mean colour of a part of the canvas, in shares of the picture that lies in its middle. */
export const colourAt = (page, x, y) =>
  page.evaluate(([x, y]) => {
    const canvas = document.querySelector("canvas[role=img]");
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(Math.round(canvas.width * x) - 3, Math.round(canvas.height * y) - 3, 7, 7);
    return [0, 1, 2].map((channel) => data.filter((_, index) => index % 4 === channel).reduce((sum, value) => sum + value, 0) / 49);
  }, [x, y]);

/** One step of a flow, with its time; where it fails, OUT gets a picture of what was on the screen. */
export async function step(name, run) {
  const start = performance.now();
  let result;
  try {
    result = await run();
  } catch (error) {
    for (const page of opened) if (!page.isClosed()) await page.screenshot({ path: `${OUT}/failure.png` });
    console.log(`in the step: ${name}`);
    throw error;
  }
  console.log(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${name}`);
  return result;
}
