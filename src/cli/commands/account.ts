import type { Command } from "commander";
import { type Io, print } from "../io.ts";
import { formatSeconds, labelled } from "../text.ts";

export function addAccount(program: Command, io: Io): void {
  program
    .command("account")
    .description("Show which IBM Quantum instance is used, and how much of its time is left; never its key.")
    .option("--instances", "search the account for all its instances, which takes a while")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  lepton account
  lepton account --instances`,
    )
    .action(async (options: { readonly instances?: boolean; readonly json?: boolean }) => {
      const { discoverInstances, findCredentials, ibmProvider } = await import("../../../providers/ibm/index.ts");
      const notify = (line: string): void => io.err(`${line}\n`);
      if (options.instances === true) {
        const instances = await discoverInstances({ notify });
        print(io, options.json === true, { instances }, () =>
          instances.length === 0
            ? "The account has no instance of IBM Quantum.\n"
            : instances
                .map(({ name, region, plan, crn }) => `${name} (${plan ?? "unknown plan"}, ${region})\n  ${crn}\n`)
                .join(""),
        );
        return;
      }
      const credentials = findCredentials();
      const provider = ibmProvider({ credentials, notify });
      const { consumedSeconds, limitSeconds, limitReached, periodStart, periodEnd } = await provider.usage();
      const result = {
        credentials: credentials.source,
        region: credentials.region ?? null,
        url: credentials.urls.api,
        consumedSeconds,
        limitSeconds: limitSeconds ?? null,
        limitReached,
        periodStart: periodStart ?? null,
        periodEnd: periodEnd ?? null,
      };
      print(io, options.json === true, result, () => {
        const left =
          limitSeconds === undefined
            ? "no limit"
            : `${formatSeconds(Math.max(0, limitSeconds - consumedSeconds))} left of ${formatSeconds(limitSeconds)}`;
        return labelled([
          ["key from", result.credentials],
          ["region", result.region ?? "none"],
          ["address", result.url],
          ["used", `${formatSeconds(consumedSeconds)}, ${left}`],
          ["period", periodStart === undefined ? "not told" : `${periodStart} to ${periodEnd ?? "open"}`],
        ]);
      });
    });
}
