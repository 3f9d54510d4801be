export { interpolatedAngles, rampAngles } from "./angles.ts";
export { type AnnealingResult, simulatedAnnealing } from "./annealing.ts";
export { type Assignment, BinaryProblem, type ProblemDescription } from "./binary-problem.ts";
export { type Enumeration, enumerateProblem } from "./brute-force.ts";
export type { Constraint, ConstraintDescription } from "./constraints.ts";
export { type KeptGroup, keptGroups, randomAssignment } from "./kept-constraints.ts";
export { type QaoaOptions, type QaoaResult, type QaoaStep, qaoa } from "./qaoa.ts";
export { type QaoaProgram, type QaoaProgramOptions, qaoaProgram } from "./qaoa-program.ts";
export {
  approximationRatio,
  conditionalValueAtRisk,
  readSamples,
  type Sample,
  type SampleQuality,
  type SampleSet,
  sampleQuality,
} from "./samples.ts";
export { sampleProblem } from "./sampling.ts";
