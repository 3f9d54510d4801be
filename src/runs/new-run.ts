import { randomUUID } from "node:crypto";
import { packageVersion } from "../version.ts";
import type { CreatedEvent, FailedEvent } from "./events.ts";
import { oneLine } from "./history.ts";

/** The first event of a run that this process creates. */
export function createdEvent(parent?: CreatedEvent["parent"]): CreatedEvent {
  const versions = { lepton: packageVersion(), node: process.versions.node };
  return { type: "created", versions, nonce: randomUUID(), ...(parent === undefined ? {} : { parent }) };
}

/** That a run cannot be driven, in words that keep no secret. */
export function failedEvent(error: unknown): FailedEvent {
  const { name = "Error", message = String(error), code } = (error ?? {}) as Partial<Error> & { code?: unknown };
  const told = { name, message: oneLine(message) };
  return { type: "failed", error: typeof code === "string" ? { ...told, code } : told };
}
