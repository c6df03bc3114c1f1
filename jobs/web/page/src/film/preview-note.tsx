import { RefreshCw } from "lucide-react";
import { linesOf, request } from "../api/client";
import { storeProject } from "../api/queries";
import type { Project, Shot } from "../api/types";
import { WORK } from "../screens/project-state";
import { Button } from "../ui/button";
import { count } from "../ui/format";
import { ProgressBar } from "../ui/states";
import { useToasts } from "../ui/toasts";

/** Beside the transport: how far a running job is, or that the moving pictures are older than the review. */
export function PreviewNote({ project, shots }: { project: Project; shots: Shot[] }) {
  const { say } = useToasts();
  const { progress } = project;
  if (progress) {
    const text = `${WORK[progress.what]}, ${Math.round(progress.percent)} %`;
    return (
      <div className="mx-auto flex max-w-xs items-center gap-3 text-sm text-quiet">
        <span className="shrink-0">{text}</span><ProgressBar label={text} percent={progress.stage === "waiting" ? null : progress.percent} />
      </div>
    );
  }
  if (project.kind === "still" || !project.preview?.stale) return null;
  const changed = shots.filter((shot) => shot.stale).length;
  const renew = async (): Promise<void> => {
    try {
      await request("POST", `projects/${project.id}/preview_film`, { json: {} });
      storeProject(await request<Project>("GET", `projects/${project.id}`));
    } catch (error) {
      say({ kind: "bad", lines: linesOf(error) });
    }
  };
  return (
    <div className="flex justify-center">
      <Button look="quiet" icon={RefreshCw} className="text-quiet sm:max-xl:w-9 sm:max-xl:px-0!" aria-label="Renew the moving preview" onClick={() => void renew()}
        title={`${changed > 0 ? count(changed, "shot has", "shots have") : "Something has"} changed since the moving preview was made. Paused frames show the changes already.`}>
        <span className="sm:max-xl:hidden">Renew</span>
      </Button>
    </div>
  );
}
