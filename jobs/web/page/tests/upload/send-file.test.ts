import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/api/client";
import type { Project, Upload } from "../../src/api/types";
import { sendFile, type Call, type Source } from "../../src/upload/send-file";

const CHUNK = 4;

/** A server that keeps what it is sent, and of whose answers some get lost. */
function server(options: { lose?: number[]; start?: number; refuse?: boolean } = {}) {
  let kept = "abcdefghij".slice(0, options.start ?? 0);
  let call = 0;
  const answer: Call = async (method, path, given) => {
    call += 1;
    if (method === "POST" && path === "uploads") return { id: "u", name: "f", size: 10, offset: kept.length, chunk_bytes: CHUNK } satisfies Upload as never;
    if (method === "PATCH") {
      const at = Number(given?.headers?.["Upload-Offset"]);
      if (at !== kept.length) throw new ApiError(409, "conflict", ["wrong offset"], { offset: kept.length });
      kept += await (given?.body as Blob).text();
      if (options.lose?.includes(call)) throw new ApiError(0, "away", ["away"]);
      return { id: "u", name: "f", size: 10, offset: kept.length } satisfies Upload as never;
    }
    if (options.refuse) throw new ApiError(422, "source", ["f: no film and no picture"]);
    return { id: "project" } as Project as never;
  };
  return { answer, kept: () => kept };
}

const file: Source = { name: "f", size: 10, slice: (start, end) => new Blob(["abcdefghij".slice(start, end)]) };
const run = (call: Call, seen: [number, boolean][] = []) =>
  sendFile(file, { call, signal: new AbortController().signal, onProgress: (sent, waiting) => seen.push([sent, waiting]), pause: () => Promise.resolve() });

describe("sending a file", () => {
  it("sends it in chunks and makes a project of it", async () => {
    const { answer, kept } = server();
    const seen: [number, boolean][] = [];
    expect((await run(answer, seen)).id).toBe("project");
    expect(kept()).toBe("abcdefghij");
    expect(seen.map(([sent]) => sent)).toEqual([0, 4, 8, 10]);
  });

  it("goes on where an earlier page stopped", async () => {
    const { answer, kept } = server({ start: 7 });
    const seen: [number, boolean][] = [];
    await run(answer, seen);
    expect(kept()).toBe("abcdefghij");
    expect(seen[0]).toEqual([7, false]);
  });

  it("loses and doubles nothing when an answer is lost on its way", async () => {
    const { answer, kept } = server({ lose: [2, 4] });
    const seen: [number, boolean][] = [];
    await run(answer, seen);
    expect(kept()).toBe("abcdefghij");
    expect(seen.some(([, waiting]) => waiting)).toBe(true);
  });

  it("begins anew when the server has forgotten the upload, and gives up in the end", async () => {
    const { answer, kept } = server();
    let forgotten = 1;
    const forgetful: Call = async (method, path, given) => {
      if (path.endsWith("/project") && forgotten-- > 0) throw new ApiError(404, "not_found", ["no such upload"]);
      return answer(method, path, given);
    };
    expect((await run(forgetful)).id).toBe("project");
    expect(kept()).toBe("abcdefghij");
    forgotten = 9;
    await expect(run(forgetful)).rejects.toThrow("no such upload");
  });

  it("hands a refusal on", async () => {
    await expect(run(server({ refuse: true }).answer)).rejects.toThrow("no film and no picture");
  });

  it("stops when it is told to", async () => {
    const control = new AbortController();
    control.abort();
    await expect(sendFile(file, { call: server().answer, signal: control.signal, onProgress: () => undefined })).rejects.toThrow();
  });
});
