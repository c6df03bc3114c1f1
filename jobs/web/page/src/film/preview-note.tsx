import { RefreshCw } from "lucide-react";
import { linesOf, request } from "../api/client";
import { storeProject } from "../api/queries";
import type { Project, Shot } from "../api/types";
import { ProgressLine } from "../screens/project-state";
import { Button } from "../ui/button";
import { count } from "../ui/format";
import { useToasts } from "../ui/toasts";

/** Says when moving pictures are older than the review, and makes them anew; shows how far a running job is. */
export function PreviewNote({ project, shots }: { project: Project; shots: Shot[] }) {
  const { say } = useToasts();
  if (project.progress) return <div className="px-4 pb-3"><ProgressLine progress={project.progress} /></div>;
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
    <div className="flex flex-wrap items-center gap-3 px-4 pb-3 text-sm text-quiet">
      <p>{changed > 0 ? `${count(changed, "shot has", "shots have")} changed since the moving preview was made.` : "The moving preview is older than your changes."} Paused frames show them already.</p>
      <Button icon={RefreshCw} onClick={() => void renew()}>Renew the preview</Button>
    </div>
  );
}
