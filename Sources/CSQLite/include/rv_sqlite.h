/* The functions of SQLite that a VectorStore uses, from the system's shared library, which is looked for when the first
 * store is opened: the addon links nothing, and loads where SQLite is missing. Declared here by SQLite's public, stable C
 * interface (https://sqlite.org/c3ref/intro.html): no header of SQLite is needed to build. */
#ifndef RV_SQLITE_H
#define RV_SQLITE_H
#include <stddef.h>
#include <stdint.h>

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;

/* Result codes (primary, and the two extended ones that say which constraint). */
enum {
  RV_SQLITE_OK = 0, RV_SQLITE_PERM = 3, RV_SQLITE_BUSY = 5, RV_SQLITE_LOCKED = 6, RV_SQLITE_NOMEM = 7,
  RV_SQLITE_READONLY = 8, RV_SQLITE_INTERRUPT = 9, RV_SQLITE_IOERR = 10, RV_SQLITE_CORRUPT = 11, RV_SQLITE_FULL = 13,
  RV_SQLITE_CANTOPEN = 14, RV_SQLITE_TOOBIG = 18, RV_SQLITE_AUTH = 23, RV_SQLITE_NOTADB = 26,
  RV_SQLITE_ROW = 100, RV_SQLITE_DONE = 101, RV_SQLITE_PRIMARYKEY = 19 | 6 << 8, RV_SQLITE_UNIQUE = 19 | 8 << 8
};
/* Types of values. */
enum { RV_SQLITE_INTEGER = 1, RV_SQLITE_FLOAT = 2, RV_SQLITE_TEXT = 3, RV_SQLITE_BLOB = 4 };
/* Flags of open_v2: reading, also writing, created where it is missing, the path a URI, no mutex of SQLite's own (there is one of
 * ours). */
enum {
  RV_SQLITE_READONLY_FILE = 1,
  RV_SQLITE_READWRITE = 2,
  RV_SQLITE_CREATE = 4,
  RV_SQLITE_URI = 0x40,
  RV_SQLITE_NOMUTEX = 0x8000
};

typedef struct rv_sqlite {
  int (*threadsafe)(void);
  int (*libversion_number)(void);
  int (*open_v2)(const char *path, sqlite3 **, int flags, const char *vfs);
  int (*close_v2)(sqlite3 *);
  int (*extended_result_codes)(sqlite3 *, int on);
  int (*busy_timeout)(sqlite3 *, int milliseconds);
  void (*progress_handler)(sqlite3 *, int instructions, int (*handler)(void *), void *context);
  const char *(*errmsg)(sqlite3 *);
  int (*get_autocommit)(sqlite3 *);
  int64_t (*last_insert_rowid)(sqlite3 *);
  int (*total_changes)(sqlite3 *);
  int (*prepare_v2)(sqlite3 *, const char *sql, int bytes, sqlite3_stmt **, const char **tail);
  int (*finalize)(sqlite3_stmt *);
  int (*step)(sqlite3_stmt *);
  int (*reset)(sqlite3_stmt *);
  int (*clear_bindings)(sqlite3_stmt *);
  int (*bind_parameter_count)(sqlite3_stmt *);
  int (*bind_null)(sqlite3_stmt *, int at);
  int (*bind_int64)(sqlite3_stmt *, int at, int64_t);
  int (*bind_double)(sqlite3_stmt *, int at, double);
  /* `release` NULL: the memory stays where it is until the statement is reset. */
  int (*bind_text)(sqlite3_stmt *, int at, const char *, int bytes, void (*release)(void *));
  int (*bind_blob)(sqlite3_stmt *, int at, const void *, int bytes, void (*release)(void *));
  int (*column_count)(sqlite3_stmt *);
  int (*column_type)(sqlite3_stmt *, int at);
  int64_t (*column_int64)(sqlite3_stmt *, int at);
  double (*column_double)(sqlite3_stmt *, int at);
  const void *(*column_text)(sqlite3_stmt *, int at);
  const void *(*column_blob)(sqlite3_stmt *, int at);
  int (*column_bytes)(sqlite3_stmt *, int at);
} rv_sqlite;

/* SQLite, or NULL where no library is found. Looks again until it has found one: a program that has installed it need not
 * start anew. RUVECTOR_SQLITE names a file that is tried instead of the usual names. Safe from any thread. */
const rv_sqlite *rv_sqlite_load(void);
/* The names that are tried, for people. */
const char *rv_sqlite_names(void);
#endif
