/** One route of a table. */
export interface Route<Handler> {
  readonly method: string;
  /** Segments in braces are parameters: `/jobs/{id}/results`. */
  readonly pattern: string;
  readonly handler: Handler;
}

export interface Match<Handler> {
  readonly route: Route<Handler>;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds routes by method and path. */
export class Router<Handler> {
  readonly #routes: readonly (Route<Handler> & { readonly segments: readonly string[] })[];

  constructor(routes: readonly Route<Handler>[]) {
    this.#routes = routes.map((route) => ({ ...route, segments: route.pattern.split("/") }));
  }

  /** The route, the methods that the path has instead, or undefined where no route has the path. */
  match(method: string, path: string): Match<Handler> | { readonly allowed: readonly string[] } | undefined {
    const segments = path.replace(/\/$/, "").split("/");
    const allowed: string[] = [];
    for (const route of this.#routes) {
      const params = paramsOf(route.segments, segments);
      if (params === undefined) continue;
      if (route.method === method) return { route, params };
      allowed.push(route.method);
    }
    return allowed.length === 0 ? undefined : { allowed };
  }
}

function paramsOf(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]!;
    if (!part.startsWith("{")) {
      if (part !== segment) return undefined;
      continue;
    }
    if (segment === "") return undefined;
    try {
      params[part.slice(1, -1)] = decodeURIComponent(segment);
    } catch {
      return undefined;
    }
  }
  return params;
}
