-- The tables of MLflow's database in PostgreSQL at revision dc11669786a5 (MLflow 3.17), for
-- `apus export --format mlflow-db`.
--
-- Names, types, keys and checks are those that the catalog of PostgreSQL 15 shows of a database which `mlflow db upgrade`
-- of MLflow 3.17.2 has made: its later migrations rely on them. mlflow-3.17-postgresql-indexes.sql has the rest.

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE workspaces (
    name                     VARCHAR(63) NOT NULL,
    description              TEXT,
    default_artifact_root    TEXT,
    trace_archival_location  TEXT,
    trace_archival_retention VARCHAR(32),
    CONSTRAINT workspaces_pk PRIMARY KEY (name)
);

CREATE TABLE experiments (
    experiment_id     SERIAL       NOT NULL,
    name              VARCHAR(256) NOT NULL,
    artifact_location VARCHAR(256),
    lifecycle_stage   VARCHAR(32),
    creation_time     BIGINT,
    last_update_time  BIGINT,
    workspace         VARCHAR(63)  NOT NULL DEFAULT 'default',
    CONSTRAINT uq_experiments_workspace_name UNIQUE (workspace, name),
    CONSTRAINT experiment_pk PRIMARY KEY (experiment_id),
    CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted'))
);

CREATE TABLE experiment_tags (
    key           VARCHAR(250) NOT NULL,
    value         TEXT,
    experiment_id INTEGER      NOT NULL,
    CONSTRAINT experiment_tag_pk PRIMARY KEY (key, experiment_id)
);

CREATE TABLE runs (
    run_uuid         VARCHAR(32)  NOT NULL,
    name             VARCHAR(250),
    source_type      VARCHAR(20),
    source_name      VARCHAR(500),
    entry_point_name VARCHAR(50),
    user_id          VARCHAR(256),
    status           VARCHAR(9),
    start_time       BIGINT,
    end_time         BIGINT,
    source_version   VARCHAR(50),
    lifecycle_stage  VARCHAR(20),
    artifact_uri     VARCHAR(200),
    experiment_id    INTEGER,
    deleted_time     BIGINT,
    CONSTRAINT run_pk PRIMARY KEY (run_uuid),
    CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')),
    CONSTRAINT runs_status_check CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED')),
    CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT'))
);

CREATE TABLE params (
    key      VARCHAR(250)  NOT NULL,
    value    VARCHAR(8000) NOT NULL,
    run_uuid VARCHAR(32)   NOT NULL,
    CONSTRAINT param_pk PRIMARY KEY (key, run_uuid)
);

CREATE TABLE tags (
    key      VARCHAR(250)  NOT NULL,
    value    VARCHAR(8000),
    run_uuid VARCHAR(32)   NOT NULL,
    CONSTRAINT tag_pk PRIMARY KEY (key, run_uuid)
);

CREATE TABLE metrics (
    key       VARCHAR(250)     NOT NULL,
    value     DOUBLE PRECISION NOT NULL,
    timestamp BIGINT           NOT NULL,
    run_uuid  VARCHAR(32)      NOT NULL,
    step      BIGINT           NOT NULL DEFAULT 0,
    is_nan    BOOLEAN          NOT NULL DEFAULT false,
    CONSTRAINT metric_pk PRIMARY KEY (key, "timestamp", step, run_uuid, value, is_nan)
);

CREATE TABLE latest_metrics (
    key       VARCHAR(250)     NOT NULL,
    value     DOUBLE PRECISION NOT NULL,
    timestamp BIGINT,
    step      BIGINT           NOT NULL,
    is_nan    BOOLEAN          NOT NULL,
    run_uuid  VARCHAR(32)      NOT NULL,
    CONSTRAINT latest_metric_pk PRIMARY KEY (key, run_uuid)
);

CREATE TABLE datasets (
    dataset_uuid        VARCHAR(36)  NOT NULL,
    experiment_id       INTEGER      NOT NULL,
    name                VARCHAR(500) NOT NULL,
    digest              VARCHAR(36)  NOT NULL,
    dataset_source_type VARCHAR(36)  NOT NULL,
    dataset_source      TEXT         NOT NULL,
    dataset_schema      TEXT,
    dataset_profile     TEXT,
    CONSTRAINT dataset_pk PRIMARY KEY (experiment_id, name, digest)
);

