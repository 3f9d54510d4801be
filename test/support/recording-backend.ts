import type { Backend, EstimatorOptions, EstimatorPub } from "../../providers/index.ts";

/** A backend like `inner` that notes what is submitted; without adjoint gradients unless asked to keep them. */
export interface RecordingBackend extends Backend {
  /** The PUBs of every job, in order. */
  readonly jobs: (readonly EstimatorPub[])[];
  readonly tags: (readonly string[] | undefined)[];
  readonly options: (EstimatorOptions | undefined)[];
}

export function recordingBackend(
  inner: Backend,
  capabilities: Partial<Backend["capabilities"]> = {},
): RecordingBackend {
  const jobs: (readonly EstimatorPub[])[] = [];
  const tags: (readonly string[] | undefined)[] = [];
  const options: (EstimatorOptions | undefined)[] = [];
  return {
    name: `recording ${inner.name}`,
    jobs,
    tags,
    options,
    capabilities: { ...inner.capabilities, adjoint: false, local: false, ...capabilities },
    estimator(own) {
      options.push(own);
      const estimator = inner.estimator(own);
      return {
        run(pubs, runOptions) {
          jobs.push(pubs);
          tags.push(runOptions?.tags);
          return estimator.run(pubs, runOptions);
        },
      };
    },
    sampler: (own) => inner.sampler(own),
    status: () => inner.status(),
  };
}

/** Rows of parameter values of a PUB given as {shape, data} of any number of batch axes. */
export function rowsOf(pub: EstimatorPub): number {
  const values = (pub as Exclude<EstimatorPub, readonly unknown[]>).parameterValues as { shape: readonly number[] };
  return values.shape.slice(0, -1).reduce((product, size) => product * size, 1);
}
