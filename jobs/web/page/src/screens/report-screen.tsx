import { useQuery } from "@tanstack/react-query";
import { ExternalLink, FileText } from "lucide-react";
import { ApiError, send } from "../api/client";
import { useProject } from "../api/queries";
import { ProjectBar } from "../shell/project-bar";
import { Empty, Fault, Loading, Skeleton } from "../ui/states";

/** The record of the last render. It is shown sandboxed, without an origin: its own script runs, and what a film's tags say does not. */
export function ReportScreen({ id }: { id: string }) {
  const { data: project, error } = useProject(id);
  const url = `/api/v1/projects/${id}/report`;
  const report = useQuery({
    queryKey: ["report", id, project?.film?.revision, project?.state],
    enabled: project !== undefined,
    queryFn: async ({ signal }) => {
      if (!project?.outputs.some(({ what }) => what === "report" || what === "film" || what === "still")) return false;
      try {
        await send("HEAD", url, { signal });
        return true;
      } catch (failure) {
        if (failure instanceof ApiError && failure.status === 404) return false;
        throw failure;
      }
    },
  });
  return (
    <div className="flex h-full flex-col">
      <ProjectBar project={project} tab="report" />
      <main id="main" className="flex min-h-0 flex-1 flex-col">
        {error || report.error ? <div className="p-8"><Fault title="The report could not be shown" error={error ?? report.error} retry={() => void report.refetch()} /></div>
          : report.data === undefined ? <Loading label="Fetching the report"><Skeleton className="m-8 flex-1" /></Loading>
          : report.data ? (
            <>
              <div className="flex justify-end px-5 py-2">
                <a href={url} target="_blank" rel="noreferrer" className="inline-flex items-center gap-1.5 rounded text-sm text-quiet hover:text-ink hover:underline"><ExternalLink aria-hidden size={15} />Open on its own</a>
              </div>
              <iframe title={`Report of ${project?.title ?? "the film"}`} src={url} sandbox="allow-scripts allow-downloads" className="min-h-0 flex-1 border-t border-line bg-white" />
            </>
          ) : (
            <Empty icon={FileText} title="No report yet">
              Rendering writes one: figures of every shot, what was kept, and the proof that the film’s own picture was not touched.
            </Empty>
          )}
      </main>
    </div>
  );
}
