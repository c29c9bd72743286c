#include "files.h"

// A new migration gets its bytes here and its row below; `make lint` names a file that was forgotten.

static const unsigned char migration_0001[] = {
#embed "../../migrations/0001_initial.sql"
};

static const unsigned char migration_0002[] = {
#embed "../../migrations/0002_artifact_journal.sql"
};

static const unsigned char migration_0003[] = {
#embed "../../migrations/0003_logged_models.sql"
};

static const unsigned char migration_0004[] = {
#embed "../../migrations/0004_model_registry.sql"
};

static const unsigned char migration_0005[] = {
#embed "../../migrations/0005_sentinel.sql"
};

static const struct apus_embedded_file migrations[] = {
    APUS_FILE("0001_initial.sql", migration_0001),
    APUS_FILE("0002_artifact_journal.sql", migration_0002),
    APUS_FILE("0003_logged_models.sql", migration_0003),
    APUS_FILE("0004_model_registry.sql", migration_0004),
    APUS_FILE("0005_sentinel.sql", migration_0005),
};

struct apus_embedded_files apus_migrations(void) {
    return APUS_FILES(migrations);
}
