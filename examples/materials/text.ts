import type { DemoRow } from "../../src/cli/demo.ts";
import type { ApplicationText } from "../application/page.ts";

export function materialsText(rows: readonly DemoRow[]): ApplicationText {
  const compared = [...new Set(rows.map(({ part }) => part!))]
    .map((part) => {
      const of = (role: string) => rows.find((row) => row.part === part && row.role === role);
      return { part, circuit: of("hybrid"), jastrow: of("equal parameters") };
    })
    .filter(({ jastrow }) => jastrow !== undefined)
    .map(
      ({ part, circuit, jastrow }) =>
        `${part}: ${circuit!.value.toExponential(1)} by the circuit, ${jastrow!.value.toExponential(1)} by the Jastrow state`,
    );
  return {
    title: "Materials: phases of chains of spins and electrons",
    intro:
      "Ground states of the Ising chain in a transverse field, the Heisenberg chain and the Hubbard chain, on 8 qubits each, over the parameter that drives them from one phase into another. A Hamiltonian variational circuit is lowered by L-BFGS with exact gradients of the noiseless simulator, and the order parameter measured in its final state.",
    verdict: `Largest relative errors of the energy. ${compared.join("; ")}. Exact diagonalisation of 8 qubits takes milliseconds and has no error, so there is nothing to win for a quantum computer at this size.`,
    limits: [
      "Eight spins or four sites have no phase transition: what jumps in an infinite chain is a smooth crossover here, and the order parameter of the disordered phase is not zero.",
      "In one dimension these models are solved: free fermions (Ising), Bethe's ansatz (Heisenberg, Hubbard), and the density-matrix renormalisation group for thousands of sites. A quantum computer would be wanted in two dimensions, with electrons, or in time.",
      "The circuits were trained without noise. Measured with a device's noise, the energy of one of them is wrong by far more than the error of its training.",
      "No material is described: a single band, neighbours only, no temperature.",
    ],
  };
}
