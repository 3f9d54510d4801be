import { Circuit, type Operation, type SparsePauliOp } from "../../../circuits/index.ts";
import {
  type Backend,
  type BitArray,
  bitArray,
  type DifferentiableBackend,
  type EstimatorOptions,
  type EstimatorPub,
  type EstimatorPubResult,
  type ExpectationProgram,
  type Job,
  localSimulator,
  type ObservablesLike,
  type ParameterValuesLike,
  type RunOptions,
  type SamplerOptions,
  type SamplerPub,
  type SamplerPubResult,
} from "../../../providers/index.ts";

/** A PUB of either primitive in its object form. */
export interface AnyPub {
  readonly circuit: Circuit;
  readonly observables?: ObservablesLike;
  readonly parameterValues?: ParameterValuesLike;
  readonly precision?: number;
  readonly shots?: number;
}
type AnyResult = EstimatorPubResult & SamplerPubResult;
type AnyOptions = EstimatorOptions & SamplerOptions;
export type AnyJob = Job<AnyResult>;
/** Submits PUBs to the simulator that the mutant stands on. */
export type Submit = (pubs: readonly AnyPub[], runOptions?: RunOptions) => Promise<AnyJob>;

/** What a mutant does wrong; all else it does as the local simulator. */
export interface Mutation {
  readonly options?: (options: AnyOptions) => AnyOptions;
  readonly circuit?: (circuit: Circuit) => Circuit;
  readonly pub?: (pub: AnyPub) => AnyPub;
  readonly pubs?: (pubs: readonly AnyPub[]) => readonly AnyPub[];
  readonly runOptions?: (options: RunOptions | undefined) => RunOptions | undefined;
  /** Takes the place of submitting; `again` makes a primitive of its own on a simulator of its own. */
  readonly run?: (
    submit: Submit,
    pubs: readonly AnyPub[],
    runOptions: RunOptions | undefined,
    again: () => Submit,
  ) => Promise<AnyJob>;
  readonly job?: (job: AnyJob) => AnyJob;
  readonly results?: (results: readonly AnyResult[], pubs: readonly AnyPub[]) => readonly AnyResult[];
  readonly result?: (result: AnyResult, pub: AnyPub) => AnyResult;
  readonly program?: (program: ExpectationProgram) => ExpectationProgram;
  readonly differentiate?: (found: DifferentiableBackend) => DifferentiableBackend["differentiate"];
  readonly dynamicCircuits?: boolean;
}

/** Lists of contract cases: the Estimator's exact and sampled, the Sampler's, and so on. */
export type ContractName = "exact" | "sampled" | "sampler" | "without dynamic circuits" | "differentiable";
/** The cases that must catch a mutant. */
export type CaughtBy = { readonly [C in ContractName]?: readonly string[] };
export type Mutant = readonly [what: string, mutation: Mutation, caughtBy: CaughtBy];

/** Caught by these cases of the Estimator's contract, exact and sampled. */
export function estimator(...names: readonly string[]): CaughtBy {
  return { exact: names, sampled: names };
}
/** Caught by cases of these names in the contracts of both primitives. */
export function both(...names: readonly string[]): CaughtBy {
  return { exact: names, sampled: names, sampler: names };
}

/** A backend with one fault, or none for an empty mutation. */
export function mutant(mutation: Mutation): () => Backend {
  return () => {
    const simulator = localSimulator({ seed: 3 });
    const primitive = (kind: "estimator" | "sampler") => (given?: AnyOptions) => {
      const options = mutation.options?.(given ?? {}) ?? given;
      const make = (found: DifferentiableBackend): Submit => {
        const inner = found[kind](options);
        return (pubs, runOptions) =>
          inner.run(pubs as readonly (EstimatorPub & SamplerPub)[], runOptions) as unknown as Promise<AnyJob>;
      };
      const submit = make(simulator);
      return {
        run: async (given: readonly unknown[], runOptions?: RunOptions) => {
          const pubs = mutatedPubs(mutation, given, kind);
          const own = mutation.runOptions === undefined ? runOptions : mutation.runOptions(runOptions);
          const again = () => make(localSimulator({ seed: 3 }));
          const job = await (mutation.run?.(submit, pubs, own, again) ?? submit(pubs, own));
          const changed = withResults(job, (results) => {
            const all = mutation.results?.(results, pubs) ?? results;
            return all.map((result, index) => mutation.result?.(result, pubs[index]!) ?? result);
          });
          return mutation.job?.(changed) ?? changed;
        },
      };
    };
    const backend = {
      name: "mutant",
      capabilities: { ...simulator.capabilities, dynamicCircuits: mutation.dynamicCircuits ?? true },
      status: () => simulator.status(),
      estimator: primitive("estimator"),
      sampler: primitive("sampler"),
      differentiate: (circuit: Circuit, observables: readonly SparsePauliOp[]) => {
        const differentiate = mutation.differentiate?.(simulator) ?? simulator.differentiate.bind(simulator);
        const program = differentiate(circuit, observables);
        return mutation.program?.(program) ?? program;
      },
    };
    return backend as unknown as Backend;
  };
}

