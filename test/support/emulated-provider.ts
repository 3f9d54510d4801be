import { type IbmProvider, type IbmProviderOptions, ibmProvider } from "../../providers/ibm/index.ts";

/** Where an emulator is found. */
export interface ServiceAddress {
  readonly url: string;
  readonly iamUrl: string;
  readonly token: string;
  readonly crn: string;
}

export const EMULATED_BACKEND = "ibmq_manila";

/** As a process of its own has it, of nothing but the emulator's address; by default it asks so often that nobody waits. */
export function emulatedProvider(
  { url, iamUrl, token, crn }: ServiceAddress,
  options: IbmProviderOptions = {},
): IbmProvider {
  const poll = { firstSeconds: 0.01, runningSeconds: 0.01 };
  return ibmProvider({ url, iamUrl, token, instance: crn, environment: {}, accountFile: false, poll, ...options });
}
