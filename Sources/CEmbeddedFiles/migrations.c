#include "files.h"

// A new migration gets its bytes here and its row below; `make lint` names a file that was forgotten.

static const unsigned char migration_0001[] = {
#embed "../../migrations/0001_initial.sql"
};

static const struct apus_embedded_file migrations[] = {
    APUS_FILE("0001_initial.sql", migration_0001),
};

struct apus_embedded_files apus_migrations(void) {
    return APUS_FILES(migrations);
}