CREATE TABLE inputs (
    input_uuid       VARCHAR(36) NOT NULL,
    source_type      VARCHAR(36) NOT NULL,
    source_id        VARCHAR(36) NOT NULL,
    destination_type VARCHAR(36) NOT NULL,
    destination_id   VARCHAR(36) NOT NULL,
    step             BIGINT      NOT NULL DEFAULT 0,
    CONSTRAINT inputs_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)
);

CREATE TABLE input_tags (
    input_uuid VARCHAR(36)  NOT NULL,
    name       VARCHAR(255) NOT NULL,
    value      VARCHAR(500) NOT NULL,
    CONSTRAINT input_tags_pk PRIMARY KEY (input_uuid, name)
);

CREATE TABLE trace_info (
    request_id                            VARCHAR(50)      NOT NULL,
    experiment_id                         INTEGER          NOT NULL,
    timestamp_ms                          BIGINT           NOT NULL,
    execution_time_ms                     BIGINT,
    status                                VARCHAR(50)      NOT NULL,
    client_request_id                     VARCHAR(50),
    request_preview                       VARCHAR(1000),
    response_preview                      VARCHAR(1000),
    db_payload_generation                 INTEGER          NOT NULL DEFAULT 0,
    trace_name                            VARCHAR(4096),
    session_id                            VARCHAR(250),
    input_tokens                          BIGINT,
    output_tokens                         BIGINT,
    total_tokens                          BIGINT,
    cache_read_input_tokens               BIGINT,
    cache_creation_input_tokens           BIGINT,
    cache_creation_input_tokens_above_1hr BIGINT,
    input_cost                            DOUBLE PRECISION,
    output_cost                           DOUBLE PRECISION,
    total_cost                            DOUBLE PRECISION,
    CONSTRAINT trace_info_pk PRIMARY KEY (request_id)
);

CREATE TABLE assessments (
    assessment_id          VARCHAR(50)      NOT NULL,
    trace_id               VARCHAR(50)      NOT NULL,
    name                   VARCHAR(250)     NOT NULL,
    assessment_type        VARCHAR(20)      NOT NULL,
    value                  TEXT             NOT NULL,
    error                  TEXT,
    created_timestamp      BIGINT           NOT NULL,
    last_updated_timestamp BIGINT           NOT NULL,
    source_type            VARCHAR(50)      NOT NULL,
    source_id              VARCHAR(250),
    run_id                 VARCHAR(32),
    span_id                VARCHAR(50),
    rationale              TEXT,
    overrides              VARCHAR(50),
    valid                  BOOLEAN          NOT NULL,
    assessment_metadata    TEXT,
    experiment_id          INTEGER,
    trace_timestamp_ms     BIGINT,
    aggregate_value        DOUBLE PRECISION,
    is_numeric_value       BOOLEAN          NOT NULL DEFAULT false,
    CONSTRAINT assessments_pk PRIMARY KEY (assessment_id)
);

CREATE TABLE budget_policies (
    budget_policy_id VARCHAR(36)      NOT NULL,
    budget_unit      VARCHAR(32)      NOT NULL,
    budget_amount    DOUBLE PRECISION NOT NULL,
    duration_unit    VARCHAR(32)      NOT NULL,
    duration_value   INTEGER          NOT NULL,
    target_scope     VARCHAR(32)      NOT NULL,
    budget_action    VARCHAR(32)      NOT NULL,
    created_by       VARCHAR(255),
    created_at       BIGINT           NOT NULL,
    last_updated_by  VARCHAR(255),
    last_updated_at  BIGINT           NOT NULL,
    workspace        VARCHAR(63)      NOT NULL DEFAULT 'default',
    target_value     VARCHAR(255),
    CONSTRAINT budget_policies_pk PRIMARY KEY (budget_policy_id)
);

CREATE TABLE endpoints (
    endpoint_id          VARCHAR(36)  NOT NULL,
    name                 VARCHAR(255),
    created_by           VARCHAR(255),
    created_at           BIGINT       NOT NULL,
    last_updated_by      VARCHAR(255),
    last_updated_at      BIGINT       NOT NULL,
    routing_strategy     VARCHAR(64),
    fallback_config_json TEXT,
    experiment_id        INTEGER,
    usage_tracking       BOOLEAN      NOT NULL DEFAULT false,
    workspace            VARCHAR(63)  NOT NULL DEFAULT 'default',
    CONSTRAINT uq_endpoints_workspace_name UNIQUE (workspace, name),
    CONSTRAINT endpoints_pk PRIMARY KEY (endpoint_id)
);

