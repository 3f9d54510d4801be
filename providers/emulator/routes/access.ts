import { type Answer, errorAnswer } from "../http/answer.ts";
import { Refusal } from "../http/refusal.ts";
import type { EmulatorRequest } from "../http/request.ts";
import type { Service } from "../service.ts";
import { CRN_PATTERN } from "../settings.ts";
import type { Access } from "./call.ts";

/** Versions of the API that are served, oldest first. */
export const API_VERSIONS = [
  "2025-01-01",
  "2025-05-01",
  "2025-06-01",
  "2026-02-01",
  "2026-03-15",
  "2026-04-15",
] as const;

/** Without the header the oldest version is served. @throws Refusal 400 */
export function apiVersion({ headers }: EmulatorRequest): string {
  const asked = headers["ibm-api-version"];
  if (asked === undefined) return API_VERSIONS[0];
  if (typeof asked !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(asked) || asked < API_VERSIONS[0])
    throw new Refusal(
      400,
      1211,
      "The version in IBM-API-Version is not supported.",
      `Use one of ${API_VERSIONS.join(", ")}.`,
    );
  return asked;
}

/** @throws Refusal 401 without a valid token, 400 without a CRN, 404 for an instance that is not here */
export function checkAccess(request: EmulatorRequest, access: Access, { settings, tokens }: Service): void {
  if (access === "none") return;
  const [scheme = "", credential = ""] = (request.headers.authorization ?? "").split(/ +/);
  const valid =
    (/^bearer$/i.test(scheme) && tokens.isValid(credential)) || (/^apikey$/i.test(scheme) && tokens.isKey(credential));
  if (!valid)
    throw new Refusal(401, 1201, "Unable to authenticate with the credentials.", "Get a new token and try again.");
  if (access === "bearer") return;
  const crn = request.headers["service-crn"];
  if (typeof crn !== "string" || !CRN_PATTERN.test(crn))
    throw new Refusal(400, 1348, "The header Service-CRN holds no valid CRN.", "Give the CRN of your instance.");
  if (crn !== settings.crn)
    throw new Refusal(
      404,
      1279,
      `Instance ${crn} not found.`,
      "Check the CRN, and that the request goes to the region of the instance.",
    );
}

/** What a submit gets that comes too early. */
export function tooManyRequests(limit: number, seconds: number): Answer {
  return errorAnswer(429, 1202, `Too many requests: at most ${limit} jobs a minute.`, "Wait as Retry-After says.", {
    "retry-after": String(Math.max(1, Math.ceil(seconds))),
  });
}
