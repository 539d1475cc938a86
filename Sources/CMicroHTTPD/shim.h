/*
 * libmicrohttpd, and thin wrappers around what Swift cannot call (variadic functions, macros with
 * casts) or would need pointers for (socket addresses).
 */
#ifndef STARLING_CMICROHTTPD_H
#define STARLING_CMICROHTTPD_H

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct starling_http_callbacks {
    MHD_AcceptPolicyCallback accept;
    MHD_NotifyConnectionCallback connection;
    void *(*target)(void *, const char *, struct MHD_Connection *);
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback completed;
};

/* The target stays as it was sent: what it says is decoded once, by the gate. */
static inline size_t starling_http_keep_escapes(
    void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

/*
 * One thread with poll that no signal interrupts. Not with epoll: in 0.9.75 that loses the end of a
 * connection when it comes together with the last bytes (a short read clears the mark that an edge
 * had set), and an upload that was given up would stand until its deadline.
 *
 * Takes over `listener`. `context` goes to every callback. Connections have no timer here: it would
 * count inactivity. NULL when the system has no more threads or descriptors.
 */
static inline struct MHD_Daemon *starling_http_start(
    int listener, unsigned int connections, size_t memory, struct starling_http_callbacks calls,
    void *context) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, calls.accept, context,
        calls.handle, context,
        MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory,
        MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, starling_http_keep_escapes, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, calls.target, context,
        MHD_OPTION_NOTIFY_CONNECTION, calls.connection, context,
        MHD_OPTION_NOTIFY_COMPLETED, calls.completed, context,
        MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return daemon;
}

/* The library's words as constants, which Swift imports under one name whatever the enumeration. */
static const enum MHD_Result starling_http_yes = MHD_YES;
static const enum MHD_Result starling_http_no = MHD_NO;
static const enum MHD_ValueKind starling_http_fields = MHD_HEADER_KIND;
static const enum MHD_ResponseMemoryMode starling_http_copy = MHD_RESPMEM_MUST_COPY;
static const enum MHD_ConnectionNotificationCode starling_http_started =
    MHD_CONNECTION_NOTIFY_STARTED;

/* Starts a thread, to be joined, that no signal interrupts. 0, or an errno. */
static inline int starling_http_start_thread(
    pthread_t *thread, void *(*body)(void *), void *argument) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(thread, NULL, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

/* A body whose end is not known yet; `free_context` is called when it is over. */
static inline struct MHD_Response *starling_http_stream(
    size_t block, MHD_ContentReaderCallback read, void *context,
    MHD_ContentReaderFreeCallback free_context) {
    return MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, block, read, context, free_context);
}

/* What a reader of content returns at its end, and to cut the connection. */
static inline ssize_t starling_http_end(void) { return MHD_CONTENT_READER_END_OF_STREAM; }
static inline ssize_t starling_http_cut(void) { return MHD_CONTENT_READER_END_WITH_ERROR; }

/* The socket of a connection; -1 when it has none. */
static inline int starling_http_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

/* Bytes from the first of the method to the end of the empty line; 0 when it is not said. */
static inline size_t starling_http_head_size(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

/* Where the context of a connection stands: set when it starts. */
static inline void *starling_http_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/* The 16 bytes of an address, IPv4 in its mapped form. */
struct starling_http_address {
    uint8_t bytes[16];
};

static inline struct starling_http_address starling_http_address_of(
    const struct sockaddr *address) {
    struct starling_http_address result;
    memset(&result, 0, sizeof result);
    if (address != NULL && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        memcpy(result.bytes, &v6->sin6_addr, 16);
    } else if (address != NULL && address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        result.bytes[10] = result.bytes[11] = 0xff;
        memcpy(result.bytes + 12, &v4->sin_addr, 4);
    }
    return result;
}

static inline struct starling_http_address starling_http_peer(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return starling_http_address_of(info == NULL ? NULL : info->client_addr);
}

/* A listening socket at an address; the negative errno when there can be none. */
static inline int starling_http_listen(
    struct starling_http_address address, int is_v4, uint16_t port, int backlog) {
    struct sockaddr_storage storage;
    socklen_t length;
    int one = 1;
    memset(&storage, 0, sizeof storage);
    if (is_v4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&storage;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        memcpy(&v4->sin_addr, address.bytes + 12, 4);
        length = sizeof *v4;
    } else {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&storage;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        memcpy(&v6->sin6_addr, address.bytes, 16);
        length = sizeof *v6;
    }
    int listener = socket(
        storage.ss_family, SOCK_STREAM | 02000000 /* SOCK_CLOEXEC */ | 04000 /* SOCK_NONBLOCK */,
        0);
    if (listener < 0) return -errno;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!is_v4) (void)setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&storage, length) != 0 ||
        listen(listener, backlog) != 0) {
        int error = errno;
        close(listener);
        return -error;
    }
    return listener;
}

/* The port that a listener has; 0 when the system does not say. */
static inline uint16_t starling_http_port(int listener) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(listener, (struct sockaddr *)&storage, &length) != 0) return 0;
    return storage.ss_family == AF_INET6
        ? ntohs(((struct sockaddr_in6 *)(void *)&storage)->sin6_port)
        : ntohs(((struct sockaddr_in *)(void *)&storage)->sin_port);
}

#endif
