import { ArrowUp, Film, Folder as FolderIcon, Image } from "lucide-react";
import { useState } from "react";
import { linesOf, request } from "../api/client";
import { storeProject, useFolder } from "../api/queries";
import type { FolderFile, Project } from "../api/types";
import { Dialog } from "../ui/dialog";
import { bytes } from "../ui/format";
import { Empty, Fault, Lines, Loading, Skeleton } from "../ui/states";

const ROW = "flex w-full items-center gap-3 rounded-md px-3 py-2 text-left hover:bg-hover disabled:opacity-45";

/** Films and photos that lie in the server's folder already: no upload is needed for them. */
export function FolderDialog({ onClose, onProject }: { onClose: () => void; onProject: (id: string) => void }) {
  const [path, setPath] = useState("");
  const [lines, setLines] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const { data: folder, error, refetch } = useFolder(path);
  const open = async (file: FolderFile): Promise<void> => {
    if (file.project) return onProject(file.project);
    setBusy(true);
    setLines([]);
    try {
      const project = await request<Project>("POST", "projects", { json: { path: file.path } });
      storeProject(project);
      onProject(project.id);
    } catch (failure) {
      setLines(linesOf(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title="From the server’s folder" onClose={onClose}>
      <div role="alert"><Lines lines={lines} className={lines.length ? "mb-4 text-bad" : ""} /></div>
      {error ? <Fault title="The folder could not be read" error={error} retry={() => void refetch()} /> : !folder ? (
        <Loading label="Reading the folder"><Skeleton className="mb-2 h-10" /><Skeleton className="mb-2 h-10" /><Skeleton className="h-10" /></Loading>
      ) : (
        <ul aria-label={path || "The folder"} className="-mx-3">
          {folder.parent !== null && (
            <li><button type="button" className={ROW} onClick={() => setPath(folder.parent ?? "")}><ArrowUp aria-hidden size={18} className="text-quiet" />One folder up</button></li>
          )}
          {folder.folders.map((sub) => (
            <li key={sub.path}><button type="button" className={ROW} onClick={() => setPath(sub.path)}><FolderIcon aria-hidden size={18} className="shrink-0 text-quiet" /><span dir="auto" className="truncate">{sub.name}</span></button></li>
          ))}
          {folder.files.map((file) => (
            <li key={file.path}>
              <button type="button" className={ROW} disabled={busy} onClick={() => void open(file)}>
                {file.kind === "film" ? <Film aria-hidden size={18} className="shrink-0 text-quiet" /> : <Image aria-hidden size={18} className="shrink-0 text-quiet" />}
                <span dir="auto" className="min-w-0 flex-1 truncate">{file.name}</span>
                <span className="shrink-0 text-sm text-quiet">{file.project ? "Open" : bytes(file.bytes)}</span>
              </button>
            </li>
          ))}
          {folder.folders.length + folder.files.length === 0 && <li><Empty icon={FolderIcon} title="Nothing here">Copy films or photos into this folder, or drop them onto the page.</Empty></li>}
          {folder.truncated && <li className="px-3 pt-2 text-sm text-quiet">There are more files than are listed here.</li>}
        </ul>
      )}
    </Dialog>
  );
}
