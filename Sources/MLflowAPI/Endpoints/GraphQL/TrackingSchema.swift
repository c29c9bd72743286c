internal import GraphQL

/// The schema of `/graphql`, with the names of MLflow 3.17.2.
///
/// Contains the queries that MLflow's pages send, and their types. MLflow's mutations, and types that no page uses, are left out.
let trackingSchema = Result<GraphQLSchema, GraphQLError> { () throws(GraphQLError) in
    try GraphQLSchema(
        """
        scalar LongString

        enum MlflowRunStatus { RUNNING SCHEDULED FINISHED FAILED KILLED }
        enum MlflowModelVersionStatus { PENDING_REGISTRATION FAILED_REGISTRATION READY }
        enum MlflowViewType { ACTIVE_ONLY DELETED_ONLY ALL }

        input MlflowGetExperimentInput { experimentId: String }
        input MlflowGetRunInput { runId: String runUuid: String }
        input MlflowSearchRunsInput {
          experimentIds: [String] filter: String runViewType: MlflowViewType maxResults: Int orderBy: [String]
          pageToken: String
        }
        input MlflowSearchModelVersionsInput {
          filter: String maxResults: LongString orderBy: [String] pageToken: String
        }
        input MlflowGetMetricHistoryBulkIntervalInput {
          runIds: [String] metricKey: String startStep: Int endStep: Int maxResults: Int
        }

        type Query {
          mlflowGetExperiment(input: MlflowGetExperimentInput): MlflowGetExperimentResponse
          mlflowGetRun(input: MlflowGetRunInput): MlflowGetRunResponse
          mlflowSearchRuns(input: MlflowSearchRunsInput): MlflowSearchRunsResponse
          mlflowSearchModelVersions(input: MlflowSearchModelVersionsInput): MlflowSearchModelVersionsResponse
          mlflowGetMetricHistoryBulkInterval(
            input: MlflowGetMetricHistoryBulkIntervalInput
          ): MlflowGetMetricHistoryBulkIntervalResponse
        }

        type ApiError {
          code: String message: String helpUrl: String traceId: String errorDetails: [ErrorDetail]
        }
        type ErrorDetail { field: String message: String }

        type MlflowGetExperimentResponse { experiment: MlflowExperiment apiError: ApiError }
        type MlflowExperiment {
          experimentId: String name: String artifactLocation: String lifecycleStage: String lastUpdateTime: LongString
          creationTime: LongString tags: [MlflowExperimentTag!] effectiveTraceArchivalRetention: String
          workspace: String
        }
        type MlflowExperimentTag { key: String value: String }

        type MlflowGetRunResponse { run: MlflowRunExtension apiError: ApiError }
        type MlflowSearchRunsResponse { runs: [MlflowRunExtension!] nextPageToken: String apiError: ApiError }
        type MlflowRunExtension {
          info: MlflowRunInfo data: MlflowRunData inputs: MlflowRunInputs outputs: MlflowRunOutputs
          experiment: MlflowExperiment modelVersions: [MlflowModelVersion!]
        }
        type MlflowRunInfo {
          runId: String runUuid: String runName: String experimentId: String userId: String status: MlflowRunStatus
          startTime: LongString endTime: LongString artifactUri: String lifecycleStage: String
        }
        type MlflowRunData { metrics: [MlflowMetricExtension!] params: [MlflowParam!] tags: [MlflowRunTag!] }
        type MlflowMetricExtension {
          key: String value: Float timestamp: LongString step: LongString datasetName: String datasetDigest: String
          modelId: String runId: String
        }
        type MlflowParam { key: String value: String }
        type MlflowRunTag { key: String value: String }
        type MlflowRunInputs { datasetInputs: [MlflowDatasetInput!] modelInputs: [MlflowModelInput!] }
        type MlflowDatasetInput { tags: [MlflowInputTag!] dataset: MlflowDataset }
        type MlflowInputTag { key: String value: String }
        type MlflowDataset {
          name: String digest: String sourceType: String source: String schema: String profile: String
        }
        type MlflowModelInput { modelId: String }
        type MlflowRunOutputs { modelOutputs: [MlflowModelOutput!] }
        type MlflowModelOutput { modelId: String step: LongString }

        type MlflowSearchModelVersionsResponse {
          modelVersions: [MlflowModelVersion!] nextPageToken: String apiError: ApiError
        }
        type MlflowModelVersion {
          name: String version: String creationTimestamp: LongString lastUpdatedTimestamp: LongString userId: String
          currentStage: String description: String source: String runId: String status: MlflowModelVersionStatus
          statusMessage: String tags: [MlflowModelVersionTag!] runLink: String aliases: [String] modelId: String
        }
        type MlflowModelVersionTag { key: String value: String }

        type MlflowGetMetricHistoryBulkIntervalResponse { metrics: [MlflowMetricWithRunId!] apiError: ApiError }
        type MlflowMetricWithRunId {
          key: String value: Float timestamp: LongString step: LongString runId: String
        }
        """
    )
}
