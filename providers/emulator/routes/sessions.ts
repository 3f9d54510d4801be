import { type Answer, json, noContent } from "../http/answer.ts";
import { notFound, Refusal } from "../http/refusal.ts";
import { jsonBody } from "../http/request.ts";
import { checkBody } from "../http/schemas.ts";
import type { SessionRecord } from "../jobs/job-record.ts";
import { iso } from "../service.ts";
import { type Call, type EndpointRoute, route } from "./call.ts";

export const sessionRoutes: readonly EndpointRoute[] = [
  route("POST", "/api/v1/sessions", "instance", create),
  route("GET", "/api/v1/sessions/{id}", "instance", (call) => json(sessionJson(sessionOf(call), call))),
  route("PATCH", "/api/v1/sessions/{id}", "instance", update),
  route("DELETE", "/api/v1/sessions/{id}/close", "instance", close),
];

interface SessionRequest {
  readonly mode: "dedicated" | "batch";
  readonly backend: string;
  readonly max_ttl?: number;
}

function create(call: Call): Answer {
  const { request, service } = call;
  const body = jsonBody(request) as SessionRequest;
  checkBody(body, "SessionRequest");
  if (!service.devices.some(({ name }) => name === body.backend)) throw notFound(`Backend ${body.backend}`);
  if (body.mode === "dedicated" && service.settings.plan === "open")
    throw new Refusal(
      403,
      1352,
      "You are not authorized to run a session when using the open plan.",
      "Use job mode or batch mode, or another plan.",
    );
  return json(sessionJson(service.sessions.create(body.backend, body.mode, body.max_ttl), call));
}

function sessionOf({ params, service }: Call): SessionRecord {
  const session = service.sessions.find(params.id!);
  if (session === undefined) throw notFound(`Session ${params.id}`);
  return session;
}

function sessionJson(session: SessionRecord, { service }: Call): Readonly<Record<string, unknown>> {
  const end = session.closed ?? service.clock.now();
  return {
    id: session.id,
    backend_name: session.backend,
    mode: session.mode,
    state: session.state,
    state_reason: session.stateReason ?? null,
    accepting_jobs: session.acceptingJobs,
    max_ttl: session.maxSeconds,
    active_ttl: session.maxSeconds,
    interactive_ttl: session.interactiveSeconds,
    started_at: iso(session.created),
    activated_at: iso(session.activated) ?? null,
    closed_at: iso(session.closed) ?? null,
    last_job_started: iso(session.lastJobStarted) ?? null,
    last_job_completed: iso(session.lastJobCompleted) ?? null,
    timestamps: session.timestamps.map(({ status, timestamp }) => ({ status, timestamp: iso(timestamp) })),
    user_id: "IBMid-emulator",
    elapsed_time: session.activated === undefined ? 0 : Math.max(0, (end - session.activated) / 1000),
  };
}

function update(call: Call): Answer {
  const session = sessionOf(call);
  const body = jsonBody(call.request);
  checkBody(body, "SessionUpdate");
  const { sessions } = call.service;
  if ((body as { readonly accepting_jobs: boolean }).accepting_jobs) sessions.startAccepting(session);
  else sessions.stopAccepting(session);
  return noContent();
}

function close(call: Call): Answer {
  call.service.sessions.close(sessionOf(call));
  return noContent();
}
