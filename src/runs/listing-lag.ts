import type { RemoteBackend } from "../../providers/index.ts";

const LAG_SECONDS = 120;

/** Milliseconds within which a service lists what it has accepted. */
export function listingLag({ lagSeconds = LAG_SECONDS }: RemoteBackend): number {
  return 1000 * lagSeconds;
}
