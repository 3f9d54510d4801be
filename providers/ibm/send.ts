import { randomUUID } from "node:crypto";
import { ProviderError } from "../errors.ts";
import type { IsaEstimatorPub, IsaSamplerPub } from "../isa-pubs.ts";
import { JOB_OVERHEAD_SECONDS } from "../isa-pubs.ts";
import type { JobPlan, JobSplit, RunOptions } from "../primitives.ts";
import type { SubmitBody } from "./adopt.ts";
import { IbmCheckError } from "./check-error.ts";
import { checkCompiledPubs, checkTags } from "./checks.ts";
import type { DecodedResult } from "./decode.ts";
import { assertUsageLeft, type IbmDevice, serviceJob } from "./device.ts";
import { type PubSize, type PubSlice, splitIntoJobs } from "./limits.ts";
import { mitigationWork } from "./mitigation-work.ts";
import { type IbmEstimatorOptions, type IbmSamplerOptions, MAX_COST } from "./program-options.ts";
import type { PrimitiveProgram } from "./programs.ts";
import { resultError } from "./result-error.ts";
import { sendable } from "./sending.ts";
import type { ServiceJob } from "./service-job.ts";
import { submitOnce } from "./submit.ts";
import { planAtService, twirlingFactor } from "./twirled-plan.ts";

type DevicePub = IsaEstimatorPub | IsaSamplerPub;
type Options = IbmEstimatorOptions | IbmSamplerOptions;

/** PUBs on their way to the service: which rows go into which job, and what that will take. */
export interface Shipment<Pub, Answer> {
  readonly pubs: readonly Pub[];
  readonly jobs: readonly (readonly PubSlice[])[];
  readonly plan: JobPlan;
  /** One for each job. */
  readonly parts: readonly PlannedPart[];
  /** The answer to each PUB from the results of the jobs. @throws ProviderError RESULT_FORMAT */
  answers(decoded: readonly DecodedResult[]): readonly Answer[];
}

/**
 * Checks compiled PUBs and fills jobs with them.
 * @param before how they were split when parts of them were submitted; compiled anew, they might be split otherwise
 * @throws IbmCheckError IBM_NOT_ISA, IBM_LIMIT, IBM_NOTHING_TO_RUN; ProviderError IBM_SUBMIT_KEY
 */
export function packed<Pub extends DevicePub, Own extends Options, Params, Answer>(
  device: IbmDevice,
  program: PrimitiveProgram<Pub, Own, Params, Answer>,
  pubs: readonly Pub[],
  options: Own,
  before?: JobSplit,
): Shipment<Pub, Answer> {
  checkCompiledPubs(pubs, device.target, options, device.limits);
  const sizes = pubs.map((pub) => {
    const size = program.sizeOf(pub, device.limits);
    return { ...size, executionsPerRow: Math.round(size.executionsPerRow * twirlingFactor(pub, options)) };
  });
  if (before !== undefined) assertCovers(before, sizes);
  const split = before ?? splitIntoJobs(sizes, device.limits);
  if (split === undefined) {
    const index = sizes.findIndex(
      ({ bytes, bytesPerRow, executionsPerRow }) =>
        bytes + bytesPerRow > device.limits.maxPayloadBytes || executionsPerRow > device.limits.maxExecutionsPerJob,
    );
    const { bytes, bytesPerRow, executionsPerRow } = sizes[index]!;
    const { maxPayloadBytes, maxExecutionsPerJob } = device.limits;
    throw bytes + bytesPerRow > maxPayloadBytes
      ? new IbmCheckError(
          "IBM_LIMIT",
          `Compiled PUB ${index} takes ${bytes + bytesPerRow} bytes with a single row; a job has ${maxPayloadBytes}, ${bytes + bytesPerRow - maxPayloadBytes} fewer.`,
          { ibmCode: "5302" },
        )
      : new IbmCheckError(
          "IBM_LIMIT",
          `Compiled PUB ${index} takes ${executionsPerRow} executions a row; a job has ${maxExecutionsPerJob}, ${executionsPerRow - maxExecutionsPerJob} fewer. Ask for fewer shots.`,
          { ibmCode: "1520" },
        );
  }
  const jobs = split.map((slices) => slices.filter(({ from, to }) => to > from)).filter((slices) => slices.length > 0);
  if (jobs.length === 0)
    throw new IbmCheckError(
      "IBM_NOTHING_TO_RUN",
      "No PUB has a row to run, and an empty job would be charged all the same; leave it out.",
    );
  for (const slices of jobs) {
    const parts = slices.map(({ pub, from, to }) => ({ pub: pubs[pub]!, from, to }));
    // A Sampler's result grows with the shots; an Estimator's does not.
    const bytesOf = (part: (typeof parts)[number]): number =>
      program.resultBytes(part) * ("shots" in part.pub ? twirlingFactor(part.pub, options) : 1);
    const bytes = parts.reduce((sum, part) => sum + bytesOf(part), 0);
    const { maxResultBytes } = device.client.jobs;
    if (bytes > maxResultBytes)
      throw new IbmCheckError(
        "IBM_LIMIT",
        `The result of a job would be about ${bytes} bytes; this client reads ${maxResultBytes}, ${bytes - maxResultBytes} fewer, so it would be paid for and not read. Give ibmProvider a larger maxResultBytes, or send fewer shots or rows in one run.`,
      );
  }
  const planned = jobs.map((slices) => planPart(pubs, slices, options));
  const plan = planAtService(pubs, options, jobs.length);
  const answers = (decoded: readonly DecodedResult[]): readonly Answer[] => {
    const parts = new Map<number, Answer[]>(pubs.map((_, index) => [index, []]));
    for (const [job, slices] of jobs.entries()) {
      const found = decoded[job]!.pubs;
      if (found.length !== slices.length)
        throw resultError("result", `has ${found.length} PUB(s) but ${slices.length} were sent`);
      for (const [place, { pub, from, to }] of slices.entries())
        parts
          .get(pub)!
          .push(program.decode(found[place]!, { pub: pubs[pub]!, from, to }, `result.results[${place}]`, options));
    }
    return pubs.map((pub, index) => program.join(pub, parts.get(index)!));
  };
  return { pubs, jobs, plan, parts: planned, answers };
}

