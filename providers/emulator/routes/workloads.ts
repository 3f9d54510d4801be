import { type Answer, json } from "../http/answer.ts";
import { Refusal } from "../http/refusal.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import { iso, type Service } from "../service.ts";
import { type Call, dateOf, type EndpointRoute, integerOf, route } from "./call.ts";

const MAX_PAGE = 50;
const STATUS = {
  Queued: "pending",
  Running: "in_progress",
  Completed: "completed",
  Failed: "failed",
  Cancelled: "canceled",
} as const;

interface Workload {
  readonly id: string;
  readonly mode: "job" | "session" | "batch";
  readonly status: string;
  readonly backend: string;
  readonly created: number;
  readonly ended: number | undefined;
  readonly tags: readonly string[];
  readonly seconds: number;
}

export const workloadRoutes: readonly EndpointRoute[] = [route("GET", "/api/v1/workloads", "instance", list)];

function list({ request, service }: Call): Answer {
  const { query } = request;
  const limit = integerOf(query, "limit", MAX_PAGE, 1, MAX_PAGE);
  const found = workloads(service).filter(filterOf(query));
  found.sort((a, b) => a.created - b.created);
  if (query.get("sort") === "-createdAt") found.reverse();
  const offset = cursorOf(query);
  const link = (from: number, name: "next" | "previous") => {
    const other = new URLSearchParams(query);
    other.delete("next");
    other.delete("previous");
    other.set(name, Buffer.from(String(from)).toString("base64url"));
    return { href: `/api/v1/workloads?${other}` };
  };
  return json({
    workloads: found.slice(offset, offset + limit).map(workloadJson),
    limit,
    total_count: found.length,
    ...(offset + limit < found.length ? { next: link(offset + limit, "next") } : {}),
    ...(offset > 0 ? { previous: link(Math.max(0, offset - limit), "previous") } : {}),
  });
}

function cursorOf(query: URLSearchParams): number {
  const cursor = query.get("next") ?? query.get("previous");
  if (cursor === null) return 0;
  const offset = Number(Buffer.from(cursor, "base64url").toString() || Number.NaN);
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new Refusal(400, 1210, "The cursor is not valid.", "Use the one of next.href or previous.href.");
  return offset;
}

function workloads({ queue, sessions }: Service): Workload[] {
  const alone = queue.jobs.filter(({ sessionId }) => sessionId === undefined);
  return [
    ...alone.map((job) => ({
      id: job.id,
      mode: "job" as const,
      status: STATUS[job.status],
      backend: job.backend,
      created: job.created,
      ended: job.ended,
      tags: job.tags,
      seconds: job.quantumSeconds ?? 0,
    })),
    ...sessions.sessions.map((session) => {
      const own = queue.jobs.filter(({ sessionId }) => sessionId === session.id);
      return {
        id: session.id,
        mode: session.mode === "batch" ? ("batch" as const) : ("session" as const),
        status: session.state === "closed" ? "completed" : session.state === "open" ? "pending" : "in_progress",
        backend: session.backend,
        created: session.created,
        ended: session.closed,
        tags: [...new Set(own.flatMap((job: JobRecord) => job.tags))],
        seconds: own.reduce((sum, { quantumSeconds }) => sum + (quantumSeconds ?? 0), 0),
      };
    }),
  ];
}

function filterOf(query: URLSearchParams): (workload: Workload) => boolean {
  const [backend, mode, search] = [query.get("backend"), query.get("mode"), query.get("search")];
  const statuses = query.getAll("status").flatMap((status) => status.split(","));
  const tags = query.getAll("tags");
  const after = dateOf(query, "created_after");
  const before = dateOf(query, "created_before");
  return (workload) =>
    (backend === null || workload.backend === backend) &&
    (mode === null || workload.mode === mode) &&
    (search === null || workload.id.includes(search) || workload.tags.some((tag) => tag.includes(search))) &&
    (statuses.length === 0 || statuses.includes(workload.status)) &&
    tags.every((tag) => workload.tags.includes(tag)) &&
    (after === undefined || workload.created >= after) &&
    (before === undefined || workload.created <= before);
}

function workloadJson(workload: Workload): Readonly<Record<string, unknown>> {
  return {
    id: workload.id,
    mode: workload.mode,
    status: workload.status,
    backend: workload.backend,
    created_at: iso(workload.created),
    ended_at: iso(workload.ended) ?? null,
    tags: workload.tags,
    usage_seconds: workload.seconds,
  };
}
