import { request } from "../api/client";
import { keys, queryClient } from "../api/queries";
import type { Change, Conflict, Patched, Review } from "../api/types";
import { applied, appliedAll, colourKey } from "./changes";
import { clientId } from "./client-id";
import { History } from "./history";
import { Outbox, read } from "./outbox";

export type ReviewEvent = { project: string; revision: number; client: string; changes: (Change & { theirs_lost?: boolean })[] };

/** The review of one project as this tab sees it: what the server has, with what is on its way to it on top. */
export class ProjectReview {
  readonly id: string;
  readonly outbox: Outbox;
  readonly history: History;
  onConflict: (conflicts: Conflict[]) => void = () => undefined;
  onReplaced: (changes: Change[]) => void = () => undefined;
  onRefused: (lines: string[]) => void = () => undefined;
  #colours = new Map<number, { key: string; revision: number }>();

  constructor(id: string) {
    this.id = id;
    this.history = new History(localStorage, `kinochrome.history.${id}`);
    this.outbox = new Outbox({
      key: `kinochrome.outbox.${id}.${clientId}`,
      store: localStorage,
      send: (base, changes) =>
        request<Patched>("PATCH", `projects/${id}/review`, { json: { client: clientId, base, changes }, keepalive: JSON.stringify(changes).length < 50_000 }),
      onPatched: (patched, sent) => this.#patched(patched, sent),
      onRefused: (lines) => {
        this.onRefused(lines);
        void queryClient.invalidateQueries({ queryKey: keys.review(id) });
      },
    });
    adoptOrphans(id, this.outbox);
  }

  /** What `server` says, with the changes that are on their way. */
  seen(server: Review): Review {
    this.outbox.shown = Math.max(this.outbox.shown, server.revision);
    return appliedAll(server, this.outbox.pending);
  }

  change(review: Review, changes: Change[], label: string | null): void {
    if (label !== null) this.history.record(review, changes, label);
    this.outbox.add(changes);
  }

  /** Another browser's changes; those of this tab come back from the server too and are left out. */
  heard(event: ReviewEvent): void {
    if (event.client === clientId) return;
    const replaced = event.changes.filter((change) => change.theirs_lost);
    if (replaced.length > 0) this.onReplaced(replaced);
    queryClient.setQueryData<Review>(keys.review(this.id), (review) =>
      review && { ...event.changes.reduce<Review>((state, { shot, field, key, value }) => applied(state, key == null ? { shot, field, value } : { shot, field, key, value }), review), revision: Math.max(review.revision, event.revision) },
    );
  }

  /** A number that changes when the colours of the shot do, and not with a comment: stills of it may be kept by it. */
  colourRevision(review: Review, shot: number): number {
    const key = colourKey(review, shot);
    const known = this.#colours.get(shot);
    if (known?.key === key) return known.revision;
    this.#colours.set(shot, { key, revision: review.revision });
    return review.revision;
  }

  #patched(patched: Patched, sent: Change[]): void {
    queryClient.setQueryData<Review>(keys.review(this.id), (review) =>
      review && { ...appliedAll(review, sent), revision: Math.max(review.revision, patched.revision) },
    );
    if (patched.conflicts.length > 0) this.onConflict(patched.conflicts);
  }
}

const reviews = new Map<string, ProjectReview>();

export function reviewOf(id: string): ProjectReview {
  const known = reviews.get(id);
  if (known) return known;
  const made = new ProjectReview(id);
  reviews.set(id, made);
  return made;
}

/** Changes that a closed tab could not send are sent by the next tab that opens the project. */
function adoptOrphans(id: string, outbox: Outbox): void {
  const prefix = `kinochrome.outbox.${id}.`;
  const adopt = (alive: ReadonlySet<string>): void => {
    for (const key of Object.keys(localStorage)) {
      const owner = key.startsWith(prefix) ? key.slice(prefix.length) : "";
      if (!owner || owner === clientId || alive.has(owner)) continue;
      try {
        outbox.add(read(localStorage, key).changes);
      } finally {
        localStorage.removeItem(key);
      }
    }
  };
  if (!navigator.locks) return adopt(new Set());
  void navigator.locks.query().then(({ held }) => {
    adopt(new Set((held ?? []).map((lock) => lock.name?.replace(LOCK, "") ?? "")));
    outbox.flush();
  });
}

const LOCK = "kinochrome.tab.";

/** Held as long as this tab lives: other tabs see by it that its outbox has somebody who sends it. */
export function holdTabLock(): void {
  void navigator.locks?.request(`${LOCK}${clientId}`, () => new Promise(() => undefined));
}
