import type { RunKeeping } from "../../../src/training/run.ts";
import type { Chance } from "./chance.ts";
import { minimizeProblem, OPTIMIZER_NAMES, type Problem, trainProblem } from "./problems.ts";

/** What a simulated run is, and the service and processes that it has to do with. */
export interface Setting {
  readonly problem: Problem;
  readonly service: {
    readonly queueSeconds: number;
    readonly submissionsPerMinute: number | null;
    readonly listLagSeconds: number;
    readonly tagLagSeconds: number;
    readonly ignoreTagFilter: boolean;
    readonly pageCap: number | null;
    /** Tags come in another order than they were given. */
    readonly reverseTags: boolean;
    /** Jobs of others, before ours. */
    readonly strangers: number;
  };
  readonly process: {
    readonly lagSeconds: number;
    readonly submitTimeoutSeconds: number;
    /** Submits are limited to five a minute. */
    readonly limited: boolean;
    /** By how much clocks of processes differ from the service's. */
    readonly skewSeconds: number;
    readonly session: boolean;
  };
  readonly keeping: Pick<RunKeeping, "park" | "budget" | "price" | "timeZone">;
  /** Jobs are listed later than is allowed for, or arrive so late. */
  readonly beyond: boolean;
}

/** A job of the problems takes about so long, and is stopped so much later. */
const JOB_SECONDS = 2.05;

export function drawSetting(chance: Chance): Setting {
  const problem = drawProblem(chance.fork("problem"));
  const lagSeconds = chance.among(30, 120, 120, 300);
  const beyond = chance.of(0.1);
  const listLagSeconds = beyond
    ? lagSeconds * chance.between(1.05, 3)
    : chance.of(0.5)
      ? 0
      : chance.between(0, lagSeconds - 10);
  const odd = chance.of(0.3);
  return {
    problem,
    beyond,
    service: {
      queueSeconds: chance.weighted([
        [60, 0],
        [15, chance.between(1, 30)],
        [15, chance.between(30, 900)],
        [3, chance.between(900, 10_000)],
        [0.3, 259_200],
      ]),
      submissionsPerMinute: chance.of(0.2) ? 5 : null,
      listLagSeconds,
      tagLagSeconds: chance.among(0, 0, 0, 1000),
      ignoreTagFilter: odd && chance.of(0.5),
      pageCap: odd ? chance.among(null, 1, 2, 7) : null,
      reverseTags: odd && chance.of(0.5),
      strangers: odd ? chance.whole(0, 3) : 0,
    },
    process: {
      lagSeconds,
      submitTimeoutSeconds: chance.among(60, 900),
      limited: chance.of(0.3),
      skewSeconds: chance.among(0, 0, 3, 600, 7200),
      session: chance.of(0.1),
    },
    keeping: {
      ...(chance.of(0.2) ? { park: "leave" as const } : {}),
      ...drawBudget(chance.fork("budget"), problem.steps),
    },
  };
}

function drawProblem(chance: Chance): Problem {
  if (chance.of(0.015)) return trainProblem(chance.whole(1, 3));
  const optimizer = chance.among(...OPTIMIZER_NAMES);
  return minimizeProblem({ optimizer, steps: chance.whole(2, 4), seed: chance.whole(1, 3), bulky: chance.of(0.03) });
}

/** None, enough, or too little. */
function drawBudget(chance: Chance, steps: number): Pick<RunKeeping, "budget" | "price" | "timeZone"> {
  const need = Math.ceil((steps + 2) * JOB_SECONDS);
  const price = { perSecond: 1.6, currency: "USD" };
  return chance.weighted<Pick<RunKeeping, "budget" | "price" | "timeZone">>([
    [50, {}],
    [20, { budget: `${need + 200}s` }],
    [12, { budget: `${need + chance.whole(0, 6)}s` }],
    [6, { budget: `${chance.whole(1, need)}s` }],
    [6, { budget: `${steps + chance.whole(-1, 3)} jobs` }],
    [4, { budget: `${Math.ceil(1.6 * need) + chance.whole(-4, 20)} USD`, price }],
    [3, { budget: `${chance.whole(3, 10)}s/day` }],
    [3, { budget: `${need + 50}s, ${chance.whole(1, 3)} jobs/day`, timeZone: "Europe/Berlin" }],
  ]);
}
