import { Ban } from "lucide-react";
import { Link } from "wouter";
import { linesOf, request } from "../api/client";
import { faultOf, storeProject, useProject, useShots } from "../api/queries";
import type { Project } from "../api/types";
import { useReview } from "../review/use-review";
import { ProgressLine } from "../screens/project-state";
import { ProjectBar } from "../shell/project-bar";
import { Button } from "../ui/button";
import { Picture } from "../ui/picture";
import { Fault, Lines, Loading, Skeleton } from "../ui/states";
import { useToasts } from "../ui/toasts";
import { RenderButton } from "./render-button";
import { Workspace } from "./workspace";

/** A film or a picture: its review once it can be reviewed, before that how far it is. */
export function FilmScreen({ id }: { id: string }) {
  const asked = useProject(id);
  const { data: project, refetch } = asked;
  const reviewing = useReview(id);
  const shots = useShots(id, project?.kind, project?.can_review ?? false);
  if (!project)
    return (
      <div className="flex h-full flex-col">
        <ProjectBar project={undefined} tab="film" />
        <Opening fault={faultOf(asked)} title="The project could not be opened" retry={() => void refetch()} />
      </div>
    );
  return (
    <div className="flex h-full flex-col">
      <ProjectBar project={project} tab="film" {...(project.can_review ? { reviewing } : {})}>
        {project.can_review && project.kind === "film" && <RenderButton project={project} review={reviewing.review} shots={shots.data?.shots ?? []} />}
      </ProjectBar>
      {project.can_review && shots.data ? <Workspace project={project} shots={shots.data.shots} reviewing={reviewing} />
        : project.can_review ? <Opening fault={faultOf(shots) ?? reviewing.error} title="The shots could not be listed" retry={() => void shots.refetch()} />
        : <NotYet project={project} />}
    </div>
  );
}

/** The places of list, picture and tools, before there is anything in them; or why there is nothing. */
function Opening({ fault, title, retry }: { fault: unknown; title: string; retry: () => void }) {
  return (
    <main id="main" className="flex min-h-0 flex-1 max-md:flex-col">
      {fault !== null && fault !== undefined ? <div className="flex-1 p-6"><Fault title={title} error={fault} retry={retry} /></div> : (
        <Loading label="Opening the project">
          <div className="flex w-72 shrink-0 flex-col gap-3 border-r border-line bg-surface p-3 max-xl:hidden">{[0, 1, 2, 3].map((key) => <Skeleton key={key} className="h-20" />)}</div>
          <div className="flex min-w-0 flex-1 flex-col max-md:flex-none">
            <div className="min-h-0 flex-1 bg-well max-md:h-[46dvh] max-md:flex-none" />
            <div className="flex flex-col gap-3 bg-surface p-4"><Skeleton className="h-5" /><Skeleton className="h-9 w-1/2" /></div>
          </div>
          <div className="flex w-80 shrink-0 flex-col gap-4 border-l border-line bg-surface p-5 max-md:w-full max-md:flex-1 max-md:border-l-0"><Skeleton className="h-9" /><Skeleton className="h-24" /><Skeleton className="h-40" /></div>
        </Loading>
      )}
    </main>
  );
}

const TITLES: Partial<Record<Project["state"], string>> = {
  new: "This waits for its turn",
  queued: "This waits for its turn",
  planning: "The shots are being found",
  failed: "This could not be coloured",
};

function NotYet({ project }: { project: Project }) {
  const { say } = useToasts();
  const { job } = project;
  const ask = async (path: string): Promise<void> => {
    try {
      await request("POST", path, { json: {} });
      storeProject(await request<Project>("GET", `projects/${project.id}`));
    } catch (error) {
      say({ kind: "bad", lines: linesOf(error) });
    }
  };
  const failed = project.state === "failed";
  return (
    <main id="main" className="grid min-h-0 flex-1 place-items-center overflow-y-auto p-6">
      <div className="flex w-full max-w-lg flex-col gap-5">
        {project.poster && <Picture src={project.poster} alt="" className="aspect-video max-h-[45dvh] w-full rounded-xl bg-well object-contain" />}
        <h2 className="text-xl font-semibold">{TITLES[project.state] ?? "Colours are being made"}</h2>
        {!failed && <p className="text-quiet">{project.kind === "film" ? "The film can be reviewed as soon as its first colours are there. You can close this page; the work goes on." : "A picture takes a few seconds."}</p>}
        {project.progress && !failed && <ProgressLine progress={project.progress} />}
        {project.lines.length > 0 && <div role={failed ? "alert" : undefined}><Lines lines={project.lines} className={failed ? "text-bad" : ""} /></div>}
        <div className="flex gap-2">
          {failed && <Button look="primary" onClick={() => void ask(job ? `queue/${job.id}/retry` : `projects/${project.id}/preview_film`)}>Try again</Button>}
          {!failed && job && <Button icon={Ban} onClick={() => void ask(`queue/${job.id}/cancel`)}>Cancel</Button>}
          <Link href="/queue" className="inline-flex h-9 items-center rounded-md px-3 text-sm font-medium text-quiet hover:bg-hover hover:text-ink">See the queue</Link>
        </div>
      </div>
    </main>
  );
}
