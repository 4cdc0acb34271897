/* Loaded before the C library: from the nth time on that a file below a folder is to be opened for writing, given
 * room, written, put on the disk or renamed, it fails as a full disk or a bad one does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[PATH_MAX];
static int error, once;
static long nth;
static long *count; /* memory that all processes share */

void shim_arm(long *memory, const char *where, long n, int number, int only_once)
{
    count = memory;
    snprintf(folder, sizeof folder, "%s/", where);
    nth = n, error = number, once = only_once;
}

static int fails(const char *path)
{
    char here[PATH_MAX];
    if (!count)
        return 0;
    if (path[0] != '/') {
        if (!getcwd(here, sizeof here))
            return 0;
        strncat(here, "/", sizeof here - strlen(here) - 1);
        path = here;
    }
    if (strncmp(path, folder, strlen(folder)))
        return 0;
    long now = __atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
    if (once ? now != nth : now < nth)
        return 0;
    errno = error;
    return 1;
}

static int fails_at(int descriptor)
{
    char link[64], path[PATH_MAX];
    if (!count)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return path[0] == '/' && fails(path);
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define WRITES (O_WRONLY | O_RDWR | O_CREAT)
#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list list; va_start(list, flags); mode_t mode = va_arg(list, int); va_end(list); \
    REAL(name); return (flags & WRITES) && fails(path) ? -1 : real(path, flags, mode); }
#define OPENAT(name) int name(int at, const char *path, int flags, ...) { \
    va_list list; va_start(list, flags); mode_t mode = va_arg(list, int); va_end(list); \
    REAL(name); return (flags & WRITES) && fails(path) ? -1 : real(at, path, flags, mode); }
#define PWRITE(name) ssize_t name(int file, const void *data, size_t size, off_t offset) { \
    REAL(name); return fails_at(file) ? -1 : real(file, data, size, offset); }
#define SYNC(name) int name(int file) { REAL(name); return fails_at(file) ? -1 : real(file); }

OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64) PWRITE(pwrite) PWRITE(pwrite64) SYNC(fsync) SYNC(fdatasync)

/* they return the error */
#define ALLOCATE(name) int name(int file, off_t offset, off_t size) { \
    REAL(name); return fails_at(file) ? error : real(file, offset, size); }
ALLOCATE(posix_fallocate) ALLOCATE(posix_fallocate64)

ssize_t write(int file, const void *data, size_t size)
{
    REAL(write);
    return fails_at(file) ? -1 : real(file, data, size);
}

ssize_t sendfile(int out, int in, off_t *offset, size_t size)
{
    REAL(sendfile);
    return fails_at(out) ? -1 : real(out, in, offset, size);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    return fails(to) ? -1 : real(from, to);
}
