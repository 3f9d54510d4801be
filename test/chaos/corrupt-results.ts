/**
 * Results that are not as the service measured them, for durable runs to refuse: none of their numbers may reach an optimizer. One
 * line of figures. Run by itself or by `npm run chaos`: `node test/chaos/corrupt-results.ts [--quick]`.
 */
import { isDeepStrictEqual } from "node:util";
import { realAmplitudes, SparsePauliOp } from "../../circuits/index.ts";
import { parseJson } from "../../providers/ibm/json.ts";
import type { EstimatorPub, EstimatorPubResult } from "../../providers/index.ts";
import { adam, memoryStore, minimize } from "../../src/index.ts";
import { RunJournal, type RunStore } from "../../src/runs/index.ts";
import { InProcessEmulator, type InProcessProgram } from "../support/in-process-emulator.ts";
import { bombs } from "../support/result-bombs.ts";
import {
  arrayMutants,
  type Mutant,
  placeMutants,
  pubMutants,
  taggedBody,
  textMutants,
} from "../support/result-mutants.ts";

export interface CorruptResultsOptions {
  /** Every tenth mutant only. */
  readonly quick?: boolean;
  readonly seed?: number;
}

const BACKEND = "ibmq_manila";
const PRECISION = 0.1;
/** Reads of one result after which a run will not end by itself. */
const MOST_READS = 40;
/** After so many mutants each it is looked whether the job's true values are still taken. */
const RECOVERY_EVERY = 10;

/** Two circuits, so that the service is sent two PUBs; with other numbers of observables. */
const pubs: readonly EstimatorPub[] = [
  [realAmplitudes({ numQubits: 2, reps: 1 }), ["ZZ", "XI"], [[0.1, 0.2, 0.3, 0.4]]],
  [
    realAmplitudes({ numQubits: 2, reps: 0 }),
    [["XX"], ["IZ"], ["ZI"]],
    [
      [1, 2],
      [0.5, 0.7],
    ],
  ],
];

interface Outcomes {
  mutants: number;
  rejected: number;
  /** Decoded to the true values: what was changed does not matter. */
  harmless: number;
  /** Other numbers, as good as the true ones. */
  indistinguishable: number;
  reached: number;
  endless: number;
  /** Runs that were given the true result afterwards, and went on without paying again; and those that were not. */
  recovered: number;
  notRecovered: number;
}

export async function main({ quick = false, seed = 1 }: CorruptResultsOptions = {}): Promise<object> {
  return corruptResults(quick ? 10 : 1, seed);
}

export async function corruptResults(stride: number, seed = 1) {
  const began = performance.now();
  const outcomes: Outcomes = {
    mutants: 0,
    rejected: 0,
    harmless: 0,
    indistinguishable: 0,
    reached: 0,
    endless: 0,
    recovered: 0,
    notRecovered: 0,
  };
  const kinds = {
    estimator: await corruptJobs(outcomes, stride, seed),
    minimize: await corruptMinimisation(outcomes, stride, seed),
  };
  const bombed = await bombs();
  const { reached, endless, notRecovered } = outcomes;
  return {
    chaos: "corrupt-results",
    ok: reached + endless + notRecovered === 0 && bombed.ok,
    ...kinds,
    ...outcomes,
    bombs: bombed,
    seed,
    seconds: Math.round((performance.now() - began) / 1000),
  };
}

/** Jobs of a kept run whose every result is corrupt, until the true one comes. */
async function corruptJobs(outcomes: Outcomes, stride: number, seed: number): Promise<number> {
  await using world = InProcessEmulator.open({ devices: ["manila"], seed: 3, noise: false });
  const store = memoryStore({ clock: world.clock });
  const body = { current: undefined as string | undefined, reads: 0 };
  const take = (id: string): Promise<readonly EstimatorPubResult[]> => takeJob(world, store, id, body);
  const told = { text: "" };
  const truth = await takeJob(world, store, "true", body, told);
  const plain = parseJson(told.text);
  const tagged = taggedBody(plain);
  const mutants = [
    ...[plain, tagged].flatMap((base) => [...placeMutants(base), ...textMutants(base, seed, 150), ...pubMutants(base)]),
    ...arrayMutants(tagged, seed),
  ];
  let count = 0;
  for (let index = seed % stride; index < mutants.length; index += stride) {
    const mutant = mutants[index]!;
    const id = `job-${count}`;
    const jobs = world.control.counts().jobs;
    body.current = mutant.body;
    body.reads = 0;
    const outcome = await take(id).then(
      (results) => outcomeOf(results, truth, mutant),
      (): Outcome => (body.reads > MOST_READS ? "endless" : "rejected"),
    );
    add(outcomes, outcome, mutant);
    if (count++ % RECOVERY_EVERY > 0 || outcome !== "rejected") continue;
    body.current = undefined;
    const results = await take(id).catch(() => []);
    const paid = world.control.counts().jobs - jobs;
    outcomes[isSame(results, truth) && paid === 1 ? "recovered" : "notRecovered"]++;
  }
  return count;
}

