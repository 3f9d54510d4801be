import type { components, operations } from "./openapi.d.ts";

type Schemas = components["schemas"];

/** The bodies of openapi.yaml by name, with the names that the service uses. */
export type BackendSummary = Schemas["BackendSummary"];
export type BackendConfiguration = Schemas["BackendConfiguration"];
export type BackendProperties = Schemas["BackendProperties"];
export type BackendStatusBody = Schemas["BackendStatus"];
export type JobRequest = Schemas["JobRequest"];
export type SamplerJobRequest = Schemas["SamplerJobRequest"];
export type EstimatorJobRequest = Schemas["EstimatorJobRequest"];
export type JobCreated = Schemas["JobCreated"];
export type JobBody = Schemas["Job"];
export type JobPage = Schemas["JobPage"];
export type JobMetrics = Schemas["JobMetrics"];
export type JobResultsBody = Schemas["JobResults"];
export type SessionRequest = Schemas["SessionRequest"];
export type SessionBody = Schemas["Session"];
export type InstanceBody = Schemas["Instance"];
export type InstanceConfiguration = Schemas["InstanceConfiguration"];
export type InstanceUsage = Schemas["InstanceUsage"];
export type AccountBody = Schemas["Account"];
export type WorkloadBody = Schemas["Workload"];
export type WorkloadPage = Schemas["WorkloadPage"];
export type CatalogPlan = Schemas["CatalogPlan"];
export type ResourceBody = Schemas["Resource"];
export type ResourceSearchPage = Schemas["ResourceSearchPage"];

/** The queries of lists. */
export type JobQuery = NonNullable<operations["listJobs"]["parameters"]["query"]>;
export type WorkloadQuery = NonNullable<operations["listWorkloads"]["parameters"]["query"]>;
export type BackendQuery = NonNullable<operations["listBackends"]["parameters"]["query"]>;
