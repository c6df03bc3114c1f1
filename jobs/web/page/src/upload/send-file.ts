import { ApiError, request } from "../api/client";
import type { Project, Upload } from "../api/types";

export type Source = { name: string; size: number; slice: (start: number, end: number) => Blob };
export type Call = typeof request;

type Options = { onProgress: (sent: number, waiting: boolean) => void; signal: AbortSignal; call?: Call; pause?: (ms: number) => Promise<void> };

const LONGEST_WAIT_MS = 8000;
const ATTEMPTS = 3;

/**
 * Sends a file in chunks and makes a project of it. A server that is away is asked again until it is back, and the file
 * goes on where it stopped, after a reload of the page too. Refusals are thrown.
 */
export async function sendFile(file: Source, options: Options): Promise<Project> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendOnce(file, options);
    } catch (error) {
      // a server that has forgotten the upload gets it anew
      if (!(error instanceof ApiError) || error.status !== 404 || attempt === ATTEMPTS) throw error;
    }
  }
}

async function sendOnce(file: Source, options: Options): Promise<Project> {
  const { onProgress, signal, call = request, pause = sleep } = options;
  const patiently = async <T>(ask: () => Promise<T>, sent: number): Promise<T> => {
    for (let wait = 500; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      signal.throwIfAborted();
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof ApiError) || !error.passing) throw error;
        onProgress(sent, true);
        await pause(wait);
      }
    }
  };

  const begun = await patiently(() => call<Upload>("POST", "uploads", { json: { name: file.name, size: file.size }, signal }), 0);
  const chunk = begun.chunk_bytes ?? 4 * 1024 * 1024;
  let offset = begun.offset;
  while (offset < file.size) {
    onProgress(offset, false);
    const at = offset;
    try {
      const answer = await patiently(
        () =>
          call<Upload>("PATCH", `uploads/${begun.id}`, {
            body: file.slice(at, Math.min(at + chunk, file.size)),
            headers: { "Content-Type": "application/octet-stream", "Upload-Offset": String(at) },
            signal,
          }),
        at,
      );
      offset = answer.offset;
    } catch (error) {
      // the server has more or less of it than this page thought, as when an answer was lost on its way
      if (!(error instanceof ApiError) || error.code !== "conflict" || typeof error.body.offset !== "number") throw error;
      if (error.body.offset === at) throw error;
      offset = error.body.offset;
    }
  }
  onProgress(file.size, false);
  return patiently(() => call<Project>("POST", `uploads/${begun.id}/project`, { json: {}, signal }), file.size);
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