/** What a program gets that runs the job of a run. */
async function takeJob(
  world: InProcessEmulator,
  store: RunStore,
  id: string,
  body: { readonly current: string | undefined; reads: number },
  told?: { text: string },
): Promise<readonly EstimatorPubResult[]> {
  const program = world.process();
  const backend = await program.provider.backend(BACKEND);
  serve(program, body, told);
  const journal = await RunJournal.open({ store, id, clock: program.clock });
  try {
    journal.phase("step-1");
    const job = await journal.provider(backend).estimator({ precision: PRECISION }).run(pubs);
    return await job.result();
  } finally {
    await journal.close();
    program.kill();
  }
}

/** Puts another body in the place of every result, and breaks off who reads on and on. */
function serve(
  program: InProcessProgram,
  body: { readonly current: string | undefined; reads: number },
  told?: { text: string },
): void {
  program.onAnswer = ({ url }, response) => {
    if (!url.endsWith("/results") || response.status !== 200) return response;
    if (++body.reads > MOST_READS) throw new Error("It reads on and on.");
    if (told !== undefined) told.text = response.body.toString("utf8");
    return body.current === undefined ? response : { ...response, body: Buffer.from(body.current) };
  };
}

type Outcome = "rejected" | "harmless" | "indistinguishable" | "reached" | "endless";

function outcomeOf(
  results: readonly EstimatorPubResult[],
  truth: readonly EstimatorPubResult[],
  { maySeemRight = false }: Mutant,
): Outcome {
  if (isSame(results, truth)) return "harmless";
  return maySeemRight ? "indistinguishable" : "reached";
}

function isSame(results: readonly EstimatorPubResult[], truth: readonly EstimatorPubResult[]): boolean {
  const numbers = (all: readonly EstimatorPubResult[]) => all.map(({ shape, evs, stds }) => ({ shape, evs, stds }));
  return isDeepStrictEqual(numbers(results), numbers(truth));
}

function add(outcomes: Outcomes, outcome: Outcome, { name, body }: Mutant): void {
  outcomes.mutants++;
  outcomes[outcome]++;
  if (outcome === "reached" || outcome === "endless")
    process.stderr.write(`${outcome}: ${name}: ${body.slice(0, 300)}\n`);
}

/** A minimisation whose first step gets corrupt results: its optimizer is to be asked for the true gradient, or not at all. */
async function corruptMinimisation(outcomes: Outcomes, stride: number, seed: number): Promise<number> {
  await using world = InProcessEmulator.open({ devices: ["manila"], seed: 3, noise: false });
  const store = memoryStore({ clock: world.clock });
  const body = { current: undefined as string | undefined, reads: 0 };
  const told = { text: "" };
  const truth = await gradientSeen(world, store, "true", body, told);
  const mutants = [...placeMutants(parseJson(told.text)), ...textMutants(parseJson(told.text), seed, 50)];
  let count = 0;
  for (let index = seed % stride; index < mutants.length; index += stride, count++) {
    const mutant = mutants[index]!;
    body.current = mutant.body;
    body.reads = 0;
    const gradient = await gradientSeen(world, store, `minimum-${count}`, body);
    const outcome =
      gradient === undefined
        ? body.reads > MOST_READS
          ? "endless"
          : "rejected"
        : isDeepStrictEqual(gradient, truth)
          ? "harmless"
          : mutant.maySeemRight === true
            ? "indistinguishable"
            : "reached";
    add(outcomes, outcome, mutant);
  }
  return count;
}

/** What the optimizer is given in the first step of a run; undefined where it is not asked. */
async function gradientSeen(
  world: InProcessEmulator,
  store: RunStore,
  id: string,
  body: { readonly current: string | undefined; reads: number },
  told?: { text: string },
): Promise<Float64Array | undefined> {
  const program = world.process();
  const provider = await program.provider.backend(BACKEND);
  serve(program, body, told);
  const inner = adam({ learningRate: 0.1 });
  const seen: Float64Array[] = [];
  const optimizer = {
    ...inner,
    update(gradient: Float64Array, state: Parameters<typeof inner.update>[1], weights: Float64Array) {
      seen.push(Float64Array.from(gradient));
      return inner.update(gradient, state, weights);
    },
  };
  const circuit = realAmplitudes({ numQubits: 2, reps: 1 });
  const observable = SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX");
  const problem = { circuit, observable, optimizer, provider, steps: 1, seed: 5, precision: PRECISION };
  const run = minimize({ ...problem, store, id, clock: program.clock, callbacks: { onStep: () => run.stop() } });
  await run.result().catch(() => {});
  program.kill();
  return seen[0];
}

if (import.meta.main) {
  const seed = process.argv.indexOf("--seed");
  const figures = await main({
    quick: process.argv.includes("--quick"),
    ...(seed < 0 ? {} : { seed: Number(process.argv[seed + 1]) }),
  });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (!("ok" in figures && figures.ok === true)) process.exitCode = 1;
}
