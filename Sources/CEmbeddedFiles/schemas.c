#include "files.h"

// Scripts/embed-files writes this file.

static const unsigned char file_mlflow_3_17_indexes_sql[] = {
#embed "../../schemas/mlflow-3.17-indexes.sql"
};

static const unsigned char file_mlflow_3_17_postgresql_indexes_sql[] = {
#embed "../../schemas/mlflow-3.17-postgresql-indexes.sql"
};

static const unsigned char file_mlflow_3_17_postgresql_tables_sql[] = {
#embed "../../schemas/mlflow-3.17-postgresql-tables.sql"
};

static const unsigned char file_mlflow_3_17_tables_sql[] = {
#embed "../../schemas/mlflow-3.17-tables.sql"
};

static const struct apus_embedded_file schemas[] = {
    APUS_FILE("mlflow-3.17-indexes.sql", file_mlflow_3_17_indexes_sql),
    APUS_FILE("mlflow-3.17-postgresql-indexes.sql", file_mlflow_3_17_postgresql_indexes_sql),
    APUS_FILE("mlflow-3.17-postgresql-tables.sql", file_mlflow_3_17_postgresql_tables_sql),
    APUS_FILE("mlflow-3.17-tables.sql", file_mlflow_3_17_tables_sql),
};

struct apus_embedded_files apus_schemas(void) {
    return APUS_FILES(schemas);
}
