#ifndef APUS_OPENSSL_H
#define APUS_OPENSSL_H

#include <stddef.h>
#include <stdint.h>

// What is used of OpenSSL 3, declared here so that no header of OpenSSL is needed to build, and no library to start: the
// functions are found in the system's libssl.so.3 and libcrypto.so.3 when apus_load_openssl is called for the first time.
// Each function NAME of OpenSSL is called as apus_NAME, and only after that call has succeeded.

typedef struct ssl_method_st SSL_METHOD;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;
typedef struct bio_st BIO;
typedef struct bio_method_st BIO_METHOD;
typedef struct x509_st X509;
typedef struct x509_verify_param_st X509_VERIFY_PARAM;
typedef struct x509_store_ctx_st X509_STORE_CTX;
typedef struct asn1_string_st ASN1_STRING;
typedef struct general_name_st GENERAL_NAME;
typedef struct general_names_st GENERAL_NAMES;
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_pkey_ctx_st EVP_PKEY_CTX;
typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
struct tm;

typedef void *apus_allocate(size_t size, const char *file, int line);
typedef void *apus_reallocate(void *block, size_t size, const char *file, int line);
typedef void apus_release(void *block, const char *file, int line);
typedef int apus_verification_callback(int is_fine, X509_STORE_CTX *verification);
typedef int apus_password_callback(char *text, int size, int is_for_writing, void *context);
typedef int apus_protocol_callback(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length,
                                   const unsigned char *offered, unsigned int offered_length, void *context);

// F(result, name, parameters, arguments)
#define APUS_SSL_FUNCTIONS(F) \
    F(int, OPENSSL_init_ssl, (uint64_t options, const void *settings), (options, settings)) \
    F(const SSL_METHOD *, TLS_client_method, (void), ()) \
    F(const SSL_METHOD *, TLS_server_method, (void), ()) \
    F(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *method), (method)) \
    F(void, SSL_CTX_free, (SSL_CTX *context), (context)) \
    F(long, SSL_CTX_ctrl, (SSL_CTX *context, int command, long number, void *pointer), \
      (context, command, number, pointer)) \
    F(uint64_t, SSL_CTX_set_options, (SSL_CTX *context, uint64_t options), (context, options)) \
    F(void, SSL_CTX_set_verify, (SSL_CTX *context, int mode, apus_verification_callback *callback), \
      (context, mode, callback)) \
    F(int, SSL_CTX_set_default_verify_paths, (SSL_CTX *context), (context)) \
    F(int, SSL_CTX_load_verify_file, (SSL_CTX *context, const char *path), (context, path)) \
    F(int, SSL_CTX_load_verify_dir, (SSL_CTX *context, const char *path), (context, path)) \
    F(int, SSL_CTX_use_certificate_chain_file, (SSL_CTX *context, const char *path), (context, path)) \
    F(int, SSL_CTX_use_PrivateKey_file, (SSL_CTX *context, const char *path, int type), (context, path, type)) \
    F(int, SSL_CTX_check_private_key, (const SSL_CTX *context), (context)) \
    F(void, SSL_CTX_set_default_passwd_cb, (SSL_CTX *context, apus_password_callback *callback), (context, callback)) \
    F(void, SSL_CTX_set_alpn_select_cb, (SSL_CTX *context, apus_protocol_callback *callback, void *value), \
      (context, callback, value)) \
    F(int, SSL_CTX_set_alpn_protos, (SSL_CTX *context, const unsigned char *list, unsigned int length), \
      (context, list, length)) \
    F(X509 *, SSL_CTX_get0_certificate, (const SSL_CTX *context), (context)) \
    F(SSL *, SSL_new, (SSL_CTX *context), (context)) \
    F(void, SSL_free, (SSL *ssl), (ssl)) \
    F(void, SSL_set_bio, (SSL *ssl, BIO *input, BIO *output), (ssl, input, output)) \
    F(void, SSL_set_connect_state, (SSL *ssl), (ssl)) \
    F(void, SSL_set_accept_state, (SSL *ssl), (ssl)) \
    F(long, SSL_ctrl, (SSL *ssl, int command, long number, void *pointer), (ssl, command, number, pointer)) \
    F(int, SSL_set1_host, (SSL *ssl, const char *name), (ssl, name)) \
    F(void, SSL_set_hostflags, (SSL *ssl, unsigned int flags), (ssl, flags)) \
    F(X509_VERIFY_PARAM *, SSL_get0_param, (SSL *ssl), (ssl)) \
    F(int, SSL_do_handshake, (SSL *ssl), (ssl)) \
    F(int, SSL_read, (SSL *ssl, void *bytes, int count), (ssl, bytes, count)) \
    F(int, SSL_write, (SSL *ssl, const void *bytes, int count), (ssl, bytes, count)) \
    F(int, SSL_has_pending, (const SSL *ssl), (ssl)) \
    F(int, SSL_get_error, (const SSL *ssl, int result), (ssl, result)) \
    F(int, SSL_shutdown, (SSL *ssl), (ssl)) \
    F(long, SSL_get_verify_result, (const SSL *ssl), (ssl)) \
    F(BIO *, SSL_get_rbio, (const SSL *ssl), (ssl)) \
    F(int, SSL_get_ex_data_X509_STORE_CTX_idx, (void), ())

