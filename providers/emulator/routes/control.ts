import { ProviderError } from "../../errors.ts";
import type { EmulatorControl } from "../control.ts";
import type { BackendState } from "../device.ts";
import type { FaultRule } from "../faults/fault-rule.ts";
import { type Answer, json, noContent } from "../http/answer.ts";
import { Refusal } from "../http/refusal.ts";
import { type EmulatorRequest, jsonBody } from "../http/request.ts";
import type { Route } from "../http/router.ts";
import type { ScriptedOutcome } from "../jobs/job-record.ts";
import type { Journal } from "../journal.ts";
import type { Service } from "../service.ts";

export interface ControlCall {
  readonly request: EmulatorRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly control: EmulatorControl;
  readonly journal: Journal;
  readonly service: Service;
}

type ControlHandler = (call: ControlCall) => Answer | Promise<Answer>;
export type ControlRoute = Route<ControlHandler>;

const at = (method: string, pattern: string, handler: ControlHandler): ControlRoute => ({
  method,
  pattern: `/_lepton/${pattern}`,
  handler,
});

/** What stands outside the IBM surface: the same as `EmulatorControl`. */
export const controlRoutes: readonly ControlRoute[] = [
  at("GET", "state", ({ control, service }) =>
    json({
      now: new Date(service.clock.now()).toISOString(),
      clock: service.settings.clock,
      counts: control.counts(),
      backends: service.devices.map(({ name, state }) => ({ name, state })),
      faults: control.faults.rules,
    }),
  ),
  at("GET", "jobs", ({ control }) => json({ jobs: control.jobs() })),
  at("GET", "journal", ({ journal }) => json({ entries: journal.entries })),
  at("DELETE", "journal", ({ journal }) => {
    journal.clear();
    return noContent();
  }),
  at("GET", "faults", ({ control }) => json({ faults: control.faults.rules })),
  at("POST", "faults", ({ control, request }) => json({ name: control.faults.add(bodyOf<FaultRule>(request)) })),
  at("DELETE", "faults", ({ control }) => {
    control.faults.clear();
    return noContent();
  }),
  at("DELETE", "faults/{name}", ({ control, params }) => {
    control.faults.remove(params.name!);
    return noContent();
  }),
  at("PATCH", "settings", ({ control, request }) => {
    control.set(bodyOf(request));
    return noContent();
  }),
  at("POST", "next-jobs", ({ control, request }) => {
    control.nextJobs(bodyOf<readonly ScriptedOutcome[]>(request));
    return noContent();
  }),
  at("POST", "advance", async ({ control, request, service }) => {
    await control.advance(bodyOf<{ readonly seconds: number }>(request).seconds);
    return json({ now: new Date(service.clock.now()).toISOString() });
  }),
  at("POST", "expire-tokens", ({ control }) => {
    control.expireTokens();
    return noContent();
  }),
  at("PUT", "backends/{name}", ({ control, params, request }) => {
    control.setBackend(params.name!, bodyOf<{ readonly state: BackendState }>(request).state);
    return noContent();
  }),
  at("POST", "backends/{name}/recalibrate", ({ control, params }) => {
    control.recalibrate(params.name!);
    return noContent();
  }),
  at("POST", "sessions/{id}/close", ({ control, params }) => {
    control.closeSession(params.id!);
    return noContent();
  }),
];

function bodyOf<Body>(request: EmulatorRequest): Body {
  const body = jsonBody(request);
  if (typeof body !== "object" || body === null) throw new Refusal(400, 1210, "The body is no object.");
  return body as Body;
}

/** Errors of the control are the caller's own. */
export function controlRefusal(error: unknown): Refusal | undefined {
  return error instanceof ProviderError && error.code === "EMULATOR_CONTROL"
    ? new Refusal(400, 1210, error.message)
    : undefined;
}
