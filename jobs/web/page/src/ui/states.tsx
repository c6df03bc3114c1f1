import { AlertTriangle, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { linesOf } from "../api/client";
import { Button } from "./button";

/** Where there is nothing yet: what would be here, and how it gets here. */
export function Empty({ icon: Icon, title, children, action, heading: Heading = "p" }: { icon: LucideIcon; title: string; children?: ReactNode; action?: ReactNode; heading?: "p" | "h1" }) {
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center gap-3 px-6 py-14 text-center">
      <Icon aria-hidden size={28} strokeWidth={1.5} className="text-quiet" />
      <Heading className="text-lg font-semibold">{title}</Heading>
      {children && <div className="text-quiet">{children}</div>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

/** What went wrong, in the very lines of the command line, and a way on. */
export function Fault({ error, lines, title, retry }: { error?: unknown; lines?: string[]; title: string; retry?: () => void }) {
  return (
    <div role="alert" className="mx-auto flex max-w-xl flex-col items-start gap-3 rounded-lg border border-line bg-surface p-5">
      <p className="flex items-center gap-2 font-semibold"><AlertTriangle aria-hidden size={18} className="text-bad" />{title}</p>
      <Lines lines={lines ?? linesOf(error)} />
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

export function Lines({ lines, className = "" }: { lines: string[]; className?: string }) {
  return (
    <div className={`space-y-1 text-sm break-words text-quiet ${className}`}>
      {lines.map((line, index) => <p key={index} dir="auto">{line}</p>)}
    </div>
  );
}

export const Skeleton = ({ className = "" }: { className?: string }) => (
  <div aria-hidden className={`animate-pulse rounded-md bg-hover ${className}`} />
);

export function Loading({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="status" aria-label={label} className="contents">
      {children}
    </div>
  );
}

/** A bar for work of known length, one that moves for work of unknown length. */
export function ProgressBar({ percent, label }: { percent: number | null; label: string }) {
  const value = percent === null ? undefined : Math.max(0, Math.min(100, percent));
  return (
    <div role="progressbar" aria-label={label} aria-valuenow={value === undefined ? undefined : Math.round(value)} aria-valuemin={0} aria-valuemax={100}
      className="h-1.5 w-full overflow-hidden rounded-full bg-hover">
      <div className={`h-full rounded-full bg-accent ${value === undefined ? "w-1/3 animate-pulse" : "transition-[width] duration-500"}`}
        style={value === undefined ? undefined : { width: `${value}%` }} />
    </div>
  );
}
