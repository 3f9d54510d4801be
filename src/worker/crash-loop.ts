import type { RunRecord } from "../runs/events.ts";

/** So many drivers in a row that died without having come further: the next one would, too. */
export const MAX_DEATHS = 5;

/** How many drivers of a run have died since it last came further or was left in order. */
export function deathsWithoutProgress(records: readonly RunRecord[]): number {
  let deaths = 0;
  for (const { event } of records.toReversed())
    switch (event.type) {
      case "claimed":
        if (event.takeover) deaths++;
        break;
      case "submitted":
      case "result":
      case "step":
      case "epoch":
      case "parked":
      case "stopped":
      case "failed":
      case "finished":
        return deaths;
    }
  return deaths;
}
