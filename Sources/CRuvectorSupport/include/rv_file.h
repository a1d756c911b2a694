/* Files: written whole or not at all, read, mapped. Each function returns 0 or an errno; ENOSYS where there are no files. */
#ifndef RV_FILE_H
#define RV_FILE_H
#include <stddef.h>
#include <stdint.h>

typedef struct rv_file rv_file;

/* A new file that takes the place of `path` in rv_file_commit: until then it lies beside it under another name. Links are followed,
 * the new file has the old one's mode and owner; EINVAL for a pipe or a device. */
int rv_file_create(const char *path, rv_file **out);
int rv_file_write(rv_file *, const void *data, size_t bytes);
/* The first bytes anew. */
int rv_file_rewrite(rv_file *, const void *data, size_t bytes);
/* Everything to the disk, then the name (rename), then the folder to the disk. Frees the handle in any case. */
int rv_file_commit(rv_file *);
/* Removes what was written, and the handle. */
void rv_file_abandon(rv_file *);

/* Opens a file for reading; `bytes` receives its size. */
int rv_file_open(const char *path, rv_file **out, uint64_t *bytes);
/* Exactly so many bytes from `offset` on; EIO where the file ends before. */
int rv_file_read(rv_file *, uint64_t offset, void *out, size_t bytes);
/* The whole file as memory that must not be written to; it stays when the file is closed. */
int rv_file_map(rv_file *, void **out);
/* The same, but what is written to it stays this process's own and never reaches the file. */
int rv_file_map_own(rv_file *, void **out);
/* Mapped memory that nobody has written to need not stay in memory: it is read again when it is asked for. */
void rv_file_forget(void *memory, size_t bytes);
void rv_file_unmap(void *memory, uint64_t bytes);
void rv_file_close(rv_file *);
/* A sentence for an errno; the thread's own memory, until the next call. */
const char *rv_file_error(int error);
#endif