#define APUS_CRYPTO_FUNCTIONS(F) \
    F(int, CRYPTO_set_mem_functions, (apus_allocate *allocate, apus_reallocate *reallocate, apus_release *release), \
      (allocate, reallocate, release)) \
    F(unsigned long, ERR_get_error, (void), ()) \
    F(unsigned long, ERR_peek_last_error, (void), ()) \
    F(void, ERR_clear_error, (void), ()) \
    F(const char *, ERR_reason_error_string, (unsigned long code), (code)) \
    F(const char *, X509_verify_cert_error_string, (long code), (code)) \
    F(void, X509_free, (X509 *certificate), (certificate)) \
    F(int, X509_up_ref, (X509 *certificate), (certificate)) \
    F(X509 *, X509_STORE_CTX_get_current_cert, (const X509_STORE_CTX *verification), (verification)) \
    F(void *, X509_STORE_CTX_get_ex_data, (const X509_STORE_CTX *verification, int index), (verification, index)) \
    F(const ASN1_STRING *, X509_get0_notAfter, (const X509 *certificate), (certificate)) \
    F(const ASN1_STRING *, X509_get0_notBefore, (const X509 *certificate), (certificate)) \
    F(int, X509_check_host, (X509 *certificate, const char *name, size_t length, unsigned int flags, char **found), \
      (certificate, name, length, flags, found)) \
    F(int, X509_check_ip_asc, (X509 *certificate, const char *address, unsigned int flags), \
      (certificate, address, flags)) \
    F(int, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM *parameters, const char *address), \
      (parameters, address)) \
    F(void *, X509_get_ext_d2i, (const X509 *certificate, int number, int *is_critical, int *index), \
      (certificate, number, is_critical, index)) \
    F(int, OPENSSL_sk_num, (const GENERAL_NAMES *names), (names)) \
    F(GENERAL_NAME *, OPENSSL_sk_value, (const GENERAL_NAMES *names, int index), (names, index)) \
    F(void, GENERAL_NAMES_free, (GENERAL_NAMES *names), (names)) \
    F(void *, GENERAL_NAME_get0_value, (const GENERAL_NAME *name, int *type), (name, type)) \
    F(const unsigned char *, ASN1_STRING_get0_data, (const ASN1_STRING *string), (string)) \
    F(int, ASN1_STRING_length, (const ASN1_STRING *string), (string)) \
    F(int, ASN1_TIME_to_tm, (const ASN1_STRING *time, struct tm *parts), (time, parts)) \
    F(int, BIO_get_new_index, (void), ()) \
    F(BIO_METHOD *, BIO_meth_new, (int type, const char *name), (type, name)) \
    F(int, BIO_meth_set_read, (BIO_METHOD *method, int (*read)(BIO *, char *, int)), (method, read)) \
    F(int, BIO_meth_set_write, (BIO_METHOD *method, int (*write)(BIO *, const char *, int)), (method, write)) \
    F(int, BIO_meth_set_ctrl, (BIO_METHOD *method, long (*control)(BIO *, int, long, void *)), (method, control)) \
    F(int, BIO_meth_set_destroy, (BIO_METHOD *method, int (*destroy)(BIO *)), (method, destroy)) \
    F(BIO *, BIO_new, (const BIO_METHOD *method), (method)) \
    F(void, BIO_set_data, (BIO *bio, void *data), (bio, data)) \
    F(void *, BIO_get_data, (BIO *bio), (bio)) \
    F(void, BIO_set_init, (BIO *bio, int is_ready), (bio, is_ready)) \
    F(void, BIO_set_flags, (BIO *bio, int flags), (bio, flags)) \
    F(void, BIO_clear_flags, (BIO *bio, int flags), (bio, flags)) \
    F(EVP_PKEY *, d2i_PUBKEY, (EVP_PKEY **key, const unsigned char **bytes, long length), (key, bytes, length)) \
    F(void, EVP_PKEY_free, (EVP_PKEY *key), (key)) \
    F(int, EVP_PKEY_get_bits, (const EVP_PKEY *key), (key)) \
    F(const EVP_MD *, EVP_get_digestbyname, (const char *name), (name)) \
    F(EVP_MD_CTX *, EVP_MD_CTX_new, (void), ()) \
    F(void, EVP_MD_CTX_free, (EVP_MD_CTX *context), (context)) \
    F(int, EVP_DigestVerifyInit, (EVP_MD_CTX *context, EVP_PKEY_CTX **parameters, const EVP_MD *digest, void *engine, \
      EVP_PKEY *key), (context, parameters, digest, engine, key)) \
    F(int, EVP_DigestVerify, (EVP_MD_CTX *context, const unsigned char *signature, size_t signature_length, \
      const unsigned char *message, size_t message_length), \
      (context, signature, signature_length, message, message_length)) \
    F(int, EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX *parameters, int padding), (parameters, padding)) \
    F(int, EVP_PKEY_CTX_set_rsa_pss_saltlen, (EVP_PKEY_CTX *parameters, int length), (parameters, length)) \
    F(const EVP_MD *, EVP_sha256, (void), ()) \
    F(int, PKCS5_PBKDF2_HMAC, \
      (const char *password, int password_length, const unsigned char *salt, int salt_length, int rounds, \
       const EVP_MD *digest, int length, unsigned char *result), \
      (password, password_length, salt, salt_length, rounds, digest, length, result))

