import { type Command, Option } from "commander";
import { type Circuit, type Operation, SparsePauliOp } from "../../../circuits/index.ts";
import type { Backend, BitArray } from "../../../providers/primitives.ts";
import { UsageError } from "../errors.ts";
import { type Io, print } from "../io.ts";
import { collect, integer } from "../options.ts";
import { alignRight, formatComplex, formatNumber } from "../text.ts";

interface SimulateOptions {
  readonly param?: readonly string[];
  readonly params?: string;
  readonly statevector?: boolean;
  readonly expect?: readonly string[];
  readonly shots?: number;
  readonly seed: number;
  readonly noise?: string;
  readonly method?: Method;
  readonly json?: boolean;
}

const METHODS = ["statevector", "density-matrix", "trajectories"] as const;
type Method = (typeof METHODS)[number];

interface SimulateResult {
  readonly numQubits: number;
  readonly method: string;
  statevector?: readonly (readonly [re: number, im: number])[];
  expectations?: readonly number[];
  counts?: Readonly<Record<string, number>>;
  seconds: number;
}

const MOST_AMPLITUDES_SHOWN = 64;
/** A JSON text of more amplitudes is longer than a string may be in other languages' readers, and in ours. */
const MOST_QUBITS_IN_JSON = 20;

export function addSimulate(program: Command, io: Io): void {
  program
    .command("simulate")
    .description("Simulate a circuit: its state, expectation values, or measured counts.")
    .argument("<file>", "OpenQASM 2 or 3 file, or - for standard input")
    .option(
      "--param <name=value>",
      "a parameter in radians (0.1, pi/2; a vector as 1,2,3) or a .json file; repeatable",
      collect,
    )
    .option("--params <file>", 'parameters as JSON: {"name": number | array}')
    .option("--statevector", "print the amplitudes; this is what happens when nothing else is asked for")
    .option("--expect <observable>", 'an expectation value, such as "1.0*ZZI+0.5*XXI"; repeatable', collect)
    .option("--shots <n>", "measure this often; a circuit without measurements is measured at its end", integer(1))
    .option("--seed <s>", "seed of the measurements", integer(0), 0)
    .option("--noise <device>", "compile for this device (torino, or a path) and simulate it with its noise")
    .addOption(
      new Option("--method <name>", "how to simulate; by default statevector, and with noise what fits").choices(
        METHODS,
      ),
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Bitstrings and observables have the highest qubit leftmost. States and expectation values are those before the final
measurements. With several classical registers, counts show the last one leftmost, separated by spaces.

Examples:
  lepton simulate bell.qasm --shots 1000 --seed 7
  lepton simulate ansatz.qasm --param theta=pi/4 --expect ZZ --expect XX --json
  lepton simulate bell.qasm --noise torino --shots 1000`,
    )
    .action(async (file: string, options: SimulateOptions) => {
      const { bindAll, readCircuit } = await import("../circuit-file.ts");
      const observables = (options.expect ?? []).map((text) => SparsePauliOp.parse(text));
      const circuit = await bindAll(io, await readCircuit(io, file), options);
      const start = performance.now();
      const { backend, method } = await simulatorFor(options);
      const result: SimulateResult = { numQubits: circuit.numQubits, method, seconds: 0 };
      let state: Float64Array | undefined;
      if (options.statevector === true || (options.expect === undefined && options.shots === undefined)) {
        if (options.json === true && circuit.numQubits > MOST_QUBITS_IN_JSON)
          throw new UsageError(
            "STATE_TOO_LONG",
            `The ${2 ** circuit.numQubits} amplitudes of ${circuit.numQubits} qubits are too many to print; at most ${MOST_QUBITS_IN_JSON} qubits are. Ask for --expect or --shots.`,
          );
        if (method !== "statevector")
          throw new UsageError(
            "NO_STATEVECTOR",
            "A noisy or mixed state has no amplitudes; ask for --expect or --shots.",
          );
        state = await amplitudes(circuit);
        if (options.json === true) result.statevector = pairs(state);
      }
      if (observables.length > 0) result.expectations = await expectations(backend, circuit, observables);
      if (options.shots !== undefined) result.counts = await counts(backend, circuit, options.shots, options.seed);
      result.seconds = (performance.now() - start) / 1000;
      print(io, options.json === true, result, () => textOf(result, state, options.expect ?? []));
    });
}

async function amplitudes(circuit: Circuit): Promise<Float64Array> {
  const { withoutFinalMeasurements } = await import("../circuit-file.ts");
  const { createStatevectorEngine } = await import("../../../providers/simulator/statevector-engine.ts");
  if (!withoutFinalMeasurements(circuit).isUnitary)
    throw new UsageError(
      "NO_STATEVECTOR",
      "The circuit measures, resets or branches on its way, so it has no single final state; ask for --shots or --expect.",
    );
  return createStatevectorEngine().statevector(withoutFinalMeasurements(circuit)).statevector(new Float64Array(0));
}

function pairs(state: Float64Array): readonly (readonly [number, number])[] {
  return Array.from({ length: state.length / 2 }, (_, i) => [state[2 * i]!, state[2 * i + 1]!] as const);
}

/** What simulates, and how it is called. With noise the method is chosen by the number of qubits unless it is asked for. */
async function simulatorFor({
  noise,
  method,
  seed,
}: SimulateOptions): Promise<{ readonly backend: Backend; readonly method: string }> {
  if (noise !== undefined) {
    if (method === "statevector")
      throw new UsageError("USAGE", "A state vector cannot hold noise; use density-matrix or trajectories.");
    const { deviceSimulator, loadTarget } = await import("../../../providers/index.ts");
    const backend = deviceSimulator(loadTarget(noise), { seed, ...(method === undefined ? {} : { method }) });
    return { backend, method: method ?? "auto" };
  }
  if (method === undefined || method === "statevector") {
    const { localSimulator } = await import("../../../providers/simulator/local-simulator.ts");
    return { backend: localSimulator({ seed }), method: "statevector" };
  }
  const { NoiseModel, noisySimulator } = await import("../../../providers/index.ts");
  return { backend: noisySimulator({ noise: NoiseModel.build(() => {}), method, seed }), method };
}

async function expectations(
  backend: Backend,
  circuit: Circuit,
  observables: readonly SparsePauliOp[],
): Promise<readonly number[]> {
  const { withoutFinalMeasurements } = await import("../circuit-file.ts");
  const estimator = backend.estimator({ precision: 0 });
  const job = await estimator.run([[withoutFinalMeasurements(circuit), observables]]);
  const [result] = await job.result();
  return Array.from(result!.evs);
}

async function counts(
  backend: Backend,
  circuit: Circuit,
  shots: number,
  seed: number,
): Promise<Readonly<Record<string, number>>> {
  const { measured, shown } = withMeasurements(circuit);
  if (measured.numQubits === 0) throw new UsageError("NOTHING_TO_MEASURE", "The circuit has no qubit to measure.");
  const job = await backend.sampler({ shots, seed }).run([[measured]]);
  const [result] = await job.result();
  return jointCounts(shown.map((name) => result!.registers[name]!));
}

/** The circuit, measured at its end where it measures nothing, and the registers that hold what was measured. */
function withMeasurements(circuit: Circuit): { readonly measured: Circuit; readonly shown: readonly string[] } {
  const names = circuit.registers.map(({ name }) => name);
  if (isMeasured(circuit.operations)) return { measured: circuit, shown: names };
  let own = "meas";
  while (names.includes(own)) own += "_";
  return { measured: circuit.extend((builder) => builder.measureAll(own)), shown: [own] };
}

function isMeasured(operations: readonly Operation[]): boolean {
  return operations.some(
    (operation) =>
      operation.kind === "measure" ||
      (operation.kind === "if" && (isMeasured(operation.whenTrue) || isMeasured(operation.whenFalse))),
  );
}

/** Counts over all registers together, the last register leftmost. */
function jointCounts(registers: readonly BitArray[]): Readonly<Record<string, number>> {
  const texts = registers.map((register) => register.bitstrings());
  const found = new Map<string, number>();
  for (let shot = 0; shot < registers[0]!.shots; shot++) {
    const key = texts
      .map((text) => text[shot]!)
      .reverse()
      .join(" ");
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  return Object.fromEntries(found);
}

function textOf(result: SimulateResult, state: Float64Array | undefined, labels: readonly string[]): string {
  const lines: string[] = [];
  if (state !== undefined) {
    let more = 0;
    for (let index = 0; index < state.length / 2; index++) {
      const [re, im] = [state[2 * index]!, state[2 * index + 1]!];
      const probability = re * re + im * im;
      if (probability <= 1e-12) continue;
      if (lines.length < MOST_AMPLITUDES_SHOWN)
        lines.push(
          `|${index.toString(2).padStart(result.numQubits, "0")}>  ${formatComplex(re, im)}  probability ${formatNumber(probability)}`,
        );
      else more++;
    }
    if (more > 0)
      lines.push(
        `... and ${more} more amplitudes${result.numQubits <= MOST_QUBITS_IN_JSON ? "; --json prints all of them" : ""}.`,
      );
  }
  for (const [i, value] of (result.expectations ?? []).entries()) lines.push(`<${labels[i]}> = ${formatNumber(value)}`);
  if (result.counts !== undefined) {
    // An object puts keys that look like integers first, whatever their order was.
    const sorted = Object.entries(result.counts).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const line of alignRight(sorted.map(([bits, n]) => [bits, String(n)]))) lines.push(line);
  }
  return `${lines.join("\n")}\n`;
}
