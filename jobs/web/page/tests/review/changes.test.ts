import { describe, expect, it } from "vitest";
import type { Change, Review } from "../../src/api/types";
import { applied, appliedAll, colourKey, draftOf, inverse, placeName, queued, sameValue, valueAt } from "../../src/review/changes";

const review: Review = {
  revision: 3,
  film: { colours: { coat: "#112233" } },
  shots: { "2": { approved: true, marks: { m1: { shape: "point", colour: "coat", frame: 5, path: [[0.1, 0.2]], radius: 0.02 } } } },
};
const mark = { shape: "stroke", colour: "neutral", frame: 7, path: [[0, 0], [1, 1]], radius: 0.03 } as const;
const add: Change = { shot: 2, field: "marks", key: "m2", value: { ...mark, path: [[0, 0], [1, 1]] } };

describe("changes of a review", () => {
  it("sets and takes away fields of shots and of the film, and leaves the rest alone", () => {
    const after = appliedAll(review, [
      { shot: 4, field: "comment", value: "too green" },
      { shot: 2, field: "approved", value: null },
      { shot: null, field: "colours", key: "coat", value: null },
      add,
    ]);
    expect(after.shots["4"]).toEqual({ comment: "too green" });
    expect(after.shots["2"]).toEqual({ marks: { ...review.shots["2"]?.marks, m2: mark } });
    expect(after.film).toEqual({});
    expect(review.shots["2"]?.approved).toBe(true);
  });

  it("leaves a shot out again when nothing is said of it", () => {
    const one = applied(review, { shot: 9, field: "redo", value: true });
    expect(applied(one, { shot: 9, field: "redo", value: null }).shots).toEqual(review.shots);
  });

  it("takes changes back in the order that restores what was, also of one place twice", () => {
    const changes: Change[] = [add, { shot: 2, field: "marks", key: "m1", value: null }, { shot: null, field: "colours", key: "coat", value: "#ffffff" }, { shot: null, field: "colours", key: "coat", value: null }];
    expect(appliedAll(appliedAll(review, changes), inverse(review, changes))).toEqual(review);
  });

  it("sends only the last of several changes of one place", () => {
    const first: Change = { shot: 1, field: "comment", value: "a" };
    expect(queued([first, add], [{ ...first, value: "ab" }])).toEqual([add, { ...first, value: "ab" }]);
    expect(queued([add], [{ ...add, key: "m3" }])).toHaveLength(2);
  });

  it("compares values without regard to the order of keys", () => {
    expect(sameValue({ a: 1, b: [{ c: 2, d: null }] }, { b: [{ d: null, c: 2 }], a: 1 })).toBe(true);
    expect(sameValue([1, 2], [2, 1])).toBe(false);
  });

  it("says that a shot's colours changed for a mark or the film's palette, and not for a comment", () => {
    const key = colourKey(review, 2);
    expect(colourKey(applied(review, { shot: 2, field: "comment", value: "x" }), 2)).toBe(key);
    expect(colourKey(applied(review, { shot: 2, field: "approved", value: null }), 2)).toBe(key);
    expect(colourKey(applied(review, { shot: 3, field: "take", value: 2 }), 2)).toBe(key);
    expect(colourKey(applied(review, add), 2)).not.toBe(key);
    expect(colourKey(applied(review, { shot: null, field: "colours", key: "coat", value: "#000000" }), 2)).not.toBe(key);
  });

  it("drafts what is not saved yet: whole fields of this shot and of the film, empty where all of it went", () => {
    const gone: Change = { shot: 2, field: "marks", key: "m1", value: null };
    const look: Change = { shot: 2, field: "look", value: null };
    const pending: Change[] = [gone, look, { shot: 3, field: "take", value: 1 }, { shot: 2, field: "comment", value: "x" }, { shot: null, field: "colours", key: "hat", value: "#000000" }];
    expect(draftOf(appliedAll(review, pending), pending, 2)).toEqual({ shot: { marks: {}, look: null }, film: { colours: { coat: "#112233", hat: "#000000" } } });
    expect(draftOf(review, [{ shot: 2, field: "approved", value: null }], 2)).toBeNull();
  });

  it("finds what is there, and names places from shot 1", () => {
    expect(valueAt(review, { shot: 2, field: "approved" })).toBe(true);
    expect(valueAt(review, { shot: 7, field: "marks", key: "m" })).toBeNull();
    expect(placeName({ shot: 2, field: "comment" })).toBe("shot 3, comment");
  });
});
