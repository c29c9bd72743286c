#include "files.h"

// Scripts/embed-files writes this file.

static const unsigned char file_0001_initial_sql[] = {
#embed "../../migrations/0001_initial.sql"
};

static const unsigned char file_0002_artifact_journal_sql[] = {
#embed "../../migrations/0002_artifact_journal.sql"
};

static const unsigned char file_0003_logged_models_sql[] = {
#embed "../../migrations/0003_logged_models.sql"
};

static const unsigned char file_0004_model_registry_sql[] = {
#embed "../../migrations/0004_model_registry.sql"
};

static const unsigned char file_0005_sentinel_sql[] = {
#embed "../../migrations/0005_sentinel.sql"
};

static const unsigned char file_0006_metric_extremes_sql[] = {
#embed "../../migrations/0006_metric_extremes.sql"
};

static const unsigned char file_0007_removals_sql[] = {
#embed "../../migrations/0007_removals.sql"
};

static const unsigned char file_0008_forwarding_sql[] = {
#embed "../../migrations/0008_forwarding.sql"
};

static const unsigned char file_0009_tokens_sql[] = {
#embed "../../migrations/0009_tokens.sql"
};

static const unsigned char file_0010_artifact_places_sql[] = {
#embed "../../migrations/0010_artifact_places.sql"
};

static const unsigned char file_0011_users_sql[] = {
#embed "../../migrations/0011_users.sql"
};

static const unsigned char file_0012_log_ins_sql[] = {
#embed "../../migrations/0012_log_ins.sql"
};

static const unsigned char file_0013_storage_owners_sql[] = {
#embed "../../migrations/0013_storage_owners.sql"
};

static const unsigned char file_0014_audit_sql[] = {
#embed "../../migrations/0014_audit.sql"
};

static const unsigned char file_0015_owner_kinds_sql[] = {
#embed "../../migrations/0015_owner_kinds.sql"
};

static const unsigned char file_postgresql_0001_access_sql[] = {
#embed "../../migrations/postgresql/0001_access.sql"
};

static const unsigned char file_postgresql_0002_storage_sql[] = {
#embed "../../migrations/postgresql/0002_storage.sql"
};

static const unsigned char file_postgresql_0003_settings_sql[] = {
#embed "../../migrations/postgresql/0003_settings.sql"
};

static const struct apus_embedded_file migrations[] = {
    APUS_FILE("0001_initial.sql", file_0001_initial_sql),
    APUS_FILE("0002_artifact_journal.sql", file_0002_artifact_journal_sql),
    APUS_FILE("0003_logged_models.sql", file_0003_logged_models_sql),
    APUS_FILE("0004_model_registry.sql", file_0004_model_registry_sql),
    APUS_FILE("0005_sentinel.sql", file_0005_sentinel_sql),
    APUS_FILE("0006_metric_extremes.sql", file_0006_metric_extremes_sql),
    APUS_FILE("0007_removals.sql", file_0007_removals_sql),
    APUS_FILE("0008_forwarding.sql", file_0008_forwarding_sql),
    APUS_FILE("0009_tokens.sql", file_0009_tokens_sql),
    APUS_FILE("0010_artifact_places.sql", file_0010_artifact_places_sql),
    APUS_FILE("0011_users.sql", file_0011_users_sql),
    APUS_FILE("0012_log_ins.sql", file_0012_log_ins_sql),
    APUS_FILE("0013_storage_owners.sql", file_0013_storage_owners_sql),
    APUS_FILE("0014_audit.sql", file_0014_audit_sql),
    APUS_FILE("0015_owner_kinds.sql", file_0015_owner_kinds_sql),
    APUS_FILE("postgresql/0001_access.sql", file_postgresql_0001_access_sql),
    APUS_FILE("postgresql/0002_storage.sql", file_postgresql_0002_storage_sql),
    APUS_FILE("postgresql/0003_settings.sql", file_postgresql_0003_settings_sql),
};

struct apus_embedded_files apus_migrations(void) {
    return APUS_FILES(migrations);
}
