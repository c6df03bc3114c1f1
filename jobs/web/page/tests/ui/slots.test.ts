import { expect, it } from "vitest";
import { Slots } from "../../src/ui/slots";

it("runs a few at a time, in the order they came, and forgets those that gave up", async () => {
  const slots = new Slots(2);
  const begun: string[] = [];
  const [a, , c] = ["a", "b", "c", "d"].map((name) => slots.take(() => void begun.push(name)));
  await Promise.resolve();
  expect(begun).toEqual(["a", "b"]);
  c?.();
  a?.();
  a?.();
  expect(begun).toEqual(["a", "b", "d"]);
  slots.take(() => void begun.push("e"))();
  await Promise.resolve();
  expect(begun).toEqual(["a", "b", "d"]);
});
