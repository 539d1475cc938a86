/*
 * Linux calls that Swift's Glibc module leaves out, and thin wrappers that take and return plain
 * numbers, so that the Swift above them has no pointers to get wrong.
 *
 * _GNU_SOURCE stays undefined: with it some structs of the C library (fd_set) are spelt differently
 * from Swift's Glibc module, and the two cannot be imported together. What it would give is
 * declared here; the kernel's ABI is stable.
 *
 * Every wrapper that can fail returns the result, or the negative errno, so that nothing comes
 * between call and errno.
 */
#ifndef STARLING_CLINUX_H
#define STARLING_CLINUX_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* What _GNU_SOURCE would declare. */
extern int accept4(int, struct sockaddr *, socklen_t *, int);
extern int pipe2(int[2], int);

struct mmsghdr; /* laid out as starling_message */
struct starling_message {
    struct msghdr header;
    unsigned int length;
};
extern int recvmmsg(int, struct mmsghdr *, unsigned int, int, struct timespec *);
extern int sendmmsg(int, struct mmsghdr *, unsigned int, int);

struct starling_credentials {
    int32_t process;
    uint32_t user;
    uint32_t group;
};

/* The call's result, or the negative errno. */
static inline ssize_t starling_result(ssize_t result) { return result < 0 ? -errno : result; }

/* Clocks. */

static inline uint64_t starling_clock(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0 || now.tv_sec < 0) return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* CLOCK_BOOTTIME counts the time that the machine was suspended. */
static inline uint64_t starling_boot_clock(void) { return starling_clock(CLOCK_BOOTTIME); }
static inline uint64_t starling_wall_clock(void) { return starling_clock(CLOCK_REALTIME); }

static inline int starling_timer_open(void) {
    return (int)starling_result(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
}

/* Fires once at `nanoseconds` of the boot clock; 0 disarms. */
static inline int starling_timer_arm(int timer, uint64_t nanoseconds) {
    struct itimerspec spec;
    memset(&spec, 0, sizeof spec);
    spec.it_value.tv_sec = (time_t)(nanoseconds / 1000000000u);
    spec.it_value.tv_nsec = (long)(nanoseconds % 1000000000u);
    return (int)starling_result(timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, NULL));
}

/* Counters that wake a loop. */

