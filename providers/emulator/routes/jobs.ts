import { type Answer, json, jsonText, noContent, plainText } from "../http/answer.ts";
import { notFound, Refusal } from "../http/refusal.ts";
import { jsonBody } from "../http/request.ts";
import { checkBody } from "../http/schemas.ts";
import { isFinal, type JobRecord } from "../jobs/job-record.ts";
import { type JobParams, qpyFailure } from "../program/prepare.ts";
import type { Service } from "../service.ts";
import { tooManyRequests } from "./access.ts";
import { type Call, dateOf, type EndpointRoute, flagOf, integerOf, route } from "./call.ts";
import { jobJson, metricsJson } from "./job-json.ts";

const MAX_PAGE = 200;

export const jobRoutes: readonly EndpointRoute[] = [
  route("POST", "/api/v1/jobs", "instance", create),
  route("GET", "/api/v1/jobs", "instance", list),
  route("GET", "/api/v1/jobs/{id}", "instance", retrieve),
  route("DELETE", "/api/v1/jobs/{id}", "instance", remove),
  route("GET", "/api/v1/jobs/{id}/results", "instance", results),
  route("GET", "/api/v1/jobs/{id}/logs", "instance", logs),
  route("GET", "/api/v1/jobs/{id}/metrics", "instance", metrics),
  route("POST", "/api/v1/jobs/{id}/cancel", "instance", cancel),
  route("PUT", "/api/v1/jobs/{id}/tags", "instance", replaceTags),
  route("GET", "/api/v1/tags", "instance", tags),
];

interface JobRequest {
  readonly program_id: string;
  readonly backend: string;
  readonly params: JobParams;
  readonly tags?: readonly string[];
  readonly cost?: number;
  readonly session_id?: string;
  readonly calibration_id?: string;
  readonly private?: boolean;
}

function create({ request, service }: Call): Answer {
  const body = jsonBody(request) as JobRequest;
  checkTags(body);
  checkBody(body, requestSchema(body));
  const { settings, devices, usage, sessions, queue, clock, submissions } = service;
  const device = devices.find(({ name }) => name === body.backend);
  if (device === undefined) throw notFound(`Backend ${body.backend}`);
  if (device.state === "offline")
    throw new Refusal(400, 1004, `The backend ${body.backend} is offline.`, "Choose another backend.");
  for (const [index, pub] of body.params.pubs.entries())
    if (typeof (Array.isArray(pub) ? pub[0] : pub) !== "string") {
      const { reasonCode, message, solution } = qpyFailure(`PUB ${index}`);
      throw new Refusal(400, reasonCode, message, solution);
    }
  if (body.session_id !== undefined) sessions.assertAccepting(body.session_id, body.backend);
  if (usage.isLimitReached)
    throw new Refusal(
      409,
      1323,
      `The instance has used ${usage.consumedSeconds.toFixed(1)} of its ${usage.limitSeconds} seconds.`,
      "Wait for the next period, or raise the limit.",
    );
  const limit = service.behaviour.submissionsPerMinute;
  if (limit !== undefined) {
    while (submissions.length > 0 && submissions[0]! <= clock.now() - 60_000) submissions.shift();
    const oldest = submissions[0] ?? clock.now();
    if (submissions.length >= limit) return tooManyRequests(limit, (oldest + 60_000 - clock.now()) / 1000);
    submissions.push(clock.now());
  }
  const caller = request.headers["x-qx-client-application"];
  const job = queue.submit({
    backend: body.backend,
    program: body.program_id as JobRecord["program"],
    params: body.params,
    tags: body.tags ?? [],
    sessionId: body.session_id,
    private: body.private ?? false,
    cost: Math.min(body.cost ?? settings.maxCost, settings.maxCost),
    calibrationId: body.calibration_id,
    caller: typeof caller === "string" && /^[\w./ ,;()-]{1,100}$/.test(caller) ? caller : undefined,
  });
  return json({
    id: job.id,
    backend: job.backend,
    ...(job.sessionId === undefined ? {} : { session_id: job.sessionId }),
    private: job.private,
    ...(job.calibrationId === undefined ? {} : { calibration_id: job.calibrationId }),
  });
}

/** The schema of the program that is asked for, so that what is wrong is told of it alone. @throws Refusal 400 */
function requestSchema(body: JobRequest): string {
  const program: unknown = typeof body === "object" && body !== null ? body.program_id : undefined;
  if (program === "sampler") return "SamplerJobRequest";
  if (program === "estimator") return "EstimatorJobRequest";
  throw new Refusal(
    400,
    1210,
    `The program ${JSON.stringify(program)?.slice(0, 60)} cannot be run here.`,
    "This emulator runs the programs sampler and estimator.",
  );
}

