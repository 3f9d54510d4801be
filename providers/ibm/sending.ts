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
 * The strictest of what the program asks for and what LEPTON_SEND says, in the process's environment and in one that is given in its
 * place: whoever runs a program can forbid what it does, and no option allows what was forbidden.
 * @throws ProviderError IBM_OPTION for another word in any
 */
export function sendingOf(
  option: unknown,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Sending {
  const allowed = [environment, process.env].map(({ LEPTON_SEND: word }) =>
    rankOf("LEPTON_SEND in the environment", word === "" ? undefined : word),
  );
  return SENDING[Math.max(rankOf("send", option), ...allowed)]!;
}

export function stricterOf(one: Sending, other: Sending): Sending {
  return SENDING[Math.max(SENDING.indexOf(one), SENDING.indexOf(other))]!;
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

/**
 * The last look at a job before it goes out, whoever made it.
 * @throws ProviderError IBM_SENDING_REFUSED
 */
export function assertJobMaySend(sending: Sending, job: { readonly private?: boolean | undefined }): void {
  assertMaySend(sending, "No job is submitted");
  if (sending === "private" && job.private !== true)
    throw new ProviderError(
      "IBM_SENDING_REFUSED",
      'Only private jobs may be sent (send: "private", or LEPTON_SEND), but this one is not: give private: true in its body.',
    );
}

/** @throws ProviderError IBM_SENDING_REFUSED */
export function assertMaySend(sending: Sending, what: string): void {
  if (sending === "nothing")
    throw new ProviderError(
      "IBM_SENDING_REFUSED",
      `${what}: nothing may be sent (send: "nothing", or LEPTON_SEND in the environment). Plans, lists and results can be had all the same.`,
    );
}
