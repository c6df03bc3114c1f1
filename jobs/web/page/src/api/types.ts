/** What the server says and takes; its own description of it is /api/v1/openapi.json. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type Session = {
  token_needed: boolean;
  signed_in: boolean;
  version: string;
  root: string;
  worker: WorkerState;
  limits: { chunk_bytes: number; upload_bytes: number; streams: number; picture_pixels: number; stills: string[]; films: string[] };
};
export type WorkerState = "running" | "stopped" | "off";

export type Filter = { id: string; name: string; group: "basic" | "process" | "tint"; text: string };
export type Preset = { id: string; name: string; text: string; suffix: string };
export type Looks = { filters: Filter[]; presets: Preset[]; nouns: string[] };

export type FolderFile = { name: string; path: string; kind: Kind; bytes: number; project: string | null };
export type Folder = {
  path: string;
  parent: string | null;
  folders: { name: string; path: string }[];
  files: FolderFile[];
  truncated: boolean;
};

export type Upload = { id: string; name: string; size: number; offset: number; chunk_bytes?: number; complete?: boolean };

export type Kind = "film" | "still";
export type ProjectState = "new" | "queued" | "planning" | "running" | "ready" | "done" | "failed";
export type Progress = {
  what: "preview" | "film" | "still";
  stage: string;
  done: number;
  total: number | null;
  percent: number;
  seconds_left: number | null;
  line: string;
};
export type Media = {
  width: number;
  height: number;
  display_width: number;
  display_height: number;
  rotation_degrees: 0 | 90 | 180 | 270;
  mirrored: boolean;
  frames: number | null;
  rate: number | null;
  seconds: number | null;
  sound: boolean;
  interlaced: boolean;
  shots: number | null;
};
export type JobState = "queue" | "running" | "cancelling" | "done" | "failed" | "cancelled";
export type Output = { name: string; url: string; bytes: number; what: "film" | "still" | "report" | "record" | "job" };
export type Project = {
  id: string;
  title: string;
  path: string;
  kind: Kind;
  created: string;
  state: ProjectState;
  can_review: boolean;
  filter: string;
  preset: string;
  media: Media | null;
  progress: Progress | null;
  lines: string[];
  job: { id: string; state: JobState } | null;
  revision: number;
  preview: { revision: number; url: string; stale: boolean; width: number; height: number } | null;
  film: { revision: number; stale: boolean; preset: string } | null;
  outputs: Output[];
  poster: string | null;
};

export type Shot = {
  index: number;
  start: number;
  end: number;
  seconds: number;
  start_seconds: number;
  timecode: string;
  kind: string;
  treatment: "predicted" | "grey" | "original";
  attention: number | null;
  flicker: number | null;
  colourfulness: number | null;
  stale: boolean;
  middle: number;
  strip: { grey: string; colour: string | null; frames: number[] };
};
export type Shots = { revision: number; shots: Shot[] };
export type Times = { start: number; end: number; seconds: number[] };

export type Point = [number, number];
export type Shape = "stroke" | "point" | "box" | "erase";
export type Mark = { shape: Shape; colour: string; frame: number; path: Point[]; radius: number };
export type Reference = { name: string; file: string; frame: number | null; weight: number };
export type Given = {
  approved?: boolean;
  redo?: boolean;
  comment?: string;
  saturation?: number;
  hue_degrees?: number;
  skip?: boolean;
  keep_original?: boolean;
  marks?: Record<string, Mark>;
  words?: Record<string, string>;
  regions?: Record<string, string>;
  references?: Record<string, Reference>;
  colours?: Record<string, string>;
  take?: number;
  seed?: number;
  look?: string;
  look_strength?: number;
  kind?: "photo" | "sketch";
  filter?: string;
};
export type Field = keyof Given;
export type Review = { revision: number; film: Given; shots: Record<string, Given> };

/** One field of one shot, or of the film where `shot` is null; `key` for fields that hold several things by name. */
export type Change = { shot: number | null; field: Field; key?: string; value: Json };
export type Conflict = Change & { theirs: Json; client: string; revision: number; time: string };
export type Patched = { revision: number; conflicts: Conflict[] };

export type LikelyColours = { grey: string; colours: { hex: string; ab: [number, number]; share: number }[] };
export type Take = { take: number; name?: string; url: string };
export type Takes = { shot: number; frame: number; takes: Take[]; regions: { url: string; letters: string[] } | null };

export type QueueJob = {
  id: string;
  state: JobState;
  project: string | null;
  title: string;
  what: "preview" | "film" | "still";
  attempts: number;
  attempts_allowed: number;
  submitted: number;
  age_seconds: number;
  line: string;
  progress: Progress | null;
  lines: string[];
};
export type Queue = { worker: WorkerState; jobs: QueueJob[] };
