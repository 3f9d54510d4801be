import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { deflateSync } from "node:zlib";
import { startEmulator } from "../../providers/emulator/index.ts";
import type { Bombed } from "./bombed-program.ts";

export interface BombFigures {
  readonly ok: boolean;
  readonly bombs: number;
  readonly refused: number;
  /** What each was refused with. */
  readonly codes: readonly string[];
  /** Of the most memory of the process that reads them: 300 MB in gzip, and what is packed within bodies. */
  readonly growthMegabytes: { readonly gzip: number; readonly packed: number };
}

/** What is read is cut off at 128 MiB, what is packed within it at 256 MiB; JSON takes many times its length while it is read. */
const MOST_GROWTH = { gzip: 300, packed: 1500 } as const;
const GZIP_BYTES = 300_000_000;
const PACKED_MEGABYTES = 1024;
const PROGRAM = fileURLToPath(new URL("bombed-program.ts", import.meta.url));
const run = promisify(execFile);

/** Results that unpack to far more than they are, each read by a process of its own. */
export async function bombs(): Promise<BombFigures> {
  const gzip = await bombedOverNetwork();
  const packed = await bombedByFiles();
  const codes = [...gzip.codes, ...packed.codes];
  const growthMegabytes = { gzip: Math.round(gzip.growthMegabytes), packed: Math.round(packed.growthMegabytes) };
  const refused = codes.filter((code) => code !== "taken").length;
  const bounded = growthMegabytes.gzip < MOST_GROWTH.gzip && growthMegabytes.packed < MOST_GROWTH.packed;
  return { ok: refused === codes.length && bounded, bombs: codes.length, refused, codes, growthMegabytes };
}

async function bombedOverNetwork(): Promise<Bombed> {
  await using emulator = await startEmulator({
    devices: ["manila"],
    noise: false,
    limits: { submissionsPerMinute: null },
  });
  const { url, iamUrl, token, crn } = emulator;
  emulator.control.faults.add({
    path: "/jobs/*/results",
    after: 1,
    times: null,
    result: "oversized",
    resultBytes: GZIP_BYTES,
  });
  const { stdout } = await run(process.execPath, [PROGRAM, JSON.stringify({ url, iamUrl, token, crn })]);
  return JSON.parse(stdout) as Bombed;
}

async function bombedByFiles(): Promise<Bombed> {
  const folder = mkdtempSync(join(tmpdir(), "lepton-bombs-"));
  try {
    const files = Object.entries(packedBombs()).map(([name, body]) => {
      const file = join(folder, name);
      writeFileSync(file, body);
      return file;
    });
    const { stdout } = await run(process.execPath, [PROGRAM, "", ...files]);
    return JSON.parse(stdout) as Bombed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function packedBombs(): Readonly<Record<string, string>> {
  const zeros = deflateSync(Buffer.alloc(PACKED_MEGABYTES << 20), { level: 9 }).toString("base64");
  const half = deflateSync(Buffer.alloc(PACKED_MEGABYTES << 19), { level: 9 }).toString("base64");
  return {
    "one-array": tagged([zeros]),
    "many-arrays": tagged(Array.from({ length: 16 }, () => half)),
    "in-metadata": tagged([], zeros),
    "many-numbers": `{"results":[{"data":{"evs":[[${"0,".repeat(5_000_000)}0]],"stds":[[0]]},"metadata":{}}],"metadata":{}}`,
    "many-pubs": `{"results":[${"{},".repeat(1_000_000)}{}],"metadata":{}}`,
  };
}

function tagged(arrays: readonly string[], metadata?: string): string {
  const array = (packed: string) => ({ __type__: "ndarray", __value__: packed });
  const tag = (type: string, value: unknown) => ({ __type__: type, __value__: value });
  const fields = Object.fromEntries(arrays.map((packed, index) => [`field-${index}`, array(packed)]));
  return JSON.stringify(
    tag("PrimitiveResult", {
      pub_results: [tag("PubResult", { data: tag("DataBin", { shape: [1], fields }), metadata: {} })],
      metadata: metadata === undefined ? {} : { more: array(metadata) },
    }),
  );
}
