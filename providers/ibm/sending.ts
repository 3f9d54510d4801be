import { describeValue } from "../../circuits/index.ts";
import { ProviderError } from "../errors.ts";
import { optionError } from "./program-options.ts";

/**
 * What may leave this machine as a job: everything, jobs that the service keeps no parameters of and whose results it gives once, or
 * nothing.
 */
export type Sending = "all" | "private" | "nothing";

/** From the loosest to the strictest. */
const SENDING: readonly Sending[] = ["all", "private", "nothing"];

/**
 * The stricter of what the program asks for and what LEPTON_SEND in the environment says: whoever runs a program can forbid what
 * it does, and a program cannot allow itself what was forbidden.
 * @throws ProviderError IBM_OPTION for another word in either
 */
export function sendingOf(
  option: unknown,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Sending {
  const fromEnvironment = environment.LEPTON_SEND;
  const asked = rankOf("send", option);
  const allowed = rankOf("LEPTON_SEND in the environment", fromEnvironment === "" ? undefined : fromEnvironment);
  return SENDING[Math.max(asked, allowed)]!;
}

function rankOf(what: string, word: unknown): number {
  if (word === undefined) return 0;
  const rank = SENDING.indexOf(word as Sending);
  if (rank < 0) throw optionError(`${what} is ${describeValue(word)}; it is "all", "private" or "nothing".`);
  return rank;
}

/**
 * Options of a job as they may be sent: in private where nothing else is allowed.
 * @throws ProviderError IBM_SENDING_REFUSED
 */
export function sendable<Options extends { readonly private?: boolean }>(sending: Sending, options: Options): Options {
  assertMaySend(sending, "No job is submitted");
  if (sending === "all") return options;
  if (options.private === false)
    throw new ProviderError(
      "IBM_SENDING_REFUSED",
      'Only private jobs may be sent (send: "private", or LEPTON_SEND), but this one asks for private: false. Leave that out.',
    );
  return { ...options, private: true };
}

/** @throws ProviderError IBM_SENDING_REFUSED */
export function assertMaySend(sending: Sending, what: string): void {
  if (sending === "nothing")
    throw new ProviderError(
      "IBM_SENDING_REFUSED",
      `${what}: nothing may be sent (send: "nothing", or LEPTON_SEND in the environment). Plans, lists and results can be had all the same.`,
    );
}
