import { packageVersion } from "../version.ts";
import type { CreatedEvent } from "./events.ts";

/** The first event of a run that this process creates. */
export function createdEvent(parent?: CreatedEvent["parent"]): CreatedEvent {
  const versions = { lepton: packageVersion(), node: process.versions.node };
  return { type: "created", versions, ...(parent === undefined ? {} : { parent }) };
}
