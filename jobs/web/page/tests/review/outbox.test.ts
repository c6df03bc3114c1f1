import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../src/api/client";
import type { Change, Patched } from "../../src/api/types";
import { Outbox, read, type Sender } from "../../src/review/outbox";
import { memoryStore } from "./store";

const comment = (value: string): Change => ({ shot: 0, field: "comment", value });
const KEY = "outbox";

describe("outbox", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const make = (send: Sender, store = memoryStore()) => {
    const patched: Patched[] = [];
    const refused: string[][] = [];
    const outbox = new Outbox({ key: KEY, store, send, onPatched: (answer) => patched.push(answer), onRefused: (lines) => refused.push(lines) });
    return { outbox, store, patched, refused };
  };

  it("keeps a change in storage until the server has answered", async () => {
    let answer: (patched: Patched) => void = () => undefined;
    const { outbox, store } = make(() => new Promise((done) => (answer = done)));
    outbox.add([comment("a")]);
    expect(read(store, KEY).changes).toEqual([comment("a")]);
    expect(outbox.state.kind).toBe("saving");
    answer({ revision: 4, conflicts: [] });
    await vi.runAllTimersAsync();
    expect(store.getItem(KEY)).toBeNull();
    expect(outbox.state.kind).toBe("saved");
    expect(outbox.shown).toBe(4);
  });

  it("tries again while the server is away, and then sends the latest value once", async () => {
    const sent: Change[][] = [];
    let away = true;
    const { outbox, store } = make((_, changes) => {
      if (away) return Promise.reject(new ApiError(0, "away", ["away"]));
      sent.push(changes);
      return Promise.resolve({ revision: 5, conflicts: [] });
    });
    outbox.add([comment("a")]);
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.state.kind).toBe("away");
    outbox.add([comment("ab")]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(read(store, KEY).changes).toEqual([comment("ab")]);
    away = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent).toEqual([[comment("ab")]]);
    expect(outbox.pending).toEqual([]);
  });

  it("sends after a reload what an earlier page could not send", async () => {
    const store = memoryStore();
    make(() => Promise.reject(new ApiError(0, "away", [])), store).outbox.add([comment("kept")]);
    const sent: Change[][] = [];
    const { outbox } = make((_, changes) => {
      sent.push(changes);
      return Promise.resolve({ revision: 1, conflicts: [] });
    }, store);
    expect(outbox.pending).toEqual([comment("kept")]);
    outbox.flush();
    await vi.advanceTimersByTimeAsync(10);
    expect(sent).toEqual([[comment("kept")]]);
  });

  it("says on which revision a change was made, though the page has heard of later ones, and after a reload", async () => {
    const store = memoryStore();
    const bases: number[] = [];
    const first = make(() => Promise.reject(new ApiError(0, "away", [])), store).outbox;
    first.shown = 7;
    first.add([comment("a")]);
    await vi.advanceTimersByTimeAsync(10);
    first.stop();
    const { outbox } = make((base) => {
      bases.push(base);
      return Promise.resolve({ revision: 12, conflicts: [] });
    }, store);
    outbox.shown = 11;
    outbox.flush();
    await vi.advanceTimersByTimeAsync(10);
    outbox.add([comment("b")]);
    await vi.advanceTimersByTimeAsync(10);
    expect(bases).toEqual([7, 12]);
  });

  it("gives a change that the server refuses to whoever shows it, and goes on with the next", async () => {
    const { outbox, refused, patched } = make((_, [change]) =>
      change?.value === "bad" ? Promise.reject(new ApiError(422, "settings", ["colour: no such name"])) : Promise.resolve({ revision: 2, conflicts: [] }),
    );
    outbox.add([comment("bad")]);
    await vi.advanceTimersByTimeAsync(10);
    expect(refused).toEqual([["colour: no such name"]]);
    expect(outbox.state.kind).toBe("refused");
    outbox.add([comment("good")]);
    await vi.advanceTimersByTimeAsync(10);
    expect(patched).toHaveLength(1);
    expect(outbox.state.kind).toBe("saved");
  });
});
