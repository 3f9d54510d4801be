export { type Clock, systemClock } from "../clock.ts";
export { BACKEND_OPTIONS, IbmBackend, type IbmBackendOptions } from "./backend.ts";
export type { IbmBackendFilter, IbmBackendInfo } from "./backend-info.ts";
export { IbmCheckError } from "./check-error.ts";
export { createIbmClient, discoverInstances, IbmClient, type IbmClientOptions } from "./client.ts";
export { type CredentialOptions, findCredentials, IbmCredentials } from "./credentials.ts";
export type { IbmEstimator } from "./estimator.ts";
export type { ExecutionSpan, SpanSlice } from "./execution-spans.ts";
export type { IbmPubResult } from "./found-job.ts";
export { IbmError, type IbmErrorDetail, type RequestOutcome } from "./ibm-error.ts";
export { IbmJob, type IbmJobUsage } from "./job.ts";
export type { IbmJobFilter, IbmJobInfo } from "./job-info.ts";
export { IbmJobError, type IbmJobState } from "./job-state.ts";
export { SubmitLimiter, type SubmitLimiterOptions } from "./limiter.ts";
export { IBM_LIMITS, type IbmLimits, INSTRUCTION_WEIGHTS } from "./limits.ts";
export type {
  DynamicalDecouplingOptions,
  ExecutionOptions,
  IbmEstimatorOptions,
  IbmJobOptions,
  IbmSamplerOptions,
  ResilienceOptions,
  TwirlingOptions,
} from "./program-options.ts";
export {
  IbmProvider,
  type IbmProviderOptions,
  type IbmUsage,
  ibmProvider,
} from "./provider.ts";
export type { DiscoveredInstance } from "./resources/discovery.ts";
export type { Notify, RetryPolicy } from "./retry.ts";
export type { IbmSampler } from "./sampler.ts";
export type { Sending } from "./sending.ts";
export type { PollPolicy } from "./service-job.ts";
export { IbmSession, type SessionOptions } from "./session.ts";
