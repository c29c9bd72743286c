#define _GNU_SOURCE
#include "apus_openssl.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define APUS_FIELD(result, name, parameters, arguments) result(*name) parameters;
static struct {
    APUS_SSL_FUNCTIONS(APUS_FIELD)
    APUS_CRYPTO_FUNCTIONS(APUS_FIELD)
} table;

#define APUS_DEFINE(result, name, parameters, arguments) \
    result apus_##name parameters { return table.name arguments; }
APUS_SSL_FUNCTIONS(APUS_DEFINE)
APUS_CRYPTO_FUNCTIONS(APUS_DEFINE)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char reason[512];
static const char *failure;
static BIO_METHOD *socket_method;

static int socket_read(BIO *bio, char *bytes, int count);
static int socket_write(BIO *bio, const char *bytes, int count);
static long socket_control(BIO *bio, int command, long number, void *pointer);
static int socket_destroy(BIO *bio);

static void fail(const char *text) {
    snprintf(reason, sizeof reason, "%s", text ? text : "the reason is unknown");
    failure = reason;
}

static int find(void *library, const char *name, void *place) {
    void *symbol = dlsym(library, name);
    if (!symbol) {
        snprintf(reason, sizeof reason, "the library has no %s: it is older than OpenSSL 3.0, or built without it", name);
        failure = reason;
        return 0;
    }
    // POSIX lets dlsym return functions; ISO C knows no conversion.
    memcpy(place, &symbol, sizeof symbol);
    return 1;
}

// Sessions release their buffer after each record, so that idle ones hold none (SSL_MODE_RELEASE_BUFFERS). Each thread
// keeps one for reading and one for writing, because to the C library they are large blocks, which it would merge with
// their neighbours and split off again for each record.
enum { least_buffer_bytes = 16384, buffer_bytes = 17408, most_spare_bytes = buffer_bytes + 64 };
static _Thread_local struct {
    void *buffers[2];
    size_t count;
} spare;
static pthread_key_t spare_key;

static void free_spare(void *unused) {
    (void)unused;
    while (spare.count) free(spare.buffers[--spare.count]);
}

static void *allocate(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    if (size <= least_buffer_bytes || size > buffer_bytes) return malloc(size);
    return spare.count ? spare.buffers[--spare.count] : malloc(buffer_bytes);
}

static void *reallocate(void *block, size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    if (size) return realloc(block, size);
    free(block);
    return NULL;
}

static void release(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    size_t size = malloc_usable_size(block);
    int is_kept = size >= buffer_bytes && size < most_spare_bytes && spare.count < sizeof spare.buffers / sizeof *spare.buffers
        // The value makes the key's function run when the thread ends.
        && pthread_setspecific(spare_key, &spare) == 0;
    if (is_kept) {
        spare.buffers[spare.count++] = block;
    } else {
        free(block);
    }
}

static void load(void) {
    // Both stay loaded: sessions may use them until the process ends.
    void *crypto = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!crypto) {
        fail(dlerror());
        return;
    }
    void *ssl = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!ssl) {
        fail(dlerror());
        return;
    }
