#if !defined(__wasm__)
#define _GNU_SOURCE
#endif
#include "rv_file.h"

#if defined(__wasm__)

enum { no_files = 52 };
int rv_file_create(const char *path, rv_file **out) { return (void)path, *out = NULL, no_files; }
int rv_file_write(rv_file *file, const void *data, size_t bytes) { return (void)file, (void)data, (void)bytes, no_files; }
int rv_file_rewrite(rv_file *file, const void *data, size_t bytes) { return (void)file, (void)data, (void)bytes, no_files; }
int rv_file_commit(rv_file *file) { return (void)file, no_files; }
void rv_file_abandon(rv_file *file) { (void)file; }
int rv_file_open(const char *path, rv_file **out, uint64_t *bytes) { return (void)path, *out = NULL, *bytes = 0, no_files; }
int rv_file_read(rv_file *file, uint64_t offset, void *out, size_t bytes) {
  return (void)file, (void)offset, (void)out, (void)bytes, no_files;
}
int rv_file_map(rv_file *file, void **out) { return (void)file, *out = NULL, no_files; }
int rv_file_map_own(rv_file *file, void **out) { return rv_file_map(file, out); }
void rv_file_forget(void *memory, size_t bytes) { (void)memory, (void)bytes; }
void rv_file_unmap(void *memory, uint64_t bytes) { (void)memory, (void)bytes; }
void rv_file_close(rv_file *file) { (void)file; }
const char *rv_file_error(int error) { return (void)error, "there are no files here"; }

#else

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct rv_file {
  int descriptor;
  uint64_t bytes;
  char *path, *temporary; /* of a file being written */
};

static void free_file(rv_file *file) {
  if (!file) return;
  if (file->descriptor >= 0) close(file->descriptor);
  free(file->path);
  free(file->temporary);
  free(file);
}

/* The path that a chain of links leads to, whether there is a file or not; NULL with errno. */
static char *follow_links(const char *path) {
  char *at = strdup(path), target[4096];
  for (int links = 0; at && links < 40; links++) {
    ssize_t n = readlink(at, target, sizeof target - 1);
    if (n < 0) return at; /* no link */
    target[n] = 0;
    const char *slash = target[0] == '/' ? NULL : strrchr(at, '/');
    size_t folder = slash ? (size_t)(slash - at) + 1 : 0;
    char *next = malloc(folder + (size_t)n + 1);
    if (next) memcpy(next, at, folder), memcpy(next + folder, target, (size_t)n + 1);
    free(at);
    at = next;
  }
  free(at);
  return errno = at ? ELOOP : ENOMEM, NULL;
}

/* The new file is whose the old one was, for those who could use the old one. */
static int take_over(int descriptor, const struct stat *old) {
  struct stat own;
  if (fstat(descriptor, &own)) return errno;
  /* Who may not give files away keeps at least the group, where that is allowed. */
  if ((own.st_uid != old->st_uid || own.st_gid != old->st_gid) && fchown(descriptor, old->st_uid, old->st_gid) &&
      fchown(descriptor, (uid_t)-1, old->st_gid) && errno != EPERM)
    return errno;
  return fchmod(descriptor, old->st_mode & 07777) ? errno : 0;
}

int rv_file_create(const char *path, rv_file **out) {
  static unsigned counter;
  struct stat old;
  rv_file *file = calloc(1, sizeof *file);
  *out = NULL;
  if (!file) return ENOMEM;
  file->descriptor = -1;
  if (!(file->path = follow_links(path))) {
    int error = errno;
    return free_file(file), error;
  }
  int exists = !stat(file->path, &old);
  if (exists && !S_ISREG(old.st_mode)) return free_file(file), S_ISDIR(old.st_mode) ? EISDIR : EINVAL;
  /* What could not be written to is not replaced either, though the folder allows it. */
  if (exists && faccessat(AT_FDCWD, file->path, W_OK, AT_EACCESS)) {
    int error = errno;
    return free_file(file), error;
  }
  size_t room = strlen(file->path) + 48;
  file->temporary = malloc(room);
  if (!file->temporary) return free_file(file), ENOMEM;
  path = file->path;
  for (int tries = 0; tries < 16 && file->descriptor < 0; tries++) {
    unsigned number = __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
    snprintf(file->temporary, room, "%s.%ld-%u.tmp", path, (long)getpid(), number);
    file->descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, exists ? 0600 : 0644);
    if (file->descriptor < 0 && errno != EEXIST) break;
  }
  if (file->descriptor < 0) {
    int error = errno;
    return free_file(file), error;
  }
  int error = exists ? take_over(file->descriptor, &old) : 0;
  if (error) return rv_file_abandon(file), error;
  *out = file;
  return 0;
}

