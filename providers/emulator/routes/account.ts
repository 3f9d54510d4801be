import { json } from "../http/answer.ts";
import { notFound, Refusal } from "../http/refusal.ts";
import { jsonBody } from "../http/request.ts";
import { checkBody } from "../http/schemas.ts";
import { TOKEN_SECONDS } from "../iam-tokens.ts";
import { USAGE_PERIOD_SECONDS } from "../jobs/usage.ts";
import { instanceFacts, iso, PLAN_IDS, type Service } from "../service.ts";
import { API_VERSIONS } from "./access.ts";
import { type Call, type EndpointRoute, route } from "./call.ts";

/** Token, discovery, instance, usage, account and versions. */
export const accountRoutes: readonly EndpointRoute[] = [
  route("POST", "/identity/token", "none", token),
  route("POST", "/v3/resources/search", "bearer", search),
  // The global catalogue has the same path as the API's base; its plans are known by their ids.
  ...Object.values(PLAN_IDS).map((id) => route("GET", `/api/v1/${id}`, "bearer", (call) => plan(call, id))),
  route("GET", "/api/v1/versions", "none", () => json({ versions: API_VERSIONS })),
  route("GET", "/api/v1/instance", "instance", instance),
  route("GET", "/api/v1/instances/configuration", "instance", configuration),
  route("GET", "/api/v1/instances/usage", "instance", usage),
  route("GET", "/api/v1/accounts/{id}", "instance", account),
];

function token({ request, service }: Call): ReturnType<typeof json> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers["content-type"] ?? ""))
    return iamError(415, "BXNIM0109E", "The content type must be application/x-www-form-urlencoded.");
  const form = Object.fromEntries(new URLSearchParams(request.body.toString("utf8")));
  try {
    checkBody(form, "TokenRequest");
  } catch {
    return iamError(400, "BXNIM0109E", "Property missing or not valid: grant_type and apikey are needed.");
  }
  if (!service.tokens.isKey(form.apikey ?? ""))
    return iamError(400, "BXNIM0415E", "Provided API key could not be found.");
  const { token: accessToken, expiration } = service.tokens.issue();
  return json({
    access_token: accessToken,
    refresh_token: "not_supported",
    token_type: "Bearer",
    expires_in: TOKEN_SECONDS,
    expiration,
    scope: "ibm openid",
  });
}

function iamError(status: number, errorCode: string, errorMessage: string): ReturnType<typeof json> {
  return json({ errorCode, errorMessage, context: { operation: "POST /identity/token" } }, status);
}

function search({ request, service }: Call): ReturnType<typeof json> {
  const body = jsonBody(request);
  checkBody(body, "ResourceSearch");
  const { planId } = instanceFacts(service.settings);
  return json({
    items: [
      {
        crn: service.settings.crn,
        name: "emulator",
        service_plan_unique_id: planId,
        doc: { extensions: { emulator: true } },
        tags: [],
      },
    ],
    limit: 100,
  });
}

function plan({ service }: Call, id: string): ReturnType<typeof json> {
  const own = instanceFacts(service.settings);
  if (own.planId !== id) throw notFound(`Plan ${id}`);
  return json({
    id,
    name: own.planName,
    overview_ui: { en: { display_name: own.planName } },
    metadata: { pricing: { type: service.settings.plan === "open" ? "free" : "paygo" } },
  });
}

function limitsOf({ settings, usage: used }: Service): Readonly<Record<string, unknown>> {
  return {
    max_ttl: settings.sessionMaxSeconds,
    active_ttl: settings.sessionMaxSeconds,
    interactive_ttl: settings.sessionInteractiveSeconds,
    ...(used.limitSeconds === undefined ? {} : { usage_limit_seconds: used.limitSeconds }),
  };
}

function instance({ service }: Call): ReturnType<typeof json> {
  const { planId, planName } = instanceFacts(service.settings);
  return json({
    instance_id: service.settings.crn,
    plan_id: planId,
    plan: planName,
    name: "emulator",
    limits: limitsOf(service),
    ...limitsOf(service),
  });
}

function configuration({ service }: Call): ReturnType<typeof json> {
  const { limitSeconds } = service.usage;
  return json({
    instance_id: service.settings.crn,
    plan_id: instanceFacts(service.settings).planId,
    instance_limit_seconds: limitSeconds ?? null,
    usage_allocation_seconds: limitSeconds ?? null,
    ...limitsOf(service),
  });
}

function usage({ service }: Call): ReturnType<typeof json> {
  const { consumedSeconds, limitSeconds, isLimitReached } = service.usage;
  const now = service.clock.now();
  return json({
    instance_id: service.settings.crn,
    plan_id: instanceFacts(service.settings).planId,
    usage_period: { start_time: iso(now - 1000 * USAGE_PERIOD_SECONDS), end_time: iso(now) },
    usage_consumed_seconds: consumedSeconds,
    ...(limitSeconds === undefined
      ? {}
      : {
          usage_limit_seconds: limitSeconds,
          usage_allocation_seconds: limitSeconds,
          usage_remaining_seconds: Math.max(0, limitSeconds - consumedSeconds),
        }),
    usage_limit_reached: isLimitReached,
  });
}

function account({ request, params, service }: Call): ReturnType<typeof json> {
  const facts = instanceFacts(service.settings);
  if (params.id !== facts.account) throw notFound("Account");
  if (request.query.get("plan_id") === null)
    throw new Refusal(400, 1210, "plan_id is missing.", "Give the id of the plan.");
  if (request.query.get("plan_id") !== facts.planId) throw notFound("Plan");
  return json({
    account_id: facts.account,
    plan_id: facts.planId,
    limits: limitsOf(service),
    ...limitsOf(service),
  });
}
