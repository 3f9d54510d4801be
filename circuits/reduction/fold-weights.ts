import { add, sum } from "../arithmetic.ts";
import { Circuit } from "../circuit.ts";
import { type Angle, ParameterExpression } from "../expression.ts";
import { mapOperation, type Operation, slotFrequencies } from "../operation.ts";
import { Parameter, weight } from "../parameter.ts";
import { AffineAngle, type AffineTerm } from "../transpiler/affine-angle.ts";

export interface FoldedCircuit {
  readonly circuit: Circuit;
  /** Its weights [W'] for weights [W] of the circuit that it came from. */
  mapWeights(weights: ArrayLike<number>): Float64Array;
}

/** A new weight: constant + Σ coefficient · old weight. */
interface NewWeight {
  readonly constant: number;
  readonly terms: readonly { readonly parameter: Parameter; readonly coefficient: number }[];
}

/**
 * A circuit of these operations with as few weights as they need: those that no gate has any more go, and those that only
 * occur together in one sum become one. All inputs stay, so that rows of data still fit. A vector that loses elements becomes
 * a flat one of the same name.
 */
export function foldWeights(source: Circuit, operations: readonly Operation[]): FoldedCircuit {
  const sums = sumsOf(operations);
  const weights = source.parameters.slice(source.numInputs);
  const column = new Map(weights.map(({ name }, index) => [name, index]));
  const used = usedParameters(operations);
  const replaced = new Map<string, { readonly name: string; readonly own: NewWeight }>();
  for (const found of sums.values())
    for (const { parameter } of found.terms)
      replaced.set(parameter.name, { name: found.terms[0]!.parameter.name, own: found });

  const made: NewWeight[] = [];
  const byOldName = new Map<string, Parameter>();
  const vectors = source.vectors.flatMap((vector) => {
    if (vector.role === "input") return [vector];
    const kept = vector.elements.filter(({ name }) => used.has(name) && (replaced.get(name)?.name ?? name) === name);
    for (const parameter of kept)
      made.push(replaced.get(parameter.name)?.own ?? { constant: 0, terms: [{ parameter, coefficient: 1 }] });
    if (kept.length === 0) return [];
    const next = kept.length === vector.size ? vector : weight(vector.name, kept.length);
    for (const [index, { name }] of kept.entries()) byOldName.set(name, next.elements[index]!);
    return [next];
  });
  const angle = (value: Angle): Angle => {
    if (typeof value === "number") return value;
    const found = replaced.get(foldable(value)?.weights[0]?.expression.toString() ?? "");
    if (found === undefined) return value.substitute(({ name }) => byOldName.get(name));
    const others = foldable(value)!.others.map(({ expression, coefficient }) => expression.times(coefficient));
    const rest = sum(others);
    const free = typeof rest === "number" ? rest : rest.substitute(({ name }) => byOldName.get(name));
    return add(byOldName.get(found.name)!, free);
  };
  const circuit = Circuit.build(source.numQubits, (builder) => {
    for (const { name, size } of source.registers) builder.register(name, size);
    builder.declare(...vectors);
    for (const operation of operations) builder.append(mapOperation(operation, { angle }));
  });
  return {
    circuit,
    mapWeights: (values) =>
      Float64Array.from(made, ({ constant, terms }) =>
        terms.reduce(
          (total, { parameter, coefficient }) => total + coefficient * values[column.get(parameter.name)!]!,
          constant,
        ),
      ),
  };
}

function anglesOf(
  operations: readonly Operation[],
): readonly { readonly angle: ParameterExpression; readonly period: number }[] {
  return operations.flatMap((operation) =>
    operation.kind !== "gate"
      ? []
      : operation.params.flatMap((angle, index) =>
          angle instanceof ParameterExpression
            ? [
                {
                  angle,
                  period: (2 * Math.PI) / Math.min(...slotFrequencies(operation, index), Number.POSITIVE_INFINITY),
                },
              ]
            : [],
        ),
  );
}

function usedParameters(operations: readonly Operation[]): ReadonlySet<string> {
  return new Set(anglesOf(operations).flatMap(({ angle }) => angle.parameters.map(({ name }) => name)));
}

/** The weights that an angle adds up, and its other terms. */
function foldable(
  angle: ParameterExpression,
):
  | { readonly weights: readonly AffineTerm[]; readonly others: readonly AffineTerm[]; readonly constant: number }
  | undefined {
  const { terms, constant } = AffineAngle.of(angle);
  const isWeight = ({ expression }: AffineTerm): boolean =>
    expression instanceof Parameter && expression.role === "weight";
  const weights = terms.filter(isWeight);
  return weights.length === 0 ? undefined : { weights, others: terms.filter((term) => !isWeight(term)), constant };
}

/** By the names of their weights, the sums that can be one weight: no weight of theirs occurs anywhere else. */
function sumsOf(operations: readonly Operation[]): ReadonlyMap<string, NewWeight> {
  const angles = anglesOf(operations);
  const occurrences = new Map<string, number>();
  for (const { angle } of angles)
    for (const { name } of angle.parameters) occurrences.set(name, (occurrences.get(name) ?? 0) + 1);
  const found = new Map<string, NewWeight>();
  for (const { angle, period } of angles) {
    const parts = foldable(angle);
    if (parts === undefined) continue;
    const { weights, others, constant } = parts;
    // A single weight is only folded with a constant; what scales it stays, since training feels the scale.
    const isSum = weights.length > 1 || (constant !== 0 && weights[0]!.coefficient === 1);
    if (!isSum) continue;
    // The constant is only known modulo 2π.
    const exact = others.length === 0 && Math.abs(angle.evaluate(() => 0) - constant) < 1e-13;
    if (period > 2 * Math.PI + 1e-9 && !exact) continue;
    if (weights.some(({ expression }) => occurrences.get(expression.toString()) !== 1)) continue;
    if (
      others.some(({ expression }) =>
        expression.parameters.some(({ name }) => weights.some((term) => term.expression.toString() === name)),
      )
    )
      continue;
    const terms = weights.map(({ expression, coefficient }) => ({ parameter: expression as Parameter, coefficient }));
    found.set(terms[0]!.parameter.name, { constant, terms });
  }
  return found;
}