int rv_file_write(rv_file *file, const void *data, size_t bytes) {
  for (const char *at = data; bytes;) {
    ssize_t n = write(file->descriptor, at, bytes < 1 << 30 ? bytes : 1 << 30);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    at += n;
    bytes -= (size_t)n;
  }
  return 0;
}

int rv_file_rewrite(rv_file *file, const void *data, size_t bytes) {
  ssize_t n = pwrite(file->descriptor, data, bytes, 0);
  return n == (ssize_t)bytes ? 0 : n < 0 ? errno : EIO;
}

void rv_file_abandon(rv_file *file) {
  if (file && file->temporary) unlink(file->temporary);
  free_file(file);
}

static int sync_folder(const char *path) {
  char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
  if (!folder) return ENOMEM;
  if (slash) slash[slash == folder] = 0;
  int descriptor = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int error = descriptor < 0 || fsync(descriptor) ? errno : 0;
  if (descriptor >= 0) close(descriptor);
  free(folder);
  return error == EINVAL ? 0 : error; /* some file systems have folders that cannot be synced */
}

int rv_file_commit(rv_file *file) {
  int error = fsync(file->descriptor) ? errno : 0;
  if (close(file->descriptor) && !error) error = errno;
  file->descriptor = -1;
  if (!error && rename(file->temporary, file->path)) error = errno;
  if (error) return rv_file_abandon(file), error;
  error = sync_folder(file->path);
  free_file(file);
  return error;
}

int rv_file_open(const char *path, rv_file **out, uint64_t *bytes) {
  struct stat about;
  rv_file *file = calloc(1, sizeof *file);
  *out = NULL;
  if (!file) return ENOMEM;
  file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  int error = file->descriptor < 0 || fstat(file->descriptor, &about) ? errno : 0;
  if (!error && !S_ISREG(about.st_mode)) error = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
  if (error) return free_file(file), error;
  *bytes = file->bytes = (uint64_t)about.st_size;
  *out = file;
  return 0;
}

int rv_file_read(rv_file *file, uint64_t offset, void *out, size_t bytes) {
  for (char *at = out; bytes;) {
    ssize_t n = pread(file->descriptor, at, bytes < 1 << 30 ? bytes : 1 << 30, (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    at += n;
    offset += (uint64_t)n;
    bytes -= (size_t)n;
  }
  return 0;
}

static int map(rv_file *file, int protection, int flags, void **out) {
  void *memory = mmap(NULL, file->bytes, protection, flags, file->descriptor, 0);
  *out = memory == MAP_FAILED ? NULL : memory;
  return memory == MAP_FAILED ? errno : 0;
}

int rv_file_map(rv_file *file, void **out) { return map(file, PROT_READ, MAP_SHARED, out); }
int rv_file_map_own(rv_file *file, void **out) { return map(file, PROT_READ | PROT_WRITE, MAP_PRIVATE, out); }

void rv_file_forget(void *memory, size_t bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = ((uintptr_t)memory + page - 1) & ~(page - 1);
  uintptr_t to = ((uintptr_t)memory + bytes) & ~(page - 1);
  if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
}


void rv_file_unmap(void *memory, uint64_t bytes) { munmap(memory, bytes); }
void rv_file_close(rv_file *file) { free_file(file); }

const char *rv_file_error(int error) {
  static _Thread_local char text[128];
#if defined(__GLIBC__)
  return strerror_r(error, text, sizeof text);
#else
  return strerror_r(error, text, sizeof text) ? "unknown error" : text;
#endif
}

#endif
