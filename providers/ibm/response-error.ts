import { IbmError, type IbmErrorDetail, type RequestOutcome } from "./ibm-error.ts";
import { parseJson } from "./json.ts";
import type { Secrets } from "./secrets.ts";

/** What is needed of a refused request to say what was wrong. */
export interface RefusedRequest {
  readonly method: string;
  /** The route, such as "/jobs/{id}". */
  readonly path: string;
  readonly status: number;
  readonly body: string;
  readonly retryAfterSeconds: number | undefined;
  /** Whether the address is one of IAM's, which tells its errors in other words. */
  readonly iam?: boolean;
}

interface Advice {
  readonly code: string;
  /** What to do, as a sentence. */
  readonly hint: string;
}

const UNAVAILABLE: Advice = {
  code: "IBM_BACKEND_UNAVAILABLE",
  hint: "The backend takes no jobs now, for maintenance or since it is paused; wait until `backend.status()` calls it operational, or choose another.",
};
const SESSION_CLOSED: Advice = {
  code: "IBM_SESSION_CLOSED",
  hint: "The session is closed; open another one and send the job there.",
};

/** By IBM's own code; see docs/errors.md. */
const BY_IBM_CODE: Readonly<Record<string, Advice>> = {
  "1004": UNAVAILABLE,
  "1999": UNAVAILABLE,
  "1202": {
    code: "IBM_RATE_LIMIT",
    hint: "The service takes 5 submits a minute from each user; wait and send it again.",
  },
  "1217": SESSION_CLOSED,
  // It is so old that it is forgotten.
  "1218": SESSION_CLOSED,
  "1241": { code: "IBM_INSTANCE", hint: instanceHint() },
  "1279": {
    code: "IBM_WRONG_REGION",
    hint: "The instance is not known in this region: the 6th field of its CRN names the region, and the URL must be of the same one. Leave the URL out and it follows from the CRN.",
  },
  "1348": { code: "IBM_INSTANCE", hint: instanceHint() },
  "1352": {
    code: "IBM_SESSION_PLAN",
    hint: 'The open plan runs single jobs and batches only: use mode "batch", or no session.',
  },
};

function instanceHint(): string {
  return "Check the instance's CRN: copy it from https://quantum.cloud.ibm.com/instances, or list yours with `lepton account`.";
}

function adviceFor(request: RefusedRequest, ibmCode: string | undefined): Advice {
  const { status, method, path, iam } = request;
  const known = ibmCode === undefined ? undefined : BY_IBM_CODE[ibmCode];
  if (known !== undefined && Object.hasOwn(BY_IBM_CODE, ibmCode!)) return known;
  if (status >= 500 || status === 408 || status === 425)
    return {
      code: "IBM_SERVICE",
      hint: "The service failed; try again later. Its state: https://cloud.ibm.com/status.",
    };
  if (status === 429) return { code: "IBM_RATE_LIMIT", hint: "Too many requests; wait and try again." };
  if (iam === true)
    return {
      code: "IBM_API_KEY",
      hint: "IAM does not take the API key: it is wrong, locked or deleted. Create one at https://quantum.cloud.ibm.com and set LEPTON_IBM_TOKEN.",
    };
  if (status === 401)
    return {
      code: "IBM_UNAUTHORIZED",
      hint: "A fresh token was refused too: the API key must be one of the account that the instance belongs to.",
    };
  if (status === 403)
    return {
      code: "IBM_FORBIDDEN",
      hint: "The account may not do this; ask its administrator for access to the instance.",
    };
  if (status === 404)
    return {
      code: "IBM_NOT_FOUND",
      hint: "There is no such thing in this instance: check the name or id, and the instance.",
    };
  if (status === 409 && method === "POST" && path === "/jobs")
    return {
      code: "IBM_USAGE_LIMIT",
      hint: "The instance has used up its limit of the period; see `lepton account`, raise the limit or wait for the next period.",
    };
  if (status === 409) return { code: "IBM_CONFLICT", hint: "It is not in a state in which this can be done." };
  if (status >= 300 && status < 400)
    return {
      code: "IBM_REDIRECT",
      hint: "Redirects are not followed, since they could carry the token elsewhere; check the URL.",
    };
  return { code: "IBM_REQUEST", hint: "The request is not what the service expects." };
}

/** May the same request succeed later? */
function isRetryableStatus(status: number, ibmCode: string | undefined): boolean {
  return (
    ["1004", "1202", "1999"].includes(ibmCode ?? "") ||
    [408, 425, 429, 500, 502, 503, 504].includes(status) ||
    (status >= 520 && status <= 524)
  );
}

/** Statuses that say that nothing was done. Others may come from a gateway, such as of one that gave up waiting (408, 499). */
const REFUSALS = [301, 302, 307, 308, 400, 401, 403, 404, 405, 409, 411, 413, 414, 415, 422, 425, 429, 431];

function outcomeOf(status: number): RequestOutcome {
  return REFUSALS.includes(status) ? "rejected" : "unknown";
}

/** The error of an answer whose status is not one of success. */
export function responseError(request: RefusedRequest, secrets: Secrets): IbmError {
  const { details, trace } = readDetails(request.body, secrets);
  const ibmCode = details.find((detail) => detail.code !== "")?.code;
  const { code, hint } = adviceFor(request, ibmCode);
  const told = details.map(({ code: theirs, message, solution }) =>
    [theirs === "" ? "" : `${theirs}:`, message, solution]
      .filter((part) => part !== undefined && part !== "")
      .join(" "),
  );
  const said = told.length === 0 ? "" : ` IBM says: ${told.join(" ")}`;
  return new IbmError(code, `${request.method} ${request.path} answered ${request.status}. ${hint}${said}`, {
    method: request.method,
    path: request.path,
    outcome: request.iam === true ? "rejected" : outcomeOf(request.status),
    status: request.status,
    details,
    trace,
    retryAfterSeconds: request.retryAfterSeconds,
    retryable: isRetryableStatus(request.status, ibmCode),
  });
}

/** IBM's `errors[]`, IAM's `errorCode`, or the beginning of whatever text there is. */
function readDetails(
  body: string,
  secrets: Secrets,
): { readonly details: readonly IbmErrorDetail[]; readonly trace: string | undefined } {
  const text = (value: unknown): string | undefined =>
    typeof value === "string" || typeof value === "number" ? secrets.redact(String(value)) : undefined;
  const parsed = parsedObject(body);
  if (parsed === undefined) {
    // A gateway's page of HTML says nothing that the status does not.
    const plain = /<[a-z!]/i.test(body) ? "" : secrets.redact(body.trim()).slice(0, 300);
    return { details: plain === "" ? [] : [{ code: "", message: plain }], trace: undefined };
  }
  const items = Array.isArray(parsed.errors)
    ? parsed.errors
    : parsed.errorCode !== undefined
      ? [{ code: parsed.errorCode, message: parsed.errorMessage, solution: parsed.errorDetails }]
      : isObject(parsed.error)
        ? [parsed.error]
        : [];
  const details = items
    .slice(0, 10)
    .filter(isObject)
    .map((item) => ({
      code: text(item.code) ?? "",
      message: text(item.message) ?? "",
      solution: text(item.solution),
      moreInfo: text(item.more_info),
    }));
  return { details, trace: text(parsed.trace) };
}

function parsedObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
