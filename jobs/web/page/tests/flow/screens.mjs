/** Every screen at three widths, light and dark, with the projects that there are: axe, width, pictures for people. */
import assert from "node:assert/strict";
import { BASE, exact, launch, look, pageAt, step } from "./browser.mjs";

const browser = await launch();
const { projects } = await (await fetch(`${BASE}/api/v1/projects`)).json();
const film = projects.find((project) => project.kind === "film" && project.can_review);
const still = projects.find((project) => project.kind === "still" && project.can_review);
const failed = projects.find((project) => project.state === "failed");

const SCREENS = {
  home: ["/"], projects: ["/projects"], queue: ["/queue"], help: ["/help"], nowhere: ["/nowhere"],
  ...(film && { film: [`/projects/${film.id}`, exact] }),
  ...(still && { still: [`/projects/${still.id}`, exact] }),
  ...(failed && { failed: [`/projects/${failed.id}`] }),
};
/** Dialogs that nothing else opens: the screen, and what is pressed there. */
const DIALOGS = {
  folder: ["/", /From the folder/],
  ...(projects.length > 0 && { "take-away": ["/projects", /^Take .* away$/] }),
};
const LOOKS = (process.env.LOOKS ?? "1440-light 1024-dark 390-light").split(" ").map((each) => each.split("-"));

for (const [width, theme] of LOOKS) {
  await step(`${width} px, ${theme}`, async () => {
    const { page, faults, close } = await pageAt(browser, Number(width), theme);
    for (const [name, [path, ready]] of Object.entries(SCREENS)) {
      await page.goto(BASE + path);
      await page.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
      if (ready) await ready(page);
      else await page.waitForTimeout(300);
      await look(page, `${name}-${width}-${theme}`);
    }
    for (const [name, [path, button]] of Object.entries(DIALOGS)) {
      await page.goto(BASE + path);
      await page.getByRole("button", { name: button }).first().click();
      await page.getByRole("dialog").getByRole("heading").waitFor();
      await page.waitForTimeout(300);
      await look(page, `${name}-${width}-${theme}`);
    }
    assert.deepEqual(faults, []);
    await close();
  });
}
await browser.close();
