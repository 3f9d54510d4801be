import { Rng } from "../../../circuits/index.ts";
import { checkFaultRule, type FaultRule } from "./fault-rule.ts";

interface ActiveRule {
  readonly rule: FaultRule;
  readonly name: string;
  readonly pattern: RegExp | undefined;
  readonly rng: Rng;
  seen: number;
  struck: number;
}

/** A rule as it stands. */
export interface FaultState extends FaultRule {
  readonly name: string;
  /** Requests that fitted it. */
  readonly seen: number;
  /** Requests that it struck. */
  readonly struck: number;
}

/** The rules for requests to go wrong. Chance comes from the emulator's seed, rule by rule. */
export class FaultRules {
  readonly #rng: Rng;
  #rules: ActiveRule[] = [];
  #count = 0;

  constructor(seed: number) {
    this.#rng = Rng.seed(seed).fork("faults");
  }

  /** @returns the rule's name @throws ProviderError EMULATOR_CONTROL */
  add(rule: FaultRule): string {
    const checked = checkFaultRule(rule);
    this.#count++;
    const name = checked.name ?? `rule ${this.#count}`;
    this.#rules.push({
      rule: checked,
      name,
      pattern: checked.path === undefined ? undefined : glob(checked.path),
      rng: this.#rng.fork(this.#count),
      seen: 0,
      struck: 0,
    });
    return name;
  }

  remove(name: string): void {
    this.#rules = this.#rules.filter((rule) => rule.name !== name);
  }

  clear(): void {
    this.#rules = [];
  }

  get rules(): readonly FaultState[] {
    return this.#rules.map(({ rule, name, seen, struck }) => ({ ...rule, name, seen, struck }));
  }

  /** The rule that strikes a request, if any. */
  strike(method: string, path: string): { readonly name: string; readonly rule: FaultRule } | undefined {
    for (const active of this.#rules) {
      const { rule, name, pattern } = active;
      if (rule.method !== undefined && rule.method.toUpperCase() !== method) continue;
      if (pattern !== undefined && !pattern.test(path) && !pattern.test(path.replace(/^\/api\/v1/, ""))) continue;
      const { after = 0, times = 1, probability = 1 } = rule;
      if (times !== null && active.struck >= times) continue;
      active.seen++;
      if (active.seen <= after || active.rng.uniform() >= probability) continue;
      active.struck++;
      return { name, rule };
    }
    return undefined;
  }
}

function glob(path: string): RegExp {
  const escaped = path.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`);
}
