#ifndef APUS_POSTGRESQL_H
#define APUS_POSTGRESQL_H

#include <stddef.h>

// The functions of libpq that this project uses. They are declared here so that the build needs no header of PostgreSQL, and
// the program starts without the library: the first call of apus_load_libpq finds them in the system's libpq.so.5. Each
// function NAME of libpq is called as apus_NAME, and only after apus_load_libpq has returned NULL.
//
// Source: https://www.postgresql.org/docs/current/libpq.html

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef struct pg_cancel PGcancel;
typedef unsigned int Oid;

/// An option of a connection, as PQconninfoParse returns it.
typedef struct {
    char *keyword;
    char *envvar;
    char *compiled;
    char *val;
    char *label;
    char *dispchar;
    int dispsize;
} PQconninfoOption;

typedef void apus_notice_receiver(void *context, const PGresult *result);

// F(result, name, parameters, arguments)
#define APUS_PQ_FUNCTIONS(F) \
    F(PQconninfoOption *, PQconninfoParse, (const char *text, char **message), (text, message)) \
    F(PQconninfoOption *, PQconninfo, (PGconn *connection), (connection)) \
    F(void, PQconninfoFree, (PQconninfoOption *options), (options)) \
    F(void, PQfreemem, (void *memory), (memory)) \
    F(PGconn *, PQconnectStartParams, (const char *const *keywords, const char *const *values, int expand_dbname), \
      (keywords, values, expand_dbname)) \
    F(int, PQconnectPoll, (PGconn *connection), (connection)) \
    F(void, PQfinish, (PGconn *connection), (connection)) \
    F(int, PQsocket, (const PGconn *connection), (connection)) \
    F(int, PQstatus, (const PGconn *connection), (connection)) \
    F(int, PQsetErrorVerbosity, (PGconn *connection, int verbosity), (connection, verbosity)) \
    F(apus_notice_receiver *, PQsetNoticeReceiver, \
      (PGconn *connection, apus_notice_receiver *receiver, void *context), (connection, receiver, context)) \
    F(char *, PQerrorMessage, (const PGconn *connection), (connection)) \
    F(char *, PQdb, (const PGconn *connection), (connection)) \
    F(char *, PQuser, (const PGconn *connection), (connection)) \
    F(char *, PQhost, (const PGconn *connection), (connection)) \
    F(char *, PQport, (const PGconn *connection), (connection)) \
    F(PGresult *, PQexec, (PGconn *connection, const char *script), (connection, script)) \
    F(PGresult *, PQprepare, \
      (PGconn *connection, const char *name, const char *sql, int count, const Oid *types), \
      (connection, name, sql, count, types)) \
    F(int, PQsendQueryPrepared, \
      (PGconn *connection, const char *name, int count, const char *const *values, const int *lengths, \
       const int *formats, int result_format), \
      (connection, name, count, values, lengths, formats, result_format)) \
    F(int, PQsetSingleRowMode, (PGconn *connection), (connection)) \
    F(PGresult *, PQgetResult, (PGconn *connection), (connection)) \
    F(int, PQputCopyData, (PGconn *connection, const char *bytes, int count), (connection, bytes, count)) \
    F(int, PQputCopyEnd, (PGconn *connection, const char *message), (connection, message)) \
    F(PGcancel *, PQgetCancel, (PGconn *connection), (connection)) \
    F(int, PQcancel, (PGcancel *cancel, char *message, int size), (cancel, message, size)) \
    F(void, PQfreeCancel, (PGcancel *cancel), (cancel)) \
    F(int, PQresultStatus, (const PGresult *result), (result)) \
    F(char *, PQresultErrorField, (const PGresult *result, int field), (result, field)) \
    F(char *, PQcmdTuples, (PGresult *result), (result)) \
    F(void, PQclear, (PGresult *result), (result)) \
    F(int, PQntuples, (const PGresult *result), (result)) \
    F(int, PQnfields, (const PGresult *result), (result)) \
    F(char *, PQfname, (const PGresult *result, int column), (result, column)) \
    F(Oid, PQftype, (const PGresult *result, int column), (result, column)) \
    F(int, PQgetisnull, (const PGresult *result, int row, int column), (result, row, column)) \
    F(char *, PQgetvalue, (const PGresult *result, int row, int column), (result, row, column)) \
    F(int, PQgetlength, (const PGresult *result, int row, int column), (result, row, column))

// What libpq has since version 14; call these functions only if apus_libpq_has_pipelines returns 1.
#define APUS_PQ_PIPELINE_FUNCTIONS(F) \
    F(int, PQenterPipelineMode, (PGconn *connection), (connection)) \
    F(int, PQpipelineSync, (PGconn *connection), (connection)) \
    F(int, PQsetnonblocking, (PGconn *connection, int is_nonblocking), (connection, is_nonblocking)) \
    F(int, PQflush, (PGconn *connection), (connection)) \
    F(int, PQconsumeInput, (PGconn *connection), (connection)) \
    F(int, PQisBusy, (PGconn *connection), (connection)) \
    F(int, PQsendPrepare, \
      (PGconn *connection, const char *name, const char *sql, int count, const Oid *types), \
      (connection, name, sql, count, types)) \
    F(int, PQsendQueryParams, \
      (PGconn *connection, const char *sql, int count, const Oid *types, const char *const *values, const int *lengths, \
       const int *formats, int result_format), \
      (connection, sql, count, types, values, lengths, formats, result_format))

#define APUS_PQ_DECLARE(result, name, parameters, arguments) result apus_##name parameters;
APUS_PQ_FUNCTIONS(APUS_PQ_DECLARE)
APUS_PQ_PIPELINE_FUNCTIONS(APUS_PQ_DECLARE)

// Values of libpq's enumerations, which are part of its binary interface.
enum {
    APUS_PQ_CONNECTION_OK = 0,
    APUS_PQ_CONNECTION_BAD = 1,

    APUS_PQ_POLLING_FAILED = 0,
    APUS_PQ_POLLING_READING = 1,
    APUS_PQ_POLLING_WRITING = 2,
    APUS_PQ_POLLING_OK = 3,

    APUS_PQ_EMPTY_QUERY = 0,
    APUS_PQ_COMMAND_OK = 1,
    APUS_PQ_TUPLES_OK = 2,
    APUS_PQ_COPY_OUT = 3,
    APUS_PQ_COPY_IN = 4,
    APUS_PQ_BAD_RESPONSE = 5,
    APUS_PQ_NONFATAL_ERROR = 6,
    APUS_PQ_FATAL_ERROR = 7,
    APUS_PQ_SINGLE_TUPLE = 9,
    APUS_PQ_PIPELINE_SYNC = 10,
    APUS_PQ_PIPELINE_ABORTED = 11,

    APUS_PQ_ERRORS_VERBOSE = 2,

    APUS_PQ_FIELD_STATE = 'C',
    APUS_PQ_FIELD_MESSAGE = 'M',
    APUS_PQ_FIELD_CONSTRAINT = 'n',
};

/// Loads libpq at the first call; later calls return the result of the first one. Any thread may call this function.
///
/// Returns NULL, or the reason why libpq cannot be used.
const char *apus_load_libpq(void);

/// Whether the library, which must be loaded, is so new that it has pipelines.
int apus_libpq_has_pipelines(void);

#endif
