/* Records what a process writes, synchronises, truncates, makes and removes below one folder, in order, as it asks for it;
 * or lets one of these calls fail as a broken disk does (EIO), and those behind it too.
 *
 * Preloaded (LD_PRELOAD) into a process with XSTOCK_RECORD_FOLDER set, and XSTOCK_RECORD_FILE where it is recorded. The
 * process itself says which call is to fail: xstock_fail(n, for_ever); xstock_calls() counts them.
 * An entry: kind (1 byte), number of the file (2), offset (8), length (4), then the bytes; little-endian.
 * Kinds: N a name (offset: 0), W write, S sync, F a sync that failed, T truncate (offset: the new size), U unlink,
 * D sync of the folder itself. XSTOCK_FAIL_SYNC=n lets the n-th sync of a file fail.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define FDS 1024
#define NAMES 256
#define FOLDER 0xFFFF

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static const char *folder;
static size_t folder_length;
static uint16_t file_of[FDS]; /* number + 1; 0 where a descriptor is none of ours */
static char *names[NAMES];
static int known;
static long calls, fail_at, syncs, fail_sync;
static ssize_t (*real_write)(int, const void *, size_t);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    folder = getenv("XSTOCK_RECORD_FOLDER");
    const char *path = getenv("XSTOCK_RECORD_FILE");
    if (!folder) return;
    folder_length = strlen(folder);
    fail_sync = getenv("XSTOCK_FAIL_SYNC") ? atol(getenv("XSTOCK_FAIL_SYNC")) : 0;
    if (!path) return;
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    record = real_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
}

static int for_ever;

void xstock_fail(long at, int always) {
    calls = 0;
    fail_at = at;
    for_ever = always;
}

long xstock_calls(void) { return calls; }

static int fails(void) { /* whether the call that is made now is one that has to fail */
    calls++;
    if (!fail_at || calls < fail_at || (calls > fail_at && !for_ever)) return 0;
    errno = EIO;
    return 1;
}

static int sync_fails(void) {
    if (++syncs != fail_sync) return 0;
    errno = EIO;
    return 1;
}

static void put(char kind, uint16_t file, uint64_t offset, const void *data, uint32_t length) {
    if (record < 0) return;
    char head[15];
    head[0] = kind;
    memcpy(head + 1, &file, 2);
    memcpy(head + 3, &offset, 8);
    memcpy(head + 11, &length, 4);
    if (real_write(record, head, sizeof head) != sizeof head) abort();
    const char *at = data;
    while (length) {
        ssize_t done = real_write(record, at, length);
        if (done <= 0) abort();
        at += done;
        length -= (uint32_t)done;
    }
}

static int number_of(const char *path) { /* of a path in the folder; -1 elsewhere */
    if (!folder_length || strncmp(path, folder, folder_length)) return -1;
    if (!path[folder_length]) return FOLDER;
    if (path[folder_length] != '/') return -1;
    const char *name = path + folder_length + 1;
    for (int i = 0; i < known; i++)
        if (!strcmp(names[i], name)) return i;
    if (known == NAMES) abort();
    names[known] = strdup(name);
    put('N', (uint16_t)known, 0, name, (uint32_t)strlen(name));
    return known++;
}

static int opened(int fd, const char *path, int flags) {
    if (fd < 0 || fd >= FDS) return fd;
    pthread_mutex_lock(&lock);
    int number = number_of(path);
    file_of[fd] = (uint16_t)(number < 0 ? 0 : number == FOLDER ? FOLDER : number + 1);
    if (number >= 0 && number != FOLDER && (flags & O_TRUNC)) put('T', (uint16_t)number, 0, "", 0);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPEN(NAME)                                                                  \
    int NAME(const char *path, int flags, ...) {                                    \
        va_list rest;                                                               \
        va_start(rest, flags);                                                      \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;   \
        va_end(rest);                                                               \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #NAME);              \
        return opened(real(path, flags, mode), path, flags);                        \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(NAME)                                                                \
    int NAME(int at, const char *path, int flags, ...) {                            \
        va_list rest;                                                               \
        va_start(rest, flags);                                                      \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;   \
        va_end(rest);                                                               \
        int (*real)(int, const char *, int, ...) = dlsym(RTLD_NEXT, #NAME);         \
        return opened(real(at, path, flags, mode), path, flags);                    \
    }
OPENAT(openat)
OPENAT(openat64)

static int ours(int fd) { return folder_length && fd >= 0 && fd < FDS && file_of[fd]; }

int close(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "close");
    if (ours(fd)) file_of[fd] = 0;
    return real(fd);
}

ssize_t write(int fd, const void *data, size_t length) {
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
    if (!ours(fd) || file_of[fd] == FOLDER) return real_write(fd, data, length);
    pthread_mutex_lock(&lock);
    int flags = fcntl(fd, F_GETFL);
    off_t at = lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t done = fails() ? -1 : real_write(fd, data, length);
    if (done > 0) put('W', file_of[fd] - 1, (uint64_t)at, data, (uint32_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

#define PWRITE(NAME, OFFSET)                                                        \
    ssize_t NAME(int fd, const void *data, size_t length, OFFSET at) {              \
        ssize_t (*real)(int, const void *, size_t, OFFSET) = dlsym(RTLD_NEXT, #NAME); \
        if (!ours(fd)) return real(fd, data, length, at);                           \
        pthread_mutex_lock(&lock);                                                  \
        ssize_t done = fails() ? -1 : real(fd, data, length, at);                   \
        if (done > 0) put('W', file_of[fd] - 1, (uint64_t)at, data, (uint32_t)done); \
        pthread_mutex_unlock(&lock);                                                \
        return done;                                                                \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(NAME, OFFSET)                                                      \
    int NAME(int fd, OFFSET size) {                                                 \
        int (*real)(int, OFFSET) = dlsym(RTLD_NEXT, #NAME);                         \
        if (!ours(fd)) return real(fd, size);                                       \
        pthread_mutex_lock(&lock);                                                  \
        int done = fails() ? -1 : real(fd, size);                                   \
        if (!done) put('T', file_of[fd] - 1, (uint64_t)size, "", 0);                \
        pthread_mutex_unlock(&lock);                                                \
        return done;                                                                \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(NAME)                                                                  \
    int NAME(int fd) {                                                              \
        int (*real)(int) = dlsym(RTLD_NEXT, #NAME);                                 \
        if (!ours(fd)) return real(fd);                                             \
        pthread_mutex_lock(&lock);                                                  \
        int is_folder = file_of[fd] == FOLDER;                                      \
        int broken = fails() || (!is_folder && sync_fails());                       \
        int done = broken ? -1 : real(fd);                                          \
        if (broken && !is_folder) put('F', file_of[fd] - 1, 0, "", 0);              \
        if (!done) put(is_folder ? 'D' : 'S', is_folder ? 0 : file_of[fd] - 1, 0, "", 0); \
        pthread_mutex_unlock(&lock);                                                \
        return done;                                                                \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
    int done = real(path);
    pthread_mutex_lock(&lock);
    int number = done ? -1 : number_of(path);
    if (number >= 0 && number != FOLDER) put('U', (uint16_t)number, 0, "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}
