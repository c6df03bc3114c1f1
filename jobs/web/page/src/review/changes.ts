import type { Change, Field, Given, Json, Review } from "../api/types";

/** Fields that change no colour: a still need not be fetched again for them. */
const SPOKEN: ReadonlySet<Field> = new Set(["approved", "redo", "comment"]);

type Loose = { [field: string]: Json | undefined };

const given = (review: Review, shot: number | null): Given =>
  (shot === null ? review.film : review.shots[String(shot)]) ?? {};

/** What the review holds where `change` points, null where it holds nothing. */
export function valueAt(review: Review, change: Pick<Change, "shot" | "field" | "key">): Json {
  const value = (given(review, change.shot) as Loose)[change.field] ?? null;
  if (change.key === undefined) return value;
  return (value as { [key: string]: Json } | null)?.[change.key] ?? null;
}

/** The review after one change; what is not touched stays the same object. */
export function applied(review: Review, change: Change): Review {
  const before = given(review, change.shot) as Loose;
  const after: Loose = { ...before };
  if (change.key === undefined) {
    if (change.value === null) delete after[change.field];
    else after[change.field] = change.value;
  } else {
    const entries = { ...(before[change.field] as { [key: string]: Json } | undefined) };
    if (change.value === null) delete entries[change.key];
    else entries[change.key] = change.value;
    if (Object.keys(entries).length > 0) after[change.field] = entries;
    else delete after[change.field];
  }
  if (change.shot === null) return { ...review, film: after as Given };
  const shots = { ...review.shots };
  if (Object.keys(after).length > 0) shots[String(change.shot)] = after as Given;
  else delete shots[String(change.shot)];
  return { ...review, shots };
}

export const appliedAll = (review: Review, changes: readonly Change[]): Review => changes.reduce(applied, review);

/** The changes that take `changes` back, in the order in which they have to be made. */
export function inverse(review: Review, changes: readonly Change[]): Change[] {
  const back: Change[] = [];
  let now = review;
  for (const change of changes) {
    back.unshift({ ...change, value: valueAt(now, change) });
    now = applied(now, change);
  }
  return back;
}

const samePlace = (one: Change, other: Change): boolean =>
  one.shot === other.shot && one.field === other.field && one.key === other.key;

/** Adds changes to those that wait; a later change of the same place takes the earlier one's turn at the end. */
export const queued = (waiting: readonly Change[], more: readonly Change[]): Change[] =>
  more.reduce<Change[]>((all, change) => [...all.filter((other) => !samePlace(other, change)), change], [...waiting]);

export const sameValue = (one: Json, other: Json): boolean => canonical(one) === canonical(other);

function canonical(value: Json): string {
  return JSON.stringify(value, (_, part: Json) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Everything that decides the colours of a shot, as text that can be compared. */
export function colourKey(review: Review, shot: number): string {
  const colouring = (part: Given): Given =>
    Object.fromEntries(Object.entries(part).filter(([field]) => !SPOKEN.has(field as Field))) as Given;
  return JSON.stringify([colouring(review.film), colouring(given(review, shot))]);
}

/** What has not been saved yet of a shot's colours, whole fields, so that a still can be drawn with it; null for nothing. */
export function draftOf(review: Review, pending: readonly Change[], shot: number): { shot: Given; film: Given } | null {
  const ofShot: Loose = {};
  const ofFilm: Loose = {};
  for (const change of pending) {
    if (SPOKEN.has(change.field) || (change.shot !== null && change.shot !== shot)) continue;
    const fields = change.shot === null ? ofFilm : ofShot;
    fields[change.field] = (given(review, change.shot) as Loose)[change.field] ?? (change.key === undefined ? null : {});
  }
  if (Object.keys(ofShot).length + Object.keys(ofFilm).length === 0) return null;
  return { shot: ofShot as Given, film: ofFilm as Given };
}

export const shotGiven = (review: Review | undefined, shot: number): Given => (review ? given(review, shot) : {});

/** `shot 13, comment`, for messages; shots are counted from 1 where people read them. */
export function placeName(change: Pick<Change, "shot" | "field" | "key">): string {
  const what = FIELD_NAMES[change.field] ?? change.field.replaceAll("_", " ");
  return change.shot === null ? `the film’s ${what}` : `shot ${change.shot + 1}, ${what}`;
}

const FIELD_NAMES: Partial<Record<Field, string>> = {
  approved: "approval",
  redo: "redo",
  hue_degrees: "hue",
  marks: "a mark",
  colours: "palette",
  references: "a reference",
  words: "a word",
  regions: "a region",
};
