import type { Command } from "commander";
import type { Backend } from "../../../providers/index.ts";
import type { MinimizeRunConfig, ModelRunConfig } from "../../training/run-config.ts";
import { madeBy, readRunConfig } from "../../training/run-config-file.ts";
import type { PlannedRun, Price } from "../../training/training-plan.ts";
import { namedProviders } from "../../worker/named-provider.ts";
import { UsageError } from "../errors.ts";
import { type Io, print } from "../io.ts";
import { collect, integer, ownOptions, positive } from "../options.ts";

interface PlanCommandOptions {
  readonly provider?: string;
  readonly precision?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly set?: readonly string[];
  readonly pricePerSecond?: number;
  readonly currency?: string;
  readonly json?: boolean;
}

export function addPlan(program: Command, io: Io): void {
  program
    .command("plan")
    .description("Say what a training run would send, take and cost, before anything is sent.")
    .argument("<config>", "TypeScript or JavaScript file with export default { model, data, ... }")
    .option("--provider <p>", "local, ibm:NAME, or device:NAME for a snapshot; in place of the file's own")
    .option("--precision <p>", "target standard error of expectation values", positive)
    .option("--steps <n>", "training steps", integer(1))
    .option("--epochs <n>", "passes over the data", integer(1))
    .option("--batch-size <n>", "rows of a step", integer(1))
    .option("--set <name=value>", "an option of the file's own, where it exports a function; repeatable", collect)
    .option("--price-per-second <x>", "price of a second of the quantum computer", positive)
    .option("--currency <c>", "of that price; USD by default")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Seconds are an estimate: 2 s a job, and for each execution the compiled circuit and the delay after it.

Examples:
  lepton plan run.ts --provider device:torino
  lepton plan run.ts --provider ibm:ibm_torino --price-per-second 1.6`,
    )
    .action(async (file: string, options: PlanCommandOptions) => {
      const config = await readRunConfig(file, ownOptions(options.set));
      const { formatPlan } = await import("../../training/training-plan.ts");
      const provider =
        options.provider === undefined
          ? await madeBy(file, "provider", config.provider)
          : await namedProviders((line) => io.err(`${line}\n`))(options.provider);
      const where = provider === undefined ? {} : { provider };
      const price = priceOf(options, config.price);
      const planned =
        "model" in config
          ? await planModelRun(file, config, { ...given(options), ...where, ...price })
          : await planProblem(config, { ...given(options), ...where, ...price });
      const { device = null, money = null } = planned;
      print(io, options.json === true, { ...planned, device, money }, () => formatPlan(planned));
    });
}

/** What the command line says of the price, over what the file says. @throws UsageError USAGE for a currency of no price */
function priceOf({ pricePerSecond, currency }: PlanCommandOptions, own: Price | undefined): { readonly price?: Price } {
  if (pricePerSecond === undefined && currency === undefined) return {};
  const perSecond = pricePerSecond ?? own?.perSecond;
  if (perSecond === undefined)
    throw new UsageError("USAGE", "--currency is that of a price; give --price-per-second too.");
  return { price: { perSecond, currency: currency ?? own?.currency ?? "USD" } };
}

interface Overrides {
  readonly provider?: Backend;
  readonly price?: Price;
  readonly precision?: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
}

function given({ precision, steps, epochs, batchSize }: PlanCommandOptions): Overrides {
  return {
    ...(precision === undefined ? {} : { precision }),
    ...(steps === undefined ? {} : { steps }),
    ...(epochs === undefined ? {} : { epochs }),
    ...(batchSize === undefined ? {} : { batchSize }),
  };
}

async function planModelRun(
  file: string,
  { model, data, provider: _own, ...own }: ModelRunConfig,
  overrides: Overrides,
): Promise<PlannedRun> {
  const { plan } = await import("../../training/training-plan.ts");
  return plan(await madeBy(file, "model", model), await madeBy(file, "data", data), { ...own, ...overrides });
}

async function planProblem(
  { provider: _own, ...config }: MinimizeRunConfig,
  overrides: Overrides,
): Promise<PlannedRun> {
  for (const name of ["epochs", "batchSize"] as const)
    if (overrides[name] !== undefined)
      throw new UsageError("USAGE", "A run of minimize has no epochs and no batches; give --steps.");
  const { planMinimize } = await import("../../training/minimize-plan.ts");
  const { localSimulator } = await import("../../../providers/index.ts");
  return planMinimize({ provider: localSimulator(), ...config, ...overrides });
}