static inline int starling_event_open(void) {
    return (int)starling_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

static inline void starling_event_signal(int event) {
    uint64_t one = 1;
    ssize_t ignored = write(event, &one, sizeof one); /* full means it is signalled already */
    (void)ignored;
}

/* Resets an eventfd or a timerfd. */
static inline void starling_event_clear(int event) {
    uint64_t count;
    ssize_t ignored = read(event, &count, sizeof count);
    (void)ignored;
}

/* epoll. */

static inline int starling_epoll_open(void) {
    return (int)starling_result(epoll_create1(EPOLL_CLOEXEC));
}

static inline int starling_epoll_control(
    int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.u64 = token;
    return (int)starling_result(epoll_ctl(epoll, operation, descriptor, &event));
}

/* Sockets. */

static inline int starling_socket(int family, int type) {
    return (int)starling_result(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

static inline int starling_stream_socket(int family) {
    return starling_socket(family, SOCK_STREAM);
}

static inline int starling_datagram_socket(int family) {
    return starling_socket(family, SOCK_DGRAM);
}

static inline int starling_accept(
    int listener, struct sockaddr_storage *address, socklen_t *length) {
    return (int)starling_result(
        accept4(listener, (struct sockaddr *)address, length, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

static inline int starling_set_option(int socket, int level, int name, int value) {
    return (int)starling_result(setsockopt(socket, level, name, &value, sizeof value));
}

/* The socket's pending error, which reading clears; 0 when there is none. */
static inline int starling_pending_error(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

/* The user id of the process at the other end of a Unix socket; -1 when it has none. */
static inline int64_t starling_peer_user(int socket) {
    struct starling_credentials peer;
    socklen_t length = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
    return length == sizeof peer ? (int64_t)peer.user : -1;
}

static inline int starling_bind(
    int socket, const struct sockaddr_storage *address, socklen_t length) {
    return (int)starling_result(bind(socket, (const struct sockaddr *)address, length));
}

static inline int starling_listen(int socket, int backlog) {
    return (int)starling_result(listen(socket, backlog));
}

/* Closing will reset the connection instead of ending it: nothing of it stays in the kernel. */
static inline void starling_reset_on_close(int socket) {
    struct linger linger = {1, 0};
    (void)setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static inline int starling_connect(
    int socket, const struct sockaddr_storage *address, socklen_t length) {
    return (int)starling_result(connect(socket, (const struct sockaddr *)address, length));
}

static inline int starling_local_address(
    int socket, struct sockaddr_storage *address, socklen_t *length) {
    return (int)starling_result(getsockname(socket, (struct sockaddr *)address, length));
}

static inline int starling_remote_address(
    int socket, struct sockaddr_storage *address, socklen_t *length) {
    return (int)starling_result(getpeername(socket, (struct sockaddr *)address, length));
}

/* Writes `count` buffers in one call; a broken pipe is an error and no signal. */
static inline ssize_t starling_send_vectors(int socket, struct iovec *vectors, size_t count) {
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    return starling_result(sendmsg(socket, &message, MSG_NOSIGNAL));
}

static inline ssize_t starling_receive(int socket, void *buffer, size_t capacity) {
    return starling_result(recv(socket, buffer, capacity, 0));
}

static inline int starling_receive_messages(
    int socket, struct starling_message *messages, unsigned int count) {
    return (int)starling_result(recvmmsg(socket, (struct mmsghdr *)messages, count, 0, NULL));
}

static inline int starling_send_messages(
    int socket, struct starling_message *messages, unsigned int count) {
    return (int)starling_result(
        sendmmsg(socket, (struct mmsghdr *)messages, count, MSG_NOSIGNAL));
}

/* Multicast. */

/* The numbers of the interfaces that are up, carry multicast and are not loopback, each once. */
static inline int starling_multicast_interfaces(uint32_t *numbers, int capacity) {
    struct ifaddrs *list;
    int count = 0;
    if (getifaddrs(&list) != 0) return 0;
    for (struct ifaddrs *entry = list; entry != NULL && count < capacity; entry = entry->ifa_next) {
        unsigned int flags = entry->ifa_flags;
        uint32_t number = if_nametoindex(entry->ifa_name);
        int known = number == 0 || (flags & IFF_LOOPBACK) != 0 || (flags & IFF_UP) == 0 ||
            (flags & IFF_MULTICAST) == 0;
        for (int i = 0; i < count; i++) known |= numbers[i] == number;
        if (!known) numbers[count++] = number;
    }
    freeifaddrs(list);
    return count;
}

/* Datagrams to `group` that come in by an interface are received from now on (RFC 3678). */
static inline int starling_join_group(
    int socket, const struct sockaddr_storage *group, uint32_t interface) {
    struct group_req request;
    memset(&request, 0, sizeof request);
    request.gr_interface = interface;
    request.gr_group = *group;
    int level = group->ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    return (int)starling_result(
        setsockopt(socket, level, MCAST_JOIN_GROUP, &request, sizeof request));
}

/* Sends one datagram by an interface. */
static inline ssize_t starling_send_by(
    int socket, uint32_t interface, const struct sockaddr_storage *to, socklen_t length,
    const void *bytes, size_t count) {
    int result;
    if (to->ss_family == AF_INET6) {
        int number = (int)interface;
        result = setsockopt(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, &number, sizeof number);
    } else {
        struct ip_mreqn request;
        memset(&request, 0, sizeof request);
        request.imr_ifindex = (int)interface;
        result = setsockopt(socket, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
    }
    if (result != 0) return -errno;
    return starling_result(
        sendto(socket, bytes, count, MSG_NOSIGNAL, (const struct sockaddr *)to, length));
}

static inline ssize_t starling_receive_from(
    int socket, void *buffer, size_t capacity, struct sockaddr_storage *from, socklen_t *length) {
    return starling_result(
        recvfrom(socket, buffer, capacity, MSG_TRUNC, (struct sockaddr *)from, length));
}

/* Files and the process. */

/* A directory as a name to start from: needs no right to read it. */
static inline int starling_open_directory(const char *path) {
    return (int)starling_result(open(path, 010000000 /* O_PATH */ | O_DIRECTORY | O_CLOEXEC));
}

/* The mode of a socket before it is bound is the mode of its file. */
static inline int starling_set_mode(int socket, unsigned int mode) {
    return (int)starling_result(fchmod(socket, (mode_t)mode));
}

/* The inode number of the socket `name` in `directory`; 0 when nothing stands there, -ENOTSOCK when
   it is something else. */
static inline int64_t starling_socket_inode(int directory, const char *name) {
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0 : -(int64_t)errno;
    }
    return S_ISSOCK(status.st_mode) ? (int64_t)status.st_ino : -(int64_t)ENOTSOCK;
}

static inline int starling_unlink(int directory, const char *name) {
    return (int)starling_result(unlinkat(directory, name, 0));
}

static inline int starling_open_reserve(void) {
    return (int)starling_result(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

static inline uint64_t starling_descriptor_limit(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (uint64_t)limit.rlim_cur : 1024;
}

static inline int starling_pipe(int ends[2]) {
    return (int)starling_result(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
}

/* All that a signal handler does: leaves the number in a pipe, and errno as it was. */
static inline void starling_note_signal(int pipe, int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t ignored = write(pipe, &byte, 1);
    (void)ignored;
    errno = saved;
}

/* The number of a signal left in the pipe; 0 when there is none. */
static inline int starling_next_signal(int pipe) {
    unsigned char byte;
    return read(pipe, &byte, 1) == 1 ? byte : 0;
}

/* Starts a detached thread that no signal interrupts. 0, or an errno. */
static inline int starling_start_thread(void *(*body)(void *), void *argument) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int result = pthread_attr_init(&attributes);
    if (result != 0) return result;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    result = pthread_create(&thread, &attributes, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return result;
}

static inline int starling_handle_signal(int number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    return (int)starling_result(sigaction(number, &action, NULL));
}

/* Crashes: a trap notes itself on a page that outlives the process, and then ends it as ever. */

struct starling_crash_watch {
    volatile uint64_t *page; /* its first two words: the signal, and the boot clock's time */
    struct sigaction before[NSIG];
    char stack[65536];
};

/* The handler's work, with nothing that a handler may not do. */
static inline void starling_note_crash(struct starling_crash_watch *watch, int number) {
    if (watch->page[0] == 0) {
        watch->page[1] = starling_boot_clock();
        watch->page[0] = (uint64_t)number;
    }
    sigaction(number, &watch->before[number], NULL);
    raise(number); /* Pending until the handler returns. */
}

/* Installs `handler` for what ends a process by its own fault. The fault may be a full stack. */
static inline void starling_watch_crashes(
    struct starling_crash_watch *watch, void *page, void (*handler)(int)) {
    const int signals[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
    stack_t stack = {.ss_sp = watch->stack, .ss_size = sizeof watch->stack};
    struct sigaction action;
    watch->page = (volatile uint64_t *)page;
    sigaltstack(&stack, NULL);
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK;
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, &watch->before[signals[i]]);
}

static inline int starling_reset_signal(int number) {
    return starling_handle_signal(number, SIG_DFL);
}

static inline int starling_ignore_signal(int number) {
    return starling_handle_signal(number, SIG_IGN);
}

#endif
