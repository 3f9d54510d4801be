export { type ParseOptions, parseQasm, parseQasmProgram, type QasmProgram } from "./parse.ts";
export { printQasm2 } from "./print-openqasm2.ts";
export { type PrintedQasm3, type PrintQasm3Options, printQasm3, printQasm3Program } from "./print-openqasm3.ts";
export type { QubitRegister } from "./registers.ts";