function mutatedPubs(mutation: Mutation, given: readonly unknown[], kind: "estimator" | "sampler"): readonly AnyPub[] {
  if (!Array.isArray(given)) return given as readonly AnyPub[];
  const pubs = given.map((pub): AnyPub => {
    const form = formOf(pub, kind);
    if (!(form?.circuit instanceof Circuit)) return pub as AnyPub;
    const own = mutation.circuit === undefined ? form : { ...form, circuit: mutation.circuit(form.circuit) };
    return mutation.pub?.(own) ?? own;
  });
  return mutation.pubs?.(pubs) ?? pubs;
}

function formOf(pub: unknown, kind: "estimator" | "sampler"): AnyPub | undefined {
  if (!Array.isArray(pub)) return (pub ?? undefined) as AnyPub | undefined;
  const [circuit, ...rest] = pub;
  const names = kind === "estimator" ? ["observables", "parameterValues", "precision"] : ["parameterValues", "shots"];
  return {
    circuit,
    ...Object.fromEntries(names.flatMap((name, k) => (rest[k] === undefined ? [] : [[name, rest[k]]]))),
  };
}

/** A job like `job` but for some of its methods. */
export function like(job: AnyJob, changes: Partial<AnyJob>): AnyJob {
  return {
    id: job.id,
    status: () => job.status(),
    result: (options) => job.result(options),
    cancel: () => job.cancel(),
    usage: () => job.usage(),
    ...changes,
  };
}

export function withResults(job: AnyJob, change: (results: readonly AnyResult[]) => readonly AnyResult[]): AnyJob {
  return like(job, { result: async (options) => change(await job.result(options)) });
}

/** A job of one result for each PUB, where each comes from a job of its own. */
export async function oneByOne(
  submit: Submit,
  pubs: readonly AnyPub[],
  each: (pub: AnyPub) => Promise<AnyResult>,
): Promise<AnyJob> {
  // The real job validates, and answers all but the results.
  const job = await submit(pubs);
  return like(job, {
    result: async (options) => {
      await job.result(options);
      return Promise.all(pubs.map(each));
    },
  });
}

/** The first result of a job of one PUB. */
export async function only(submit: Submit, pub: AnyPub): Promise<AnyResult> {
  return (await (await submit([pub])).result())[0]!;
}

/** The circuit with every operation, also in branches, replaced by others. */
export function mapOperations(replace: (operation: Operation) => readonly Operation[]): (circuit: Circuit) => Circuit {
  const go = (operation: Operation): readonly Operation[] =>
    operation.kind === "if"
      ? replace({
          ...operation,
          whenTrue: operation.whenTrue.flatMap(go),
          whenFalse: operation.whenFalse.flatMap(go),
        })
      : replace(operation);
  return (circuit) =>
    Circuit.build(circuit.numQubits, (c) => {
      for (const { name, size } of circuit.registers) c.register(name, size);
      c.declare(...circuit.vectors);
      for (const operation of circuit.operations) for (const next of go(operation)) c.append(next);
    });
}

/** Bits with other bytes. */
export function withBytes(bits: BitArray, bytes: Uint8Array): BitArray {
  return bitArray(bits.numBits, bits.shots, bits.shape, bytes);
}

/** A result whose registers are changed one by one. */
export function mapRegisters(change: (bits: BitArray) => BitArray): NonNullable<Mutation["result"]> {
  return (result) => ({
    ...result,
    registers: Object.fromEntries(Object.entries(result.registers).map(([name, bits]) => [name, change(bits)])),
  });
}

/** A result whose values are changed one by one. */
export function mapValues(
  change: (value: number, index: number, all: Float64Array) => number,
): NonNullable<Mutation["result"]> {
  return (result) => ({ ...result, evs: result.evs.map(change) });
}

/** A result whose standard errors are changed one by one. */
export function mapErrors(change: (std: number, pub: AnyPub) => number): NonNullable<Mutation["result"]> {
  return (result, pub) => ({ ...result, stds: result.stds.map((std) => change(std, pub)) });
}
