/* SHA-256 by OpenSSL, which uses the processor's instructions for it; libsodium 1.0.18 does not. */
#include <openssl/evp.h>

/* The digest is fetched once and each thread keeps one context: what is left is the hash itself. */
static inline const EVP_MD *starling_sha256_algorithm(void) {
    return EVP_MD_fetch(NULL, "SHA256", NULL);
}

static inline int starling_sha256(const EVP_MD *algorithm, const void *data, size_t count,
                                  unsigned char out[32]) {
    static __thread EVP_MD_CTX *context;
    if (context == NULL) context = EVP_MD_CTX_new();
    return context != NULL && EVP_DigestInit_ex2(context, algorithm, NULL) == 1 &&
           EVP_DigestUpdate(context, data, count) == 1 &&
           EVP_DigestFinal_ex(context, out, NULL) == 1;
}
