import { randomUUID } from "node:crypto";
import type { Refusal } from "./refusal.ts";

/** An answer before it is sent; always framed by its length. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const NOTHING = Buffer.alloc(0);

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return jsonText(JSON.stringify(value), status, headers);
}

/** JSON that is written already. */
export function jsonText(text: string | Buffer, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: typeof text === "string" ? Buffer.from(text) : text,
  };
}

export function plainText(text: string): Answer {
  return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: Buffer.from(text) };
}

export function noContent(): Answer {
  return { status: 204, headers: {}, body: NOTHING };
}

/** An error in IBM's form. */
export function errorAnswer(
  status: number,
  code: number,
  message: string,
  solution: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return json(
    {
      trace: randomUUID(),
      status_code: status,
      errors: [
        {
          code,
          message,
          solution,
          more_info: "https://quantum.cloud.ibm.com/docs/errors",
        },
      ],
    },
    status,
    headers,
  );
}

export function refused(refusal: Refusal): Answer {
  return errorAnswer(refusal.status, refusal.ibmCode, refusal.message, refusal.solution, refusal.headers);
}
