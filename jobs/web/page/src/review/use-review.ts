import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useServerReview } from "../api/queries";
import type { Change, Conflict, Review } from "../api/types";
import { useToasts } from "../ui/toasts";
import { placeName } from "./changes";
import type { SaveState } from "./outbox";
import { reviewOf, type ProjectReview } from "./project-review";

export type Reviewing = {
  project: ProjectReview;
  review: Review | undefined;
  save: SaveState;
  /** Makes changes; with a label they can be undone. */
  change: (changes: Change[], label: string | null) => void;
  undo: (() => void) | undefined;
  redo: (() => void) | undefined;
  undoLabel: string | undefined;
  redoLabel: string | undefined;
  error: unknown;
};

export function useReview(id: string): Reviewing {
  const project = useMemo(() => reviewOf(id), [id]);
  const { data: server, error } = useServerReview(id);
  const { say } = useToasts();
  const version = useSyncExternalStore(project.outbox.subscribe, () => project.outbox.version);
  const undoLabel = useSyncExternalStore(project.history.subscribe, () => project.history.undoLabel);
  const redoLabel = useSyncExternalStore(project.history.subscribe, () => project.history.redoLabel);
  const review = useMemo(() => (server ? project.seen(server) : undefined), [server, project, version]);

  useEffect(() => {
    project.onConflict = (conflicts) => say(conflictToast(conflicts, project));
    project.onReplaced = (changes) => say({ kind: "note", lines: [`Another browser has just changed ${changes.map(placeName).join("; ")}, too. Its change stands; the earlier one is in the log.`] });
    project.onRefused = (lines) => say({ kind: "bad", lines: ["The server did not take a change.", ...lines] });
    project.outbox.flush();
  }, [project, say]);

  useEffect(() => {
    const leave = (event: BeforeUnloadEvent): void => {
      if (project.outbox.state.kind === "away") event.preventDefault();
    };
    window.addEventListener("beforeunload", leave);
    return () => window.removeEventListener("beforeunload", leave);
  }, [project]);

  const step = (direction: "undo" | "redo") => () => {
    if (!review) return;
    const found = project.history[direction](review);
    if (!found) return;
    if (found.changes.length > 0) project.change(review, found.changes, null);
    if (found.lost.length > 0)
      say({ kind: "note", lines: [`Another browser has changed ${found.lost.map(placeName).join("; ")} since. That was left as it is.`] });
  };

  return {
    project,
    review,
    save: project.outbox.state,
    change: (changes, label) => review && project.change(review, changes, label),
    undo: undoLabel === undefined ? undefined : step("undo"),
    redo: redoLabel === undefined ? undefined : step("redo"),
    undoLabel,
    redoLabel,
    error,
  };
}

function conflictToast(conflicts: Conflict[], project: ProjectReview) {
  const theirs: Change[] = conflicts.map(({ shot, field, key, theirs: value }) => (key == null ? { shot, field, value } : { shot, field, key, value }));
  return {
    kind: "note" as const,
    lines: [`Another browser changed ${conflicts.map(placeName).join("; ")} at the same time. Your change stands; theirs is in the log.`],
    action: { label: "Take theirs", run: () => project.outbox.add(theirs) },
  };
}
