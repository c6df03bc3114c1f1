import { Check, CloudOff, Clapperboard, FileText, Film, LoaderCircle, Redo2, TriangleAlert, Undo2, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import type { Project } from "../api/types";
import { hint } from "../keys/bindings";
import { useAction } from "../keys/use-action";
import type { SaveState } from "../review/outbox";
import type { Reviewing } from "../review/use-review";
import { DownloadButton } from "../screens/download-button";
import { IconButton } from "../ui/button";
import { AppBar } from "./app-bar";

/** The bar of a project: its name, its two pages, what is saved, and what can be had. */
export function ProjectBar({ project, tab, reviewing, children }: { project: Project | undefined; tab: "film" | "report"; reviewing?: Reviewing; children?: ReactNode }) {
  const [, go] = useLocation();
  const id = project?.id ?? "";
  useAction("tab.film", () => go(`/projects/${id}`), { when: id !== "" });
  useAction("tab.report", () => go(`/projects/${id}/report`), { when: id !== "" && project?.kind !== "still" });
  return (
    <AppBar>
      <nav aria-label="Project" className="flex min-w-0 flex-1 items-center gap-1 sm:gap-2">
        <Link href="/projects" aria-label="All projects" title={hint("projects", "All projects")} className="inline-flex h-9 w-9 shrink-0 items-center justify-center rounded-md text-quiet hover:bg-hover hover:text-ink">
          <Clapperboard aria-hidden size={18} strokeWidth={1.75} />
        </Link>
        <h1 className="min-w-0 truncate font-semibold" title={project?.title}><bdi>{project?.title ?? "…"}</bdi></h1>
        {project && project.kind !== "still" && (
          <span className="flex gap-1 sm:ml-2">
            <Tab href={`/projects/${id}`} on={tab === "film"} label="Film" icon={Film} />
            <Tab href={`/projects/${id}/report`} on={tab === "report"} label="Report" icon={FileText} />
          </span>
        )}
      </nav>
      {reviewing && <Saving save={reviewing.save} />}
      {reviewing && <Undo reviewing={reviewing} />}
      {children}
      {project && <DownloadButton project={project} keyed />}
    </AppBar>
  );
}

function Tab({ href, on, label, icon: Icon }: { href: string; on: boolean; label: string; icon: LucideIcon }) {
  return (
    <Link href={href} aria-current={on ? "page" : undefined} className={`flex h-9 items-center rounded-md px-2 text-sm font-medium sm:px-3 ${on ? "bg-hover text-ink max-sm:hidden" : "text-quiet hover:bg-hover hover:text-ink"}`}>
      <Icon aria-hidden size={18} strokeWidth={1.75} className="sm:hidden" /><span className="max-sm:sr-only">{label}</span>
    </Link>
  );
}

function Undo({ reviewing }: { reviewing: Reviewing }) {
  useAction("undo", () => reviewing.undo?.(), { when: reviewing.undo !== undefined });
  useAction("redo.step", () => reviewing.redo?.(), { when: reviewing.redo !== undefined });
  return (
    <div className="flex max-sm:hidden" role="group" aria-label="History">
      <IconButton icon={Undo2} action="undo" label={reviewing.undoLabel ? `Undo: ${reviewing.undoLabel}` : "Undo"} disabled={!reviewing.undo} onClick={reviewing.undo} />
      <IconButton icon={Redo2} action="redo.step" label={reviewing.redoLabel ? `Do again: ${reviewing.redoLabel}` : "Do again"} disabled={!reviewing.redo} onClick={reviewing.redo} />
    </div>
  );
}

const SAVES = {
  saved: { icon: Check, text: "Saved", look: "text-quiet" },
  saving: { icon: LoaderCircle, text: "Saving", look: "text-quiet" },
  away: { icon: CloudOff, text: "Kept here until the server is back", look: "text-warn" },
  refused: { icon: TriangleAlert, text: "Not saved", look: "text-bad" },
};

function Saving({ save }: { save: SaveState }) {
  const { icon: Icon, text, look } = SAVES[save.kind];
  return (
    <p role="status" className={`flex items-center gap-1.5 text-sm ${look}`} title={"lines" in save ? save.lines.join("\n") : text}>
      <Icon aria-hidden size={15} /><span className={save.kind === "saved" || save.kind === "saving" ? "max-lg:sr-only" : "max-md:sr-only"}>{text}</span>
    </p>
  );
}