CREATE TABLE endpoint_bindings (
    endpoint_id     VARCHAR(36)  NOT NULL,
    resource_type   VARCHAR(50)  NOT NULL,
    resource_id     VARCHAR(255) NOT NULL,
    created_at      BIGINT       NOT NULL,
    created_by      VARCHAR(255),
    last_updated_at BIGINT       NOT NULL,
    last_updated_by VARCHAR(255),
    display_name    VARCHAR(255),
    CONSTRAINT endpoint_bindings_pk PRIMARY KEY (endpoint_id, resource_type, resource_id)
);

CREATE TABLE secrets (
    secret_id       VARCHAR(36)  NOT NULL,
    secret_name     VARCHAR(255) NOT NULL,
    encrypted_value BYTEA        NOT NULL,
    wrapped_dek     BYTEA        NOT NULL,
    kek_version     INTEGER      NOT NULL,
    masked_value    VARCHAR(500) NOT NULL,
    provider        VARCHAR(64),
    auth_config     TEXT,
    description     TEXT,
    created_by      VARCHAR(255),
    created_at      BIGINT       NOT NULL,
    last_updated_by VARCHAR(255),
    last_updated_at BIGINT       NOT NULL,
    workspace       VARCHAR(63)  NOT NULL DEFAULT 'default',
    CONSTRAINT uq_secrets_workspace_secret_name UNIQUE (workspace, secret_name),
    CONSTRAINT secrets_pk PRIMARY KEY (secret_id)
);

CREATE TABLE model_definitions (
    model_definition_id VARCHAR(36)  NOT NULL,
    name                VARCHAR(255) NOT NULL,
    secret_id           VARCHAR(36),
    provider            VARCHAR(64)  NOT NULL,
    model_name          VARCHAR(256) NOT NULL,
    created_by          VARCHAR(255),
    created_at          BIGINT       NOT NULL,
    last_updated_by     VARCHAR(255),
    last_updated_at     BIGINT       NOT NULL,
    workspace           VARCHAR(63)  NOT NULL DEFAULT 'default',
    CONSTRAINT uq_model_definitions_workspace_name UNIQUE (workspace, name),
    CONSTRAINT model_definitions_pk PRIMARY KEY (model_definition_id)
);

CREATE TABLE endpoint_model_mappings (
    mapping_id          VARCHAR(36)      NOT NULL,
    endpoint_id         VARCHAR(36)      NOT NULL,
    model_definition_id VARCHAR(36)      NOT NULL,
    weight              DOUBLE PRECISION NOT NULL,
    created_by          VARCHAR(255),
    created_at          BIGINT           NOT NULL,
    linkage_type        VARCHAR(64)      NOT NULL DEFAULT 'PRIMARY',
    fallback_order      INTEGER,
    CONSTRAINT endpoint_model_mappings_pk PRIMARY KEY (mapping_id)
);

CREATE TABLE endpoint_tags (
    key         VARCHAR(250)  NOT NULL,
    value       VARCHAR(5000),
    endpoint_id VARCHAR(36)   NOT NULL,
    CONSTRAINT endpoint_tag_pk PRIMARY KEY (key, endpoint_id)
);

CREATE TABLE entity_associations (
    association_id   VARCHAR(36) NOT NULL,
    source_type      VARCHAR(36) NOT NULL,
    source_id        VARCHAR(36) NOT NULL,
    destination_type VARCHAR(36) NOT NULL,
    destination_id   VARCHAR(36) NOT NULL,
    created_time     BIGINT,
    CONSTRAINT entity_associations_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)
);

CREATE TABLE evaluation_datasets (
    dataset_id       VARCHAR(36)  NOT NULL,
    name             VARCHAR(255) NOT NULL,
    schema           TEXT,
    profile          TEXT,
    digest           VARCHAR(64),
    created_time     BIGINT,
    last_update_time BIGINT,
    created_by       VARCHAR(255),
    last_updated_by  VARCHAR(255),
    workspace        VARCHAR(63)  NOT NULL DEFAULT 'default',
    CONSTRAINT evaluation_datasets_pk PRIMARY KEY (dataset_id)
);

