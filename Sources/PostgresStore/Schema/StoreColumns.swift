/// The columns that this store uses; tables of an unknown version of MLflow are accepted if they have all of these columns.
enum StoreColumns {
    static let all: [(table: String, column: String)] = byTable.flatMap { table, columns in
        columns.map { (table, $0) }
    }

    private static let byTable: [(table: String, columns: [String])] = [
        (
            "experiments",
            [
                "experiment_id", "name", "artifact_location", "lifecycle_stage", "creation_time",
                "last_update_time", "workspace",
            ]
        ),
        ("experiment_tags", ["key", "value", "experiment_id"]),
        (
            "runs",
            [
                "run_uuid", "name", "source_type", "source_name", "entry_point_name", "user_id", "status",
                "start_time", "end_time", "source_version", "lifecycle_stage", "artifact_uri",
                "experiment_id", "deleted_time",
            ]
        ),
        ("params", ["key", "value", "run_uuid"]),
        ("tags", ["key", "value", "run_uuid"]),
        ("metrics", ["key", "value", "timestamp", "run_uuid", "step", "is_nan"]),
        ("latest_metrics", ["key", "value", "timestamp", "step", "is_nan", "run_uuid"]),
        (
            "datasets",
            [
                "dataset_uuid", "experiment_id", "name", "digest", "dataset_source_type", "dataset_source",
                "dataset_schema", "dataset_profile",
            ]
        ),
        ("inputs", ["input_uuid", "source_type", "source_id", "destination_type", "destination_id", "step"]),
        ("input_tags", ["input_uuid", "name", "value"]),
        (
            "logged_models",
            [
                "model_id", "experiment_id", "name", "artifact_location", "creation_timestamp_ms",
                "last_updated_timestamp_ms", "status", "lifecycle_stage", "model_type", "source_run_id",
                "status_message",
            ]
        ),
        ("logged_model_params", ["model_id", "experiment_id", "param_key", "param_value"]),
        ("logged_model_tags", ["model_id", "experiment_id", "tag_key", "tag_value"]),
        (
            "logged_model_metrics",
            [
                "model_id", "metric_name", "metric_timestamp_ms", "metric_step", "metric_value",
                "experiment_id", "run_id", "dataset_uuid", "dataset_name", "dataset_digest",
            ]
        ),
        ("registered_models", ["name", "creation_time", "last_updated_time", "description", "workspace"]),
        ("registered_model_tags", ["key", "value", "name", "workspace"]),
        ("registered_model_aliases", ["alias", "version", "name", "workspace"]),
        (
            "model_versions",
            [
                "name", "version", "creation_time", "last_updated_time", "description", "user_id",
                "current_stage", "source", "run_id", "status", "status_message", "run_link",
                "storage_location", "workspace",
            ]
        ),
        ("model_version_tags", ["key", "value", "name", "version", "workspace"]),
        ("assessments", ["assessment_metadata"]),
    ]
}
