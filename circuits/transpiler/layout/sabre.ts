import type { Rng } from "../../rng.ts";
import type { Effort } from "../compiled-circuit.ts";
import type { Coupling } from "./coupling.ts";
import type { Dag } from "./dag.ts";
import { Router, type RouteWeights } from "./router.ts";
import type { StartLayouts } from "./start-layouts.ts";

/** How many layouts to start from, how often each is refined forwards and backwards, and steps of local search at the end. */
const TRIALS = [
  { starts: 1, rounds: 1, refinements: 0 },
  { starts: 6, rounds: 2, refinements: 0 },
  { starts: 24, rounds: 3, refinements: 20 },
  { starts: 80, rounds: 4, refinements: 150 },
] as const;

const WEIGHTS: readonly RouteWeights[] = [
  { lookahead: 0.5, falloff: 0.7, expense: 0.6, decay: 0.01, horizon: 20, exponent: 1 },
  { lookahead: 0.8, falloff: 0.8, expense: 0.9, decay: 0.01, horizon: 30, exponent: 0.6 },
  { lookahead: 0.3, falloff: 0.6, expense: 0.4, decay: 0.02, horizon: 12, exponent: 0.4 },
  { lookahead: 1, falloff: 0.5, expense: 0.75, decay: 0.005, horizon: 20, exponent: 0.8 },
];

export interface SabreResult {
  /** Holds the recorded route. */
  readonly router: Router;
  readonly layout: Int32Array;
  readonly cost: number;
}

/** The best route from a given layout. */
export function routeOnly(dag: Dag, coupling: Coupling, layout: Int32Array, effort: Effort, rng: Rng): SabreResult {
  const router = new Router(dag, coupling);
  const trials = [1, 4, 16, 48][effort]!;
  let best = Number.POSITIVE_INFINITY;
  let bestTrial = 0;
  for (let trial = 0; trial < trials; trial++) {
    const cost = router.route(layout, false, WEIGHTS[trial % WEIGHTS.length]!, rng.fork("route", trial), false, best);
    if (cost < best) {
      best = cost;
      bestTrial = trial;
    }
  }
  const weights = WEIGHTS[bestTrial % WEIGHTS.length]!;
  const cost = router.route(layout, false, weights, rng.fork("route", bestTrial), true);
  return { router, layout, cost };
}

/**
 * Layout and routing by SABRE: each start is routed to the end and back again, so that its layout comes to suit both; the
 * route with the fewest entanglers of all is kept.
 */
export function layoutAndRoute(
  dag: Dag,
  coupling: Coupling,
  starts: StartLayouts,
  effort: Effort,
  rng: Rng,
): SabreResult {
  const router = new Router(dag, coupling);
  const { starts: numStarts, rounds, refinements } = TRIALS[effort];
  let best = Number.POSITIVE_INFINITY;
  let bestLayout = new Int32Array(dag.numQubits);
  let bestKey: readonly [string, number, number] = ["start", 0, 0];
  let bestWeights = WEIGHTS[0]!;
  const attempt = (
    layout: Int32Array,
    weights: RouteWeights,
    key: readonly [string, number, number],
    limit: number,
  ): number => {
    const cost = router.route(layout, false, weights, rng.fork(...key), false, limit);
    if (cost < best || (best === Number.POSITIVE_INFINITY && cost === best)) {
      best = cost;
      bestLayout = layout.slice();
      bestKey = key;
      bestWeights = weights;
    }
    return cost;
  };
  for (let start = 0; start < numStarts; start++) {
    const draw = rng.fork("layout", start);
    const trivial = start === 1 ? starts.trivial() : undefined;
    let layout =
      trivial ??
      (start % 4 === 3
        ? starts.ball(draw, 1 + 0.5 * draw.uniform())
        : starts.greedy(draw, start === 0 ? 0 : 0.6 * draw.uniform()));
    const weights = WEIGHTS[start % WEIGHTS.length]!;
    for (let round = 0; round < rounds; round++) {
      attempt(layout, weights, ["start", start, round], Number.POSITIVE_INFINITY);
      if (round + 1 === rounds) break;
      const end = router.places.slice();
      router.route(end, true, weights, rng.fork("back", start, round), false);
      layout = router.places.slice();
    }
  }
  for (let step = 0; step < refinements; step++) {
    const draw = rng.fork("refine", step);
    const layout = bestLayout.slice();
    nudge(layout, coupling, draw);
    attempt(layout, WEIGHTS[draw.integer(WEIGHTS.length)]!, ["refined", step, 0], best);
  }
  const cost = router.route(bestLayout, false, bestWeights, rng.fork(...bestKey), true);
  return { router, layout: bestLayout, cost };
}

/** Moves one or two qubits to neighbouring places, changing places with whoever is there. */
function nudge(layout: Int32Array, coupling: Coupling, rng: Rng): void {
  for (let move = rng.integer(2); move >= 0; move--) {
    const qubit = rng.integer(layout.length);
    const place = layout[qubit]!;
    const degree = coupling.start[place + 1]! - coupling.start[place]!;
    if (degree === 0) continue;
    const other = coupling.to[coupling.start[place]! + rng.integer(degree)]!;
    const displaced = layout.indexOf(other);
    layout[qubit] = other;
    if (displaced !== -1) layout[displaced] = place;
  }
}
