import type { Answer } from "../http/answer.ts";
import { Refusal } from "../http/refusal.ts";
import type { EmulatorRequest } from "../http/request.ts";
import type { Route } from "../http/router.ts";
import type { Service } from "../service.ts";

/** A request on its route. */
export interface Call {
  readonly request: EmulatorRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly service: Service;
  /** The date of the API's version that is asked for. */
  readonly version: string;
}

/** What a request must bring: nothing, a bearer token, or also the CRN of the instance. */
export type Access = "none" | "bearer" | "instance";

export interface Endpoint {
  readonly access: Access;
  readonly answer: (call: Call) => Answer | Promise<Answer>;
}

export type EndpointRoute = Route<Endpoint>;

export function route(method: string, pattern: string, access: Access, answer: Endpoint["answer"]): EndpointRoute {
  return { method, pattern, handler: { access, answer } };
}

/** Of a query: an integer in its range, else the default, in silence as the service does. */
export function integerOf(query: URLSearchParams, name: string, fallback: number, least: number, most: number): number {
  const value = Number(query.get(name) ?? Number.NaN);
  return Number.isInteger(value) && value >= least && value <= most ? value : fallback;
}

export function flagOf(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name)?.toLowerCase();
  return value === "true" ? true : value === "false" ? false : undefined;
}

/** @throws Refusal 400 */
export function dateOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const date = Date.parse(text);
  if (Number.isNaN(date)) throw new Refusal(400, 1210, `${name} is no date.`, "Give an ISO 8601 date.");
  return date;
}
