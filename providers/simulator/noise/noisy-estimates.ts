import type { Circuit, Rng, SparsePauliOp } from "../../../circuits/index.ts";
import { TallySums } from "../group-tally.ts";
import { turnXToZ, turnYToZ } from "../kernels/basis.ts";
import { type MeasurementGroup, measurementGroups } from "../measurement-groups.ts";
import { sampleSorted } from "../sampling.ts";
import type { NoiseModel } from "./noise-model.ts";
import { type NoisySetting, partsOf, sampledProgram } from "./noisy-parts.ts";
import {
  accumulate,
  drawFrom,
  type LooseBit,
  misread,
  OutcomeDistribution,
  OutcomeTally,
  SHOTS_PER_SLICE,
} from "./outcomes.ts";
import type { Trajectories } from "./trajectories.ts";
import { TransferProgram } from "./transfer-program.ts";

/** One measurement setting, made ready for the states of its part. */
interface Setting {
  /** Its place among all groups, which names its samples. */
  readonly index: number;
  /** The letter on each measured compact qubit, for bit 0, 1, ... of an outcome. */
  readonly letters: readonly (readonly [qubit: number, letter: "X" | "Y" | "Z"])[];
  readonly errors: readonly (readonly [number, number])[];
  readonly tally: OutcomeTally;
  /** Where a density matrix decides. */
  readonly distribution: OutcomeDistribution | undefined;
}

interface SampledPart {
  readonly program: TransferProgram | Trajectories;
  readonly settings: readonly Setting[];
}

/** Expectation values of K observables of a noisy circuit, estimated from bits that are measured and misread. */
export class NoisyEstimates {
  readonly bytes: number;
  readonly #parts: readonly SampledPart[];
  readonly #constants: Float64Array;
  readonly #sums: TallySums;

  /** @throws SimulatorError NOISE_MODEL, NOISE_TIME, STATE_TOO_LARGE */
  constructor(circuit: Circuit, observables: readonly SparsePauliOp[], setting: NoisySetting) {
    const constants = new Float64Array(observables.length);
    this.#constants = constants;
    this.#sums = new TallySums(observables.length);
    const groups: { readonly index: number; readonly group: MeasurementGroup }[] = [];
    for (const [index, group] of measurementGroups(observables).entries())
      if (group.basis.length > 0) groups.push({ index, group });
      else
        for (const { coefficients } of group.terms)
          for (const [k, value] of coefficients.entries()) constants[k]! += value;
    const supports = groups.map(({ group }) => group.basis.map(([qubit]) => qubit));
    let bytes = 1000 + 40 * observables.length;
    this.#parts = partsOf(circuit, setting, supports).map(({ qubits, members }): SampledPart => {
      const program = sampledProgram(circuit, setting, { qubits });
      const place = new Map(program.noisy.qubits.map((qubit, index) => [qubit, index]));
      const settings = members.map((member) =>
        makeSetting(groups[member]!, place, setting.noise, program instanceof TransferProgram, this.#sums),
      );
      bytes += program.bytes;
      for (const { distribution } of settings) bytes += 1000 + (distribution?.bytes ?? 0);
      for (const member of members) bytes += 8 * observables.length * groups[member]!.group.terms.length;
      return { program, settings };
    });
    this.bytes = bytes;
  }

  /**
   * Estimates one row [P] from `shots` shots a setting: writes means [K] and squared standard errors [K].
   * @param rng forked by setting, so that samples do not depend on the order of work
   * @param charge is told the executions as they are done
   */
  *estimate(
    values: Float64Array,
    shots: number,
    rng: Rng,
    means: Float64Array,
    variances: Float64Array,
    charge: (executions: number) => void,
  ): Generator<void> {
    means.set(this.#constants);
    variances.fill(0);
    const finish = (): void => {
      this.#sums.addTo(means, variances);
      charge(shots);
    };
    for (const { program, settings } of this.#parts)
      if (program instanceof TransferProgram) {
        yield* program.run(values, ([member]) => {
          for (const { distribution } of settings) {
            distribution!.read(member!.vector);
            accumulate(distribution!.probabilities);
          }
        });
        for (const setting of settings) {
          this.#sums.clear();
          yield* drawCounts(setting, shots, rng.fork("group", setting.index));
          finish();
          yield;
        }
      } else
        for (const { index, letters, errors, tally } of settings) {
          const draw = rng.fork("group", index);
          this.#sums.clear();
          yield* program.run(values, shots, draw, (_, from, to, state) => {
            for (const [qubit, letter] of letters)
              if (letter !== "Z") (letter === "X" ? turnXToZ : turnYToZ)(state, qubit);
            for (const basis of sampleSorted(state, to - from, draw)) {
              let outcome = 0;
              for (const [bit, [qubit]] of letters.entries()) outcome |= ((basis >> qubit) & 1) << bit;
              tally.add(misread(outcome, errors, draw), 1, draw);
            }
          });
          finish();
          yield;
        }
  }
}

function makeSetting(
  { index, group }: { readonly index: number; readonly group: MeasurementGroup },
  place: ReadonlyMap<number, number>,
  noise: NoiseModel,
  exact: boolean,
  sums: TallySums,
): Setting {
  const letters: (readonly [number, "X" | "Y" | "Z"])[] = [];
  const errors: (readonly [number, number])[] = [];
  const bits = new Map<number, number>();
  const loose: LooseBit[] = [];
  for (const [qubit, letter] of group.basis) {
    if (letter === "I") continue;
    const [e0, e1] = noise.readoutErrors(qubit);
    const at = place.get(qubit);
    if (at !== undefined) {
      bits.set(qubit, letters.push([at, letter]) - 1);
      errors.push([e0, e1]);
      continue;
    }
    // Nothing happens to the qubit: |0> read in Z, or a coin; then the bit may be misread.
    const probabilityOfOne = letter === "Z" ? e0 : (1 - e1 + e0) / 2;
    if (probabilityOfOne > 0) loose.push({ qubit, probabilityOfOne });
  }
  return {
    index,
    letters,
    errors,
    tally: new OutcomeTally(group, bits, loose, sums),
    distribution: exact ? new OutcomeDistribution(letters) : undefined,
  };
}

/** Draws shots from the distribution's running sums. */
function* drawCounts({ distribution, tally }: Setting, shots: number, rng: Rng): Generator<void> {
  const { probabilities } = distribution!;
  const counts = new Int32Array(probabilities.length);
  for (let shot = 1; shot <= shots; shot++) {
    counts[drawFrom(probabilities, rng)]!++;
    if (shot % SHOTS_PER_SLICE === 0) yield;
  }
  for (const [outcome, count] of counts.entries()) if (count > 0) tally.add(outcome, count, rng);
}
