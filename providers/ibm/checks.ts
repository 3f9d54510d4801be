import {
  type Circuit,
  describeValue,
  type IsaFault,
  type IsaOptions,
  isaAngleFaults,
  isaFaults,
  type Target,
} from "../../circuits/index.ts";
import type { IsaEstimatorPub, IsaSamplerPub } from "../isa-pubs.ts";
import { IbmCheckError } from "./check-error.ts";
import { controlInstructions, type IbmLimits } from "./limits.ts";
import type { IbmEstimatorOptions, IbmSamplerOptions } from "./program-options.ts";
import { twirlsGates } from "./twirling.ts";

/** Faults of circuits that were looked at before, by target and options: a training step checks the same circuit again. */
const checked = new WeakMap<Circuit, Map<string, readonly IsaFault[]>>();

/**
 * Looks at compiled PUBs for all that the service would find only after it has queued and charged the job.
 * @throws IbmCheckError IBM_NOT_ISA, IBM_LIMIT, with IBM's own code
 */
export function checkCompiledPubs(
  pubs: readonly (IsaEstimatorPub | IsaSamplerPub)[],
  target: Target,
  options: IbmEstimatorOptions | IbmSamplerOptions,
  limits: IbmLimits,
): void {
  const primitive = pubs.some((pub) => "observables" in pub) ? "estimator" : "sampler";
  const isaOptions = isaOptionsOf(options, primitive);
  const faults: IsaFault[] = [];
  for (const [index, pub] of pubs.entries()) {
    const { circuit } = pub.compiled;
    const found = [
      ...circuitFaults(circuit, target, isaOptions),
      ...isaAngleFaults(circuit, pub.values, pub.rows, { maxFaults: 5 }),
    ];
    for (const fault of found) faults.push({ ...fault, message: `Compiled PUB ${index}: ${fault.message}` });
    checkValues(pub, index);
    checkSize(pub, index, limits);
    if (faults.length > 20) break;
  }
  const [first] = faults;
  if (first === undefined) return;
  throw new IbmCheckError(
    "IBM_NOT_ISA",
    `${first.message} (IBM code ${first.code}${faults.length > 1 ? `, and ${faults.length - 1} more` : ""}.)`,
    { ibmCode: first.code, faults: faults.map(({ message }) => message) },
  );
}

/** What the options mean for the circuits that may run. */
export function isaOptionsOf(
  options: IbmEstimatorOptions | IbmSamplerOptions,
  primitive: "estimator" | "sampler",
): IsaOptions {
  return {
    primitive,
    gateTwirling: twirlsGates(options),
    dynamicalDecoupling: options.dynamicalDecoupling?.enable ?? false,
  };
}

function circuitFaults(circuit: Circuit, target: Target, options: IsaOptions): readonly IsaFault[] {
  const known = checked.get(circuit) ?? new Map<string, readonly IsaFault[]>();
  checked.set(circuit, known);
  const key = `${target.hash} ${target.fractionalGates} ${JSON.stringify(options)}`;
  const faults = known.get(key) ?? isaFaults(circuit, target, options);
  known.set(key, faults);
  return faults;
}

function checkValues(pub: IsaEstimatorPub | IsaSamplerPub, index: number): void {
  const bad = pub.values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const width = pub.compiled.circuit.parameters.length;
  throw new IbmCheckError(
    "IBM_NOT_ISA",
    `Compiled PUB ${index}: row ${Math.floor(bad / width)} has the angle ${pub.values[bad]}; look for expressions without a value there, such as ln(x) or 1/x.`,
  );
}

function checkSize(pub: IsaEstimatorPub | IsaSamplerPub, index: number, limits: IbmLimits): void {
  if ("shots" in pub && pub.shots > limits.maxShots)
    throw new IbmCheckError(
      "IBM_LIMIT",
      `Compiled PUB ${index} asks for ${pub.shots} shots; the service takes ${limits.maxShots}, ${pub.shots - limits.maxShots} fewer.`,
      { ibmCode: "6001" },
    );
  const { qubit, instructions } = controlInstructions(pub.compiled.circuit);
  if (instructions > limits.maxControlInstructionsPerQubit)
    throw new IbmCheckError(
      "IBM_LIMIT",
      `Compiled PUB ${index} takes ${instructions} control instructions on qubit ${qubit}; the electronics hold ${limits.maxControlInstructionsPerQubit}, ${instructions - limits.maxControlInstructionsPerQubit} fewer. Use a shorter circuit.`,
      { ibmCode: "1520" },
    );
}

/**
 * Tags of one job.
 * @param reserved how many more will be added
 * @throws IbmCheckError IBM_TAGS
 */
export function checkTags(tags: readonly string[], limits: IbmLimits, reserved = 0): readonly string[] {
  if (!Array.isArray(tags)) throw new IbmCheckError("IBM_TAGS", `tags is a list of texts, not ${describeValue(tags)}.`);
  const most = limits.maxTags - reserved;
  const unique = [...new Set(tags)];
  if (unique.length > most)
    throw new IbmCheckError(
      "IBM_TAGS",
      `A job takes at most ${most} tags${reserved === 0 ? "" : ` beside the one that Lepton adds`}, but ${unique.length} were given.`,
      { ibmCode: "1205" },
    );
  for (const tag of unique)
    if (typeof tag !== "string" || tag === "" || tag.length > limits.maxTagLength)
      throw new IbmCheckError(
        "IBM_TAGS",
        `A tag is a text of 1 to ${limits.maxTagLength} characters, not ${typeof tag === "string" ? `one of ${tag.length}` : describeValue(tag)}.`,
        { ibmCode: "1204" },
      );
  return unique;
}
