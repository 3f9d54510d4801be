import { afterAll, expect, test } from "vitest";
import { type Circuit, QasmError, Rng } from "../../../circuits/index.ts";
import { parseQasm, printQasm3 } from "../../../circuits/qasm/index.ts";
import { corpusFiles, probes } from "./corpus.ts";

const MAX_OPERATIONS = 5_000;

/** A circuit, or the one error there may be: a QasmError that points into the text. */
function read(text: string): Circuit | QasmError {
  try {
    const circuit = parseQasm(text, { maxOperations: MAX_OPERATIONS });
    expect(circuit.operations.length).toBeLessThanOrEqual(MAX_OPERATIONS * 16);
    return circuit;
  } catch (error) {
    if (!(error instanceof QasmError)) throw new Error(`A text escaped: ${JSON.stringify(text)}`, { cause: error });
    const lines = text.split(/\r\n|\r|\n/);
    if (!/^QASM_[A-Z_]+$/.test(error.code)) throw new Error(`Code ${error.code} for ${JSON.stringify(text)}`);
    if (!(error.line >= 1 && error.line <= lines.length && error.column >= 1))
      throw new Error(`Position ${error.line}:${error.column} for ${JSON.stringify(text)}`);
    return error;
  }
}

/** How many of the texts were read, of `count` made by `make`. */
function fuzz(name: string, count: number, make: (rng: Rng) => string): number {
  const rng = Rng.seed("qasm fuzz").fork(name);
  let accepted = 0;
  for (let run = 0; run < count; run++) {
    const text = make(rng);
    const circuit = read(text);
    if (circuit instanceof QasmError) continue;
    accepted++;
    if (!parseQasm(printQasm3(circuit)).equals(circuit)) throw new Error(`No round trip for ${JSON.stringify(text)}`);
  }
  return accepted;
}

const { feat, mal, q2 } = probes();
const SEEDS = [
  ...Object.values(feat),
  ...Object.values(mal).filter((text) => text.length < 500),
  ...Object.values(q2),
  ...[...corpusFiles("openqasm/examples"), ...corpusFiles("qasmbench")]
    .map(({ text }) => text)
    .filter((text) => text.length < 1500),
];
const WORDS = [
  ...new Set(
    SEEDS.flatMap((text) => text.match(/[\p{L}_][\p{L}\p{N}_]*|[0-9.]+|"[^"]*"|\$\d+|\s|[^\p{L}\p{N}\s]/gu) ?? []),
  ),
  "//@lepton ",
  "//@lepton weight w[2, 2];\n",
  '//@lepton unitary "u" 0 0 [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0];\n',
  "//@lepton group 2 c == 1;\n",
  "9007199254740993",
  "1e308",
];

afterAll(() => {
  // The process peaks at about 130 MB, Node and the test runner included; a text that blows up takes far more.
  expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(512);
});

test("100,000 strings of random bytes and code units", () => {
  fuzz("bytes", 100_000, (rng) => {
    const units = Array.from({ length: rng.integer(40) }, () => rng.integer(rng.integer(4) === 0 ? 65_536 : 128));
    return `${rng.integer(2) === 0 ? "OPENQASM 3.0;" : ""}${String.fromCharCode(...units)}`;
  });
});

test("40,000 strings of random words of the languages", () => {
  const accepted = fuzz("words", 40_000, (rng) => {
    const head = [
      "",
      'OPENQASM 2.0;include "qelib1.inc";qreg q[3];creg c[2];',
      'OPENQASM 3;include "stdgates.inc";qubit[3] q;bit[2] c;',
    ];
    const words = Array.from({ length: rng.integer(12) }, () => WORDS[rng.integer(WORDS.length)]!);
    return `${head[rng.integer(3)]}${words.join(rng.integer(2) === 0 ? " " : "")}`;
  });
  expect(accepted).toBeGreaterThan(100);
});

test("60,000 damaged texts: cut, repeated, swapped, with words and bytes put in", () => {
  const accepted = fuzz("mutations", 60_000, (rng) => {
    let text = SEEDS[rng.integer(SEEDS.length)]!;
    for (let edits = 1 + rng.integer(2); edits > 0; edits--) {
      const from = rng.integer(text.length + 1);
      const to = Math.min(text.length, from + rng.integer(12));
      const piece = text.slice(from, to);
      const insert = [
        "",
        piece + piece,
        WORDS[rng.integer(WORDS.length)]!,
        String.fromCharCode(rng.integer(256)),
        [...piece].reverse().join(""),
        text.slice(rng.integer(text.length + 1)).slice(0, 40),
      ][rng.integer(6)]!;
      text = text.slice(0, from) + insert + text.slice(to);
    }
    return text;
  });
  expect(accepted).toBeGreaterThan(1000);
});
