import { PubError } from "../errors.ts";
import type { IsaEstimatorPub } from "../isa-pubs.ts";
import { type IsaAnswer, type IsaEstimatorJob, isaEstimatorPubs } from "../isa-pubs.ts";
import { assertNotAborted } from "../options.ts";
import type {
  EstimatorPub,
  EstimatorPubResult,
  JobPlan,
  JobRecord,
  JobSplit,
  RemoteEstimator,
  RunOptions,
} from "../primitives.ts";
import { checkEstimatorPubs, checkPrecision } from "../pub.ts";
import { IbmCheckError } from "./check-error.ts";
import { compileChecked, type IbmDevice, serviceJob } from "./device.ts";
import { IbmJob } from "./job.ts";
import { checkJobOptions, type IbmEstimatorOptions, optionError } from "./program-options.ts";
import { type EstimatorAnswer, estimatorProgram, estimatorText } from "./programs.ts";
import { packed, type Shipment, send, splitBefore } from "./send.ts";

/** The service's own default: 1/sqrt(4096). */
const DEFAULT_PRECISION = 0.015625;

interface Prepared {
  readonly isa: IsaEstimatorJob;
  readonly shipment: Shipment<IsaEstimatorPub, EstimatorAnswer>;
}

/** Expectation values measured by IBM's estimator program: all PUBs in one job, one PUB there for each compiled circuit. */
export class IbmEstimator implements RemoteEstimator {
  readonly #device: IbmDevice;
  readonly #options: IbmEstimatorOptions;
  readonly #precision: number;

  /** @throws ProviderError IBM_OPTION; PubError PUB_PRECISION */
  constructor(device: IbmDevice, options: IbmEstimatorOptions) {
    this.#device = device;
    this.#options = options;
    this.#precision = options.precision ?? DEFAULT_PRECISION;
    checkPrecision(this.#precision);
    checkJobOptions(options);
    if (![undefined, 0, 1, 2].includes(options.resilienceLevel))
      throw optionError(`resilienceLevel is ${String(options.resilienceLevel)}; it is 0, 1 or 2.`);
  }

  /**
   * Compiles, checks and submits. Nothing is sent unless every check passes.
   * @throws PubError as `checkEstimatorPubs`; TranspilerError; IbmCheckError IBM_CIRCUIT_TOO_WIDE, IBM_NOT_ISA, IBM_LIMIT,
   * IBM_TAGS, IBM_USAGE_LIMIT, IBM_NOTHING_TO_RUN; IbmError; ProviderError IBM_OPTION, IBM_SUBMIT_UNKNOWN, IBM_SUBMIT_KEY
   */
  async run(pubs: readonly EstimatorPub[], options?: RunOptions): Promise<IbmJob<EstimatorPubResult>> {
    const prepared = this.#prepare(pubs, splitBefore(options));
    assertNotAborted(options);
    const sent = await send(this.#device, estimatorProgram, prepared.shipment, this.#options, options ?? {});
    return this.#job(prepared, sent.jobs, sent.surplus);
  }

  async plan(pubs: readonly EstimatorPub[]): Promise<JobPlan> {
    return this.#prepare(pubs).shipment.plan;
  }

  /**
   * A job that `run` of an estimator with the same options submitted before, perhaps in another process.
   * @param id what `job.id` was, or what `onSubmitted` was called with
   * @param pubs the same PUBs, by which its result is read
   * @param split how they were split, as `beforeSubmit` was told it; as they would be now by default
   */
  attach(id: string, pubs: readonly EstimatorPub[], split?: JobSplit): IbmJob<EstimatorPubResult> {
    const prepared = this.#prepare(pubs, split);
    const jobs = id.split(",").map((part) => serviceJob(this.#device, part));
    if (jobs.length !== prepared.shipment.jobs.length)
      throw new PubError(
        "PUB_FORM",
        `These PUBs take ${prepared.shipment.jobs.length} job(s), but ${jobs.length} id(s) were given, joined by commas.`,
      );
    return this.#job(prepared, jobs, []);
  }

  /** The circuits that these PUBs are sent as, each with the hash of the circuit that it was compiled from. */
  record(pubs: readonly EstimatorPub[]): JobRecord {
    const circuits = this.#prepare(pubs).isa.pubs.map((pub) =>
      Object.freeze({ hash: pub.compiled.source.hash, qasm: estimatorText(pub).qasm }),
    );
    return { circuits: Object.freeze(circuits), calibration: this.#device.calibration };
  }

  #prepare(pubs: readonly EstimatorPub[], split?: JobSplit): Prepared {
    const device = this.#device;
    const checked = checkEstimatorPubs(pubs, this.#precision, { maxShots: device.limits.maxShots });
    for (const [index, { precision, circuit }] of checked.entries()) {
      if (precision === 0)
        throw new PubError(
          "PUB_PRECISION",
          `PUB ${index}: precision 0 asks for exact values, which no quantum computer gives; ask for ${DEFAULT_PRECISION}, or use localSimulator().`,
        );
      if (!circuit.isUnitary)
        throw new IbmCheckError(
          "IBM_NOT_ISA",
          `PUB ${index}: IBM's estimator takes no circuit that measures, resets or branches; use a sampler. (IBM code 1522.)`,
          { ibmCode: "1522" },
        );
    }
    const isa = isaEstimatorPubs(checked, (circuit) => compileChecked(device, circuit));
    return { isa, shipment: packed(device, estimatorProgram, isa.pubs, this.#options, split) };
  }

  #job(
    { isa, shipment }: Prepared,
    jobs: ConstructorParameters<typeof IbmJob>[0]["jobs"],
    surplus: readonly string[],
  ): IbmJob<EstimatorPubResult> {
    const { clock, decode } = this.#device;
    return new IbmJob<EstimatorPubResult>({
      jobs,
      surplus,
      clock,
      decodeOptions: decode,
      plan: shipment.plan,
      assemble: (decoded) => withEnsemble(isa, shipment.answers(decoded)),
    });
  }
}

/** The caller's results; what the shots alone contribute to the errors stands in `metadata.ensembleStandardErrors`. */
function withEnsemble(isa: IsaEstimatorJob, answers: readonly EstimatorAnswer[]): readonly EstimatorPubResult[] {
  const results = isa.results(answers);
  if (answers.some(({ ensemble }) => ensemble === undefined)) return results;
  const errors = isa.results(
    answers.map(({ ensemble, stds, metadata }): IsaAnswer => ({ evs: ensemble!, stds, metadata })),
  );
  return results.map((result, index) => ({
    ...result,
    metadata: Object.freeze({ ...result.metadata, ensembleStandardErrors: errors[index]!.evs }),
  }));
}
