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

it("lets what is urgent begin before what came earlier, and gives it up when nobody wants it any more", async () => {
  const slots = new Slots(1);
  const begun: string[] = [];
  const release = slots.take(() => void begun.push("a"));
  await Promise.resolve();
  slots.take(() => void begun.push("b"));
  const [unwanted, wanted] = [new AbortController(), new AbortController()];
  const given = slots.run(async () => begun.push("given up"), unwanted.signal);
  const done = slots.run(async () => begun.push("urgent"), wanted.signal);
  unwanted.abort(new Error("nobody looks"));
  await expect(given).rejects.toThrow("nobody looks");
  release();
  await done;
  expect(begun).toEqual(["a", "urgent", "b"]);
  await expect(slots.run(async () => 1, unwanted.signal)).rejects.toThrow("nobody looks");
});
