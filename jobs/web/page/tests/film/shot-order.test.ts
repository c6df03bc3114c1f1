import { describe, expect, it } from "vitest";
import type { Review, Shot } from "../../src/api/types";
import { listed, nextOpen, shotAt, tally } from "../../src/film/shot-order";

const attention = [0.1, 0.9, null, 0.9, 0.4];
const shots = attention.map((value, index) => ({ index, start: index * 10, end: index * 10 + 10, attention: value, stale: index === 4 }) as Shot);
const review: Review = { revision: 1, film: {}, shots: { "0": { approved: true }, "1": { redo: true, comment: "door" }, "3": { comment: "ok" } } };
const indices = (list: Shot[]): number[] => list.map((shot) => shot.index);

describe("the list of shots", () => {
  it("is in order, or has the worst first and those without a verdict last", () => {
    expect(indices(listed(shots, review, "order", "all"))).toEqual([0, 1, 2, 3, 4]);
    expect(indices(listed(shots, review, "worst", "all"))).toEqual([1, 3, 4, 0, 2]);
  });

  it("shows those that are asked for", () => {
    expect(indices(listed(shots, review, "order", "open"))).toEqual([2, 3, 4]);
    expect(indices(listed(shots, review, "order", "approved"))).toEqual([0]);
    expect(indices(listed(shots, review, "order", "redo"))).toEqual([1]);
    expect(indices(listed(shots, review, "order", "commented"))).toEqual([1, 3]);
    expect(indices(listed(shots, review, "order", "changed"))).toEqual([4]);
    expect(tally(shots, review)).toEqual({ approved: 1, redo: 1, open: 3 });
  });

  it("finds the shot of any frame", () => {
    for (const [frame, index] of [[0, 0], [9, 0], [10, 1], [29, 2], [49, 4], [70, 4]] as const) expect(shotAt(shots, frame)?.index).toBe(index);
    expect(shotAt([], 3)).toBeUndefined();
  });

  it("goes on with the next open shot, and starts over at the end", () => {
    expect(nextOpen(shots, review, 0)?.index).toBe(2);
    expect(nextOpen(shots, review, 4)?.index).toBe(2);
    expect(nextOpen(shots.slice(0, 2), review, 0)).toBeUndefined();
  });
});