function checkTags(body: unknown): void {
  const given = (body as { readonly tags?: unknown } | null)?.tags;
  if (!Array.isArray(given)) return;
  if (given.length > 8) throw new Refusal(400, 1204, `${given.length} tags were given; at most 8 are possible.`);
  if (given.some((tag) => typeof tag === "string" && tag.length > 86))
    throw new Refusal(400, 1205, "A tag is longer than 86 characters.", "Shorten it.");
}

function list({ request, service, version }: Call): Answer {
  const { query } = request;
  const { behaviour, clock } = service;
  const asked = integerOf(query, "limit", MAX_PAGE, 1, MAX_PAGE);
  const limit = Math.min(asked, behaviour.pageCap ?? asked);
  const offset = integerOf(query, "offset", 0, 0, Number.MAX_SAFE_INTEGER);
  const byTags = query.has("tags") && !behaviour.ignoreTagFilter;
  const lag = Math.max(behaviour.listLagSeconds, byTags ? behaviour.tagLagSeconds : 0);
  const listed = clock.now() - 1000 * lag;
  const found = service.queue.jobs.filter((job) => job.created <= listed).filter(filterOf(query, behaviour));
  if (query.get("sort")?.toUpperCase() !== "ASC") found.reverse();
  const withParams = !(flagOf(query, "exclude_params") ?? true);
  return json({
    jobs: found.slice(offset, offset + limit).map((job) => jobJson(job, version, withParams)),
    count: found.length,
    limit,
    offset,
  });
}

function filterOf(query: URLSearchParams, { ignoreTagFilter }: Service["behaviour"]): (job: JobRecord) => boolean {
  const pending = flagOf(query, "pending");
  const program = query.get("program");
  const backend = query.get("backend");
  const session = query.get("session_id");
  const wanted = ignoreTagFilter ? [] : query.getAll("tags");
  const after = dateOf(query, "created_after");
  const before = dateOf(query, "created_before");
  return (job) =>
    (pending === undefined || pending === !isFinal(job)) &&
    (program === null || job.program === program) &&
    (backend === null || job.backend === backend) &&
    (session === null || job.sessionId === session) &&
    wanted.every((tag) => job.tags.includes(tag)) &&
    (after === undefined || job.created >= after) &&
    (before === undefined || job.created <= before);
}

function jobOf({ params, service }: Call): JobRecord {
  const job = service.queue.find(params.id!);
  if (job === undefined) throw notFound(`Job ${params.id}`);
  return job;
}

function retrieve(call: Call): Answer {
  return json(jobJson(jobOf(call), call.version, !(flagOf(call.request.query, "exclude_params") ?? false)));
}

function results(call: Call): Answer {
  const job = jobOf(call);
  if (typeof job.result !== "string") return noContent();
  const answer = jsonText(job.result);
  // Read once, and gone.
  if (job.private) call.service.queue.takeResult(job);
  return answer;
}

function logs(call: Call): Answer {
  const job = jobOf(call);
  if (!isFinal(job)) return noContent();
  const time = (at: number | undefined): string => (at ? new Date(at).toISOString() : "-");
  return plainText(
    `${time(job.started)} INFO: Job ${job.id} started on ${job.backend} with ${job.pubs} PUB(s).\n${time(job.ended)} ${job.status === "Completed" ? "INFO" : "ERROR"}: ${job.status}${job.reason ? `: ${job.reason}` : "."}\n`,
  );
}

function metrics(call: Call): Answer {
  const job = jobOf(call);
  const waiting = call.service.queue.pending(job.backend).filter(({ status }) => status === "Queued");
  const place = waiting.indexOf(job);
  return json(metricsJson(job, call.version, place < 0 ? undefined : place + 1));
}

function cancel(call: Call): Answer {
  const job = jobOf(call);
  if (isFinal(job)) throw new Refusal(409, 1297, `Job ${job.id} is ${job.status} and cannot be cancelled.`);
  call.service.queue.cancel(job, "The job was cancelled by the user.", undefined);
  return noContent();
}

function remove(call: Call): Answer {
  const job = jobOf(call);
  if (!isFinal(job))
    throw new Refusal(409, 1298, `Job ${job.id} is ${job.status} and cannot be deleted.`, "Cancel it first.");
  call.service.queue.delete(job);
  return noContent();
}

function replaceTags(call: Call): Answer {
  const job = jobOf(call);
  const body = jsonBody(call.request);
  checkTags(body);
  checkBody(body, "JobTagsRequest");
  call.service.queue.setTags(job, (body as { readonly tags: readonly string[] }).tags);
  return noContent();
}

function tags({ request, service }: Call): Answer {
  const { query } = request;
  const search = query.get("search") ?? "";
  if (query.get("type") !== "job") throw new Refusal(400, 1210, "type must be job.");
  if (search.length < 3) throw new Refusal(400, 1210, "search must have 3 characters or more.");
  const found = new Set(service.queue.jobs.flatMap((job) => job.tags.filter((tag) => tag.includes(search))));
  return json({ tags: [...found].sort() });
}
