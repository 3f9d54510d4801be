import type { DemoOptions, DemoProgress, DemoResult, DemoRole, DemoRow } from "../../src/cli/demo.ts";
import { loadTarget, printQasm3 } from "../../src/index.ts";
import { meanAndSpread } from "../../src/metrics/index.ts";
import { DEVICE, energyOnDevice, secondsToMinimise } from "../application/device.ts";
import { demoRow, type Measured, measured, type SeedOutcome, seedsOf, WATTS } from "../application/measure.ts";
import { writeApplication } from "../application/report.ts";
import { phasesPicture } from "./charts.ts";
import {
  type ClassicalChain,
  classicalHeisenberg,
  classicalHubbard,
  classicalIsing,
  exactState,
  jastrowState,
  meanFieldState,
} from "./classical.ts";
import { type Chain, groundStateOf, heisenberg, hubbard, ising } from "./materials.ts";
import { MODELS, type PhaseDiagram, phaseErrors } from "./phases.ts";
import { materialsText } from "./text.ts";

const STEPS = 400;
/** Quick runs take every fourth point, and fewer steps. */
const QUICK_STEPS = 150;
const QUICK_STRIDE = 4;
/** Where the Ising chain is measured on a device: at its transition. */
const DEVICE_FIELD = 1;
const DEVICE_PRECISION = 0.02;

interface State {
  readonly energy: number;
  readonly order: number;
}

/** Finds all ground states from all seeds and by classical means, measures one on a noisy device, and writes the report. */
export async function run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> {
  const start = performance.now();
  const steps = options.steps ?? (options.quick ? QUICK_STEPS : STEPS);
  const seeds = seedsOf(options);
  const chains: readonly (readonly [Chain, ClassicalChain])[] = [
    [ising, classicalIsing(8)],
    [heisenberg, classicalHeisenberg(8)],
    [hubbard, classicalHubbard(4, hubbard.hamiltonian(0))],
  ];
  const rows: DemoRow[] = [];
  const diagrams: PhaseDiagram[] = [];
  for (const [chain, classical] of chains) {
    const values = chain.values.filter((_, i) => !options.quick || i % QUICK_STRIDE === 0);
    const solved = await solveChain(chain, classical, { values, seeds, steps }, progress);
    rows.push(...solved.rows);
    diagrams.push(solved.diagram);
  }
  progress.note(`Measuring the Ising chain on an emulated ibm_${DEVICE} with its noise.`);
  rows.push(...(await isingOnDevice(classicalIsing(8), { seed: options.seed, steps })));
  const result = { name: "materials", rows, seeds, steps, seconds: (performance.now() - start) / 1000, watts: WATTS };
  return writeApplication(
    {
      out: options.out,
      text: materialsText(rows),
      result,
      pictures: [
        {
          name: "materials",
          caption: "Order parameters and errors of the energy",
          draw: (tools) => phasesPicture(tools, diagrams),
        },
      ],
      files: { "ising.qasm": printQasm3(ising.ansatz(DEVICE_FIELD)), "phases.csv": phasesCsv(diagrams) },
    },
    progress,
  );
}