CREATE TABLE evaluation_dataset_records (
    dataset_record_id VARCHAR(36)  NOT NULL,
    dataset_id        VARCHAR(36)  NOT NULL,
    inputs            JSON         NOT NULL,
    expectations      JSON,
    tags              JSON,
    source            JSON,
    source_id         VARCHAR(36),
    source_type       VARCHAR(255),
    created_time      BIGINT,
    last_update_time  BIGINT,
    created_by        VARCHAR(255),
    last_updated_by   VARCHAR(255),
    input_hash        VARCHAR(64)  NOT NULL,
    outputs           JSON,
    CONSTRAINT unique_dataset_input UNIQUE (dataset_id, input_hash),
    CONSTRAINT evaluation_dataset_records_pk PRIMARY KEY (dataset_record_id)
);

CREATE TABLE evaluation_dataset_tags (
    dataset_id VARCHAR(36)   NOT NULL,
    key        VARCHAR(255)  NOT NULL,
    value      VARCHAR(5000),
    CONSTRAINT evaluation_dataset_tags_pk PRIMARY KEY (dataset_id, key)
);

CREATE TABLE scorers (
    experiment_id INTEGER      NOT NULL,
    scorer_name   VARCHAR(256) NOT NULL,
    scorer_id     VARCHAR(36)  NOT NULL,
    CONSTRAINT scorer_pk PRIMARY KEY (scorer_id)
);

CREATE TABLE scorer_versions (
    scorer_id         VARCHAR(36) NOT NULL,
    scorer_version    INTEGER     NOT NULL,
    serialized_scorer TEXT        NOT NULL,
    creation_time     BIGINT,
    CONSTRAINT scorer_version_pk PRIMARY KEY (scorer_id, scorer_version)
);

CREATE TABLE guardrails (
    guardrail_id       VARCHAR(36)  NOT NULL,
    name               VARCHAR(255) NOT NULL,
    scorer_id          VARCHAR(36)  NOT NULL,
    scorer_version     INTEGER      NOT NULL,
    stage              VARCHAR(32)  NOT NULL,
    action             VARCHAR(32)  NOT NULL,
    action_endpoint_id VARCHAR(36),
    created_by         VARCHAR(255),
    created_at         BIGINT       NOT NULL,
    last_updated_by    VARCHAR(255),
    last_updated_at    BIGINT       NOT NULL,
    workspace          VARCHAR(63)  NOT NULL DEFAULT 'default',
    CONSTRAINT guardrails_pk PRIMARY KEY (guardrail_id)
);

CREATE TABLE guardrail_configs (
    endpoint_id     VARCHAR(36)  NOT NULL,
    guardrail_id    VARCHAR(36)  NOT NULL,
    execution_order INTEGER,
    created_by      VARCHAR(255),
    created_at      BIGINT       NOT NULL,
    workspace       VARCHAR(63)  NOT NULL DEFAULT 'default',
    CONSTRAINT guardrail_configs_pk PRIMARY KEY (endpoint_id, guardrail_id)
);

CREATE TABLE issues (
    issue_id               VARCHAR(36)  NOT NULL,
    experiment_id          INTEGER      NOT NULL,
    name                   VARCHAR(250) NOT NULL,
    description            TEXT         NOT NULL,
    status                 VARCHAR(50)  NOT NULL,
    severity               VARCHAR(50),
    root_causes            TEXT,
    source_run_id          VARCHAR(32),
    categories             TEXT,
    created_timestamp      BIGINT       NOT NULL,
    last_updated_timestamp BIGINT       NOT NULL,
    created_by             VARCHAR(255),
    CONSTRAINT issues_pk PRIMARY KEY (issue_id)
);

CREATE TABLE jobs (
    id                  VARCHAR(36)      NOT NULL,
    creation_time       BIGINT           NOT NULL,
    job_name            VARCHAR(500)     NOT NULL,
    params              TEXT             NOT NULL,
    timeout             DOUBLE PRECISION,
    status              INTEGER          NOT NULL,
    result              TEXT,
    retry_count         INTEGER          NOT NULL,
    last_update_time    BIGINT           NOT NULL,
    workspace           VARCHAR(63)      NOT NULL DEFAULT 'default',
    status_details      JSON,
    creator             VARCHAR(255),
    executor_backend    VARCHAR(255),
    lease_expires_at    BIGINT,
    status_message      TEXT,
    progress            JSON,
    progress_updated_at BIGINT,
    token_hash          VARCHAR(64),
    scoped_permissions  JSON,
    next_attempt_at     BIGINT,
    CONSTRAINT jobs_pk PRIMARY KEY (id)
);

