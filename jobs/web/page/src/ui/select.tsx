import { ChevronDown } from "lucide-react";
import type { ReactNode, SelectHTMLAttributes } from "react";

/** The browser's own drop-down in the page's dress: keys, screen readers and phones know it. */
export function Select({
  label, showLabel = false, className = "", children, ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & { label: string; showLabel?: boolean; children: ReactNode }) {
  return (
    <label className={`inline-flex min-w-0 items-center gap-2 text-sm ${className}`}>
      <span className={showLabel ? "shrink-0 text-quiet" : "sr-only"}>{label}</span>
      <span className="relative min-w-0 flex-1">
        <select
          className="h-9 w-full min-w-0 appearance-none truncate rounded-md border border-line bg-raised pr-8 pl-3 text-sm font-medium text-ink hover:bg-hover disabled:opacity-45"
          {...rest}
        >
          {children}
        </select>
        <ChevronDown aria-hidden size={16} className="pointer-events-none absolute top-2.5 right-2.5 text-quiet" />
      </span>
    </label>
  );
}