/**
 * Submits a shipment. Where it takes several jobs and one is refused, those before it are cancelled unless a key of the
 * caller's finds them again.
 * @throws ProviderError IBM_SENDING_REFUSED, IBM_OPTION, IBM_SUBMIT_KEY; IbmCheckError IBM_TAGS, IBM_USAGE_LIMIT; what `submitOnce` throws; what
 * the callbacks throw
 */
export async function send<Pub extends DevicePub, Own extends Options, Params, Answer>(
  device: IbmDevice,
  program: PrimitiveProgram<Pub, Own, Params, Answer>,
  shipment: Shipment<Pub, Answer>,
  given: Own,
  run: RunOptions,
): Promise<{ readonly jobs: readonly ServiceJob[]; readonly surplus: readonly string[] }> {
  const { signal, submitKey, earlier, beforeSubmit, onSubmitted, onReconciling } = run;
  const { client, clock, lagSeconds } = device;
  const options = sendable(device.sending, given);
  // Each by itself first: a text would be spread into its letters.
  const asked = [options.tags ?? [], run.tags ?? []].flatMap((list) => checkTags(list, device.limits, 1));
  const tags = checkTags(asked, device.limits, 1);
  const key = submitKey ?? `lepton-${randomUUID()}`;
  const parts = shipment.jobs.length;
  const keyOf = (part: number): string => (parts === 1 ? key : `${key}-${part}`);
  assertSameParts(
    earlier,
    shipment.jobs.map((_, part) => keyOf(part)),
  );
  const bodies = shipment.jobs.map((slices, part) => {
    const rows = slices.map(({ pub, from, to }) => ({ pub: shipment.pubs[pub]!, from, to }));
    return {
      program_id: program.id,
      backend: device.name,
      params: program.encode(rows, options),
      tags: [...tags, keyOf(part)],
      cost: shipment.parts[part]!.capSeconds,
      ...jobFields(device, options),
    } as unknown as SubmitBody;
  });
  signal?.throwIfAborted();
  let isUsageKnown = !device.checkUsage;
  const beforeFirst = async (): Promise<void> => {
    if (!isUsageKnown) await assertUsageLeft(client, signal);
    isUsageKnown = true;
  };
  const jobs: ServiceJob[] = [];
  const surplus: string[] = [];
  try {
    for (const [part, body] of bodies.entries()) {
      const partKey = keyOf(part);
      const { quantumSeconds, executions } = shipment.parts[part]!;
      const submitted = await submitOnce(body, {
        ...{ client, clock, lagSeconds, signal, beforeFirst, beforeSubmit, onReconciling },
        ...{ key: partKey, part, parts, quantumSeconds, executions, session: device.session },
        split: parts === 1 ? undefined : shipment.jobs,
        // Without a key of the caller's, parts of a run that fails are cancelled below, and of no use to another run.
        again: parts === 1 ? key : submitKey,
        earlier: earlier?.filter((submit) => submit.key === partKey),
        lookFirst: submitKey !== undefined,
      });
      jobs.push(serviceJob(device, submitted.id));
      surplus.push(...submitted.surplus);
      const { adopted, known } = submitted;
      if (!known) await onSubmitted?.(submitted.id, { key: partKey, part, parts, adopted, surplus: submitted.surplus });
    }
  } catch (error) {
    // A part of the PUBs is of no use to the caller, who gets no job to cancel. A single one may be durable somewhere.
    if (parts > 1 && submitKey === undefined) for (const job of jobs) await job.cancel().catch(() => {});
    throw error;
  }
  return { jobs, surplus };
}

