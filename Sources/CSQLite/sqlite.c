#include "rv_sqlite.h"

#if !defined(__wasm__)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#if defined(__APPLE__)
static const char *const names[] = {"libsqlite3.dylib", "/usr/lib/libsqlite3.dylib"};
#define NAMES "libsqlite3.dylib"
#else
static const char *const names[] = {"libsqlite3.so.0", "libsqlite3.so"};
#define NAMES "libsqlite3.so.0, libsqlite3.so"
#endif

/* The members of the struct in their order. */
static const char *const functions[] = {
    "sqlite3_threadsafe", "sqlite3_libversion_number", "sqlite3_open_v2", "sqlite3_close_v2",
    "sqlite3_extended_result_codes", "sqlite3_busy_timeout", "sqlite3_progress_handler", "sqlite3_errmsg",
    "sqlite3_get_autocommit", "sqlite3_last_insert_rowid", "sqlite3_total_changes", "sqlite3_prepare_v2",
    "sqlite3_finalize", "sqlite3_step", "sqlite3_reset", "sqlite3_clear_bindings", "sqlite3_bind_parameter_count",
    "sqlite3_bind_null", "sqlite3_bind_int64", "sqlite3_bind_double", "sqlite3_bind_text", "sqlite3_bind_blob",
    "sqlite3_column_count", "sqlite3_column_type", "sqlite3_column_int64", "sqlite3_column_double",
    "sqlite3_column_text", "sqlite3_column_blob", "sqlite3_column_bytes"};

enum { count = sizeof functions / sizeof *functions };
_Static_assert(sizeof(rv_sqlite) == count * sizeof(void *), "a name for each member");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static union {
  rv_sqlite functions;
  void *places[count];
} table;
static int loaded;

/* Opens one library; it stays open for the life of the process. */
static int load(const char *name) {
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) return 0;
  for (int i = 0; i < count; i++) {
    if (!(table.places[i] = dlsym(library, functions[i]))) return dlclose(library), 0;
  }
  return 1;
}

const rv_sqlite *rv_sqlite_load(void) {
  pthread_mutex_lock(&lock);
  const char *named = getenv("RUVECTOR_SQLITE");
  if (!loaded && named && *named) loaded = load(named);
  else
    for (size_t i = 0; !loaded && i < sizeof names / sizeof *names; i++) loaded = load(names[i]);
  pthread_mutex_unlock(&lock);
  return loaded ? &table.functions : NULL;
}

const char *rv_sqlite_names(void) {
  const char *named = getenv("RUVECTOR_SQLITE");
  return named && *named ? named : NAMES;
}
#endif
