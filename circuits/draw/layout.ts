import { sum } from "../arithmetic.ts";
import type { Circuit, ClassicalRegister } from "../circuit.ts";
import type { Angle } from "../expression.ts";
import { gateSpec } from "../gates.ts";
import { type Condition, type GateOperation, type Operation, qubitsOf, type UnitaryOperation } from "../operation.ts";
import { formatAngle } from "./format-angle.ts";

/** One horizontal line of a drawing: the qubits from 0 on, then the classical registers. */
export interface Row {
  readonly kind: "qubit" | "register";
  readonly label: string;
}

/** What colour a symbol has. */
export type Family = "fixed" | "rotation" | "entangling" | "unitary" | "readout" | "timing" | "branch";

/** A box over the rows `top` to `bottom`; pins are texts at its left edge, where it has more than one row. */
export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly name: string;
  readonly params: string;
  readonly pins: readonly (readonly [row: number, text: string])[];
}

/** One symbol in one column; nothing else of that column lies within its rows `top` to `bottom`. */
export interface LayoutItem {
  readonly column: number;
  readonly top: number;
  readonly bottom: number;
  readonly family: Family;
  /** The whole text, uncut. */
  readonly title: string;
  readonly box?: Box;
  /** The box is the X of a controlled X. */
  readonly isNot?: boolean;
  readonly isMeter?: boolean;
  readonly controls: readonly (readonly [row: number, positive: boolean])[];
  readonly swaps: readonly number[];
  readonly barrier: readonly number[];
  /** Registers that a double line from the box reaches, with the bit written there. */
  readonly registers: readonly (readonly [row: number, text: string])[];
}

/** The columns of an `if`, from its first marker to its end, over qubit rows. */
export interface Frame {
  readonly firstColumn: number;
  readonly lastColumn: number;
  readonly top: number;
  readonly bottom: number;
}

/** A circuit as symbols on a grid of rows and columns; text and SVG are printed from it. */
export interface Layout {
  readonly rows: readonly Row[];
  readonly numQubits: number;
  readonly columns: readonly (readonly LayoutItem[])[];
  readonly frames: readonly Frame[];
  /** The sum of the global phases outside branches. */
  readonly globalPhase: string | undefined;
}

/** The table's symbol of the swap, drawn as crosses. */
const CROSS = "x";

/** A symbol that has no column yet. */
type Glyph = Omit<LayoutItem, "column">;
const NOTHING = { controls: [], swaps: [], barrier: [], registers: [] } as const;

/**
 * Places each operation in the first column that is free in all rows from its uppermost to its lowest, so that operations
 * side by side run in parallel and no line crosses a symbol. O(operations × rows spanned).
 */
export function layoutCircuit(circuit: Circuit): Layout {
  const rows: Row[] = [
    ...Array.from({ length: circuit.numQubits }, (_, qubit): Row => ({ kind: "qubit", label: `q${qubit}` })),
    ...circuit.registers.map(({ name, size }): Row => ({ kind: "register", label: `${name}/${size}` })),
  ];
  const columns: LayoutItem[][] = [];
  const frames: Frame[] = [];
  const free = new Int32Array(rows.length);
  const phases: Angle[] = [];
  const bits = bitsOf(circuit);

  const place = (symbol: Glyph): number => {
    let column = 0;
    for (let row = symbol.top; row <= symbol.bottom; row++) column = Math.max(column, free[row]!);
    free.fill(column + 1, symbol.top, symbol.bottom + 1);
    while (columns.length <= column) columns.push([]);
    columns[column]!.push({ ...symbol, column });
    return column;
  };

  const visit = (operation: Operation, branchRow: number | undefined): void => {
    switch (operation.kind) {
      case "gate":
        if (operation.qubits.length > 0) place(gateSymbol(operation));
        else if (branchRow === undefined) phases.push(operation.params[0]!);
        else place(boxSymbol("fixed", branchRow, "phase", operation.params.map(formatAngle).join(",")));
        return;
      case "unitary":
        place(unitarySymbol(operation));
        return;
      case "measure": {
        const { row, text } = bits[operation.clbit]!;
        const symbol = boxSymbol("readout", operation.qubit, "M");
        const title = `measure q${operation.qubit} -> ${rows[row]!.label.replace(/\/.*/, "")}[${text}]`;
        place({ ...symbol, bottom: row, isMeter: true, title, registers: [[row, text]] });
        return;
      }
      case "reset":
        place(boxSymbol("timing", operation.qubit, "|0⟩", "", `reset q${operation.qubit}`));
        return;
      case "delay":
        place(boxSymbol("timing", operation.qubit, "delay", `${operation.duration} ${operation.unit}`));
        return;
      case "barrier":
        if (operation.qubits.length > 0) {
          const barrier = operation.qubits.toSorted((a, b) => a - b);
          place({ ...NOTHING, top: barrier[0]!, bottom: barrier.at(-1)!, family: "timing", title: "barrier", barrier });
        }
        return;
      case "if": {
        if (rows.length === 0) return;
        const qubits = qubitsOf(operation);
        const top = qubits.reduce((a, b) => Math.min(a, b), qubits[0] ?? 0);
        const bottom = qubits.reduce((a, b) => Math.max(a, b), top);
        const marker = (name: string): Glyph => {
          const box = { top, bottom, name, params: "", pins: [] };
          return { ...NOTHING, top, bottom, family: "branch", title: name, box };
        };
        const registers = registersOf(bits, operation.condition);
        const opening = marker(`if ${conditionText(bits, operation.condition)}`);
        const lowest = registers.reduce((row, [register]) => Math.max(row, register), bottom);
        const firstColumn = place({ ...opening, bottom: lowest, registers });
        for (const inner of operation.whenTrue) visit(inner, top);
        if (operation.whenFalse.length > 0) {
          place(marker("else"));
          for (const inner of operation.whenFalse) visit(inner, top);
        }
        const lastColumn = place(marker("end"));
        frames.push({ firstColumn, lastColumn, top, bottom });
      }
    }
  };
  for (const operation of circuit.operations) visit(operation, undefined);
  return {
    rows,
    numQubits: circuit.numQubits,
    columns,
    frames,
    globalPhase: phases.length === 0 ? undefined : formatAngle(sum(phases)),
  };
}