CREATE TABLE job_locks (
    lock_key    VARCHAR(255) NOT NULL,
    job_id      VARCHAR(36)  NOT NULL,
    acquired_at BIGINT       NOT NULL,
    CONSTRAINT job_locks_pk PRIMARY KEY (lock_key)
);

CREATE TABLE label_schemas (
    schema_id        VARCHAR(36)  NOT NULL,
    experiment_id    INTEGER      NOT NULL,
    name             VARCHAR(250) NOT NULL,
    type             VARCHAR(16)  NOT NULL,
    instruction      TEXT,
    enable_comment   BOOLEAN      NOT NULL DEFAULT false,
    input_type       VARCHAR(32)  NOT NULL,
    input_config     TEXT         NOT NULL,
    created_by       VARCHAR(255),
    created_time     BIGINT       NOT NULL,
    last_update_time BIGINT       NOT NULL,
    is_default       BOOLEAN      NOT NULL DEFAULT false,
    CONSTRAINT uq_label_schemas_exp_name UNIQUE (experiment_id, name),
    CONSTRAINT label_schemas_pk PRIMARY KEY (schema_id)
);

CREATE TABLE logged_models (
    model_id                  VARCHAR(36)   NOT NULL,
    experiment_id             INTEGER       NOT NULL,
    name                      VARCHAR(500)  NOT NULL,
    artifact_location         VARCHAR(1000) NOT NULL,
    creation_timestamp_ms     BIGINT        NOT NULL,
    last_updated_timestamp_ms BIGINT        NOT NULL,
    status                    INTEGER       NOT NULL,
    lifecycle_stage           VARCHAR(32),
    model_type                VARCHAR(500),
    source_run_id             VARCHAR(32),
    status_message            VARCHAR(1000),
    CONSTRAINT logged_models_pk PRIMARY KEY (model_id),
    CONSTRAINT logged_models_lifecycle_stage_check CHECK (lifecycle_stage IN ('active', 'deleted'))
);

CREATE TABLE logged_model_metrics (
    model_id            VARCHAR(36)      NOT NULL,
    metric_name         VARCHAR(500)     NOT NULL,
    metric_timestamp_ms BIGINT           NOT NULL,
    metric_step         BIGINT           NOT NULL,
    metric_value        DOUBLE PRECISION,
    experiment_id       INTEGER          NOT NULL,
    run_id              VARCHAR(32)      NOT NULL,
    dataset_uuid        VARCHAR(36),
    dataset_name        VARCHAR(500),
    dataset_digest      VARCHAR(36),
    CONSTRAINT logged_model_metrics_pk PRIMARY KEY (model_id, metric_name, metric_timestamp_ms, metric_step, run_id)
);

CREATE TABLE logged_model_params (
    model_id      VARCHAR(36)  NOT NULL,
    experiment_id INTEGER      NOT NULL,
    param_key     VARCHAR(255) NOT NULL,
    param_value   TEXT         NOT NULL,
    CONSTRAINT logged_model_params_pk PRIMARY KEY (model_id, param_key)
);

CREATE TABLE logged_model_tags (
    model_id      VARCHAR(36)  NOT NULL,
    experiment_id INTEGER      NOT NULL,
    tag_key       VARCHAR(255) NOT NULL,
    tag_value     TEXT         NOT NULL,
    CONSTRAINT logged_model_tags_pk PRIMARY KEY (model_id, tag_key)
);

CREATE TABLE mcp_servers (
    workspace       VARCHAR(63)  NOT NULL DEFAULT 'default',
    name            VARCHAR(256) NOT NULL,
    display_name    VARCHAR(256),
    description     TEXT,
    icons           JSON,
    created_by      VARCHAR(256),
    last_updated_by VARCHAR(256),
    created_at      BIGINT       NOT NULL,
    last_updated_at BIGINT       NOT NULL,
    CONSTRAINT mcp_servers_pk PRIMARY KEY (workspace, name)
);