/** How PUBs were split before, where that was kept. */
export function splitBefore({ earlier }: RunOptions = {}): JobSplit | undefined {
  // What is no list is refused with the other options.
  return Array.isArray(earlier) ? earlier.find((submit) => submit?.split !== undefined)?.split : undefined;
}

/** @throws ProviderError IBM_SUBMIT_KEY unless every row is in one job */
function assertCovers(split: JobSplit, sizes: readonly PubSize[]): void {
  const next = sizes.map(() => 0);
  const isNext = ({ pub, from, to }: PubSlice): boolean => {
    const fits = next[pub] === from && to > from;
    next[pub] = to;
    return fits;
  };
  const isWhole = split.every((slices) => slices.length > 0 && slices.every(isNext));
  if (isWhole && next.every((to, pub) => to === sizes[pub]?.rows)) return;
  throw new ProviderError(
    "IBM_SUBMIT_KEY",
    `Before, PUBs were submitted in ${split.length} jobs whose rows are not those of these ${sizes.length} compiled PUBs. They are to be the same.`,
  );
}

/** @throws ProviderError IBM_SUBMIT_KEY where PUBs were split otherwise before: jobs of then would be left behind */
function assertSameParts(earlier: RunOptions["earlier"] = [], keys: readonly string[]): void {
  const other = earlier.find(({ key }) => !keys.includes(key));
  if (other === undefined) return;
  throw new ProviderError(
    "IBM_SUBMIT_KEY",
    `Before, a job was submitted under the key ${other.key}, but now these PUBs take ${keys.length} job(s) with the keys ${keys.slice(0, 3).join(", ")}${keys.length > 3 ? ", ..." : ""}. They are to be the same, on a backend with the same limits.`,
    { jobId: other.jobId },
  );
}

function jobFields(device: IbmDevice, options: Options): Readonly<Record<string, unknown>> {
  const sessionId = options.sessionId ?? device.sessionId;
  return {
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
    ...(options.private === undefined ? {} : { private: options.private }),
    ...(options.calibrationId === undefined ? {} : { calibration_id: options.calibrationId }),
    ...(options.logLevel === undefined ? {} : { log_level: options.logLevel }),
  };
}

/** What a job will take, and the seconds at which the service is to stop it. */
export interface PlannedPart {
  readonly quantumSeconds: number;
  readonly executions: number;
  readonly capSeconds: number;
}

/**
 * The cap is three times what is planned and 30 s, as preparation comes on top, and more where the service's mitigation
 * multiplies the executions: a job that reaches its cost is stopped, and paid for. Without a cost the service would take all
 * there is.
 */
function planPart<Pub extends DevicePub>(
  pubs: readonly Pub[],
  slices: readonly PubSlice[],
  options: Options,
): PlannedPart {
  const part = slices.map(({ pub, from, to }) => ({ ...pubs[pub]!, rows: to - from }));
  const { quantumSeconds, executions } = planAtService(part, options);
  const measuring = quantumSeconds - JOB_OVERHEAD_SECONDS;
  const { factor, learning } = mitigationWork(options);
  const mitigated = JOB_OVERHEAD_SECONDS + measuring * (factor + learning / Math.max(1, executions));
  const capSeconds = Math.ceil(options.maxExecutionSeconds ?? Math.min(MAX_COST, 3 * mitigated + 30));
  return { quantumSeconds: mitigated, executions, capSeconds };
}