function titleOf(name: string, params: string): string {
  return params === "" ? name : `${name}(${params})`;
}

function boxSymbol(family: Family, row: number, name: string, params = "", title = titleOf(name, params)): Glyph {
  return { ...NOTHING, top: row, bottom: row, family, title, box: { top: row, bottom: row, name, params, pins: [] } };
}

function gateSymbol(operation: GateOperation): Glyph {
  const { symbol, controls = 0, numParams } = gateSpec(operation.gate);
  const numControls = operation.numControls + controls;
  const state = operation.controlState + (2 ** controls - 1) * 2 ** operation.numControls;
  const family = operation.qubits.length > 1 ? "entangling" : numParams > 0 ? "rotation" : "fixed";
  const params = operation.params.map(formatAngle).join(",");
  if (symbol !== CROSS) {
    const drawn = boxedSymbol(family, symbol, params, operation.qubits, numControls, state);
    return symbol === "X" && numControls > 0 ? { ...drawn, isNot: true } : drawn;
  }
  const swaps = operation.qubits.slice(numControls);
  return {
    ...NOTHING,
    ...span(operation.qubits),
    family,
    title: "swap",
    controls: controlMarks(operation.qubits, numControls, state),
    swaps,
  };
}

function unitarySymbol({ label, qubits, numControls, controlState }: UnitaryOperation): Glyph {
  return boxedSymbol("unitary", label, "", qubits, numControls, controlState);
}

const span = (rows: readonly number[]): { readonly top: number; readonly bottom: number } => ({
  top: rows.reduce((a, b) => Math.min(a, b)),
  bottom: rows.reduce((a, b) => Math.max(a, b)),
});

function controlMarks(
  qubits: readonly number[],
  numControls: number,
  state: number,
): (readonly [row: number, positive: boolean])[] {
  return qubits.slice(0, numControls).map((row, i) => [row, Math.floor(state / 2 ** i) % 2 === 1] as const);
}

/** A box on the targets; controls within its rows become pins. A gate without targets gets a box on its last control. */
function boxedSymbol(
  family: Family,
  name: string,
  params: string,
  qubits: readonly number[],
  numControls: number,
  state: number,
): Glyph {
  const marks = controlMarks(qubits, numControls, state);
  const targets = qubits.slice(numControls);
  if (targets.length === 0) {
    const [row, positive] = marks.pop()!;
    targets.push(row);
    if (!positive) name = `○ ${name}`;
  }
  const { top, bottom } = span(targets);
  const inside = marks.filter(([row]) => row > top && row < bottom);
  const pins =
    top === bottom
      ? []
      : [
          ...targets.map((row, i) => [row, String(i)] as const),
          ...inside.map(([row, positive]) => [row, positive ? "●" : "○"] as const),
        ];
  return {
    ...NOTHING,
    ...span(qubits),
    family,
    title: titleOf(name, params),
    box: { top, bottom, name, params, pins },
    controls: marks.filter(([row]) => row < top || row > bottom),
  };
}

/** A classical bit: its register, the register's row, and the bit's index in it. */
interface Bit {
  readonly register: ClassicalRegister;
  readonly row: number;
  readonly text: string;
}

/** All bits by clbit. */
function bitsOf({ registers, numQubits }: Circuit): readonly Bit[] {
  return registers.flatMap((register, index) =>
    Array.from({ length: register.size }, (_, bit) => ({ register, row: numQubits + index, text: String(bit) })),
  );
}

function registersOf(bits: readonly Bit[], { clbits }: Condition): (readonly [row: number, text: string])[] {
  return [...new Set(clbits.map((clbit) => bits[clbit]!.row))].map((row) => [row, ""] as const);
}

/** `c = 2` for a whole register, `c[1] = 1` for a bit, `(c[0],d[1]) = 3` for others, the first bit least significant. */
function conditionText(bits: readonly Bit[], { clbits, value }: Condition): string {
  const { register } = bits[clbits[0]!]!;
  if (register.size === clbits.length && clbits.every((clbit, i) => clbit === register.offset + i))
    return `${register.name} = ${value}`;
  const names = clbits.map((clbit) => `${bits[clbit]!.register.name}[${bits[clbit]!.text}]`);
  return `${names.length === 1 ? names[0] : `(${names.join(",")})`} = ${value}`;
}