CREATE TABLE mcp_access_endpoints (
    id              VARCHAR(36)   NOT NULL,
    workspace       VARCHAR(63)   NOT NULL DEFAULT 'default',
    server_name     VARCHAR(256)  NOT NULL,
    server_version  VARCHAR(128),
    server_alias    VARCHAR(256),
    url             VARCHAR(2048) NOT NULL,
    transport_type  VARCHAR(32)   NOT NULL DEFAULT 'streamable-http',
    created_by      VARCHAR(256),
    last_updated_by VARCHAR(256),
    created_at      BIGINT        NOT NULL,
    last_updated_at BIGINT        NOT NULL,
    CONSTRAINT mcp_access_endpoints_pk PRIMARY KEY (id)
);

CREATE TABLE mcp_server_aliases (
    workspace VARCHAR(63)  NOT NULL DEFAULT 'default',
    name      VARCHAR(256) NOT NULL,
    alias     VARCHAR(256) NOT NULL,
    version   VARCHAR(128) NOT NULL,
    CONSTRAINT mcp_server_aliases_pk PRIMARY KEY (workspace, name, alias)
);

CREATE TABLE mcp_server_tags (
    workspace VARCHAR(63)   NOT NULL DEFAULT 'default',
    name      VARCHAR(256)  NOT NULL,
    key       VARCHAR(250)  NOT NULL,
    value     VARCHAR(5000),
    CONSTRAINT mcp_server_tags_pk PRIMARY KEY (workspace, name, key)
);

CREATE TABLE mcp_server_versions (
    workspace                   VARCHAR(63)  NOT NULL DEFAULT 'default',
    name                        VARCHAR(256) NOT NULL,
    version                     VARCHAR(128) NOT NULL,
    version_major               INTEGER      NOT NULL,
    version_minor               INTEGER      NOT NULL,
    version_patch               INTEGER      NOT NULL,
    version_prerelease_sort_key VARCHAR(512) NOT NULL,
    server_json                 JSON         NOT NULL,
    status                      VARCHAR(20)  NOT NULL DEFAULT 'draft',
    tools                       JSON,
    source                      VARCHAR(512),
    connect_options             JSON,
    created_by                  VARCHAR(256),
    last_updated_by             VARCHAR(256),
    created_at                  BIGINT       NOT NULL,
    last_updated_at             BIGINT       NOT NULL,
    CONSTRAINT mcp_server_versions_pk PRIMARY KEY (workspace, name, version)
);

CREATE TABLE mcp_server_version_tags (
    workspace VARCHAR(63)   NOT NULL DEFAULT 'default',
    name      VARCHAR(256)  NOT NULL,
    version   VARCHAR(128)  NOT NULL,
    key       VARCHAR(250)  NOT NULL,
    value     VARCHAR(5000),
    CONSTRAINT mcp_server_version_tags_pk PRIMARY KEY (workspace, name, version, key)
);

CREATE TABLE registered_models (
    name              VARCHAR(256)  NOT NULL,
    creation_time     BIGINT,
    last_updated_time BIGINT,
    description       VARCHAR(5000),
    workspace         VARCHAR(63)   NOT NULL DEFAULT 'default',
    CONSTRAINT registered_model_pk PRIMARY KEY (workspace, name)
);

CREATE TABLE model_versions (
    name              VARCHAR(256)  NOT NULL,
    version           INTEGER       NOT NULL,
    creation_time     BIGINT,
    last_updated_time BIGINT,
    description       VARCHAR(5000),
    user_id           VARCHAR(256),
    current_stage     VARCHAR(20),
    source            VARCHAR(500),
    run_id            VARCHAR(32),
    status            VARCHAR(20),
    status_message    VARCHAR(500),
    run_link          VARCHAR(500),
    storage_location  VARCHAR(500),
    workspace         VARCHAR(63)   NOT NULL DEFAULT 'default',
    CONSTRAINT model_version_pk PRIMARY KEY (workspace, name, version)
);

CREATE TABLE model_version_tags (
    key       VARCHAR(250) NOT NULL,
    value     TEXT,
    name      VARCHAR(256) NOT NULL,
    version   INTEGER      NOT NULL,
    workspace VARCHAR(63)  NOT NULL DEFAULT 'default',
    CONSTRAINT model_version_tag_pk PRIMARY KEY (workspace, key, name, version)
);

CREATE TABLE online_scoring_configs (
    online_scoring_config_id VARCHAR(36)      NOT NULL,
    scorer_id                VARCHAR(36)      NOT NULL,
    sample_rate              DOUBLE PRECISION NOT NULL,
    experiment_id            INTEGER          NOT NULL,
    filter_string            TEXT,
    CONSTRAINT online_scoring_config_pk PRIMARY KEY (online_scoring_config_id)
);

