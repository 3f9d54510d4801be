import { describeValue } from "../../circuits/index.ts";
import { BudgetError } from "../errors.ts";
import { type Amount, type Budget, type BudgetLimits, checkBudget, exact, isCurrency } from "./budget.ts";

const SECONDS: Readonly<Record<string, number>> = {
  ...sameFor(["s", "sec", "secs", "second", "seconds"], 1),
  ...sameFor(["min", "mins", "minute", "minutes"], 60),
  ...sameFor(["h", "hr", "hrs", "hour", "hours"], 3600),
};
const EXAMPLE = `"60s, 20 jobs, 10s/day"`;
const UNITS_TEXT = "s, min or h of the quantum computer, jobs, or a currency such as USD";
const UNLIMITED = "unlimited";
const PART = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z]*)\s*(\/\s*day|per\s+day)?$/i;

type Draft = { -readonly [Unit in keyof Amount]?: number };

/**
 * A budget as people write it: numbers with units, separated by commas, each of them for all or, with "/day", for one day.
 * Units are s, min and h, jobs, and the codes of currencies; "unlimited" stands for none. An object is checked.
 * @example parseBudget("10min, 25 USD, 60s/day") // { quantumSeconds: 600, money: 25, currency: "USD", perDay: { quantumSeconds: 60 } }
 * @throws BudgetError BUDGET_UNIT for a number without a unit; BUDGET_FORM
 */
export function parseBudget(budget: string | Budget): Budget {
  if (typeof budget === "number") throw withoutUnit(String(budget));
  if (typeof budget !== "string" && (typeof budget !== "object" || budget === null))
    throw new BudgetError(
      "BUDGET_FORM",
      `A budget is a text such as ${EXAMPLE}, or an object, not ${describeValue(budget)}.`,
    );
  if (typeof budget !== "string") return checkBudget(budget);
  const own: Draft = {};
  const perDay: Draft = {};
  let currency: string | undefined;
  if (budget.trim() === UNLIMITED) return {};
  for (const part of budget.split(",").map((text) => text.trim())) {
    const [, number, unit = "", day] = PART.exec(part) ?? [];
    if (number === undefined)
      throw new BudgetError(
        "BUDGET_FORM",
        part === ""
          ? `The budget "${budget}" has nothing ${budget.trim() === "" ? "in it" : "beside one of its commas"}; write numbers with units, such as ${EXAMPLE}.`
          : `"${part}" of a budget is no number with a unit, such as "60s", "10min", "25 USD", "20 jobs" or "60s/day".`,
      );
    if (unit === "") throw withoutUnit(number, budget);
    if (number.startsWith("-")) throw new BudgetError("BUDGET_FORM", `The budget "${part}" is below 0.`);
    const amount = amountOf(Number(number), unit);
    if (amount.currency !== undefined && currency !== undefined && amount.currency !== currency)
      throw new BudgetError(
        "BUDGET_FORM",
        `The budget "${budget}" has two currencies, ${currency} and ${amount.currency}; jobs are paid in one.`,
      );
    currency ??= amount.currency;
    const limits = day === undefined ? own : perDay;
    if (limits[amount.of] !== undefined)
      throw new BudgetError(
        "BUDGET_FORM",
        `The budget "${budget}" limits ${WORDS[amount.of]}${day === undefined ? "" : " a day"} twice; leave one out.`,
      );
    limits[amount.of] = amount.value;
  }
  return checkBudget({ ...own, ...(currency === undefined ? {} : { currency }), perDay });
}

/** A budget as `parseBudget` reads it. */
export function formatBudget(budget: Budget): string {
  const { currency, perDay = {} } = budget;
  const parts = [...amountParts(budget, currency), ...amountParts(perDay, currency).map((part) => `${part}/day`)];
  return parts.length === 0 ? UNLIMITED : parts.join(", ");
}

/** What is given of an amount, such as "12.5 s, 3 jobs"; money only where it is known in which currency, or not 0. */
export function amountText(amount: BudgetLimits, currency?: string): string {
  const { money = 0, ...rest } = amount;
  const parts = amountParts(money === 0 && currency === undefined ? rest : amount, currency ?? "of money");
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function amountParts({ quantumSeconds, money, jobs }: BudgetLimits, currency = ""): readonly string[] {
  return [
    ...(quantumSeconds === undefined ? [] : [`${decimal(quantumSeconds)} s`]),
    ...(money === undefined ? [] : [`${decimal(money)} ${currency}`]),
    ...(jobs === undefined ? [] : [`${decimal(jobs)} ${jobs === 1 ? "job" : "jobs"}`]),
  ];
}

/** To the millionth, without exponent and trailing zeros. */
function decimal(value: number): string {
  return exact(value)
    .toFixed(6)
    .replace(/\.?0+$/, "");
}

const WORDS = { quantumSeconds: "seconds", money: "money", jobs: "jobs" } as const;

interface WrittenAmount {
  readonly of: keyof Amount;
  readonly value: number;
  readonly currency?: string;
}

/** @throws BudgetError BUDGET_FORM */
function amountOf(value: number, unit: string): WrittenAmount {
  const seconds = Object.hasOwn(SECONDS, unit) ? SECONDS[unit] : undefined;
  if (seconds !== undefined) return { of: "quantumSeconds", value: value * seconds };
  if (unit === "job" || unit === "jobs") return { of: "jobs", value };
  if (isCurrency(unit)) return { of: "money", value, currency: unit };
  const lower = unit.toLowerCase();
  const meant = Object.hasOwn(SECONDS, lower) || /^jobs?$/.test(lower) ? lower : unit.toUpperCase();
  const hint = lower === "m" ? ' Minutes are "min".' : meant !== unit && isUnit(meant) ? ` Is ${meant} meant?` : "";
  throw new BudgetError("BUDGET_FORM", `"${unit}" is no unit of a budget; its units are ${UNITS_TEXT}.${hint}`);
}

function isUnit(unit: string): boolean {
  return Object.hasOwn(SECONDS, unit) || /^jobs?$/.test(unit) || isCurrency(unit);
}

function withoutUnit(number: string, budget = number): BudgetError {
  const grouped = /\d,\d{3}(?!\d)/.test(budget) ? " Numbers have no commas inside." : "";
  return new BudgetError(
    "BUDGET_UNIT",
    `The budget ${budget === number ? `${number} has no unit` : `"${budget}" has ${number} without a unit`}; write "${number}s" for seconds of the quantum computer, "${number} jobs", or "${number} USD".${grouped}`,
  );
}

function sameFor(names: readonly string[], seconds: number): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [name, seconds]));
}
