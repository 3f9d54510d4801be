import { Circuit } from "../circuit.ts";
import { ParameterError } from "../errors.ts";
import type { Angle } from "../expression.ts";
import { mapOperation } from "../operation.ts";
import { ParameterVector, weight } from "../parameter.ts";
import type { Rng } from "../rng.ts";
import { checkCount, checkOptions } from "./checks.ts";

/** What starting values are for: all weights of a circuit, one weight vector, or a shape. */
export type WeightTarget = Circuit | ParameterVector | readonly number[];

/** Draws starting values (radians) in flat order. The same target and generator give the same values. */
export type Initializer = (target: WeightTarget, rng: Rng) => Float64Array;

function sizeOf(target: WeightTarget): number {
  if (target instanceof Circuit) return target.numWeights;
  if (target instanceof ParameterVector) return target.size;
  if (target.some((size) => !Number.isSafeInteger(size) || size < 0))
    throw new ParameterError("PARAMETER_SHAPE", `Shape [${target.join(", ")}] must hold integers of 0 or more.`);
  return target.reduce((product, size) => product * size, 1);
}

function checkRange(name: string, value: number, minimum = Number.NEGATIVE_INFINITY): void {
  if (!Number.isFinite(value) || value < minimum)
    throw new ParameterError(
      "INITIALIZER_RANGE",
      `${name} must be a finite number${minimum === 0 ? " of 0 or more" : ""}, not ${value}.`,
    );
}

/** Uniform in [low, high), by default [-π, π). @throws ParameterError INITIALIZER_RANGE */
export function uniformWeights(low = -Math.PI, high: number = Math.PI): Initializer {
  checkRange("low", low);
  checkRange("high", high);
  if (high < low)
    throw new ParameterError("INITIALIZER_RANGE", `The range from ${low} to ${high} is empty; give low before high.`);
  return (target, rng) => Float64Array.from({ length: sizeOf(target) }, () => low + (high - low) * rng.uniform());
}

/**
 * Normal around 0. Small deviations keep gradients large in deep circuits (Zhang et al., arXiv:2203.09376, who take
 * std = 1/√(S·(L+2)) for observables on S qubits and L layers).
 * @throws ParameterError INITIALIZER_RANGE
 */
export function smallGaussianWeights(std = 0.1): Initializer {
  checkRange("std", std, 0);
  return (target, rng) => Float64Array.from({ length: sizeOf(target) }, () => std * rng.normal());
}

/** All values alike. @throws ParameterError INITIALIZER_RANGE */
export function constantWeights(value: number): Initializer {
  checkRange("value", value);
  return (target) => new Float64Array(sizeOf(target)).fill(value);
}

/** All zero. */
export const zeroWeights: Initializer = constantWeights(0);

/**
 * An ansatz of mirrored blocks U(w[b,0])·U(w[b,1])† made from a template U, the first factor applied first (Grant et al.,
 * arXiv:1903.05076). Started with `identityBlockWeights` the whole is the identity, so depth does not flatten the first
 * gradient, while all weights are free to part. Weights `w` [blocks, 2, template.numWeights]; inputs of the template stay.
 * @throws CircuitError LIBRARY_COUNT, CIRCUIT_NOT_UNITARY; ParameterError MIRROR_TEMPLATE for a template without weights
 */
export function mirroredBlocks(
  template: Circuit,
  options: { readonly blocks: number; readonly name?: string },
): Circuit {
  checkOptions("mirroredBlocks", options, ["blocks", "name"]);
  const { blocks, name = "w" } = options;
  checkCount("mirroredBlocks", "blocks", blocks);
  if (template.numWeights === 0)
    throw new ParameterError("MIRROR_TEMPLATE", "The template of mirrored blocks has no weights to train.");
  const w = weight(name, [blocks, 2, template.numWeights]);
  const column = new Map(template.parameters.slice(template.numInputs).map((parameter, i) => [parameter.name, i]));
  const halves = [template.operations, template.inverse().operations];
  return Circuit.build(template.numQubits, (c) => {
    for (const vector of template.vectors) if (vector.role === "input") c.declare(vector);
    c.declare(w);
    for (let block = 0; block < blocks; block++)
      for (const [half, operations] of halves.entries()) {
        const angle = (value: Angle): Angle =>
          typeof value === "number"
            ? value
            : value.substitute((parameter) => {
                const index = column.get(parameter.name);
                return index === undefined ? undefined : w.at(block, half, index);
              });
        for (const operation of operations) c.append(mapOperation(operation, { angle }));
      }
  });
}

/**
 * Starting values for `mirroredBlocks`: each block's first half is drawn from `base` and the second is its copy, so that
 * every block, and the circuit, is the identity.
 * @throws ParameterError MIRROR_SHAPE unless all weights of the target have shape [blocks, 2, size]
 */
export function identityBlockWeights(base: Initializer = uniformWeights()): Initializer {
  return (target, rng) => {
    const shapes =
      target instanceof Circuit
        ? target.vectors.filter((vector) => vector.role === "weight").map((vector) => vector.shape)
        : [target instanceof ParameterVector ? target.shape : target];
    return Float64Array.from(
      shapes.flatMap((shape) => {
        const [blocks, halves, size] = shape;
        if (shape.length !== 3 || halves !== 2)
          throw new ParameterError(
            "MIRROR_SHAPE",
            `Identity blocks need weights of shape [blocks, 2, size], not [${shape.join(", ")}]; build the ansatz with mirroredBlocks.`,
          );
        return Array.from({ length: blocks! }, () => {
          const drawn = [...base([size!], rng)];
          return [...drawn, ...drawn];
        }).flat();
      }),
    );
  };
}
