/** The page that asks for the token of a server: a wrong one, then TOKEN. */
import assert from "node:assert/strict";
import { BASE, launch, look, pageAt, step } from "./browser.mjs";

const browser = await launch();
for (const [width, theme] of [[1440, "dark"], [1024, "light"], [390, "light"]]) {
  await step(`sign in at ${width} px, ${theme}`, async () => {
    const { page, faults, close } = await pageAt(browser, width, theme);
    await page.goto(BASE);
    const field = page.getByLabel("Token");
    await field.waitFor();
    await look(page, `sign-in-${width}-${theme}`);
    await field.fill("not the token at all");
    await page.keyboard.press("Enter");
    await page.getByText(/this is not the token/).waitFor();
    await look(page, `sign-in-refused-${width}-${theme}`);
    await field.fill(process.env.TOKEN);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Choose a file" }).waitFor();
    assert.deepEqual(faults, []);
    await close();
  });
}
await browser.close();
