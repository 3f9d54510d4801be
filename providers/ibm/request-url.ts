import { describeValue } from "../../circuits/index.ts";
import { ProviderError } from "../errors.ts";
import type { AnyRouteValues } from "./routes.ts";

/** Longest id, name or tag that is put into an address. */
const LONGEST = 1024;

/**
 * The address of a call. Each value of the path becomes one percent-encoded segment; an array in the query repeats its key
 * (`tags=a&tags=b`: the form `tags[]=` is ignored by the service, which then finds everything); undefined is left out.
 * @throws ProviderError IBM_PATH_VALUE when a value of the path is no text, is empty, a dot segment or too long
 */
export function requestUrl(base: string, route: string, { path = {}, query = {} }: AnyRouteValues): string {
  const filled = route.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(route, name, path[name]));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const item of Array.isArray(value) ? value : [value])
      if (item !== undefined && item !== null) search.append(name, String(item));
  const text = search.toString();
  return `${base}${filled}${text === "" ? "" : `?${text}`}`;
}

function segment(route: string, name: string, value: unknown): string {
  if (typeof value !== "string")
    throw new ProviderError("IBM_PATH_VALUE", `The ${name} of ${route} is to be a text, not ${describeValue(value)}.`);
  const wrong =
    value === ""
      ? "is empty"
      : value === "." || value === ".."
        ? "is a dot segment, which would lead to another address"
        : value.length > LONGEST
          ? `is longer than ${LONGEST} characters`
          : // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
            /[\u0000-\u001f\u007f]/.test(value) || !value.isWellFormed()
            ? "holds control characters or half a character"
            : undefined;
  if (wrong !== undefined) throw new ProviderError("IBM_PATH_VALUE", `The ${name} of ${route} ${wrong}.`);
  return encodeURIComponent(value);
}
