import { Circuit, type Operation, printQasm3Program, qubitsOf, slotsOf } from "../../circuits/index.ts";

/** A compiled circuit as the service reads it. */
export interface IsaText {
  /** OpenQASM 3 on physical qubits. */
  readonly qasm: string;
  /** Qubits of the circuit that the service makes of the text: the highest one it names, plus 1. */
  readonly width: number;
  /** The parameters that the text declares, as places in `circuit.parameters`; a row of values is in this order. */
  readonly columns: Int32Array;
  /** For each register of the circuit its name in the text. */
  readonly registerNames: readonly string[];
}

const texts = new WeakMap<Circuit, Map<number, IsaText>>();

/**
 * Prints a compiled circuit in the dialect that IBM's service reads. The service takes the highest qubit that is named as
 * the circuit's width and binds a row of values in the alphabetical order of the names, so the top qubit is named (by an
 * `rz(0.0)`, which is no pulse) and the names are numbers of one length. Global phases and parameters that nothing depends
 * on are left out.
 * @param minWidth the least width, such as an observable needs; 0 for none
 */
export function isaText(circuit: Circuit, minWidth: number): IsaText {
  const byWidth = texts.get(circuit) ?? new Map<number, IsaText>();
  texts.set(circuit, byWidth);
  const known = byWidth.get(minWidth);
  if (known !== undefined) return known;
  const text = print(circuit, minWidth);
  byWidth.set(minWidth, text);
  return text;
}

function print(circuit: Circuit, minWidth: number): IsaText {
  const operations = withoutPhases(circuit.operations);
  const highest = operations.reduce((most, operation) => Math.max(most, ...qubitsOf(operation)), -1);
  const width = Math.max(1, highest + 1, minWidth);
  const physical = new Circuit({ ...circuit, numQubits: Math.max(width, circuit.numQubits), operations });
  const widened = width === highest + 1 ? physical : physical.extend((c) => c.rz(0, width - 1));
  const { text, parameterNames } = printQasm3Program(widened, {
    parameterNames: "ordered",
    qubits: "physical",
    directives: false,
  });
  const used = new Set(
    slotsOf(physical).flatMap(({ expression }) => expression.parameters.map((parameter) => parameter.name)),
  );
  const columns: number[] = [];
  const unused = new Set<string>();
  // Extending a circuit may drop what it does not use, so places are those of the circuit itself.
  const places = new Map(circuit.parameters.map((parameter, index) => [parameter.name, index]));
  for (const [name, parameter] of parameterNames)
    if (used.has(parameter.name)) columns.push(places.get(parameter.name)!);
    else unused.add(`input float[64] ${name};`);
  const lines = text.split("\n").filter((line) => !unused.has(line));
  return {
    qasm: lines.join("\n"),
    width,
    columns: Int32Array.from(columns),
    registerNames: lines.flatMap((line) => /^bit\[\d+\] ([^\s;]+);$/.exec(line)?.[1] ?? []),
  };
}

function withoutPhases(operations: readonly Operation[]): readonly Operation[] {
  return operations.flatMap((operation): readonly Operation[] => {
    if (operation.kind === "gate" && operation.gate === "gphase" && operation.numControls === 0) return [];
    if (operation.kind !== "if") return [operation];
    const whenTrue = withoutPhases(operation.whenTrue);
    const whenFalse = withoutPhases(operation.whenFalse);
    return whenTrue.length + whenFalse.length === 0 ? [] : [{ ...operation, whenTrue, whenFalse }];
  });
}
