import { type Backend, isRemote } from "../../providers/index.ts";
import type { RunJournal } from "../runs/index.ts";
import { assertPlanFits, type PlanCheck } from "./budget-check.ts";
import type { Replan } from "./budget-fits.ts";

/**
 * Before anything is submitted: that what is left of a run fits into what is left of its budgets.
 * @throws BudgetError BUDGET_PLAN, saying what would fit
 */
export async function assertBudgetFits(
  journal: RunJournal,
  provider: Backend,
  check: Omit<PlanCheck, "planned" | "uses" | "perSecond" | "begun"> & { readonly replan: Replan },
): Promise<void> {
  if (!isRemote(provider)) return;
  const uses = (await journal.budgetUses()).filter(({ scope }) => Object.keys(scope.limits).length > 0);
  if (uses.length === 0) return;
  const begun = journal.state.jobs.size > 0;
  const planned = await check.replan({});
  await assertPlanFits({ ...check, planned, uses, perSecond: journal.perSecond, begun });
}
