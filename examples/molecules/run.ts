import type { DemoOptions, DemoProgress, DemoResult, DemoRole, DemoRow } from "../../src/cli/demo.ts";
import { closedShellEnergy, printQasm3 } from "../../src/index.ts";
import { meanAndSpread } from "../../src/metrics/index.ts";
import { DEVICE, secondsToMinimise } from "../application/device.ts";
import { demoRow, type Measured, measured, type SeedOutcome, seedsOf, WATTS } from "../application/measure.ts";
import { writeApplication } from "../application/report.ts";
import { curvesPicture } from "./charts.ts";
import { configurationInteraction, exactEnergy, singlesAndDoubles } from "./classical.ts";
import { CHEMICAL_ACCURACY, CURVE_METRIC, type Curve, curveErrors } from "./curve.ts";
import { hydrogenOnDevice } from "./device.ts";
import {
  loadGeometries,
  type Problem,
  potentialCurve,
  problemsOf,
  type Solution,
  SYSTEMS,
  type System,
} from "./molecules.ts";
import { screen } from "./screening-study.ts";
import { moleculesText } from "./text.ts";

const STEPS = 400;
/** Quick runs take every third geometry, and fewer steps. */
const QUICK_STEPS = 150;
const QUICK_STRIDE = 3;
const SCREENING_STEPS = 600;
const QUICK_SCREENING_STEPS = 60;
/** Where the H2 molecule is measured on a device, angstrom. */
const DEVICE_BOND = 0.7;

/**
 * Solves all curves from all seeds and by classical means, measures H2 on the noisy device, learns how well molecules dissolve,
 * and writes the report.
 */
export async function run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> {
  const start = performance.now();
  const steps = options.steps ?? (options.quick ? QUICK_STEPS : STEPS);
  const seeds = seedsOf(options);
  const geometries = loadGeometries();
  const rows: DemoRow[] = [];
  const curves: Curve[] = [];
  let hydrogen: { readonly problem: Problem; readonly solution: Solution } | undefined;
  for (const system of SYSTEMS) {
    const problems = problemsOf(system, geometries).filter((_, i) => !options.quick || i % QUICK_STRIDE === 0);
    const solved = await solveSystem(system, problems, { seeds, steps }, progress);
    rows.push(...solved.rows);
    curves.push(solved.curve);
    const index = nearest(problems, DEVICE_BOND);
    hydrogen ??= { problem: problems[index]!, solution: solved.solutions[index]! };
  }
  progress.note(`Measuring H2 on an emulated ibm_${DEVICE} with its noise.`);
  rows.push(...(await hydrogenOnDevice(hydrogen!.problem, hydrogen!.solution.weights, options.seed)));
  const screeningSteps = options.steps ?? (options.quick ? QUICK_SCREENING_STEPS : SCREENING_STEPS);
  rows.push(...(await screen({ seeds, steps: screeningSteps }, progress)));
  const result = { name: "molecules", rows, seeds, seconds: (performance.now() - start) / 1000, watts: WATTS };
  return writeApplication(
    {
      out: options.out,
      text: moleculesText(rows, curves),
      result,
      pictures: [
        {
          name: "molecules",
          caption: "Potential curves and their errors",
          draw: (tools) => curvesPicture(tools, curves),
        },
      ],
      files: {
        "h2.qasm": printQasm3(hydrogen!.problem.circuit),
        "curves.csv": curvesCsv(curves),
      },
    },
    progress,
  );
}

