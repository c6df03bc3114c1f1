import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import { linesOf } from "../api/client";
import { storeProject } from "../api/queries";
import { useAction } from "../keys/use-action";
import { sendFile } from "./send-file";

export type Sending = {
  id: number;
  file: File;
  sent: number;
  state: "sending" | "waiting" | "reading" | "failed";
  lines: string[];
  stop: () => void;
};

type Uploads = { all: Sending[]; add: (files: Iterable<File>) => void; again: (sending: Sending) => void; drop: (id: number) => void; choose: () => void; over: boolean };

const Context = createContext<Uploads | null>(null);

export function useUploads(): Uploads {
  const uploads = useContext(Context);
  if (!uploads) throw new Error("useUploads needs an UploadProvider");
  return uploads;
}

let last = 0;

/** Takes files from the chooser and from a drop anywhere on the page, and keeps sending while people go elsewhere. */
export function UploadProvider({ children }: { children: ReactNode }) {
  const [all, setAll] = useState<Sending[]>([]);
  const [over, setOver] = useState(false);
  const [here, go] = useLocation();
  const place = useRef(here);
  place.current = here;
  const input = useRef<HTMLInputElement>(null);

  const drop = useCallback((id: number) => setAll((now) => now.filter((sending) => sending.id !== id)), []);
  const start = useCallback((file: File, alone: boolean) => {
    const id = ++last;
    const control = new AbortController();
    const from = place.current;
    const update = (part: Partial<Sending>): void => setAll((now) => now.map((sending) => (sending.id === id ? { ...sending, ...part } : sending)));
    setAll((now) => [...now, { id, file, sent: 0, state: "sending", lines: [], stop: () => control.abort() }]);
    sendFile(file, {
      signal: control.signal,
      onProgress: (sent, waiting) => update({ sent, state: waiting ? "waiting" : sent === file.size ? "reading" : "sending" }),
    })
      .then((project) => {
        storeProject(project);
        drop(id);
        if (alone && place.current === from) go(`/projects/${project.id}`);
      })
      .catch((error: unknown) => (control.signal.aborted ? drop(id) : update({ state: "failed", lines: linesOf(error) })));
  }, [drop, go]);

  const add = useCallback((files: Iterable<File>) => {
    const list = [...files];
    list.forEach((file) => start(file, list.length === 1));
  }, [start]);
  const again = useCallback((sending: Sending) => {
    drop(sending.id);
    start(sending.file, false);
  }, [drop, start]);
  const choose = useCallback(() => input.current?.click(), []);
  useAction("open", choose);

  useEffect(() => {
    const has = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const inside = (event: DragEvent): void => {
      if (!has(event) || event.defaultPrevented) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const dropped = (event: DragEvent): void => {
      setOver(false);
      if (!has(event) || event.defaultPrevented) return;
      event.preventDefault();
      add(event.dataTransfer?.files ?? []);
    };
    window.addEventListener("dragover", inside);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", dropped);
    return () => {
      window.removeEventListener("dragover", inside);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", dropped);
    };
  }, [add]);

  const value = useMemo(() => ({ all, add, again, drop, choose, over }), [all, add, again, drop, choose, over]);
  return (
    <Context value={value}>
      {children}
      <input ref={input} type="file" multiple hidden data-testid="file" onChange={(event) => { add(event.target.files ?? []); event.target.value = ""; }} />
    </Context>
  );
}