async function solveChain(
  chain: Chain,
  classical: ClassicalChain,
  {
    values,
    seeds,
    steps,
  }: { readonly values: readonly number[]; readonly seeds: readonly number[]; readonly steps: number },
  progress: DemoProgress,
): Promise<{ readonly rows: DemoRow[]; readonly diagram: PhaseDiagram }> {
  const { observable, isSquare } = chain.order;
  const hamiltonians = values.map((value) => chain.hamiltonian(value));
  const read = ({ energy, order }: State): State => ({
    energy,
    order: isSquare ? Math.sqrt(Math.max(0, order)) : order,
  });
  const each = (solve: (hamiltonian: (typeof hamiltonians)[number]) => State | Promise<State>) =>
    measured(async () => {
      const states: State[] = [];
      for (const hamiltonian of hamiltonians) states.push(read(await solve(hamiltonian)));
      return states;
    });
  const exact = await each((hamiltonian) => exactState(hamiltonian, observable, classical));
  const outcome = (found: Measured<readonly State[]>, circuitExecutions = 0): SeedOutcome => {
    const errors = phaseErrors(found.value, exact.value);
    const also = { "mean error": errors.mean, [`error of ${chain.order.name}`]: errors.order };
    return { value: errors.largest, also, seconds: found.seconds, cpuSeconds: found.cpuSeconds, circuitExecutions };
  };
  const metric = "largest relative error of the energy";
  const row = (
    model: string,
    role: DemoRole,
    params: number,
    outcomes: readonly SeedOutcome[],
    planned: { readonly quantumSeconds?: number } = {},
  ): DemoRow => demoRow({ part: chain.name, model, role, params, metric, ...planned }, outcomes);

  const circuits: SeedOutcome[] = [];
  const jastrows: SeedOutcome[] = [];
  const meanFields: SeedOutcome[] = [];
  let first: Readonly<Record<(typeof MODELS)[number], readonly State[]>> | undefined;
  for (const seed of seeds) {
    const label = `${chain.name.split(" ")[0]}${seeds.length === 1 ? "" : ` ${seeds.indexOf(seed) + 1}/${seeds.length}`}`;
    const circuit = await measured(async () => {
      const states = [];
      for (const [i, value] of values.entries()) {
        states.push(await groundStateOf(chain, value, { seed, steps }));
        progress.update(label, i + 1, values.length, `${chain.parameter} ${value.toFixed(2)}`);
      }
      return states;
    });
    const executions = circuit.value.reduce((sum, { circuitExecutions }) => sum + circuitExecutions, 0);
    circuits.push(outcome(circuit, executions));
    const jastrow = await each((hamiltonian) => jastrowState(hamiltonian, observable, classical, seed));
    jastrows.push(outcome(jastrow));
    const meanField = await each((hamiltonian) => meanFieldState(hamiltonian, observable, classical, seed));
    meanFields.push(outcome(meanField));
    first ??= {
      ...{ exact: exact.value, "variational circuit": circuit.value },
      ...{ Jastrow: jastrow.value, "mean field": meanField.value },
    };
  }
  const points = values.map((value, i) => ({
    value,
    states: Object.fromEntries(
      MODELS.map((model) => [model, first![model][i]!]),
    ) as PhaseDiagram["points"][number]["states"],
  }));
  const numWeights = chain.ansatz(values[0]!).numWeights;
  const rows = [
    row("Hamiltonian variational circuit on 8 qubits", "hybrid", numWeights, circuits, {
      quantumSeconds: await secondsToMinimise(
        { circuit: chain.ansatz(values.at(-1)!), observable: hamiltonians.at(-1)! },
        { precision: DEVICE_PRECISION, steps: meanAndSpread(circuits.map((one) => one.circuitExecutions ?? 0)).mean },
      ),
    }),
    row(
      "mean field (no entanglement, or one Slater determinant)",
      "without quantum",
      classical.meanField.numWeights,
      meanFields,
    ),
    row("Jastrow state, exact sums", "equal parameters", classical.features.length, jastrows),
    row("exact diagonalisation (Lanczos)", "best classical", 0, [outcome(exact)]),
  ];
  return { rows, diagram: { chain, points } };
}

async function isingOnDevice(
  classical: ClassicalChain,
  options: { readonly seed: number; readonly steps: number },
): Promise<DemoRow[]> {
  const observable = ising.hamiltonian(DEVICE_FIELD);
  const exact = exactState(observable, ising.order.observable, classical).energy;
  const trained = await measured(() => groundStateOf(ising, DEVICE_FIELD, options));
  const { weights, energy, circuitExecutions } = trained.value;
  const circuit = ising.ansatz(DEVICE_FIELD);
  const planned = { seed: options.seed, precision: DEVICE_PRECISION, steps: circuitExecutions };
  const device = await measured(() => energyOnDevice({ circuit, observable, weights }, planned));
  const error = (value: number): number => Math.abs((value - exact) / exact);
  const { stderr, twoQubitGates, executions, quantumSeconds, minimisation } = device.value;
  const about = {
    part: `Ising chain at h/J = 1 on a noisy device (emulated ${loadTarget(DEVICE).name})`,
    ...{ params: circuit.numWeights, metric: "relative error of the energy" },
  };
  return [
    demoRow({ ...about, model: "trained circuit, simulated", role: "reference" }, [
      {
        value: error(energy),
        also: { "standard error (J)": 0, "two-qubit gates": 0, "quantum seconds to minimise": 0 },
        ...{ seconds: trained.seconds, cpuSeconds: trained.cpuSeconds, circuitExecutions },
      },
    ]),
    demoRow({ ...about, model: "the same, measured with noise", role: "hybrid", costsOf: "test", quantumSeconds }, [
      {
        value: error(device.value.energy),
        also: {
          "standard error (J)": stderr,
          "two-qubit gates": twoQubitGates,
          "quantum seconds to minimise": minimisation.quantumSeconds,
        },
        ...{ seconds: device.seconds, cpuSeconds: device.cpuSeconds, circuitExecutions: executions },
      },
    ]),
  ];
}

function phasesCsv(diagrams: readonly PhaseDiagram[]): string {
  const lines = diagrams.flatMap(({ chain, points }) =>
    points.flatMap(({ value, states }) =>
      MODELS.map((model) =>
        [
          `"${chain.name}"`,
          value.toFixed(2),
          model,
          states[model].energy.toFixed(10),
          states[model].order.toFixed(10),
        ].join(),
      ),
    ),
  );
  return `chain,parameter,model,energy,order\n${lines.join("\n")}\n`;
}
