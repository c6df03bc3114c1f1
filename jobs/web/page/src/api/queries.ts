import { QueryClient, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { API, ApiError, request } from "./client";
import type { Folder, Kind, LikelyColours, Looks, Project, Queue, Review, Session, Shot, Shots, Takes, Times } from "./types";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => error instanceof ApiError && error.passing && count < 5,
      retryDelay: (count) => Math.min(500 * 2 ** count, 8000),
      refetchOnWindowFocus: false,
    },
  },
});

export const keys = {
  session: ["session"] as const,
  projects: ["projects"] as const,
  project: (id: string) => ["project", id] as const,
  shots: (id: string) => ["shots", id] as const,
  review: (id: string) => ["review", id] as const,
  queue: ["queue"] as const,
};

/** Why there is nothing to show: told after the second failure, though the question is asked again some more times. */
export const faultOf = ({ data, error, failureCount, failureReason }: UseQueryResult<unknown>): Error | null =>
  data === undefined ? (error ?? (failureCount > 1 ? failureReason : null)) : null;

export const useSession = () =>
  useQuery({ queryKey: keys.session, queryFn: ({ signal }) => request<Session>("GET", "session", { signal }) });

export const useLooks = () =>
  useQuery({ queryKey: ["looks"], staleTime: Infinity, queryFn: ({ signal }) => request<Looks>("GET", "looks", { signal }) });

export const useProjects = () =>
  useQuery({
    queryKey: keys.projects,
    queryFn: async ({ signal }) => (await request<{ projects: Project[] }>("GET", "projects", { signal })).projects,
  });

export const useProject = (id: string) =>
  useQuery({
    queryKey: keys.project(id),
    queryFn: ({ signal }) => request<Project>("GET", `projects/${id}`, { signal }),
    initialData: () => queryClient.getQueryData<Project[]>(keys.projects)?.find((project) => project.id === id),
    initialDataUpdatedAt: () => queryClient.getQueryState(keys.projects)?.dataUpdatedAt,
  });

/** The shots of a film; a still is one shot of one frame. */
export const useShots = (id: string, kind: Kind | undefined, enabled: boolean) =>
  useQuery({
    queryKey: keys.shots(id),
    enabled: enabled && kind !== undefined,
    queryFn: ({ signal }) => (kind === "still" ? { revision: 0, shots: [picture(id)] } : request<Shots>("GET", `projects/${id}/shots`, { signal })),
  });

function picture(id: string): Shot {
  const side = (name: string): string => `${API}/projects/${id}/frames/0.png?side=${name}&max_lines=240`;
  return {
    index: 0, start: 0, end: 1, middle: 0, seconds: 0, start_seconds: 0, timecode: "", kind: "grey", treatment: "predicted",
    attention: null, flicker: null, colourfulness: null, stale: false, strip: { grey: side("grey"), colour: side("colour"), frames: [0] },
  };
}

export const useServerReview = (id: string) =>
  useQuery({
    queryKey: keys.review(id),
    staleTime: Infinity,
    queryFn: ({ signal }) => request<Review>("GET", `projects/${id}/review`, { signal }),
  });

export const useQueue = () =>
  useQuery({ queryKey: keys.queue, staleTime: 0, queryFn: ({ signal }) => request<Queue>("GET", "queue", { signal }) });

export const useFolder = (path: string) =>
  useQuery({
    queryKey: ["folder", path],
    staleTime: 0,
    queryFn: ({ signal }) => request<Folder>("GET", `folder?path=${encodeURIComponent(path)}`, { signal }),
  });

export const useTakes = (id: string, shot: number, count: number, revision: number) =>
  useQuery({
    queryKey: ["takes", id, shot, count, revision],
    staleTime: Infinity,
    queryFn: ({ signal }) => request<Takes>("GET", `projects/${id}/shots/${shot}/takes?count=${count}`, { signal }),
  });

export const fetchTimes = (id: string, start: number, end: number) =>
  queryClient.fetchQuery({
    queryKey: ["times", id, start],
    staleTime: Infinity,
    queryFn: ({ signal }) => request<Times>("GET", `projects/${id}/times?start=${start}&end=${end}`, { signal }),
  });

export const fetchLikelyColours = (id: string, frame: number, x: number, y: number, signal?: AbortSignal) =>
  request<LikelyColours>("GET", `projects/${id}/frames/${frame}/colours?x=${x.toFixed(4)}&y=${y.toFixed(4)}&count=8`, { signal });

/** Puts a project that the server sent into every place that shows it. */
export function storeProject(project: Project): void {
  queryClient.setQueryData(keys.project(project.id), project);
  queryClient.setQueryData<Project[]>(keys.projects, (projects) => {
    if (!projects) return projects;
    const known = projects.some((other) => other.id === project.id);
    return known ? projects.map((other) => (other.id === project.id ? project : other)) : [project, ...projects];
  });
}
