import { Film, Image } from "lucide-react";
import { Link } from "wouter";
import type { Project } from "../api/types";
import { duration, count } from "../ui/format";
import { DownloadButton } from "./download-button";
import { FilterSelect } from "./filter-select";
import { Picture } from "../ui/picture";
import { ProgressLine, StateLine } from "./project-state";

export function ProjectCard({ project, small = false, extra }: { project: Project; small?: boolean; extra?: React.ReactNode }) {
  const { media } = project;
  const facts = [
    media && `${media.display_width} × ${media.display_height}`,
    project.kind === "film" && media?.seconds != null && duration(media.seconds),
    project.kind === "film" && media?.shots != null && count(media.shots, "shot", "shots"),
  ].filter(Boolean);
  return (
    <article className="flex h-full flex-col overflow-hidden rounded-xl border border-line bg-surface">
      <Link href={`/projects/${project.id}`} className="group block bg-well" aria-label={`Open ${project.title}`}>
        <div className="relative aspect-video overflow-hidden">
          <Picture src={project.poster} alt="" icon={project.kind === "film" ? Film : Image} className="absolute inset-0 h-full w-full object-contain transition-transform duration-300 group-hover:scale-[1.02]" />
        </div>
      </Link>
      <div className="flex flex-1 flex-col gap-2 p-4">
        <div className="flex items-start gap-2">
          <Link href={`/projects/${project.id}`} className="min-w-0 flex-1 truncate rounded font-semibold hover:underline" title={project.title}><bdi>{project.title}</bdi></Link>
          {extra}
        </div>
        <StateLine project={project} />
        {facts.length > 0 && <p className="text-sm text-quiet">{facts.join(" · ")}</p>}
        {project.progress && <ProgressLine progress={project.progress} />}
        {project.state === "failed" && project.lines[0] && <p dir="auto" className="line-clamp-3 text-sm text-bad" title={project.lines.join("\n")}>{project.lines[0]}</p>}
        {!small && (
          <div className="mt-auto flex flex-wrap items-center gap-2 pt-2">
            <FilterSelect project={project} className="min-w-0 flex-1" />
            <DownloadButton project={project} />
          </div>
        )}
      </div>
    </article>
  );
}
