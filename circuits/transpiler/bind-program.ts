import type { Circuit } from "../circuit.ts";
import { ParameterError } from "../errors.ts";
import type { ExpressionNode } from "../expression-node.ts";
import { BINARY_OPERATIONS, UNARY_OPERATIONS } from "../operations.ts";
import type { AffineAngle } from "./affine-angle.ts";
import { type Derivation, deriveInto, sourcesOf } from "./derivations.ts";
import { PairKernel } from "./linalg/derived-angles.ts";

/** One step of a program: reads registers, writes registers. */
type Step = (registers: Float64Array) => void;

/**
 * Rows of source values to rows of angles: the expressions and derivations that the angles need, compiled once to steps over
 * registers. Running a row allocates nothing.
 */
export class BindProgram {
  readonly numSources: number;
  readonly numAngles: number;
  readonly #steps: readonly Step[];
  readonly #registers: Float64Array;
  readonly #outputs: Int32Array;

  constructor(source: Circuit, angles: readonly AffineAngle[], derivations: readonly Derivation[]) {
    const compiler = new Compiler(source, derivations);
    this.numSources = source.parameters.length;
    this.numAngles = angles.length;
    this.#outputs = Int32Array.from(angles, (angle) => compiler.angle(angle));
    this.#steps = compiler.steps;
    this.#registers = Float64Array.from(compiler.initial);
  }

  /** Angles [rows, numAngles] for values [rows, numSources]. @throws ParameterError PARAMETER_NOT_FINITE */
  run(values: Float64Array, rows: number, out: Float64Array): void {
    const registers = this.#registers;
    const steps = this.#steps;
    const outputs = this.#outputs;
    for (let row = 0; row < rows; row++) {
      const from = row * this.numSources;
      for (let i = 0; i < this.numSources; i++) registers[i] = values[from + i]!;
      for (let i = 0; i < steps.length; i++) steps[i]!(registers);
      const at = row * outputs.length;
      for (let i = 0; i < outputs.length; i++) {
        const angle = registers[outputs[i]!]!;
        if (!Number.isFinite(angle)) throw notFinite(row);
        out[at + i] = angle;
      }
    }
  }
}

function notFinite(row: number): ParameterError {
  return new ParameterError(
    "PARAMETER_NOT_FINITE",
    `The values of row ${row} give an angle that is no finite number; check that they are finite themselves, and where the circuit divides or takes roots and logarithms of parameters.`,
  );
}

/** Lays out registers and steps; derivations are compiled when something first reads them. */
class Compiler {
  readonly steps: Step[] = [];
  readonly initial: number[];
  readonly #column = new Map<string, number>();
  readonly #nodes = new Map<ExpressionNode, number>();
  readonly #angles = new Map<string, number>();
  readonly #derivationOf = new Map<string, Derivation>();
  readonly #kernel = new PairKernel();

  constructor(source: Circuit, derivations: readonly Derivation[]) {
    for (const [index, { name }] of source.parameters.entries()) this.#column.set(name, index);
    this.initial = source.parameters.map(() => 0);
    for (const derivation of derivations)
      for (const { name } of derivation.outputs) this.#derivationOf.set(name, derivation);
  }

  /** The register that holds an angle once the steps so far have run. */
  angle(angle: AffineAngle): number {
    const known = this.#angles.get(angle.key);
    if (known !== undefined) return known;
    const { constant, terms } = angle;
    const sources = Int32Array.from(terms, ({ expression }) => this.#node(expression.node));
    const factors = Float64Array.from(terms, ({ coefficient }) => coefficient);
    let at: number;
    if (terms.length === 1 && constant === 0 && factors[0] === 1) at = sources[0]!;
    else {
      at = this.#register(constant);
      if (terms.length === 1) {
        const from = sources[0]!;
        const factor = factors[0]!;
        this.steps.push((registers) => {
          registers[at] = constant + factor * registers[from]!;
        });
      } else if (terms.length > 1)
        this.steps.push((registers) => {
          let sum = constant;
          for (let i = 0; i < sources.length; i++) sum += factors[i]! * registers[sources[i]!]!;
          registers[at] = sum;
        });
    }
    this.#angles.set(angle.key, at);
    return at;
  }

  #register(initial = 0): number {
    return this.initial.push(initial) - 1;
  }

  #node(node: ExpressionNode): number {
    let at = this.#nodes.get(node);
    if (at === undefined) {
      at = this.#place(node);
      this.#nodes.set(node, at);
    }
    return at;
  }

  #place(node: ExpressionNode): number {
    switch (node.kind) {
      case "constant":
        return this.#register(node.value);
      case "parameter":
        return this.#parameter(node.parameter.name);
      case "unary": {
        const from = this.#node(node.argument);
        const at = this.#register();
        const { apply } = UNARY_OPERATIONS[node.operation];
        this.steps.push((registers) => {
          registers[at] = apply(registers[from]!);
        });
        return at;
      }
      case "binary": {
        const left = this.#node(node.left);
        const right = this.#node(node.right);
        const at = this.#register();
        const { apply } = BINARY_OPERATIONS[node.operation];
        this.steps.push((registers) => {
          registers[at] = apply(registers[left]!, registers[right]!);
        });
        return at;
      }
    }
  }

  #parameter(name: string): number {
    if (!this.#column.has(name)) this.#derive(this.#derivationOf.get(name)!);
    return this.#column.get(name)!;
  }

  #derive(derivation: Derivation): void {
    const sources = Int32Array.from(sourcesOf(derivation), (angle) => this.angle(angle));
    const first = this.initial.length;
    for (const { name } of derivation.outputs) this.#column.set(name, this.#register());
    const values = new Float64Array(sources.length);
    const out = new Float64Array(derivation.outputs.length);
    const kernel = this.#kernel;
    this.steps.push((registers) => {
      for (let i = 0; i < sources.length; i++) {
        const value = registers[sources[i]!]!;
        if (!Number.isFinite(value)) {
          registers.fill(Number.NaN, first, first + out.length);
          return;
        }
        values[i] = value;
      }
      deriveInto(out, derivation, values, kernel);
      for (let i = 0; i < out.length; i++) registers[first + i] = out[i]!;
    });
  }
}
