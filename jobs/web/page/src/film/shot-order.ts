import type { Given, Review, Shot } from "../api/types";

export type Order = "order" | "worst";
export type Show = "all" | "open" | "approved" | "redo" | "commented" | "changed";
export type Decision = "approved" | "redo" | "open";

export const decision = (given: Given): Decision => (given.redo ? "redo" : given.approved ? "approved" : "open");

/** The shots to list: those that `show` asks for, in the film's order or those that want looking at first. */
export function listed(shots: readonly Shot[], review: Review | undefined, order: Order, show: Show): Shot[] {
  const given = (shot: Shot): Given => review?.shots[String(shot.index)] ?? {};
  const kept = shots.filter((shot) => {
    if (show === "all") return true;
    if (show === "commented") return Boolean(given(shot).comment);
    if (show === "changed") return shot.stale;
    return decision(given(shot)) === show;
  });
  if (order === "order") return kept;
  return [...kept].sort((one, other) => (other.attention ?? -1) - (one.attention ?? -1) || one.index - other.index);
}

/** The shot of a frame, by halving: shots are in order and leave nothing out. */
export function shotAt(shots: readonly Shot[], frame: number): Shot | undefined {
  let low = 0;
  let high = shots.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((shots[middle]?.start ?? 0) <= frame) low = middle;
    else high = middle - 1;
  }
  return shots[low];
}

/** The next shot after `from` that nobody has decided about, round to the start; undefined when all are decided. */
export function nextOpen(list: readonly Shot[], review: Review | undefined, from: number): Shot | undefined {
  const place = list.findIndex((shot) => shot.index === from);
  const turned = [...list.slice(place + 1), ...list.slice(0, Math.max(0, place))];
  return turned.find((shot) => decision(review?.shots[String(shot.index)] ?? {}) === "open");
}

export type Tally = { approved: number; redo: number; open: number };

export function tally(shots: readonly Shot[], review: Review | undefined): Tally {
  const counts: Tally = { approved: 0, redo: 0, open: 0 };
  for (const shot of shots) counts[decision(review?.shots[String(shot.index)] ?? {})] += 1;
  return counts;
}
