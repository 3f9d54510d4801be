import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { validatorFor } from "../../../providers/emulator/http/schemas.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../../providers/emulator/index.ts";

/** An answer with its body read as JSON where it is JSON. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every form
  readonly body: any;
}

export const VERSION = "2026-04-15";

/** The simplest client there is: fetch, a token, and the headers that IBM asks for. */
export class PlainClient {
  readonly emulator: Emulator;
  readonly headers: Record<string, string>;

  constructor(emulator: Emulator, headers: Record<string, string> = {}) {
    this.emulator = emulator;
    this.headers = {
      authorization: `apikey ${emulator.token}`,
      "service-crn": emulator.crn,
      "ibm-api-version": VERSION,
      ...headers,
    };
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const response = await fetch(path.startsWith("/_lepton") ? this.emulator.iamUrl + path : this.emulator.url + path, {
      method,
      headers: {
        ...this.headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    return { status: response.status, headers: response.headers, text, body: parsed };
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answered> {
    return this.send("GET", path, undefined, headers);
  }
  post(path: string, body: unknown): Promise<Answered> {
    return this.send("POST", path, body);
  }

  /** Sends a control request. */
  control(method: string, path: string, body?: unknown): Promise<Answered> {
    return this.send(method, `/_lepton/${path}`, body, { authorization: `Bearer ${this.emulator.controlToken}` });
  }

  /** Submits a job and returns its id. */
  async submit(body: Record<string, unknown>): Promise<string> {
    const answer = await this.post("/jobs", body);
    expect(answer.status, answer.text).toBe(200);
    return answer.body.id;
  }

  /** Waits until a job has ended. */
  async ended(id: string): Promise<Answered["body"]> {
    for (let attempt = 0; attempt < 2000; attempt++) {
      const { body } = await this.get(`/jobs/${id}?exclude_params=true`);
      if (!["Queued", "Running"].includes(body.state.status)) return body;
      await sleep(2);
    }
    throw new Error(`job ${id} does not end`);
  }

  /** Submits a job, waits for it, and returns it with its result. */
  async run(body: Record<string, unknown>): Promise<{ job: Answered["body"]; result: Answered["body"]; id: string }> {
    const id = await this.submit(body);
    const job = await this.ended(id);
    const { body: result } = await this.get(`/jobs/${id}/results`);
    return { job, result, id };
  }
}

export const MANILA = "ibmq_manila";

/** Manila by an automatic clock, so that no test waits. */
export function manila(options: EmulatorOptions = {}): Promise<Emulator> {
  return startEmulator({ devices: ["manila"], clock: "automatic", noise: false, ...options });
}

const HEADER = 'OPENQASM 3.0; include "stdgates.inc";';
export const BELL = `${HEADER} bit[2] c; rz(pi/2) $0; sx $0; rz(pi/2) $0; cx $0, $1; c[0] = measure $0; c[1] = measure $1;`;
export const BELL_STATE = `${HEADER} rz(pi/2) $0; sx $0; rz(pi/2) $0; cx $0, $1;`;
/** Rotations about X of qubit 0 by `b` and of qubit 1 by `a`: declared in the other order than that of the alphabet. */
export const ROTATIONS = `${HEADER} input float[64] b; input float[64] a;
  rz(pi/2) $0; sx $0; rz(b + pi) $0; sx $0; rz(5*pi/2) $0;
  rz(pi/2) $1; sx $1; rz(a + pi) $1; sx $1; rz(5*pi/2) $1;`;

export function sampler(pubs: readonly unknown[], more: Record<string, unknown> = {}): Record<string, unknown> {
  const { params = {}, ...rest } = more as { params?: Record<string, unknown> };
  return {
    program_id: "sampler",
    backend: MANILA,
    params: { pubs, version: 2, support_qiskit: false, ...params },
    ...rest,
  };
}

export function estimator(pubs: readonly unknown[], more: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...sampler(pubs, more), program_id: "estimator" };
}

/** Fails unless the body fits the schema of openapi.json. */
export function expectSchema(body: unknown, schema: string): void {
  const validate = validatorFor(schema);
  expect(validate(body), `${schema}: ${JSON.stringify(validate.errors?.slice(0, 3))}`).toBe(true);
}
