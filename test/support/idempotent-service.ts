import { createHash } from "node:crypto";
import {
  type EstimatorOptions,
  type EstimatorPub,
  type EstimatorPubResult,
  type Job,
  type JobPlan,
  localSimulator,
  ProviderError,
  type RemoteBackend,
  type RemoteEstimator,
  systemClock,
} from "../../providers/index.ts";

const DONE = "done" as const;
const CHARGED = { quantumSeconds: 2, executions: 100 };

interface AcceptedJob {
  readonly id: string;
  readonly tags: readonly string[];
  readonly results: Promise<readonly EstimatorPubResult[]>;
}

/** A service that knows submits by their keys: whatever is sent with one a second time is answered with the first job. */
export class IdempotentService {
  /** By submit key. */
  readonly jobs = new Map<string, AcceptedJob>();
  submits = 0;
  /** How many submits are accepted next without an answer. */
  lost = 0;
  /** Searches for jobs, by tag. */
  searched: string[] = [];

  backend(): RemoteBackend {
    return {
      name: "idempotent",
      account: "account",
      submitsPerMinute: undefined,
      clock: systemClock,
      capabilities: {
        local: false,
        adjoint: false,
        exact: false,
        dynamicCircuits: false,
        idempotentSubmit: "native",
        limits: { maxQubits: 8 },
      },
      estimator: (options) => this.#estimator(options),
      sampler() {
        throw new ProviderError("JOB_FAILED", "This service takes no samples.");
      },
      status: async () => ({ operational: true, pendingJobs: 0, message: "" }),
      jobsTagged: async (tag) => {
        this.searched.push(tag);
        const tagged = [...this.jobs.values()].filter(({ tags }) => tags.includes(tag));
        return tagged.map(({ id, tags }) => ({ id, tags, status: DONE, created: 0 }));
      },
      cancelJob: async () => {},
      jobUsage: async () => ({ ...CHARGED, final: true }),
    };
  }

  #estimator(options: EstimatorOptions = {}): RemoteEstimator {
    const plan = async (pubs: readonly EstimatorPub[]): Promise<JobPlan> => ({
      ...CHARGED,
      pubs: pubs.length,
      rows: pubs.length,
      subJobs: 1,
    });
    return {
      plan,
      record: () => ({ circuits: [], calibration: undefined }),
      attach: (id) => this.#job([...this.jobs.values()].find((job) => job.id === id)!),
      run: async (pubs, { submitKey: key = "", tags = [], beforeSubmit, onSubmitted } = {}) => {
        const bodyHash = createHash("sha256").update(key).digest("hex");
        await beforeSubmit?.({ key, part: 1, parts: 1, bodyHash, ...CHARGED, capSeconds: 10, serviceTime: 0 });
        this.submits++;
        const before = this.jobs.get(key);
        const job = before ?? {
          id: `j${this.jobs.size + 1}`,
          tags,
          results: localSimulator()
            .estimator({ ...options, seed: 7 })
            .run(pubs)
            .then((done) => done.result()),
        };
        this.jobs.set(key, job);
        if (this.lost-- > 0) throw new ProviderError("SERVICE_UNREACHABLE", "No answer.", { retryable: true });
        await onSubmitted?.(job.id, { key, part: 1, parts: 1, adopted: before !== undefined, surplus: [] });
        return this.#job(job);
      },
    };
  }

  #job({ id, results }: AcceptedJob): Job<EstimatorPubResult> {
    return {
      id,
      status: async () => DONE,
      result: () => results,
      cancel: async () => {},
      usage: async () => ({ ...CHARGED, final: true }),
    };
  }
}
