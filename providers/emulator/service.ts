import type { EmulatorClock } from "./clock.ts";
import type { EmulatedDevice } from "./device.ts";
import type { IamTokens } from "./iam-tokens.ts";
import type { JobQueue } from "./jobs/job-queue.ts";
import type { Sessions } from "./jobs/sessions.ts";
import type { Usage } from "./jobs/usage.ts";
import type { Settings } from "./settings.ts";

/** How the service behaves; it can be changed while it runs. */
export interface Behaviour {
  /** A new job is not listed before it is so many seconds old. */
  listLagSeconds: number;
  /** The same where jobs are listed by tags, if that is longer. */
  tagLagSeconds: number;
  /** Lists of jobs come whatever tags are asked for. */
  ignoreTagFilter: boolean;
  /** At most so many jobs a page, whatever limit is asked for. */
  pageCap: number | undefined;
  /** Jobs that may be submitted in a minute; undefined for any number. */
  submissionsPerMinute: number | undefined;
}

/** All that the routes work on. */
export interface Service {
  readonly settings: Settings;
  readonly clock: EmulatorClock;
  readonly devices: readonly EmulatedDevice[];
  readonly tokens: IamTokens;
  readonly queue: JobQueue;
  readonly sessions: Sessions;
  readonly usage: Usage;
  readonly behaviour: Behaviour;
  /** Times at which jobs were accepted in the last minute, oldest first. */
  readonly submissions: number[];
}

/** Parts of the instance's name. */
export interface InstanceFacts {
  readonly account: string;
  readonly instance: string;
  readonly planId: string;
  readonly planName: string;
}

export const PLAN_IDS = {
  open: "850b5a5c-1e97-4000-8000-000000000001",
  paid: "850b5a5c-1e97-4000-8000-000000000002",
} as const;

export function instanceFacts({ crn, plan }: Settings): InstanceFacts {
  const [account = "", instance = ""] = crn.split(":").slice(6, 8);
  return {
    account: account.replace(/^a\//, ""),
    instance,
    planId: PLAN_IDS[plan],
    planName: plan === "open" ? "Open" : "Pay As You Go",
  };
}

/** A time as the service writes it; undefined for what has not been yet. */
export function iso(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString();
}
