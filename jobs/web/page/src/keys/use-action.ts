import { useLayoutEffect, useRef } from "react";
import type { Action } from "./bindings";
import { Matcher } from "./match";

type Handler = { run: (event: KeyboardEvent) => void; release?: (() => void) | undefined };

const handlers = new Map<Action, Handler[]>();
const listeners = new Set<() => void>();
const matcher = new Matcher();
let held: { code: string; handler: Handler } | undefined;

/** Runs `run` when the keys of `action` are pressed, and `release` when they are let go; the latest mounted holder wins. */
export function useAction(action: Action, run: (event: KeyboardEvent) => void, options: { when?: boolean; release?: () => void } = {}): void {
  const latest = useRef<Handler>({ run, release: options.release });
  latest.current.run = run;
  latest.current.release = options.release;
  const when = options.when ?? true;
  useLayoutEffect(() => {
    if (!when) return;
    const handler = latest.current;
    handlers.set(action, [...(handlers.get(action) ?? []), handler]);
    listeners.forEach((tell) => tell());
    return () => {
      handlers.set(action, (handlers.get(action) ?? []).filter((other) => other !== handler));
      listeners.forEach((tell) => tell());
    };
  }, [action, when]);
}

/** Whether `action` does something on the screen that is shown. */
export const isActive = (action: Action): boolean => (handlers.get(action)?.length ?? 0) > 0;

export function startKeys(): void {
  window.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isTyping(event)) return;
    for (const action of matcher.find(event, performance.now())) {
      const handler = handlers.get(action)?.at(-1);
      if (!handler) continue;
      event.preventDefault();
      if (event.repeat && (handler.release || !REPEATED.has(action))) return;
      if (handler.release) held = { code: event.code, handler };
      handler.run(event);
      return;
    }
  });
  const letGo = (event: Event): void => {
    if (!held || (event instanceof KeyboardEvent && event.code !== held.code)) return;
    held.handler.release?.();
    held = undefined;
  };
  window.addEventListener("keyup", letGo);
  window.addEventListener("blur", letGo);
}

const REPEATED = new Set<Action>([
  "frame.next", "frame.previous", "second.next", "second.previous", "shot.next", "shot.previous",
  "wipe.left", "wipe.right", "brush.smaller", "brush.larger", "undo", "redo.step",
]);

/** Text fields keep all their keys, drop-downs and sliders those that move them, and an open dialog keeps everything. */
function isTyping(event: KeyboardEvent): boolean {
  if (document.querySelector("dialog[open]")) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return !event.ctrlKey && !event.metaKey;
  if (target instanceof HTMLInputElement) {
    if (target.type === "range") return /^(Arrow|Home|End|Page)/.test(event.key);
    return !["checkbox", "radio", "button", "file", "color"].includes(target.type);
  }
  if (target.closest("[data-own-keys]")) return /^(Arrow|Home|End|Page|Enter|Escape| )/.test(event.key);
  return event.key === " " && target.closest("button, a, summary") !== null;
}
