import { BINDINGS, type Action } from "./bindings";

export type Stroke = { key: string; code: string; shiftKey: boolean; ctrlKey: boolean; metaKey: boolean; altKey: boolean };

/** The way a key is written in the bindings: `Shift+R`, `Mod+z`, `?`, `Space`. */
export function written(stroke: Stroke): string {
  const named = stroke.code === "Space" ? "Space" : stroke.key;
  const letter = named.length === 1 && /\p{L}/u.test(named);
  const mod = stroke.ctrlKey || stroke.metaKey ? "Mod+" : "";
  // a sign such as ? is typed with Shift on some keyboards and without on others
  const shift = stroke.shiftKey && (letter || named.length > 1) ? "Shift+" : "";
  const plain = letter ? (shift && !mod ? named.toUpperCase() : named.toLowerCase()) : named;
  return `${mod}${shift}${plain}`;
}

/** Finds actions from single keys and from pairs such as `g p`; a first key is forgotten after 1.2 seconds. */
export class Matcher {
  #first = "";
  #at = 0;

  find(stroke: Stroke, now: number): Action[] {
    if (stroke.altKey) return [];
    const key = written(stroke);
    const pair = this.#first && now - this.#at < 1200 ? `${this.#first} ${key}` : "";
    this.#first = "";
    const actions = pair ? holders(pair) : [];
    if (actions.length > 0) return actions;
    if (FIRST_KEYS.has(key)) {
      this.#first = key;
      this.#at = now;
    }
    return holders(key);
  }
}

const TABLE = new Map<string, Action[]>();
for (const [action, { keys }] of Object.entries(BINDINGS)) {
  for (const key of keys) TABLE.set(key, [...(TABLE.get(key) ?? []), action as Action]);
}
const FIRST_KEYS = new Set([...TABLE.keys()].filter((keys) => keys.includes(" ")).map((keys) => keys.split(" ")[0] ?? ""));

const holders = (key: string): Action[] => TABLE.get(key) ?? [];
