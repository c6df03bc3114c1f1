import type { Change, Review } from "../api/types";
import { applied, inverse, sameValue, valueAt } from "./changes";
import type { Store } from "./outbox";

/** One thing that a person did: the changes that it made, and those that take it back. */
export type Step = { label: string; done: Change[]; back: Change[] };
type Stacks = { undo: Step[]; redo: Step[] };

const MOST = 200;

/** What can be undone and done again in one project. It lies in the browser's storage, so a reload keeps it. */
export class History {
  readonly #store: Store;
  readonly #key: string;
  readonly #listeners = new Set<() => void>();

  constructor(store: Store, key: string) {
    this.#store = store;
    this.#key = key;
  }

  get undoLabel(): string | undefined {
    return this.#stacks().undo.at(-1)?.label;
  }

  get redoLabel(): string | undefined {
    return this.#stacks().redo.at(-1)?.label;
  }

  record(review: Review, changes: Change[], label: string): void {
    const { undo } = this.#stacks();
    this.#keep({ undo: [...undo, { label, done: changes, back: inverse(review, changes) }].slice(-MOST), redo: [] });
  }

  /** The changes that undo the last step; `lost` where another browser has changed the same place since. */
  undo(review: Review): { step: Step; changes: Change[]; lost: Change[] } | undefined {
    const { undo, redo } = this.#stacks();
    const step = undo.at(-1);
    if (!step) return undefined;
    this.#keep({ undo: undo.slice(0, -1), redo: [...redo, step] });
    return { step, ...sorted(review, step.done, step.back) };
  }

  redo(review: Review): { step: Step; changes: Change[]; lost: Change[] } | undefined {
    const { undo, redo } = this.#stacks();
    const step = redo.at(-1);
    if (!step) return undefined;
    this.#keep({ undo: [...undo, step], redo: redo.slice(0, -1) });
    return { step, ...sorted(review, step.back, step.done) };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #stacks(): Stacks {
    try {
      const found = JSON.parse(this.#store.getItem(this.#key) ?? "null") as Stacks | null;
      if (found && Array.isArray(found.undo) && Array.isArray(found.redo)) return found;
    } catch {
      // what cannot be read is no history
    }
    return { undo: [], redo: [] };
  }

  #keep(stacks: Stacks): void {
    this.#store.setItem(this.#key, JSON.stringify(stacks));
    this.#listeners.forEach((tell) => tell());
  }
}

/** Of `next`, the changes whose place still holds what `before` put there, and the others. */
function sorted(review: Review, before: Change[], next: Change[]): { changes: Change[]; lost: Change[] } {
  const left = before.reduce((state, change) => applied(state, change), review);
  const untouched = (change: Change): boolean => sameValue(valueAt(review, change), valueAt(left, change));
  return { changes: next.filter(untouched), lost: next.filter((change) => !untouched(change)) };
}
