import { CircleHelp, Clapperboard, Keyboard, ListVideo, Monitor, Moon, Sun, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useRoute } from "wouter";
import { useQueue, useSession } from "../api/queries";
import { hint, type Action } from "../keys/bindings";
import { IconButton } from "../ui/button";
import { nextTheme, setTheme, useTheme } from "./theme";
import { showKeys } from "./key-list";

const THEME_ICONS = { light: Sun, dark: Moon, system: Monitor };
const THEME_NAMES = { light: "Light", dark: "Dark", system: "As the system" };

/** The bar on top of every screen; a screen may put its own tools into the middle. */
export function AppBar({ children }: { children?: ReactNode }) {
  const theme = useTheme();
  const { data: session } = useSession();
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-b border-line bg-surface px-3 sm:px-5">
      <a href="#main" className="sr-only focus:not-sr-only focus:px-3">Skip to the content</a>
      <Link href="/" className={`flex items-center gap-2.5 rounded-md py-1 pr-2 font-semibold ${children ? "max-sm:hidden" : ""}`} title={hint("home")}>
        <Mark />
        <span className={children ? "sr-only" : ""}>Kinochrome</span>
      </Link>
      {children ?? <nav aria-label="Kinochrome" className="ml-2 flex min-w-0 gap-1"><Places /></nav>}
      <div className={`flex items-center gap-0.5 ${children ? "" : "ml-auto"}`}>
        {session?.worker === "stopped" && (
          <Link href="/queue" className="mr-2 hidden items-center gap-1.5 text-sm text-warn sm:flex">
            <TriangleAlert aria-hidden size={16} />Nothing works on the queue
          </Link>
        )}
        <IconButton icon={THEME_ICONS[theme]} action="theme" label={`${THEME_NAMES[theme]} theme; change it`} onClick={() => setTheme(nextTheme(theme))} className="max-sm:hidden" />
        <IconButton icon={Keyboard} action="keys" label="List the keys" onClick={showKeys} className="max-sm:hidden" />
        {children && <IconPlace href="/queue" icon={ListVideo} label="Queue" action="queue" className="max-sm:hidden" />}
        <IconPlace href="/help" icon={CircleHelp} label="Help" action="help" />
      </div>
    </header>
  );
}

function Places() {
  const { data: queue } = useQueue();
  const busy = queue?.jobs.filter((job) => job.state === "running" || job.state === "queue").length ?? 0;
  return (
    <>
      <Place href="/projects" icon={Clapperboard} label="Projects" action="projects" />
      <Place href="/queue" icon={ListVideo} label="Queue" action="queue" count={busy} />
    </>
  );
}

function Place({ href, icon: Icon, label, action, count = 0 }: { href: string; icon: typeof Sun; label: string; action: Action; count?: number }) {
  const [here] = useRoute(href);
  return (
    <Link href={href} title={hint(action)} aria-current={here ? "page" : undefined}
      className={`flex h-9 items-center gap-2 rounded-md px-3 text-sm font-medium ${here ? "bg-hover text-ink" : "text-quiet hover:bg-hover hover:text-ink"}`}>
      <Icon aria-hidden size={16} strokeWidth={1.75} className="max-sm:hidden" />
      {label}
      {count > 0 && <span className="rounded-full bg-accent-soft px-1.5 text-xs text-ink" aria-label={`${count} waiting or running`}>{count}</span>}
    </Link>
  );
}

function IconPlace({ href, icon: Icon, label, action, className = "" }: { href: string; icon: typeof Sun; label: string; action: Action; className?: string }) {
  return (
    <Link href={href} aria-label={label} title={hint(action)} className={`inline-flex h-9 w-9 items-center justify-center rounded-md text-quiet hover:bg-hover hover:text-ink ${className}`}>
      <Icon aria-hidden size={18} strokeWidth={1.75} />
    </Link>
  );
}

/** A disc, half grey, half in colours. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg aria-hidden width={size} height={size} viewBox="0 0 18 18">
      <path d="M9 0a9 9 0 0 0 0 18z" fill="#8f8f8f" />
      <path d="M9 0a9 9 0 0 1 9 9H9z" fill="#f0b45c" />
      <path d="M18 9a9 9 0 0 1-9 9V9z" fill="#d4644f" />
    </svg>
  );
}
