import { Clapperboard, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { linesOf, request } from "../api/client";
import { faultOf, keys, queryClient, useProjects } from "../api/queries";
import type { Project } from "../api/types";
import { AppBar } from "../shell/app-bar";
import { Button, IconButton } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Empty, Fault, Loading, Skeleton } from "../ui/states";
import { useToasts } from "../ui/toasts";
import { UploadList } from "../upload/upload-list";
import { useUploads } from "../upload/uploads";
import { ProjectCard } from "./project-card";

export function ProjectsScreen() {
  const asked = useProjects();
  const { data: projects, refetch } = asked;
  const fault = faultOf(asked);
  const { choose } = useUploads();
  const [leaving, setLeaving] = useState<Project | null>(null);
  return (
    <div className="flex h-full flex-col">
      <AppBar />
      <main id="main" className="flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-6xl flex-col gap-6 px-5 py-8 sm:px-8 sm:py-10">
          <div className="flex flex-wrap items-center justify-between gap-3">
            <h1 className="text-xl font-semibold">Projects</h1>
            <Button look="primary" icon={Plus} action="open" onClick={choose}>Add a photo or a film</Button>
          </div>
          <UploadList />
          {fault ? <Fault title="The projects could not be listed" error={fault} retry={() => void refetch()} />
            : !projects ? <Cards />
            : projects.length === 0 ? (
              <Empty icon={Clapperboard} title="No projects yet" action={<Button look="primary" onClick={choose}>Choose a file</Button>}>
                Drop a photo or a film anywhere on this page. Each becomes a project.
              </Empty>
            ) : (
              <ul className="grid grid-cols-1 gap-5 sm:grid-cols-2 lg:grid-cols-3">
                {projects.map((project) => (
                  <li key={project.id}>
                    <ProjectCard project={project} extra={<IconButton icon={Trash2} label={`Take ${project.title} away`} className="-mt-2 -mr-2" onClick={() => setLeaving(project)} />} />
                  </li>
                ))}
              </ul>
            )}
        </div>
      </main>
      {leaving && <TakeAway project={leaving} onClose={() => setLeaving(null)} />}
    </div>
  );
}

function Cards() {
  return (
    <Loading label="Fetching the projects">
      <div className="grid grid-cols-1 gap-5 sm:grid-cols-2 lg:grid-cols-3">
        {[0, 1, 2].map((key) => <Skeleton key={key} className="h-80 rounded-xl" />)}
      </div>
    </Loading>
  );
}

function TakeAway({ project, onClose }: { project: Project; onClose: () => void }) {
  const { say } = useToasts();
  const [busy, setBusy] = useState(false);
  const go = async (): Promise<void> => {
    setBusy(true);
    try {
      await request("DELETE", `projects/${project.id}`);
      queryClient.setQueryData<Project[]>(keys.projects, (all) => all?.filter((other) => other.id !== project.id));
      say({ kind: "good", lines: [`${project.title} is taken away.`] });
    } catch (error) {
      say({ kind: "bad", lines: linesOf(error) });
    }
    onClose();
  };
  return (
    <Dialog title="Take the project away?" onClose={onClose}>
      <p><bdi className="font-medium">{project.title}</bdi>: its marks, comments, decisions and previews are deleted. The source file and what was rendered stay in the folder.</p>
      <div className="mt-6 flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" disabled={busy} onClick={() => void go()}>Take it away</Button>
      </div>
    </Dialog>
  );
}
