import { describe, expect, it } from "vitest";
import type { Change, Review } from "../../src/api/types";
import { appliedAll } from "../../src/review/changes";
import { History } from "../../src/review/history";
import { memoryStore } from "./store";

const empty: Review = { revision: 0, film: {}, shots: {} };
const take = (shot: number, value: number | null): Change => ({ shot, field: "take", value });

describe("history", () => {
  it("undoes and does again, and survives a reload", () => {
    const store = memoryStore();
    const first = new History(store, "h");
    first.record(empty, [take(0, 3)], "Take 3");
    const painted = appliedAll(empty, [take(0, 3)]);
    first.record(painted, [take(0, 4), take(1, 1)], "Takes");
    const both = appliedAll(painted, [take(0, 4), take(1, 1)]);

    const reloaded = new History(store, "h");
    expect(reloaded.undoLabel).toBe("Takes");
    const undone = reloaded.undo(both);
    const back = appliedAll(both, undone?.changes ?? []);
    expect(back).toEqual(painted);
    const again = new History(store, "h").redo(back);
    expect(appliedAll(back, again?.changes ?? [])).toEqual(both);
    expect(new History(store, "h").redoLabel).toBeUndefined();
  });

  it("forgets what could be done again once something new is done", () => {
    const history = new History(memoryStore(), "h");
    history.record(empty, [take(0, 1)], "one");
    history.undo(appliedAll(empty, [take(0, 1)]));
    expect(history.redoLabel).toBe("one");
    history.record(empty, [take(0, 2)], "two");
    expect(history.redoLabel).toBeUndefined();
  });

  it("leaves alone what another browser has changed since", () => {
    const history = new History(memoryStore(), "h");
    history.record(empty, [take(0, 1), take(1, 1)], "two takes");
    const theirs = appliedAll(empty, [take(0, 1), take(1, 9)]);
    const undone = history.undo(theirs);
    expect(undone?.changes).toEqual([take(0, null)]);
    expect(undone?.lost).toEqual([take(1, null)]);
  });

  it("takes what cannot be read for an empty history", () => {
    const store = memoryStore();
    store.setItem("h", "{nonsense");
    expect(new History(store, "h").undo(empty)).toBeUndefined();
  });
});
