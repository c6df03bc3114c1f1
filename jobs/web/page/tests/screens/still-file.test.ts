import { describe, expect, it } from "vitest";
import { ApiError, type request } from "../../src/api/client";
import type { Project } from "../../src/api/types";
import { writtenStill } from "../../src/screens/still-file";

type Part = Pick<Partial<Project>, "film" | "job" | "lines">;
const PICTURE = { name: "photo.png", url: "/photo.png", bytes: 9, what: "still" };
const done = { id: "1", state: "done" } as const;
const fresh: Part = { film: { revision: 2, stale: false, preset: "" }, job: done };
const old: Part = { film: { revision: 1, stale: true, preset: "" }, job: done };
const running: Part = { film: null, job: { id: "1", state: "running" } };

/** Asks a server that tells these states one after the other; what was asked of it is in `asked`. */
function server(...states: (Part | Error)[]) {
  const asked: string[] = [];
  const call = async (method: string): Promise<unknown> => {
    asked.push(method);
    if (method === "POST") return {};
    const now = states.length > 1 ? states.shift() : states[0];
    if (now instanceof Error) throw now;
    return { outputs: now?.film ? [PICTURE] : [], lines: [], ...now };
  };
  const get = () => writtenStill("id", { signal: new AbortController().signal, call: call as typeof request, pause: async () => undefined, saving: () => false });
  return { asked, get };
}

describe("the file of a picture", () => {
  it("is the one that is there, where it has the colours of now", async () => {
    const { asked, get } = server(fresh);
    expect(await get()).toEqual(PICTURE);
    expect(asked).toEqual(["GET"]);
  });

  it("is written once where there is none, or an old one", async () => {
    for (const first of [{ film: null, job: null }, old]) {
      const { asked, get } = server(first, running, running, fresh);
      expect(await get()).toEqual(PICTURE);
      expect(asked).toEqual(["GET", "POST", "GET", "GET", "GET"]);
    }
  });

  it("waits for the writing that goes on, and for a server that is away", async () => {
    const { asked, get } = server(running, new ApiError(0, "away", ["away"]), fresh);
    expect(await get()).toEqual(PICTURE);
    expect(asked).toEqual(["GET", "GET", "GET"]);
  });

  it("is refused in the words of the server", async () => {
    const failed: Part = { film: null, job: { id: "1", state: "failed" }, lines: ["the disk is full"] };
    await expect(server(failed, running, failed).get()).rejects.toThrow("the disk is full");
    await expect(server(new ApiError(404, "missing", ["there is no such project"])).get()).rejects.toThrow("no such project");
  });
});