#define APUS_FIND_SSL(result, name, parameters, arguments) \
    if (!find(ssl, #name, &table.name)) return;
#define APUS_FIND_CRYPTO(result, name, parameters, arguments) \
    if (!find(crypto, #name, &table.name)) return;
    APUS_SSL_FUNCTIONS(APUS_FIND_SSL)
    APUS_CRYPTO_FUNCTIONS(APUS_FIND_CRYPTO)
    // Refused if something else in this process has used the library before; then it allocates as it always does.
    if (pthread_key_create(&spare_key, free_spare) == 0) table.CRYPTO_set_mem_functions(allocate, reallocate, release);
    // OPENSSL_INIT_NO_ATEXIT: other threads may still use the libraries when a thread calls exit.
    if (table.OPENSSL_init_ssl(0x00080000, NULL) != 1) {
        fail("it cannot be initialised: is its configuration file valid?");
        return;
    }
    // BIO_TYPE_SOURCE_SINK
    socket_method = table.BIO_meth_new(table.BIO_get_new_index() | 0x0400, "apus socket");
    if (!socket_method) {
        fail("no memory is left");
        return;
    }
    table.BIO_meth_set_read(socket_method, socket_read);
    table.BIO_meth_set_write(socket_method, socket_write);
    table.BIO_meth_set_ctrl(socket_method, socket_control);
    table.BIO_meth_set_destroy(socket_method, socket_destroy);
}

const char *apus_load_openssl(void) {
    pthread_once(&once, load);
    return failure;
}

enum {
    flag_read = 0x01,
    flag_write = 0x02,
    flag_should_retry = 0x08,
    flags_of_transfer = 0x0F,
    control_end = 2,
    control_flush = 11,
};

BIO *apus_new_socket_bio(struct apus_tls_socket *socket) {
    BIO *bio = table.BIO_new(socket_method);
    if (bio) {
        table.BIO_set_data(bio, socket);
        table.BIO_set_init(bio, 1);
    }
    return bio;
}

static int socket_read(BIO *bio, char *bytes, int count) {
    struct apus_tls_socket *socket = table.BIO_get_data(bio);
    table.BIO_clear_flags(bio, flags_of_transfer);
    ssize_t result;
    do {
        result = recv(socket->descriptor, bytes, (size_t)count, 0);
    } while (result < 0 && errno == EINTR);
    if (result > 0) {
        if (socket->first_byte < 0) {
            socket->first_byte = (unsigned char)bytes[0];
        }
        socket->is_drained = result < count;
    } else {
        socket->is_drained = 1;
        socket->is_at_end = result == 0;
        if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            table.BIO_set_flags(bio, flag_read | flag_should_retry);
        }
    }
    return (int)result;
}

static int socket_write(BIO *bio, const char *bytes, int count) {
    struct apus_tls_socket *socket = table.BIO_get_data(bio);
    table.BIO_clear_flags(bio, flags_of_transfer);
    ssize_t result;
    do {
        result = send(socket->descriptor, bytes, (size_t)count, MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        table.BIO_set_flags(bio, flag_write | flag_should_retry);
    }
    return (int)result;
}

static long socket_control(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    switch (command) {
    case control_end: return ((struct apus_tls_socket *)table.BIO_get_data(bio))->is_at_end;
    case control_flush: return 1;
    default: return 0;
    }
}

static int socket_destroy(BIO *bio) {
    table.BIO_set_data(bio, NULL);
    return 1;
}

static int note_refusal(int is_fine, X509_STORE_CTX *verification) {
    if (!is_fine) {
        SSL *ssl = table.X509_STORE_CTX_get_ex_data(verification, table.SSL_get_ex_data_X509_STORE_CTX_idx());
        struct apus_tls_socket *socket = table.BIO_get_data(table.SSL_get_rbio(ssl));
        X509 *certificate = table.X509_STORE_CTX_get_current_cert(verification);
        if (certificate && !socket->refused && table.X509_up_ref(certificate)) {
            socket->refused = certificate;
        }
    }
    return is_fine;
}

void apus_verify_peers(SSL_CTX *context) {
    table.SSL_CTX_set_verify(context, APUS_SSL_VERIFY_PEER, note_refusal);
}

static int no_password(char *text, int size, int is_for_writing, void *context) {
    (void)text;
    (void)size;
    (void)is_for_writing;
    (void)context;
    return -1;
}

void apus_refuse_passwords(SSL_CTX *context) {
    table.SSL_CTX_set_default_passwd_cb(context, no_password);
}

static int choose_http11(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length,
                         const unsigned char *offered, unsigned int offered_length, void *context) {
    (void)ssl;
    (void)context;
    static const char name[] = "http/1.1";
    for (unsigned int index = 0; index < offered_length; index += 1 + offered[index]) {
        unsigned int length = offered[index];
        if (length == sizeof name - 1 && index + 1 + length <= offered_length && !memcmp(offered + index + 1, name, length)) {
            *chosen = offered + index + 1;
            *chosen_length = (unsigned char)length;
            return 0;
        }
    }
    // SSL_TLSEXT_ERR_NOACK: go on without an agreement.
    return 3;
}

void apus_offer_http11(SSL_CTX *context) {
    table.SSL_CTX_set_alpn_select_cb(context, choose_http11, NULL);
}
