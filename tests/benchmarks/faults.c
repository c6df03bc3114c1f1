/* Lets one system call on a file below a folder fail, or kills there: preloaded (LD_PRELOAD) into every process.
 *
 * FAULTS_CONTROL names a file that all processes map and share: what is to happen, and how many calls there were. A call
 * is counted where it is of the kind asked for and its file lies below `root`; the n-th one of all processes is hit.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE, FSYNC, RENAME, UNLINK, CLOSE, OPEN, MKDIR, READ, OPEN_TO_READ, KINDS };
enum { COUNT, FAIL, KILL, KILL_AFTER, KILL_GROUP, KILL_GROUP_AFTER };

struct control {
    int armed, kind, number, mode, error, fired;
    int counts[KINDS];
    char root[PATH_MAX];
};
static struct control *control;

__attribute__((constructor)) static void map_control(void) {
    const char *name = getenv("FAULTS_CONTROL");
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int descriptor = name ? real(name, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *found = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (found != MAP_FAILED) control = found;
    int (*shut)(int) = dlsym(RTLD_NEXT, "close");
    shut(descriptor);
}

static int is_below(const char *path) {
    size_t length = strlen(control->root);
    return strncmp(path, control->root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int of_descriptor(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return length > 0;
}

static int at_is_below(int folder, const char *path) {
    char whole[2 * PATH_MAX];
    if (path[0] == '/') return is_below(path);
    if (folder == AT_FDCWD ? !getcwd(whole, PATH_MAX) : !of_descriptor(folder, whole)) return 0;
    strncat(whole, "/", 2);
    strncat(whole, path, PATH_MAX - 2);
    return is_below(whole);
}

static void end(int group) {
    kill(group ? 0 : getpid(), SIGKILL);
    for (;;) pause();
}

/* 0: go on; 1: the call is hit and must fail, errno is set; 2: it is hit and kills when it is done. */
static int hit(int kind) {
    int number = __atomic_add_fetch(&control->counts[kind], 1, __ATOMIC_SEQ_CST);
    if (control->mode == COUNT || kind != control->kind || number != control->number) return 0;
    control->fired = getpid();
    if (control->mode == KILL || control->mode == KILL_GROUP) end(control->mode == KILL_GROUP);
    if (control->mode != FAIL) return 2;
    errno = control->error;
    return 1;
}

#define ARMED (control && control->armed)
#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))
#define CALL(kind, below, type, name, ...)                                       \
    int what = 0, saved = errno;                                                 \
    if (ARMED && (below)) what = hit(kind);                                      \
    if (what == 1) return -1;                                                    \
    errno = saved;                                                               \
    __typeof__(REAL(type, name)(__VA_ARGS__)) result = REAL(type, name)(__VA_ARGS__); \
    if (what == 2) end(control->mode == KILL_GROUP_AFTER);                       \
    return result;

static int descriptor_is_below(int descriptor) {
    char path[PATH_MAX];
    return of_descriptor(descriptor, path) && is_below(path);
}

ssize_t write(int d, const void *data, size_t size) {
    CALL(WRITE, descriptor_is_below(d), ssize_t(*)(int, const void *, size_t), "write", d, data, size)
}
ssize_t read(int d, void *data, size_t size) {
    CALL(READ, descriptor_is_below(d), ssize_t(*)(int, void *, size_t), "read", d, data, size)
}
ssize_t pwrite(int d, const void *data, size_t size, off_t at) {
    CALL(WRITE, descriptor_is_below(d), ssize_t(*)(int, const void *, size_t, off_t), "pwrite", d, data, size, at)
}
ssize_t pwrite64(int d, const void *data, size_t size, off64_t at) {
    CALL(WRITE, descriptor_is_below(d), ssize_t(*)(int, const void *, size_t, off64_t), "pwrite64", d, data, size, at)
}
ssize_t writev(int d, const struct iovec *parts, int count) {
    CALL(WRITE, descriptor_is_below(d), ssize_t(*)(int, const struct iovec *, int), "writev", d, parts, count)
}
int ftruncate64(int d, off64_t size) {
    CALL(WRITE, descriptor_is_below(d), int (*)(int, off64_t), "ftruncate64", d, size)
}
int fsync(int d) { CALL(FSYNC, descriptor_is_below(d), int (*)(int), "fsync", d) }
int fdatasync(int d) { CALL(FSYNC, descriptor_is_below(d), int (*)(int), "fdatasync", d) }
int rename(const char *from, const char *to) {
    CALL(RENAME, at_is_below(AT_FDCWD, to), int (*)(const char *, const char *), "rename", from, to)
}
int renameat(int f, const char *from, int t, const char *to) {
    CALL(RENAME, at_is_below(t, to), int (*)(int, const char *, int, const char *), "renameat", f, from, t, to)
}
int unlink(const char *path) { CALL(UNLINK, at_is_below(AT_FDCWD, path), int (*)(const char *), "unlink", path) }
int rmdir(const char *path) { CALL(UNLINK, at_is_below(AT_FDCWD, path), int (*)(const char *), "rmdir", path) }
int unlinkat(int f, const char *path, int flags) {
    CALL(UNLINK, at_is_below(f, path), int (*)(int, const char *, int), "unlinkat", f, path, flags)
}
int mkdir(const char *path, mode_t mode) {
    CALL(MKDIR, at_is_below(AT_FDCWD, path), int (*)(const char *, mode_t), "mkdir", path, mode)
}
int close(int d) { /* a file that is closed is closed, whatever close says */
    int what = 0;
    if (ARMED && descriptor_is_below(d)) what = hit(CLOSE);
    int saved = errno;
    int result = REAL(int (*)(int), "close")(d);
    if (what == 2) end(control->mode == KILL_GROUP_AFTER);
    if (what != 1) return result;
    errno = saved;
    return -1;
}

#define OPENER(signature, folder, name, type, ...)                                                  \
    int signature {                                                                                 \
        mode_t mode = 0;                                                                            \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                      \
            va_list rest;                                                                           \
            va_start(rest, flags);                                                                  \
            mode = va_arg(rest, mode_t);                                                            \
            va_end(rest);                                                                           \
        }                                                                                           \
        CALL((flags & O_ACCMODE) == O_RDONLY ? OPEN_TO_READ : OPEN, at_is_below(folder, path), type, name,     \
             __VA_ARGS__, mode)                                                                     \
    }
typedef int (*opener)(const char *, int, ...);
typedef int (*at_opener)(int, const char *, int, ...);
OPENER(open(const char *path, int flags, ...), AT_FDCWD, "open", opener, path, flags)
OPENER(open64(const char *path, int flags, ...), AT_FDCWD, "open64", opener, path, flags)
OPENER(openat(int f, const char *path, int flags, ...), f, "openat", at_opener, f, path, flags)
OPENER(openat64(int f, const char *path, int flags, ...), f, "openat64", at_opener, f, path, flags)
