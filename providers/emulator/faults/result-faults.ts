import { createGzip } from "node:zlib";
import type { Answer } from "../http/answer.ts";
import type { ResultFault } from "./fault-rule.ts";

/** An answer with a result, spoiled. */
export async function spoilResult(answer: Answer, fault: ResultFault, bytes: number): Promise<Answer> {
  if (answer.status !== 200) return answer;
  switch (fault) {
    case "none":
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    case "truncated":
      return { ...answer, body: answer.body.subarray(0, Math.floor(answer.body.length / 2)) };
    case "oversized":
      return {
        ...answer,
        headers: { ...answer.headers, "content-encoding": "gzip" },
        body: await packedSpaces(bytes),
      };
    case "not-finite":
      return { ...answer, body: Buffer.from(withoutFinite(answer.body.toString())) };
    case "missing-pub":
      return { ...answer, body: Buffer.from(withoutLastPub(answer.body.toString())) };
  }
}

const PIECE = Buffer.alloc(1 << 20, " ");

/** Valid JSON of `bytes` bytes, nearly all of them spaces, in gzip. */
async function packedSpaces(bytes: number): Promise<Buffer> {
  const gzip = createGzip({ level: 9 });
  const chunks: Buffer[] = [];
  gzip.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    gzip.on("end", resolve);
    gzip.on("error", reject);
  });
  const write = (piece: Buffer | string): Promise<void> =>
    new Promise((resolve) => {
      gzip.write(piece, () => resolve());
    });
  await write('{"results":[],"metadata":{}');
  for (let left = bytes - 28; left > 0; left -= PIECE.length)
    await write(PIECE.subarray(0, Math.min(left, PIECE.length)));
  gzip.end("}");
  await ended;
  return Buffer.concat(chunks);
}

/** Bare NaN and Infinity, as Python writes them: in place of the first value and error, or in the metadata. */
function withoutFinite(text: string): string {
  const spoiled = text.replace(/("evs":\[*)-?[\d.eE+-]+/, "$1NaN").replace(/("stds":\[*)-?[\d.eE+-]+/, "$1Infinity");
  return spoiled === text ? text.replace(/}$/, ',"not_finite":[NaN,Infinity,-Infinity]}') : spoiled;
}

function withoutLastPub(text: string): string {
  const body = JSON.parse(text) as {
    results?: unknown[];
    __value__?: { pub_results?: unknown[] };
  };
  body.results?.pop();
  body.__value__?.pub_results?.pop();
  return JSON.stringify(body);
}
