import { ApiError } from "../api/client";
import type { Change, Patched } from "../api/types";
import { queued } from "./changes";

export type SaveState = { kind: "saved" } | { kind: "saving" } | { kind: "away"; lines: string[] } | { kind: "refused"; lines: string[] };

export type Sender = (base: number, changes: Change[]) => Promise<Patched>;
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const MOST = 500;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/**
 * Changes of one project on their way to the server. Each is written into the browser's storage before anything else,
 * and is taken out when the server has answered: a reload, a crash or a server that is away loses none.
 */
export class Outbox {
  state: SaveState = { kind: "saved" };
  /** The revision that is shown: changes are made on it. */
  shown = 0;
  /** Grows with everything that happens here. */
  version = 0;
  readonly #key: string;
  readonly #store: Store;
  readonly #send: Sender;
  readonly #onPatched: (patched: Patched, sent: Change[]) => void;
  readonly #onRefused: (lines: string[], refused: Change[]) => void;
  #waiting: Change[];
  /** The revision on which the oldest change that waits was made: by it the server sees who changed the same place since. */
  #base: number | null;
  #sending: Change[] = [];
  #wait = FIRST_WAIT_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(options: {
    key: string;
    store: Store;
    send: Sender;
    onPatched: (patched: Patched, sent: Change[]) => void;
    onRefused: (lines: string[], refused: Change[]) => void;
  }) {
    this.#key = options.key;
    this.#store = options.store;
    this.#send = options.send;
    this.#onPatched = options.onPatched;
    this.#onRefused = options.onRefused;
    const kept = read(options.store, options.key);
    this.#waiting = kept.changes;
    this.#base = kept.base;
  }

  /** Everything that the server has not answered yet, oldest first. */
  get pending(): Change[] {
    return queued(this.#sending, this.#waiting);
  }

  add(changes: readonly Change[]): void {
    this.#waiting = queued(this.#waiting, changes);
    this.#base ??= this.shown;
    this.#keep();
    this.#tell();
    this.flush();
  }

  /** Sends what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    if (this.#sending.length > 0) return;
    if (this.#waiting.length === 0) {
      this.#become({ kind: "saved" });
      return;
    }
    this.#sending = this.#waiting.slice(0, MOST);
    this.#waiting = this.#waiting.slice(MOST);
    const base = this.#base ?? this.shown;
    if (this.#waiting.length === 0) this.#base = null;
    if (this.state.kind !== "away") this.#become({ kind: "saving" });
    void this.#deliver(base);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #deliver(base: number): Promise<void> {
    const sent = this.#sending;
    try {
      const patched = await this.#send(base, sent);
      this.#settle();
      this.shown = Math.max(this.shown, patched.revision);
      this.#onPatched(patched, sent);
      this.flush();
    } catch (error) {
      if (error instanceof ApiError && !error.passing && [400, 404, 409, 413, 422].includes(error.status)) {
        this.#settle();
        this.#onRefused(error.lines, sent);
        if (this.#waiting.length > 0) this.flush();
        else this.#become({ kind: "refused", lines: error.lines });
        return;
      }
      this.#waiting = queued(sent, this.#waiting);
      this.#base = base;
      this.#sending = [];
      this.#become({ kind: "away", lines: error instanceof ApiError ? error.lines : [String(error)] });
      this.#timer = setTimeout(() => this.flush(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    }
  }

  #settle(): void {
    this.#sending = [];
    this.#wait = FIRST_WAIT_MS;
    this.#keep();
  }

  #keep(): void {
    const all = this.pending;
    if (all.length > 0) this.#store.setItem(this.#key, JSON.stringify({ base: this.#base ?? this.shown, changes: all } satisfies Kept));
    else this.#store.removeItem(this.#key);
  }

  #become(state: SaveState): void {
    this.state = state;
    this.#tell();
  }

  #tell(): void {
    this.version += 1;
    this.#listeners.forEach((listener) => listener());
  }
}

type Kept = { base: number | null; changes: Change[] };

/** What an outbox of this key has kept; nothing for what cannot be read. */
export function read(store: Store, key: string): Kept {
  try {
    const found = JSON.parse(store.getItem(key) ?? "null") as Kept | null;
    if (found && Array.isArray(found.changes)) return { base: typeof found.base === "number" ? found.base : null, changes: found.changes };
  } catch {
    // what cannot be read holds no changes
  }
  return { base: null, changes: [] };
}
