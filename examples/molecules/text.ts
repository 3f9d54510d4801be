import type { DemoRow } from "../../src/cli/demo.ts";
import type { ApplicationText } from "../application/page.ts";
import { verdictOf } from "../application/verdict.ts";
import { CHEMICAL_ACCURACY, CURVE_METRIC, type Curve } from "./curve.ts";
import { SCREENING } from "./screening-study.ts";

export function moleculesText(rows: readonly DemoRow[], curves: readonly Curve[]): ApplicationText {
  const vqe = rows.filter(({ role, metric }) => role === "hybrid" && metric === CURVE_METRIC);
  const worst = Math.max(...vqe.flatMap(({ values }) => values));
  const points = curves.reduce((sum, curve) => sum + curve.points.length, 0);
  const beyond = curves.map(({ system, points: all }) => {
    const largest = Math.max(...all.map(({ exact, fullCi }) => exact - fullCi));
    return `${system.name} ${(1000 * largest).toFixed(1)}`;
  });
  const isWithin = worst <= CHEMICAL_ACCURACY;
  return {
    title: "Molecules: potential curves by VQE, and solubility from descriptors",
    intro: `H2, LiH and H2O in the STO-3G basis at ${points} geometries. A unitary coupled-cluster circuit prepares the electrons' state, L-BFGS lowers its energy with exact gradients of the noiseless simulator, and each geometry starts from its neighbour's weights and from fresh ones. Errors are distances from the exact energy of the same active space. Besides, a hybrid model learns from four descriptors how well 1,282 molecules dissolve in water.`,
    verdict: `The largest error of VQE over all points and seeds is ${worst.toExponential(1)} hartree, ${isWithin ? "within" : "not within"} chemical accuracy (1.6e-3). Configuration interaction with no more coefficients is exact in all four, and exact diagonalisation takes milliseconds: at this size there is nothing to win for a quantum computer. On the noisy device the energy of H2 is wrong by much more than its standard error where the circuit has tens of two-qubit gates, and the two-qubit form helps. ${verdictOf(rows, SCREENING, "lower")}`,
    limits: [
      `STO-3G is a minimal basis, and an active space leaves electrons out: the exact energies here lie above full configuration interaction in the same basis by up to (millihartree) ${beyond.join(", ")}. Neither compares with experiment.`,
      "Curves were found on a simulator without noise; only H2 was measured with a device's noise, and not minimised there.",
      "These are the smallest molecules there are. Classical methods do molecules of a hundred atoms; the number of weights and measurements of this ansatz grows with the fourth power of the orbitals.",
      "Solubility is the only property learned here, from four descriptors of small molecules; neither the range of angles nor the number of steps was tuned, and only the larger network's size and learning rate were chosen, by cross-validation on training rows.",
      "No drug was discovered: nothing binds to anything here.",
    ],
  };
}
