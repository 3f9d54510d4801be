export { type GroundState, groundState } from "./ground-state.ts";
export { type FermionTerm, jordanWigner, type LadderOperator } from "./jordan-wigner.ts";
export { heisenbergChain, hubbardChain, isingChain } from "./lattice-models.ts";
export {
  activeSpace,
  closedShellEnergy,
  type MolecularIntegrals,
  molecularHamiltonian,
  parseFcidump,
} from "./molecular-integrals.ts";
export { reduceSpinParities } from "./spin-parity.ts";
