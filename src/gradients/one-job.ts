import type { Circuit, SparsePauliOp } from "../../circuits/index.ts";
import type { Backend, RunOptions } from "../../providers/index.ts";

/** Expectation values of one job of one PUB. */
export interface OneJob {
  /** [...shape, K] */
  readonly evs: Float64Array;
  readonly stds: Float64Array;
  readonly executions: number;
  readonly quantumSeconds: number;
  readonly jobIds: readonly string[];
}

/**
 * Runs all observables at all rows of values [...shape, P] as one job with one PUB, and waits for it.
 * @throws what the backend throws; the signal's reason when aborted
 */
export async function runOneJob(
  backend: Backend,
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
  values: { readonly shape: readonly number[]; readonly data: Float64Array },
  options: RunOptions & { readonly precision?: number | undefined; readonly seed?: number | undefined },
): Promise<OneJob> {
  const { precision, seed, signal, tags, onSubmitted } = options;
  const estimator = backend.estimator({
    ...(precision === undefined ? {} : { precision }),
    ...(seed === undefined ? {} : { seed }),
  });
  const parameterValues = { shape: [...values.shape, 1, circuit.parameters.length], data: values.data };
  const job = await estimator.run([{ circuit, observables, parameterValues }], {
    ...(signal === undefined ? {} : { signal }),
    ...(tags === undefined ? {} : { tags }),
    ...(onSubmitted === undefined ? {} : { onSubmitted }),
  });
  const [result] = await job.result(signal === undefined ? {} : { signal });
  const { executions, quantumSeconds } = await job.usage();
  return { evs: result!.evs, stds: result!.stds, executions, quantumSeconds, jobIds: [job.id] };
}
