import type { LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { BINDINGS, caps, hint, isMac, type Action } from "../keys/bindings";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-ink text-inverse hover:opacity-85 border border-transparent",
  plain: "bg-raised text-ink border border-line hover:bg-hover",
  quiet: "text-ink border border-transparent hover:bg-hover",
  danger: "bg-raised text-bad border border-line hover:bg-bad-soft",
};
const BASE =
  "inline-flex shrink-0 items-center justify-center gap-2 rounded-md font-medium whitespace-nowrap transition-colors disabled:opacity-45 select-none";

type Common = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> & {
  /** Its keys go into the tooltip. */
  action?: Action | undefined;
  ref?: Ref<HTMLButtonElement>;
  "data-first"?: boolean;
};

export function Button({
  look = "plain", icon: Icon, action, children, className = "", large = false, ...rest
}: Common & { look?: Look; icon?: LucideIcon; children: ReactNode; large?: boolean }) {
  return (
    <button
      type="button"
      title={action && hint(action)}
      aria-keyshortcuts={action && shortcut(action)}
      className={`${BASE} ${LOOKS[look]} ${large ? "h-11 px-5 text-base" : "h-9 px-3.5 text-sm"} ${className}`}
      {...rest}
    >
      {Icon && <Icon aria-hidden size={large ? 18 : 16} strokeWidth={1.75} className="shrink-0" />}
      {children}
    </button>
  );
}

/** A button that is only a sign; `label` is what a screen reader says and the tooltip shows. `pressed` is for switches. */
export function IconButton({
  icon: Icon, label, action, pressed, className = "", ...rest
}: Common & { icon: LucideIcon; label: string; pressed?: boolean }) {
  const on = pressed ? "bg-accent-soft text-ink ring-1 ring-accent" : "text-quiet hover:bg-hover hover:text-ink";
  return (
    <button
      type="button"
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={action && shortcut(action)}
      title={action ? hint(action, label) : label}
      className={`${BASE} h-9 w-9 ${on} ${className}`}
      {...rest}
    >
      <Icon aria-hidden size={18} strokeWidth={1.75} />
    </button>
  );
}

/** The keys of an action as caps. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="inline-flex items-center gap-1">
      {caps(keys, isMac()).map((cap, index) => (
        <kbd key={index} className="min-w-6 rounded border border-line bg-ground px-1.5 py-0.5 text-center font-sans text-xs text-quiet">
          {cap}
        </kbd>
      ))}
    </span>
  );
}

function shortcut(action: Action): string | undefined {
  const first: string = BINDINGS[action].keys[0] ?? "";
  return first.includes(" ") && first !== " " ? undefined : first.replace("Mod", "Control");
}
