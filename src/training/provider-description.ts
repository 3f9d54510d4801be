import { type Backend, isRemote } from "../../providers/index.ts";
import type { RunDescription } from "../runs/index.ts";

/** Where a run's jobs go: what decides its numbers, and what tells that it is another account. */
export function providerParts(provider: Backend): Readonly<Record<string, string | null>> {
  const { name, settings = null } = provider;
  return { backend: name, backendSettings: settings, account: isRemote(provider) ? provider.account : null };
}

/** What a replay needs in place of a backend at a service. */
export function remoteOf(provider: Backend): Pick<RunDescription, "remote"> {
  if (!isRemote(provider)) return {};
  const { name, account, capabilities } = provider;
  return { remote: { name, account, capabilities } };
}
