import { ProviderError } from "../errors.ts";

/** The parts of an instance's cloud resource name. */
export interface Crn {
  readonly region: string;
  /** Without its "a/". */
  readonly account: string;
  readonly instance: string;
}

export const CRN_FORM = "crn:v1:bluemix:public:quantum-computing:REGION:a/ACCOUNT:INSTANCE::";

const PATTERN =
  /^crn:v1:[a-z0-9-]+:[a-z0-9-]+:quantum-computing:([a-z0-9](?:[a-z0-9-]*[a-z0-9])?):a\/([\w-]+):([\w-]+)::$/i;

/**
 * Reads the CRN of an IBM Quantum instance. Messages never hold the value.
 * @param from where it was found, such as "LEPTON_IBM_INSTANCE"
 * @throws ProviderError IBM_INSTANCE_NAME for something else than a CRN, such as the instance's name; IBM_CRN for a CRN of
 * another form or service
 */
export function parseCrn(text: string, from: string): Crn {
  if (!/^crn:/i.test(text.trim()))
    throw new ProviderError(
      "IBM_INSTANCE_NAME",
      `${from} is no CRN; an instance is given by its CRN, not by its name: ${CRN_FORM}. Copy it from https://quantum.cloud.ibm.com/instances, or list yours with \`lepton account\`.`,
    );
  const [, region, account, instance] = PATTERN.exec(text) ?? [];
  if (region === undefined || account === undefined || instance === undefined)
    throw new ProviderError(
      "IBM_CRN",
      `${from} is a malformed CRN: ${crnFault(text)}. The form is ${CRN_FORM}, with the two colons at its end; copy it whole from https://quantum.cloud.ibm.com/instances.`,
    );
  return { region: region.toLowerCase(), account, instance };
}

function crnFault(text: string): string {
  if (/\s/.test(text)) return "it holds white space";
  const fields = text.split(":");
  if (fields.length !== 10) return `it has ${fields.length} fields between colons instead of 10`;
  if (fields[4] !== "quantum-computing") return "its 5th field is not quantum-computing, so it is of another service";
  if (!/^[a-z0-9-]+$/i.test(fields[5]!)) return "its 6th field is no region such as us-east";
  if (!/^a\/[\w-]+$/.test(fields[6]!)) return "its 7th field is no account, a/ACCOUNT";
  return "one of its fields does not fit";
}