CREATE TABLE registered_model_aliases (
    alias     VARCHAR(256) NOT NULL,
    version   INTEGER      NOT NULL,
    name      VARCHAR(256) NOT NULL,
    workspace VARCHAR(63)  NOT NULL DEFAULT 'default',
    CONSTRAINT registered_model_alias_pk PRIMARY KEY (workspace, name, alias)
);

CREATE TABLE registered_model_tags (
    key       VARCHAR(250)  NOT NULL,
    value     VARCHAR(5000),
    name      VARCHAR(256)  NOT NULL,
    workspace VARCHAR(63)   NOT NULL DEFAULT 'default',
    CONSTRAINT registered_model_tag_pk PRIMARY KEY (workspace, key, name)
);

CREATE TABLE review_queues (
    queue_id            VARCHAR(36)  NOT NULL,
    experiment_id       INTEGER      NOT NULL,
    name                VARCHAR(250) NOT NULL,
    queue_type          VARCHAR(16)  NOT NULL,
    created_by          VARCHAR(255),
    creation_time_ms    BIGINT       NOT NULL,
    last_update_time_ms BIGINT       NOT NULL,
    name_key            VARCHAR(250) NOT NULL,
    CONSTRAINT uq_review_queues_experiment_name_key UNIQUE (experiment_id, name_key),
    CONSTRAINT review_queues_pk PRIMARY KEY (queue_id)
);

CREATE TABLE review_queue_items (
    queue_id            VARCHAR(36)  NOT NULL,
    item_type           VARCHAR(16)  NOT NULL,
    item_id             VARCHAR(50)  NOT NULL,
    status              VARCHAR(16)  NOT NULL,
    completed_by        VARCHAR(250),
    completed_time_ms   BIGINT,
    creation_time_ms    BIGINT       NOT NULL,
    last_update_time_ms BIGINT       NOT NULL,
    CONSTRAINT review_queue_items_pk PRIMARY KEY (queue_id, item_id)
);

CREATE TABLE review_queue_label_schemas (
    queue_id  VARCHAR(36) NOT NULL,
    schema_id VARCHAR(36) NOT NULL,
    CONSTRAINT review_queue_label_schemas_pk PRIMARY KEY (queue_id, schema_id)
);

CREATE TABLE review_queue_users (
    queue_id VARCHAR(36)  NOT NULL,
    user_id  VARCHAR(250) NOT NULL,
    CONSTRAINT review_queue_users_pk PRIMARY KEY (queue_id, user_id)
);

CREATE TABLE scheduler_leases (
    lease_key   VARCHAR(255) NOT NULL,
    acquired_at BIGINT       NOT NULL,
    ttl_seconds INTEGER      NOT NULL,
    CONSTRAINT scheduler_leases_pk PRIMARY KEY (lease_key)
);

CREATE TABLE spans (
    trace_id             VARCHAR(50)      NOT NULL,
    experiment_id        INTEGER          NOT NULL,
    span_id              VARCHAR(50)      NOT NULL,
    parent_span_id       VARCHAR(50),
    name                 TEXT,
    type                 VARCHAR(500),
    status               VARCHAR(50)      NOT NULL,
    start_time_unix_nano BIGINT           NOT NULL,
    end_time_unix_nano   BIGINT,
    duration_ns          BIGINT           GENERATED ALWAYS AS (end_time_unix_nano - start_time_unix_nano) STORED,
    content              TEXT             NOT NULL,
    input_cost           DOUBLE PRECISION,
    output_cost          DOUBLE PRECISION,
    total_cost           DOUBLE PRECISION,
    model_name           VARCHAR(500),
    model_provider       VARCHAR(500),
    CONSTRAINT spans_pk PRIMARY KEY (trace_id, span_id)
);

CREATE TABLE span_metrics (
    trace_id VARCHAR(50)      NOT NULL,
    span_id  VARCHAR(50)      NOT NULL,
    key      VARCHAR(250)     NOT NULL,
    value    DOUBLE PRECISION,
    CONSTRAINT span_metrics_pk PRIMARY KEY (trace_id, span_id, key)
);