#define APUS_DECLARE(result, name, parameters, arguments) result apus_##name parameters;
APUS_SSL_FUNCTIONS(APUS_DECLARE)
APUS_CRYPTO_FUNCTIONS(APUS_DECLARE)
#undef APUS_DECLARE

/// The numbers of OpenSSL's headers, which are part of the libraries' binary interface.
enum apus_openssl_number {
    APUS_SSL_VERIFY_NONE = 0,
    APUS_SSL_VERIFY_PEER = 1,
    APUS_SSL_FILETYPE_PEM = 1,

    APUS_SSL_ERROR_SSL = 1,
    APUS_SSL_ERROR_WANT_READ = 2,
    APUS_SSL_ERROR_WANT_WRITE = 3,
    APUS_SSL_ERROR_SYSCALL = 5,
    APUS_SSL_ERROR_ZERO_RETURN = 6,

    APUS_SSL_CTRL_MODE = 33,
    APUS_SSL_CTRL_SET_READ_AHEAD = 41,
    APUS_SSL_CTRL_SET_SESS_CACHE_MODE = 44,
    APUS_SSL_CTRL_SET_TLSEXT_HOSTNAME = 55,
    APUS_SSL_CTRL_SET_MIN_PROTO_VERSION = 123,
    APUS_TLS1_2_VERSION = 0x0303,

    APUS_SSL_MODE_ENABLE_PARTIAL_WRITE = 0x1,
    APUS_SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 0x2,
    APUS_SSL_MODE_RELEASE_BUFFERS = 0x10,

    APUS_SSL_OP_IGNORE_UNEXPECTED_EOF = 1 << 7,
    APUS_SSL_OP_NO_COMPRESSION = 1 << 17,
    APUS_SSL_OP_NO_RENEGOTIATION = 1 << 30,

    APUS_X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4,
    APUS_NID_subject_alt_name = 85,
    APUS_GEN_DNS = 2,

    APUS_RSA_PKCS1_PSS_PADDING = 6,
    APUS_RSA_PSS_SALTLEN_DIGEST = -1,
};

/// Loads the libraries; later calls only return the result of the first. Any thread may call it.
///
/// Returns NULL, or the reason why they cannot be used.
const char *apus_load_openssl(void);

/// Where a TLS session reads and writes: a non-blocking socket, without SIGPIPE.
struct apus_tls_socket {
    int descriptor;
    /// The first byte that arrived, or -1.
    int first_byte;
    /// Whether the last read has emptied the socket.
    int is_drained;
    int is_at_end;
    /// The first certificate that was refused, which the owner of this structure frees; or NULL.
    X509 *refused;
};

/// Makes a BIO that uses the socket, which must outlive it; NULL without memory.
BIO *apus_new_socket_bio(struct apus_tls_socket *socket);

/// Makes a client verify its peers, and keep the certificate that it refuses in the socket of the session.
void apus_verify_peers(SSL_CTX *context);

/// Makes a key with a password an error: by default OpenSSL would ask for it on the terminal.
void apus_refuse_passwords(SSL_CTX *context);

/// Makes a server agree to http/1.1 alone, with clients that name their protocols.
void apus_offer_http11(SSL_CTX *context);

#endif
