import {
  type Budget,
  type BudgetLimits,
  leftOf,
  parseBudget,
  type RunStore,
  scopesOf,
} from "../../../src/runs/index.ts";
import type { RunKeeping } from "../../../src/training/run.ts";

type Keeping = Pick<RunKeeping, "budget" | "price" | "timeZone">;

/** How much of any unit is spent and set aside beyond the budget now; 0 where it holds. */
export async function overspent(store: RunStore, id: string, keeping: Keeping): Promise<number> {
  const { budget, price, timeZone } = keeping;
  if (budget === undefined) return 0;
  let most = 0;
  for (const scope of scopesOf(id, parseBudget(budget), await store.now(), { price, timeZone })) {
    const { settled, reserved } = await store.totals(scope.scope);
    const left = leftOf(scope.limits, settled, reserved);
    most = Math.max(most, -left.quantumSeconds, -left.money, -left.jobs);
  }
  return most > 1e-6 ? most : 0;
}

const MORE = { quantumSeconds: 5, money: 10, jobs: 2 };

/** The same with a budget that allows more of all that it limits. */
export function withMore<Kept extends Keeping>(keeping: Kept): Kept {
  if (keeping.budget === undefined) return keeping;
  const { perDay, currency, ...own } = parseBudget(keeping.budget);
  const budget: Budget = {
    ...raised(own),
    ...(currency === undefined ? {} : { currency }),
    ...(perDay === undefined ? {} : { perDay: raised(perDay) }),
  };
  return { ...keeping, budget };
}

function raised(limits: BudgetLimits): BudgetLimits {
  const units = Object.keys(limits) as (keyof BudgetLimits)[];
  return Object.fromEntries(units.map((unit) => [unit, limits[unit]! + MORE[unit]]));
}
