import { expect, it } from "vitest";
import { nearest } from "../../src/film/strip-pair";

it("takes the picture of the strip that lies nearest to the frame", () => {
  expect([0, 4, 6, 19, 400].map((frame) => nearest([1, 9, 18], frame))).toEqual([0, 0, 1, 2, 2]);
  expect(nearest([], 3)).toBe(0);
});
