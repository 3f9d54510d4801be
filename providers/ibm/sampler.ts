import { bitArray } from "../bit-array.ts";
import { PubError } from "../errors.ts";
import { type IsaSamplerPub, isaSamplerPubs } from "../isa-pubs.ts";
import { assertNotAborted } from "../options.ts";
import type { BitArray, JobPlan, JobSplit, RunOptions, Sampler, SamplerPub, SamplerPubResult } from "../primitives.ts";
import { checkSamplerPubs, checkShots } from "../pub.ts";
import { compileChecked, type IbmDevice, serviceJob } from "./device.ts";
import { IbmJob } from "./job.ts";
import { checkJobOptions, type IbmSamplerOptions } from "./program-options.ts";
import { type SamplerAnswer, samplerProgram } from "./programs.ts";
import { packed, type Shipment, send, splitBefore } from "./send.ts";
import type { ServiceJob } from "./service-job.ts";

/** The service's own default. */
const DEFAULT_SHOTS = 4096;

/**
 * Bits measured by IBM's sampler program. With twirling the service may measure, and give, a few shots more than asked for;
 * each `BitArray` says how many it has. No seed decides the samples of a quantum computer: `seed` is not sent.
 */
export class IbmSampler implements Sampler {
  readonly #device: IbmDevice;
  readonly #options: IbmSamplerOptions;
  readonly #shots: number;

  /** @throws ProviderError IBM_OPTION; PubError PUB_SHOTS */
  constructor(device: IbmDevice, options: IbmSamplerOptions) {
    this.#device = device;
    this.#options = options;
    this.#shots = options.shots ?? DEFAULT_SHOTS;
    checkShots(this.#shots);
    checkJobOptions(options);
  }

  /** As `IbmEstimator.run`. */
  async run(pubs: readonly SamplerPub[], options?: RunOptions): Promise<IbmJob<SamplerPubResult>> {
    const shipment = this.#prepare(pubs, splitBefore(options));
    assertNotAborted(options);
    const sent = await send(this.#device, samplerProgram, shipment, this.#options, options ?? {});
    return this.#job(shipment, sent.jobs, sent.surplus);
  }

  async plan(pubs: readonly SamplerPub[]): Promise<JobPlan> {
    return this.#prepare(pubs).plan;
  }

  /** As `IbmEstimator.attach`. */
  attach(id: string, pubs: readonly SamplerPub[]): IbmJob<SamplerPubResult> {
    const shipment = this.#prepare(pubs);
    const jobs = id.split(",").map((part) => serviceJob(this.#device, part));
    if (jobs.length !== shipment.jobs.length)
      throw new PubError(
        "PUB_FORM",
        `These PUBs take ${shipment.jobs.length} job(s), but ${jobs.length} id(s) were given, joined by commas.`,
      );
    return this.#job(shipment, jobs, []);
  }

  #prepare(pubs: readonly SamplerPub[], split?: JobSplit): Shipment<IsaSamplerPub, SamplerAnswer> {
    const device = this.#device;
    const checked = checkSamplerPubs(pubs, this.#shots, { maxShots: device.limits.maxShots });
    const isa = isaSamplerPubs(checked, (circuit) => compileChecked(device, circuit));
    return packed(device, samplerProgram, isa, this.#options, split);
  }

  #job(
    shipment: Shipment<IsaSamplerPub, SamplerAnswer>,
    jobs: readonly ServiceJob[],
    surplus: readonly string[],
  ): IbmJob<SamplerPubResult> {
    const { clock, decode } = this.#device;
    return new IbmJob<SamplerPubResult>({
      jobs,
      surplus,
      clock,
      decodeOptions: decode,
      plan: shipment.plan,
      assemble: (decoded) => shipment.answers(decoded).map((answer, index) => resultOf(shipment.pubs[index]!, answer)),
    });
  }
}

function resultOf(pub: IsaSamplerPub, answer: SamplerAnswer): SamplerPubResult {
  const registers = pub.compiled.circuit.registers.map(({ name, size }, index): readonly [string, BitArray] => [
    name,
    bitArray(size, answer.shots, pub.shape, answer.registers[index]!),
  ]);
  return {
    shape: Object.freeze([...pub.shape]),
    registers: Object.freeze(Object.fromEntries(registers)),
    metadata: Object.freeze({ shots: answer.shots, ...answer.metadata }),
  };
}