async function solveSystem(
  system: System,
  problems: readonly Problem[],
  { seeds, steps }: { readonly seeds: readonly number[]; readonly steps: number },
  progress: DemoProgress,
): Promise<{ readonly rows: DemoRow[]; readonly curve: Curve; readonly solutions: readonly Solution[] }> {
  const bonds = problems.map(({ geometry }) => geometry.bond);
  const { numWeights } = problems[0]!.circuit;
  const exact = await measured(() => problems.map(exactEnergy));
  const outcome = (found: Measured<readonly number[]>, circuitExecutions = 0): SeedOutcome => {
    const errors = curveErrors(bonds, found.value, exact.value);
    const also = {
      "mean error (hartree)": errors.mean,
      "points within 1.6e-3": errors.within,
      "bond length (angstrom)": errors.bondLength,
    };
    const { seconds, cpuSeconds } = found;
    return { value: errors.largest, also, seconds, cpuSeconds, circuitExecutions };
  };
  const row = (
    model: string,
    role: DemoRole,
    params: number,
    outcomes: readonly SeedOutcome[],
    planned: { readonly quantumSeconds?: number } = {},
  ): DemoRow => demoRow({ part: system.name, model, role, params, metric: CURVE_METRIC, ...planned }, outcomes);

  const found: SeedOutcome[] = [];
  let first: readonly Solution[] | undefined;
  for (const seed of seeds) {
    const label = seeds.length === 1 ? system.name : `${system.name} ${seeds.indexOf(seed) + 1}/${seeds.length}`;
    const curve = await measured(async () => {
      const solutions: Solution[] = [];
      for await (const solution of potentialCurve(problems, { seed, steps })) {
        solutions.push(solution);
        progress.update(label, solutions.length, problems.length, `${solution.energy.toFixed(6)} hartree`);
      }
      return solutions;
    });
    first ??= curve.value;
    const executions = curve.value.reduce((sum, { circuitExecutions }) => sum + circuitExecutions, 0);
    found.push(outcome({ ...curve, value: curve.value.map(({ energy }) => energy) }, executions));
  }
  const meanField = await measured(() => problems.map(({ integrals }) => closedShellEnergy(integrals)));
  const interaction = await measured(() => problems.map((problem) => configurationInteraction(problem, numWeights)));
  const energiesOf = (of: typeof interaction) => ({ ...of, value: of.value.map(({ energy }) => energy) });
  const rows = [
    row(`VQE, UCCSD on ${problems[0]!.circuit.numQubits} qubits`, "hybrid", numWeights, found, {
      quantumSeconds: await secondsToMinimise(
        { circuit: problems[0]!.circuit, observable: problems[0]!.hamiltonian },
        { precision: CHEMICAL_ACCURACY, steps: meanAndSpread(found.map((one) => one.circuitExecutions ?? 0)).mean },
      ),
    }),
    row("Hartree-Fock (the circuit without its excitations)", "without quantum", 0, [outcome(meanField)]),
    row(
      "configuration interaction, no more coefficients than the circuit has weights",
      "equal parameters",
      interaction.value[0]!.coefficients,
      [outcome(energiesOf(interaction))],
    ),
  ];
  // Of two electrons, singles and doubles are all.
  if (problems[0]!.integrals.numElectrons > 2) {
    const cisd = await measured(() => problems.map(singlesAndDoubles));
    rows.push(
      row("configuration interaction, singles and doubles", "reference", cisd.value[0]!.coefficients, [
        outcome(energiesOf(cisd)),
      ]),
    );
  }
  rows.push(row("exact diagonalisation (Lanczos)", "best classical", 0, [outcome(exact)]));
  const points = problems.map(({ geometry: { bond, hartreeFock, fullCi } }, i) => ({
    ...{ bond, hartreeFock, fullCi, exact: exact.value[i]!, vqe: first![i]!.energy },
  }));
  return { rows, curve: { system, points }, solutions: first! };
}

function nearest(problems: readonly Problem[], bond: number): number {
  const distances = problems.map(({ geometry }) => Math.abs(geometry.bond - bond));
  return distances.indexOf(Math.min(...distances));
}

function curvesCsv(curves: readonly Curve[]): string {
  const lines = curves.flatMap(({ system, points }) =>
    points.map(({ bond, hartreeFock, vqe, exact, fullCi }) =>
      [`"${system.name}"`, bond, hartreeFock, vqe.toFixed(10), exact.toFixed(10), fullCi].join(),
    ),
  );
  return `system,bond_angstrom,hf_hartree,vqe_hartree,exact_hartree,full_ci_hartree\n${lines.join("\n")}\n`;
}
