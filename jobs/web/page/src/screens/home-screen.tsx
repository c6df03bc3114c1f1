import { FolderOpen, ImagePlus } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { useProjects, useSession } from "../api/queries";
import { AppBar } from "../shell/app-bar";
import { Button } from "../ui/button";
import { bytes } from "../ui/format";
import { useUploads } from "../upload/uploads";
import { UploadList } from "../upload/upload-list";
import { FolderDialog } from "./folder-dialog";
import { ProjectCard } from "./project-card";

export function HomeScreen() {
  const [browsing, setBrowsing] = useState(false);
  const [, go] = useLocation();
  const { data: projects } = useProjects();
  const recent = (projects ?? []).slice(0, 4);
  return (
    <div className="flex h-full flex-col">
      <AppBar />
      <main id="main" className="flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-6xl flex-col gap-14 px-5 py-10 sm:px-8 sm:py-16">
          <div className="grid items-stretch gap-10 lg:grid-cols-[5fr_6fr] lg:gap-16">
            <div className="flex flex-col justify-center gap-5">
              <h1 className="text-2xl font-semibold tracking-tight text-balance sm:text-4xl sm:leading-tight">Colour for <span className="whitespace-nowrap">black-and-white</span> film</h1>
              <p className="max-w-md text-lg text-quiet">
                Kinochrome proposes colours for every shot. You look, correct what it got wrong, and approve.
                The light and dark of your picture stay as they were scanned.
              </p>
            </div>
            <DropZone onBrowse={() => setBrowsing(true)} />
          </div>
          <UploadList />
          {recent.length > 0 && (
            <section aria-labelledby="recent" className="flex flex-col gap-4">
              <div className="flex items-baseline justify-between">
                <h2 id="recent" className="text-lg font-semibold">Go on with</h2>
                <Link href="/projects" className="rounded text-sm font-medium text-quiet underline-offset-4 hover:text-ink hover:underline">All projects</Link>
              </div>
              <ul className="grid grid-cols-1 gap-5 sm:grid-cols-2 lg:grid-cols-4">
                {recent.map((project) => <li key={project.id}><ProjectCard project={project} small /></li>)}
              </ul>
            </section>
          )}
          <Instructions />
        </div>
      </main>
      {browsing && <FolderDialog onClose={() => setBrowsing(false)} onProject={(id) => go(`/projects/${id}`)} />}
    </div>
  );
}

function DropZone({ onBrowse }: { onBrowse: () => void }) {
  const { choose, over } = useUploads();
  const { data: session } = useSession();
  return (
    <div className={`flex min-h-72 flex-col items-center justify-center gap-4 rounded-2xl border-2 border-dashed p-8 text-center transition-colors ${over ? "border-accent bg-accent-soft" : "border-edge/60 bg-surface"}`}>
      <ImagePlus aria-hidden size={36} strokeWidth={1.25} className="text-quiet" />
      <p className="text-xl font-semibold">{over ? "Let go to add it" : "Drop a photo or a film here"}</p>
      <div className="flex flex-wrap justify-center gap-2 max-sm:flex-col max-sm:items-stretch max-sm:self-stretch">
        <Button look="primary" large action="open" onClick={choose}>Choose a file</Button>
        <Button large icon={FolderOpen} onClick={onBrowse}><span>From the folder{session?.root ? <> <bdi className="inline-block max-w-40 truncate align-bottom">{session.root}</bdi></> : null}</span></Button>
      </div>
      <p className="max-w-sm text-sm text-quiet">
        {session && (
          <>
            Photos: {known(session.limits.stills, STILLS)}. Films: {known(session.limits.films.map((film) => film.toUpperCase()), FILMS)}.{" "}
            <Link href="/help#kinds" className="underline underline-offset-4 hover:text-ink">{session.limits.stills.length + session.limits.films.length} kinds</Link> in all, up to {bytes(session.limits.upload_bytes)}.{" "}
          </>
        )}
        The file stays on this server.
      </p>
    </div>
  );
}

const STILLS = ["PNG", "JPEG", "TIFF"];
const FILMS = ["MP4", "MKV", "MOV", "AVI", "MXF"];

/** Those that people know best, where the server reads them. */
const known = (all: string[], best: string[]): string => best.filter((kind) => all.includes(kind)).join(", ");

const STEPS = [
  ["Add", "A photo has its colours in seconds. A film is cut into shots first; you can leave the page meanwhile."],
  ["Look", "Wipe between grey and colour, worst shots first. Approve what is right with one key."],
  ["Correct", "Paint one stroke over a coat and the coat keeps its colour through the whole shot. Stills, words and other takes work too."],
  ["Render", "The film is written at full size, with its sound and its times. The job file that was rendered comes with it."],
] as const;

function Instructions() {
  return (
    <section aria-labelledby="how" className="border-t border-line pt-10">
      <h2 id="how" className="sr-only">How it works</h2>
      <ol className="grid gap-8 sm:grid-cols-2 lg:grid-cols-4">
        {STEPS.map(([name, text], index) => (
          <li key={name} className="flex flex-col gap-1.5">
            <p className="font-semibold"><span className="mr-2 text-quiet">{index + 1}</span>{name}</p>
            <p className="text-quiet">{text}</p>
          </li>
        ))}
      </ol>
      <p className="mt-8 text-quiet">
        <Link href="/help" className="font-medium text-ink underline underline-offset-4">Read the instructions</Link> for painting, references, takes and keys.
      </p>
    </section>
  );
}
