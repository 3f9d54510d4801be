import { RunError } from "../errors.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { ConditionFacts } from "../schedules/facts.ts";
import type { ScheduleSpec } from "../schedules/spec.ts";
import { readProvider } from "../training/run-config-file.ts";
import type { NamedProviders } from "./named-provider.ts";
import { taskSettings } from "./task-options.ts";

/**
 * What the condition of a schedule can ask for: facts of the backend that its runs would use.
 * @throws RunError RUN_OPTION; TrainingError CONFIG_FILE, PROVIDER_UNKNOWN; what the backend throws
 */
export function scheduleFacts(
  store: RunStore,
  providers: NamedProviders,
): (spec: ScheduleSpec) => Promise<ConditionFacts> {
  return async ({ config, options, timeZone }) => {
    const { conditionFacts } = await import("../schedules/facts.ts");
    const { provider } = taskSettings(options);
    const backend = provider === undefined ? await readProvider(config, options) : await providers(provider);
    if (backend === undefined)
      throw new RunError(
        "RUN_OPTION",
        `The schedule names no provider, and neither does ${config}; a condition needs one, such as --provider ibm:NAME.`,
      );
    return conditionFacts(backend, await store.now(), timeZone);
  };
}
