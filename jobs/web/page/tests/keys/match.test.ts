import { describe, expect, it } from "vitest";
import { BINDINGS, caps, type Action } from "../../src/keys/bindings";
import { Matcher, written, type Stroke } from "../../src/keys/match";

const press = (key: string, more: Partial<Stroke> = {}): Stroke => ({ key, code: key === " " ? "Space" : "", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

describe("keys", () => {
  it("are written one way, whatever the keyboard", () => {
    expect(written(press("A", { shiftKey: true }))).toBe("Shift+A");
    expect(written(press("A"))).toBe("a"); // caps lock
    expect(written(press("?", { shiftKey: true }))).toBe("?");
    expect(written(press("Z", { ctrlKey: true, shiftKey: true }))).toBe("Mod+Shift+z");
    expect(written(press("z", { metaKey: true }))).toBe("Mod+z");
    expect(written(press(" "))).toBe("Space");
    expect(written(press("ArrowLeft", { shiftKey: true }))).toBe("Shift+ArrowLeft");
  });

  it("find their actions, pairs within 1.2 seconds", () => {
    const matcher = new Matcher();
    expect(matcher.find(press("a"), 0)).toEqual(["approve"]);
    expect(matcher.find(press("g"), 0)).toEqual([]);
    expect(matcher.find(press("p"), 500)).toEqual(["projects"]);
    expect(matcher.find(press("g"), 1000)).toEqual([]);
    expect(matcher.find(press("p"), 3000)).toEqual(["point"]);
    expect(matcher.find(press("p", { altKey: true }), 3000)).toEqual([]);
  });

  it("belong to one action each", () => {
    const holders = new Map<string, Action[]>();
    for (const [action, { keys }] of Object.entries(BINDINGS)) for (const key of keys) holders.set(key, [...(holders.get(key) ?? []), action as Action]);
    expect([...holders].filter(([, actions]) => actions.length > 1)).toEqual([]);
  });

  it("can each be pressed", () => {
    for (const [action, { keys }] of Object.entries(BINDINGS)) {
      const matcher = new Matcher();
      for (const part of (keys[0] ?? "").split(" ")) {
        const pieces = part.split("+");
        const key = pieces.at(-1) ?? "";
        const stroke = press(key === "Space" ? " " : key, { shiftKey: pieces.includes("Shift"), ctrlKey: pieces.includes("Mod") });
        const found = matcher.find(stroke, 0);
        if (part === (keys[0] ?? "").split(" ").at(-1)) expect(found).toContain(action);
      }
    }
  });

  it("are shown as caps", () => {
    expect(caps("Mod+Shift+z")).toEqual(["Ctrl", "Shift", "Z"]);
    expect(caps("Mod+z", true)).toEqual(["⌘", "Z"]);
    expect(caps("g p")).toEqual(["G", "P"]);
    expect(caps("ArrowLeft")).toEqual(["←"]);
  });
});
