/** A refusal, in the lines that the command line would print. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly lines: string[];
  readonly body: Record<string, unknown>;

  constructor(status: number, code: string, lines: string[], body: Record<string, unknown> = {}) {
    super(lines.join("\n"));
    this.status = status;
    this.code = code;
    this.lines = lines;
    this.body = body;
  }

  /** Worth trying again as it is: the server was away or had its hands full. */
  get passing(): boolean {
    return this.status === 0 || this.status === 503 || this.status === 502 || this.status === 504;
  }
}

export const API = "/api/v1";

export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export type RequestOptions = {
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  keepalive?: boolean;
};

export async function send(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const { json, body, headers, signal, keepalive } = options;
  const init: RequestInit = { method, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" };
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers = { ...init.headers, "Content-Type": "application/json" };
  } else if (body !== undefined) init.body = body;
  if (signal) init.signal = signal;
  if (keepalive) init.keepalive = true;
  let response: Response;
  try {
    response = await fetch(path.startsWith("/") ? path : `${API}/${path}`, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "away", ["The server does not answer. Start it again with: kinochrome serve FOLDER"]);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as { error?: { lines?: string[] }; code?: string };
    const lines = body.error?.lines ?? [`The server answered ${response.status}.`];
    return new ApiError(response.status, body.code ?? "bug", lines, body as Record<string, unknown>);
  } catch {
    return new ApiError(response.status, "bug", [`The server answered ${response.status} without a reason.`]);
  }
}

/** The lines of any error, for showing. */
export function linesOf(error: unknown): string[] {
  if (error instanceof ApiError) return error.lines;
  return [error instanceof Error ? error.message : String(error)];
}