CREATE TABLE sql_assessment_daily_rollups (
    id            BIGINT           NOT NULL GENERATED BY DEFAULT AS IDENTITY,
    experiment_id INTEGER          NOT NULL,
    rollup_day    DATE             NOT NULL,
    metric_name   VARCHAR(250)     NOT NULL,
    grouping_set  VARCHAR(50)      NOT NULL,
    sample_count  BIGINT           NOT NULL,
    sum_value     DOUBLE PRECISION,
    min_value     DOUBLE PRECISION,
    max_value     DOUBLE PRECISION,
    CONSTRAINT sql_assessment_daily_rollups_pk PRIMARY KEY (id)
);

CREATE TABLE sql_span_cost_daily_rollups (
    id             BIGINT           NOT NULL GENERATED BY DEFAULT AS IDENTITY,
    experiment_id  INTEGER          NOT NULL,
    rollup_day     DATE             NOT NULL,
    metric_name    VARCHAR(250)     NOT NULL,
    grouping_set   VARCHAR(50)      NOT NULL,
    model_name     VARCHAR(500),
    model_provider VARCHAR(500),
    sample_count   BIGINT           NOT NULL,
    sum_value      DOUBLE PRECISION,
    min_value      DOUBLE PRECISION,
    max_value      DOUBLE PRECISION,
    CONSTRAINT sql_span_cost_daily_rollups_pk PRIMARY KEY (id)
);

CREATE TABLE sql_trace_metric_daily_rollups (
    id            BIGINT           NOT NULL GENERATED BY DEFAULT AS IDENTITY,
    experiment_id INTEGER          NOT NULL,
    rollup_day    DATE             NOT NULL,
    metric_name   VARCHAR(250)     NOT NULL,
    grouping_set  VARCHAR(50)      NOT NULL,
    trace_status  VARCHAR(50),
    sample_count  BIGINT           NOT NULL,
    sum_value     DOUBLE PRECISION,
    min_value     DOUBLE PRECISION,
    max_value     DOUBLE PRECISION,
    p50_value     DOUBLE PRECISION,
    p90_value     DOUBLE PRECISION,
    p99_value     DOUBLE PRECISION,
    CONSTRAINT sql_trace_metric_daily_rollups_pk PRIMARY KEY (id)
);

CREATE TABLE sql_trace_rollup_rebuild_queue (
    experiment_id INTEGER     NOT NULL,
    rollup_day    DATE        NOT NULL,
    rollup_family VARCHAR(50) NOT NULL,
    CONSTRAINT sql_trace_rollup_rebuild_queue_pk PRIMARY KEY (experiment_id, rollup_day, rollup_family)
);

CREATE TABLE trace_metrics (
    request_id VARCHAR(50)      NOT NULL,
    key        VARCHAR(250)     NOT NULL,
    value      DOUBLE PRECISION,
    CONSTRAINT trace_metrics_pk PRIMARY KEY (request_id, key)
);

CREATE TABLE trace_request_metadata (
    key        VARCHAR(250)  NOT NULL,
    value      VARCHAR(8000),
    request_id VARCHAR(50)   NOT NULL,
    CONSTRAINT trace_request_metadata_pk PRIMARY KEY (key, request_id)
);

CREATE TABLE trace_tags (
    key        VARCHAR(250)  NOT NULL,
    value      VARCHAR(8000),
    request_id VARCHAR(50)   NOT NULL,
    CONSTRAINT trace_tag_pk PRIMARY KEY (key, request_id)
);

CREATE TABLE webhooks (
    webhook_id             VARCHAR(256)  NOT NULL,
    name                   VARCHAR(256)  NOT NULL,
    description            VARCHAR(1000),
    url                    VARCHAR(500)  NOT NULL,
    status                 VARCHAR(20)   NOT NULL DEFAULT 'ACTIVE',
    secret                 VARCHAR(1000),
    creation_timestamp     BIGINT,
    last_updated_timestamp BIGINT,
    deleted_timestamp      BIGINT,
    workspace              VARCHAR(63)   NOT NULL DEFAULT 'default',
    CONSTRAINT webhook_pk PRIMARY KEY (webhook_id)
);

CREATE TABLE webhook_events (
    webhook_id VARCHAR(256) NOT NULL,
    entity     VARCHAR(50)  NOT NULL,
    action     VARCHAR(50)  NOT NULL,
    CONSTRAINT webhook_event_pk PRIMARY KEY (webhook_id, entity, action)
);

INSERT INTO alembic_version (version_num) VALUES ('dc11669786a5');
INSERT INTO workspaces (name, description) VALUES ('default', NULL);
