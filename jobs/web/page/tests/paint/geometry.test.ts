import { describe, expect, it } from "vitest";
import type { Mark, Point } from "../../src/api/types";
import { hasInside, markAt, tidied, toStored, toUpright } from "../../src/paint/geometry";

const AS_STORED = { turn: 0, mirrored: false } as const;
const stroke = (path: Point[], radius = 0.02): Mark => ({ shape: "stroke", colour: "tan", frame: 0, path, radius });

describe("marks on the picture", () => {
  it("are turned into the stored picture and back", () => {
    const near = (point: Point): number[] => point.map((value) => Number(value.toFixed(9)));
    // the server's rule: upright (u, v) at 90 is x = v, y = 1 - u, once it is not mirrored any more
    expect(near(toStored([0.2, 0.7], { turn: 90, mirrored: false }))).toEqual([0.7, 0.8]);
    expect(near(toStored([0.2, 0.7], { turn: 90, mirrored: true }))).toEqual([0.7, 0.2]);
    expect(near(toStored([0.2, 0.7], { turn: 0, mirrored: true }))).toEqual([0.8, 0.7]);
    for (const turn of [0, 90, 180, 270] as const)
      for (const mirrored of [false, true]) expect(near(toUpright(toStored([0.2, 0.7], { turn, mirrored }), { turn, mirrored }))).toEqual([0.2, 0.7]);
  });

  it("stay within the picture, with the ends kept and crowded points left out", () => {
    const path = tidied([[-0.1, 0.5], [0, 0.5], [0.0001, 0.5], [0.1, 0.5], [1.2, 0.123456789]], 0.002);
    expect(path).toEqual([[0, 0.5], [0.1, 0.5], [1, 0.12346]]);
    expect(tidied([[0.5, 0.5], [0.5001, 0.5]], 0.002)).toEqual([[0.5, 0.5]]);
    expect(tidied(Array.from({ length: 30_000 }, (_, index) => [index / 30_000, index % 2] as Point), 0).length).toBe(10_000);
  });

  it("are boxes only with an inside", () => {
    expect(hasInside([[0.1, 0.1], [0.5, 0.5]])).toBe(true);
    expect(hasInside([[0.1, 0.1], [0.5, 0.1]])).toBe(false);
    expect(hasInside([[0.1, 0.1]])).toBe(false);
  });

  it("are chosen where they lie, the latest on top", () => {
    const marks: [string, Mark][] = [["line", stroke([[0.1, 0.1], [0.9, 0.1]])], ["box", { ...stroke([[0.4, 0.05], [0.6, 0.9]]), shape: "box" }]];
    expect(markAt(marks, [0.2, 0.11], AS_STORED, 16 / 9)).toBe("line");
    expect(markAt(marks, [0.5, 0.1], AS_STORED, 16 / 9)).toBe("box");
    expect(markAt(marks, [0.2, 0.5], AS_STORED, 16 / 9)).toBeUndefined();
  });
});
