// Made by scripts/openapi.ts of openapi.yaml: edit that.

export type NestedNumbers = number | NestedNumbers[];
export type Observables = string | {
    [pauli: string]: number;
} | Observables[];
export type NestedSamples = (string | NestedSamples)[];
export interface paths {
    "/identity/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Exchanges an API key for a bearer token. */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v3/resources/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Finds the instances of an account. */
        post: operations["searchResources"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/{plan_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Name and pricing of a service plan. */
        get: operations["getPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/versions": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        /** Versions of the API that are served. */
        get: operations["listVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/backends": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        /** Backends of the instance with their state and queue. */
        get: operations["listBackends"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/backends/{name}/configuration": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                name: components["parameters"]["BackendName"];
            };
            cookie?: never;
        };
        /** What the device is made of. */
        get: operations["getBackendConfiguration"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/backends/{name}/properties": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                name: components["parameters"]["BackendName"];
            };
            cookie?: never;
        };
        /** The last calibration; simulators may have none. */
        get: operations["getBackendProperties"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/backends/{name}/status": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                name: components["parameters"]["BackendName"];
            };
            cookie?: never;
        };
        /** Whether it takes jobs, and how many wait. */
        get: operations["getBackendStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/backends/{name}/defaults": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                name: components["parameters"]["BackendName"];
            };
            cookie?: never;
        };
        /** Pulse defaults of older devices. */
        get: operations["getBackendDefaults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        /** Jobs of the instance, newest first. */
        get: operations["listJobs"];
        put?: never;
        /** Submits a job. Not idempotent; 5 a minute for each user. */
        post: operations["createJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{id}": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        /** A job, with its params unless excluded. */
        get: operations["getJob"];
        put?: never;
        post?: never;
        /** Forgets a job that has ended. */
        delete: operations["deleteJob"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{id}/results": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        /** What the job measured. The results of a private job can be read once. */
        get: operations["getJobResults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{id}/logs": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        /** Log of a job that has ended. */
        get: operations["getJobLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{id}/metrics": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        /** Times and charge of a job. */
        get: operations["getJobMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancels a job that has not ended. */
        post: operations["cancelJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{id}/tags": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        get?: never;
        /** Replaces all tags of a job. */
        put: operations["replaceJobTags"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tags": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        /** Tags in use. */
        get: operations["searchTags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens a session or a batch. */
        post: operations["createSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions/{id}": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["SessionId"];
            };
            cookie?: never;
        };
        /** State and times of a session. */
        get: operations["getSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** With accepting_jobs false, closes it once its queued jobs have run. */
        patch: operations["updateSession"];
        trace?: never;
    };
    "/sessions/{id}/close": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["SessionId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Closes it at once; queued jobs will not run, running ones finish. */
        delete: operations["cancelSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/instance": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        /** Limits and plan of the instance. */
        get: operations["getInstance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/instances/configuration": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        /** Limits and session times of the instance. */
        get: operations["getInstanceConfiguration"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/instances/usage": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        /** Seconds used and left in the running period. */
        get: operations["getInstanceUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{id}": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        /** Limits of an account on one plan. */
        get: operations["getAccount"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workloads": {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        /** Jobs, sessions and batches in one list, oldest first. */
        get: operations["listWorkloads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        TokenRequest: {
            /** @constant */
            grant_type: "urn:ibm:params:oauth:grant-type:apikey";
            apikey: string;
            /** @enum {string} */
            response_type?: "cloud_iam";
        };
        Token: {
            /** @description A JWT of three parts. */
            access_token: string;
            refresh_token?: string;
            token_type?: string;
            /** @description Seconds. */
            expires_in: number;
            /** @description Seconds since 1970. */
            expiration?: number;
            scope?: string;
        };
        IamError: {
            errorCode: string;
            errorMessage: string;
            errorDetails?: string;
            context?: {
                [key: string]: unknown;
            };
        };
        ErrorBody: {
            trace?: string;
            status_code?: number;
            errors: components["schemas"]["ErrorItem"][];
        };
        ErrorItem: {
            /** @description Answered as a number or as a text. */
            code: number | string;
            message: string;
            solution?: string;
            more_info?: string;
        };
        ResourceSearch: {
            query: string;
            fields?: string[];
            search_cursor?: string;
        };
        ResourceSearchPage: {
            items: components["schemas"]["Resource"][];
            search_cursor?: string;
            limit?: number;
        };
        Resource: {
            crn: string;
            name?: string;
            service_plan_unique_id?: string;
            tags?: string[];
            doc?: {
                /** @description Empty where the resource is no instance that can be used. */
                extensions?: {
                    [key: string]: unknown;
                };
            };
        };
        CatalogPlan: {
            id?: string;
            name?: string;
            overview_ui?: {
                en?: {
                    display_name?: string;
                };
            };
            metadata?: {
                pricing?: {
                    /** @description free, trial, paygo, paid, subscription, ... */
                    type?: string;
                };
            };
        };
        BackendList: {
            devices: components["schemas"]["BackendSummary"][];
        };
        BackendSummary: {
            name: string;
            status: {
                /** @description online, paused, offline, ... */
                name: string;
                reason?: string;
            };
            /** @deprecated */
            is_simulator?: boolean;
            qubits?: number | null;
            physical_qubits?: number | null;
            clops?: {
                type?: string;
                value?: number;
            } | null;
            processor_type?: components["schemas"]["ProcessorType"] | null;
            queue_length: number;
            performance_metrics?: {
                two_q_error_best?: components["schemas"]["PerformanceMetric"];
                two_q_error_layered?: components["schemas"]["PerformanceMetric"];
                two_q_error_median?: components["schemas"]["PerformanceMetric"];
                readout_error_median?: components["schemas"]["PerformanceMetric"];
            } | null;
            /** @description Only where asked for, and absent on some plans. */
            wait_time_seconds?: {
                average?: number;
                p50?: number;
                p95?: number;
            } | null;
            /** @description "mock" marks one that no circuit should be sent to. */
            class?: string;
        };
        /** @description A number, or an object around it. */
        PerformanceMetric: number | {
            value?: number;
            unit?: string;
        } | null;
        ProcessorType: {
            family?: string;
            revision?: string | number;
            segment?: string;
        };
        BackendStatus: {
            /** @description Whether it takes jobs. */
            state: boolean;
            /** @description "active" when all is well. */
            status: string;
            message?: string;
            length_queue: number;
            backend_version?: string;
        };
        BackendConfiguration: {
            backend_name: string;
            /** @description X.Y.Z */
            backend_version: string;
            n_qubits: number;
            basis_gates: string[];
            supported_instructions?: string[];
            supported_features?: string[];
            gates?: {
                name: string;
                parameters?: string[] | null;
                qasm_def?: string | null;
                coupling_map?: number[][];
            }[];
            /** @description Directed pairs. */
            coupling_map?: number[][] | null;
            local?: boolean;
            simulator?: boolean;
            conditional?: boolean;
            open_pulse?: boolean;
            memory?: boolean;
            online_date?: string;
            /** @description Nanoseconds. */
            dt?: number | null;
            /** @description Nanoseconds. */
            dtm?: number | null;
            timing_constraints?: {
                [key: string]: number;
            };
            processor_type?: components["schemas"]["ProcessorType"] | null;
            /** @description Microseconds. */
            rep_delay_range?: number[];
            /** @description Microseconds. */
            default_rep_delay?: number;
            dynamic_reprate_enabled?: boolean;
            meas_map?: number[][];
            meas_levels?: number[];
            max_shots?: number | null;
            max_experiments?: number | null;
            coords?: number[][] | null;
        };
        BackendProperties: {
            backend_name?: string;
            backend_version?: string;
            last_update_date?: string;
            qubits?: components["schemas"]["CalibrationValue"][][];
            gates?: {
                gate: string;
                name?: string;
                qubits: number[];
                parameters: components["schemas"]["CalibrationValue"][];
            }[];
            general?: components["schemas"]["CalibrationValue"][];
            general_qlists?: {
                name?: string;
                qubits?: number[];
            }[];
        };
        CalibrationValue: {
            name: string;
            value: number;
            unit?: string;
            date?: string;
        };
        /** @description OpenQASM 3, or a QPY file (zlib, base64) in an object. */
        Circuit: string | components["schemas"]["TaggedValue"];
        /** @description A value as the Python client encodes it, such as QuantumCircuit or ndarray. */
        TaggedValue: {
            __type__: string;
            __value__: unknown;
        };
        NestedNumbers: NestedNumbers;
        /** @description Values by name, all of one shape, which is the PUB's; or an array whose last axis runs over the parameters in the alphabetical order of their names; or null where there are none. */
        ParameterValues: components["schemas"]["NestedNumbers"] | components["schemas"]["TaggedValue"] | {
            [key: string]: components["schemas"]["NestedNumbers"];
        } | null;
        /** @description One letter a qubit, the highest qubit first. */
        PauliLabel: string;
        PauliSum: {
            [key: string]: number;
        };
        /** @description One observable, or nested arrays whose shape broadcasts with that of the values. */
        Observables: Observables;
        SamplerPub: components["schemas"]["Circuit"] | [
            components["schemas"]["Circuit"]
        ] | [
            components["schemas"]["Circuit"],
            components["schemas"]["ParameterValues"]
        ] | [
            components["schemas"]["Circuit"],
            components["schemas"]["ParameterValues"],
            number | null
        ];
        EstimatorPub: [
            components["schemas"]["Circuit"],
            components["schemas"]["Observables"]
        ] | [
            components["schemas"]["Circuit"],
            components["schemas"]["Observables"],
            components["schemas"]["ParameterValues"]
        ] | [
            components["schemas"]["Circuit"],
            components["schemas"]["Observables"],
            components["schemas"]["ParameterValues"],
            number | null
        ];
        DynamicalDecouplingOptions: {
            enable?: boolean;
            /** @enum {string} */
            sequence_type?: "XX" | "XpXm" | "XY4";
            /** @enum {string} */
            extra_slack_distribution?: "middle" | "edges";
            /** @enum {string} */
            scheduling_method?: "alap" | "asap";
            skip_reset_qubits?: boolean;
        };
        CountOrAuto: number | "auto";
        TwirlingOptions: {
            enable_gates?: boolean;
            enable_measure?: boolean;
            num_randomizations?: components["schemas"]["CountOrAuto"];
            shots_per_randomization?: components["schemas"]["CountOrAuto"];
            /** @enum {string} */
            strategy?: "active" | "active-accum" | "active-circuit" | "all";
        };
        SamplerExecutionOptions: {
            init_qubits?: boolean;
            /** @description Seconds. */
            rep_delay?: number | null;
            /** @enum {string} */
            meas_type?: "classified" | "kerneled" | "avg_kerneled";
        };
        EstimatorExecutionOptions: {
            init_qubits?: boolean;
            /** @description Seconds. */
            rep_delay?: number | null;
        };
        SimulatorOptions: {
            noise_model?: unknown;
            seed_simulator?: number | null;
            coupling_map?: unknown;
            basis_gates?: unknown;
        };
        ResilienceOptions: {
            measure_mitigation?: boolean;
            measure_noise_learning?: {
                num_randomizations?: number;
                shots_per_randomization?: components["schemas"]["CountOrAuto"];
            };
            zne_mitigation?: boolean;
            zne?: {
                /** @enum {string} */
                amplifier?: "gate_folding" | "gate_folding_front" | "gate_folding_back" | "pea";
                noise_factors?: number[];
                extrapolator?: components["schemas"]["Extrapolator"] | components["schemas"]["Extrapolator"][];
                extrapolated_noise_factors?: number[];
            };
            pec_mitigation?: boolean;
            pec?: {
                max_overhead?: number | null;
                noise_gain?: number | "auto";
            };
            layer_noise_learning?: {
                max_layers_to_learn?: number | null;
                shots_per_randomization?: number;
                num_randomizations?: number;
                layer_pair_depths?: number[];
            };
            layer_noise_model?: unknown;
        };
        /** @enum {string} */
        Extrapolator: "linear" | "exponential" | "double_exponential" | "polynomial_degree_1" | "polynomial_degree_2" | "polynomial_degree_3" | "polynomial_degree_4" | "polynomial_degree_5" | "polynomial_degree_6" | "polynomial_degree_7" | "fallback";
        SamplerOptions: {
            default_shots?: number;
            dynamical_decoupling?: components["schemas"]["DynamicalDecouplingOptions"];
            execution?: components["schemas"]["SamplerExecutionOptions"];
            twirling?: components["schemas"]["TwirlingOptions"];
            simulator?: components["schemas"]["SimulatorOptions"];
            experimental?: {
                [key: string]: unknown;
            };
        };
        EstimatorOptions: {
            default_precision?: number;
            default_shots?: number | null;
            seed_estimator?: number | null;
            dynamical_decoupling?: components["schemas"]["DynamicalDecouplingOptions"];
            execution?: components["schemas"]["EstimatorExecutionOptions"];
            twirling?: components["schemas"]["TwirlingOptions"];
            simulator?: components["schemas"]["SimulatorOptions"];
            resilience?: components["schemas"]["ResilienceOptions"];
            experimental?: {
                [key: string]: unknown;
            };
        };
        SamplerParams: {
            pubs: components["schemas"]["SamplerPub"][];
            options?: components["schemas"]["SamplerOptions"];
            shots?: number | null;
            /** @description false = results in plain JSON. Always send it, since its default is told in two ways. */
            support_qiskit?: boolean;
            /** @constant */
            version?: 2;
        };
        EstimatorParams: {
            pubs: components["schemas"]["EstimatorPub"][];
            options?: components["schemas"]["EstimatorOptions"];
            precision?: number | null;
            /** @description 1 where left out. */
            resilience_level?: number;
            support_qiskit?: boolean;
            /** @constant */
            version?: 2;
        };
        JobTags: string[];
        /**
         * @description In any case.
         * @enum {string}
         */
        LogLevel: "critical" | "error" | "warning" | "info" | "debug" | "CRITICAL" | "ERROR" | "WARNING" | "INFO" | "DEBUG";
        SamplerJobRequest: {
            /** @constant */
            program_id: "sampler";
            backend: string;
            params: components["schemas"]["SamplerParams"];
            tags?: components["schemas"]["JobTags"];
            log_level?: components["schemas"]["LogLevel"];
            cost?: components["schemas"]["Cost"];
            session_id?: components["schemas"]["SessionReference"];
            calibration_id?: string;
            private?: boolean;
            runtime?: string;
        };
        EstimatorJobRequest: {
            /** @constant */
            program_id: "estimator";
            backend: string;
            params: components["schemas"]["EstimatorParams"];
            tags?: components["schemas"]["JobTags"];
            log_level?: components["schemas"]["LogLevel"];
            cost?: components["schemas"]["Cost"];
            session_id?: components["schemas"]["SessionReference"];
            calibration_id?: string;
            private?: boolean;
            runtime?: string;
        };
        /** @description A program whose params Lepton does not describe. */
        ProgramJobRequest: {
            /** @enum {string} */
            program_id: "executor" | "noise-learner";
            backend: string;
            params: {
                [key: string]: unknown;
            };
            tags?: components["schemas"]["JobTags"];
            log_level?: components["schemas"]["LogLevel"];
            cost?: components["schemas"]["Cost"];
            session_id?: components["schemas"]["SessionReference"];
            calibration_id?: string;
            private?: boolean;
            runtime?: string;
        };
        /** @description Most seconds it may run. Where left out the service takes the plan's maximum, so always send it. */
        Cost: number;
        SessionReference: string;
        JobRequest: components["schemas"]["SamplerJobRequest"] | components["schemas"]["EstimatorJobRequest"] | components["schemas"]["ProgramJobRequest"];
        JobCreated: {
            id: string;
            backend?: string;
            session_id?: string | null;
            private?: boolean;
            calibration_id?: string | null;
        };
        JobState: {
            /** @description Queued, Running, Completed, Failed, Cancelled; compare without regard to case, and pass others through. */
            status: string;
            reason?: string | null;
            reason_code?: number | string | null;
            reasonCode?: number | string | null;
            reason_solution?: string | null;
        };
        Job: {
            id: string;
            backend?: string;
            state: components["schemas"]["JobState"];
            /** @description Read state.status. */
            status: string;
            program: {
                id: string;
            };
            created: string;
            ended?: string | null;
            /** @description Seconds. */
            cost: number;
            tags?: string[] | null;
            session_id?: string | null;
            user_id?: string;
            usage?: components["schemas"]["JobUsage"] | null;
            private?: boolean;
            estimated_running_time_seconds?: number | null;
            estimated_max_running_time_seconds?: number | null;
            calibration_id?: string | null;
            runtime?: string | null;
            /** @description As they were sent; absent where excluded, or private. */
            params?: {
                [key: string]: unknown;
            };
        };
        JobUsage: {
            qpu_charge_time_seconds?: number | null;
            /** @description pending = the charge is not final; complete. */
            status?: string;
            /**
             * @deprecated
             * @description Before 2026-03-15.
             */
            quantum_seconds?: number | null;
            /**
             * @deprecated
             * @description Before 2026-03-15.
             */
            seconds?: number | null;
            /**
             * @deprecated
             * @description Before 2026-04-15.
             */
            circuits_execution_time_ns?: number | null;
        };
        JobPage: {
            jobs: components["schemas"]["Job"][];
            /** @description How many there are in all pages. */
            count: number;
            limit: number;
            offset: number;
        };
        JobMetrics: {
            timestamps?: {
                created?: string | null;
                running?: string | null;
                finished?: string | null;
            };
            usage?: components["schemas"]["JobUsage"];
            circuits_execution_time_ns?: number | null;
            estimated_start_time?: string | null;
            estimated_completion_time?: string | null;
            position_in_queue?: number | null;
            num_circuits?: number | null;
            num_qubits?: number[] | null;
            circuit_depths?: number[] | null;
            executions?: number | null;
            /** @deprecated */
            bss?: {
                seconds?: number;
            };
            qiskit_version?: string | null;
            caller?: string | null;
        };
        /** @description One text such as "0x1f" a shot; bit 0 of the register is the least significant. May be nested by the PUB's shape. */
        NestedSamples: NestedSamples;
        SamplerResults: {
            results: components["schemas"]["SamplerPubResult"][];
            metadata?: {
                [key: string]: unknown;
            };
        };
        SamplerPubResult: {
            /** @description By classical register. Shot i of all registers belongs together. */
            data: {
                [key: string]: {
                    samples: components["schemas"]["NestedSamples"];
                    num_bits: number;
                };
            };
            metadata?: {
                [key: string]: unknown;
            };
        };
        EstimatorResults: {
            results: components["schemas"]["EstimatorPubResult"][];
            metadata?: {
                [key: string]: unknown;
            };
        };
        EstimatorPubResult: {
            data: {
                evs: components["schemas"]["NestedNumbers"];
                stds: components["schemas"]["NestedNumbers"];
                ensemble_standard_error?: components["schemas"]["NestedNumbers"];
                /** @description So misspelt in older answers. */
                ensamble_standard_error?: components["schemas"]["NestedNumbers"];
                evs_noise_factors?: components["schemas"]["NestedNumbers"];
                stds_noise_factors?: components["schemas"]["NestedNumbers"];
                ensemble_stds_noise_factors?: components["schemas"]["NestedNumbers"];
                evs_extrapolated?: components["schemas"]["NestedNumbers"];
                stds_extrapolated?: components["schemas"]["NestedNumbers"];
            };
            metadata?: {
                [key: string]: unknown;
            };
        };
        /** @description Plain JSON of a sampler or estimator, the Python client's tagged form, or what another program answers. */
        JobResults: components["schemas"]["SamplerResults"] | components["schemas"]["EstimatorResults"] | components["schemas"]["TaggedValue"] | {
            [key: string]: unknown;
        };
        SessionRequest: {
            /** @enum {string} */
            mode: "dedicated" | "batch";
            backend: string;
            /** @description Seconds. */
            max_ttl?: number;
            /** @description The CRN once more */
            instance?: string;
        };
        Session: {
            id: string;
            backend_name?: string;
            mode?: string;
            /** @description open, active, inactive, closed, ... */
            state?: string;
            state_reason?: string | null;
            accepting_jobs?: boolean;
            /** @description Seconds. */
            max_ttl?: number | null;
            /** @description Seconds. */
            active_ttl?: number | null;
            /** @description Seconds. */
            interactive_ttl?: number | null;
            started_at?: string | null;
            activated_at?: string | null;
            closed_at?: string | null;
            last_job_started?: string | null;
            last_job_completed?: string | null;
            timestamps?: {
                status?: string;
                timestamp?: string;
            }[];
            user_id?: string;
            elapsed_time?: number | null;
        };
        Instance: {
            instance_id?: string;
            plan_id?: string;
            plan?: string;
            name?: string;
            limits?: {
                [key: string]: unknown;
            };
            max_ttl?: number;
            active_ttl?: number;
            interactive_ttl?: number;
        };
        InstanceConfiguration: {
            instance_limit_seconds?: number | null;
            usage_limit_seconds?: number | null;
            usage_allocation_seconds?: number | null;
            plan_id?: string;
            /** @description Seconds. */
            max_ttl?: number;
            /** @description Seconds. */
            active_ttl?: number;
            /** @description Seconds. */
            interactive_ttl?: number;
        };
        InstanceUsage: {
            instance_id?: string;
            plan_id?: string;
            usage_period?: {
                start_time?: string;
                end_time?: string;
            };
            usage_consumed_seconds: number;
            usage_limit_seconds?: number | null;
            usage_allocation_seconds?: number | null;
            usage_remaining_seconds?: number | null;
            usage_limit_reached?: boolean;
        };
        Account: {
            account_id?: string;
            plan_id?: string;
            limits?: {
                [key: string]: unknown;
            };
            max_ttl?: number;
            active_ttl?: number;
            interactive_ttl?: number;
        };
        WorkloadPage: {
            workloads: components["schemas"]["Workload"][];
            next?: components["schemas"]["PageLink"];
            previous?: components["schemas"]["PageLink"];
            limit?: number;
            total_count?: number;
        };
        PageLink: {
            href?: string;
        } | null;
        Workload: {
            id: string;
            mode?: string;
            status?: string;
            backend?: string;
            created?: string;
            created_at?: string;
            ended_at?: string | null;
            tags?: string[] | null;
            usage_seconds?: number | null;
        };
        Versions: {
            versions: string[];
        };
    };
    responses: {
        /** @description It was refused, or failed. */
        Error: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
    };
    parameters: {
        /** @description Date of the version of the API. */
        ApiVersion: string;
        BackendName: string;
        CalibrationId: string;
        JobId: string;
        SessionId: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description A token. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            /** @description The key is wrong (400, 401, 403) or the service is down (5xx). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IamError"] | components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    searchResources: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResourceSearch"];
            };
        };
        responses: {
            /** @description One page of resources. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceSearchPage"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                plan_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plan. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogPlan"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listVersions: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Dates, newest first or last. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Versions"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listBackends: {
        parameters: {
            query?: {
                /** @description Asks for what costs the service more, wait_time_seconds. */
                fields?: "wait_time_seconds";
                /** @description Also backends of class "mock". The Python client always sends "True". */
                include_mocks?: string;
            };
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them in one page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackendList"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getBackendConfiguration: {
        parameters: {
            query?: {
                calibration_id?: components["parameters"]["CalibrationId"];
            };
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                name: components["parameters"]["BackendName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The configuration. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackendConfiguration"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getBackendProperties: {
        parameters: {
            query?: {
                calibration_id?: components["parameters"]["CalibrationId"];
                /** @description The last calibration before this time, ISO 8601. */
                updated_before?: string;
            };
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                name: components["parameters"]["BackendName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The properties; an empty object where there are none. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackendProperties"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getBackendStatus: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                name: components["parameters"]["BackendName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The status. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackendStatus"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getBackendDefaults: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                name: components["parameters"]["BackendName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An object that no current client reads. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listJobs: {
        parameters: {
            query?: {
                /** @description 1 to 200; 200 where left out, and where out of range. */
                limit?: number;
                offset?: number;
                /** @description true = queued and running ones; false = ended ones. */
                pending?: boolean;
                program?: string;
                backend?: string;
                /** @description The key is repeated; a job must bear all of them. `tags[]=` is ignored and finds every job. */
                tags?: string[];
                session_id?: string;
                /** @description ISO 8601. */
                created_after?: string;
                /** @description ISO 8601. */
                created_before?: string;
                sort?: "ASC" | "DESC";
                /** @description true where left out. */
                exclude_params?: boolean;
            };
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createJob: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
                "Parent-Job-Id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JobRequest"];
            };
        };
        responses: {
            /** @description The job was accepted. Its id is told here only. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobCreated"];
                };
            };
            /** @description The instance has used up its limit. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many submits. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getJob: {
        parameters: {
            query?: {
                /** @description false where left out, so that polling without it downloads the circuits each time. */
                exclude_params?: boolean;
            };
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    deleteJob: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    getJobResults: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JSON in which NaN and Infinity may stand bare; the text of an error where the job failed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobResults"];
                    "text/plain": string;
                };
            };
            /** @description There is no result. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    getJobLogs: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Text, even where it looks like JSON. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description There is no log. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    getJobMetrics: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobMetrics"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    cancelJob: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is being cancelled. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It has ended. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    replaceJobTags: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    tags: components["schemas"]["JobTags"];
                };
            };
        };
        responses: {
            /** @description Replaced. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    searchTags: {
        parameters: {
            query: {
                type: "job";
                search: string;
            };
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Tags that contain the text. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        tags: string[];
                    };
                };
            };
            default: components["responses"]["Error"];
        };
    };
    createSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionRequest"];
            };
        };
        responses: {
            /** @description The session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["SessionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    updateSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["SessionId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    accepting_jobs: boolean;
                };
            };
        };
        responses: {
            /** @description Changed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    cancelSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                id: components["parameters"]["SessionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Closed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    getInstance: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The instance. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Instance"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getInstanceConfiguration: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The configuration. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstanceConfiguration"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getInstanceUsage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The usage. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstanceUsage"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getAccount: {
        parameters: {
            query: {
                plan_id: string;
            };
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path: {
                /** @description The field of the CRN that starts with a/, without that. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listWorkloads: {
        parameters: {
            query?: {
                limit?: number;
                sort?: "createdAt" | "-createdAt";
                /** @description Cursor, as it stands in the query of `next.href`. */
                next?: string;
                previous?: string;
                backend?: string;
                search?: string;
                status?: ("pending" | "in_progress" | "failed" | "completed" | "canceled")[];
                mode?: "job" | "session" | "batch";
                tags?: string[];
                created_after?: string;
                created_before?: string;
            };
            header?: {
                /** @description Date of the version of the API. */
                "IBM-API-Version"?: components["parameters"]["ApiVersion"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadPage"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
