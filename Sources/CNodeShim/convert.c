#include "convert.h"

#ifdef RV_HAS_NODE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most_arguments = 24, most_owned = 64 };

/* ---- Handles: a JS external holds a box, the box holds one reference. They never leave the facade's private fields
 * (npm/lib/handle.js checks what callers pass), so the box's own mark is check enough. --------------------------- */

typedef struct box {
  char mark[8];
  const rv_handle_kind *kind;
  void *pointer; /* NULL once closed */
  int64_t bytes; /* told to V8 */
} box;

static const char mark[8] = "rvector";

static void close_box(napi_env env, box *b) {
  if (!b->pointer) return;
  b->kind->release(b->pointer);
  b->pointer = NULL;
  int64_t now;
  napi_adjust_external_memory(env, -b->bytes, &now);
}

static void finalize_box(napi_env env, void *data, void *hint) {
  (void)hint;
  close_box(env, data);
  free(data);
}

/* ---- Calls ------------------------------------------------------------------------------------------------ */

typedef struct job job;
typedef struct environment {
  napi_env env;
  job *jobs;           /* in flight */
  job *waiting, **last; /* those of them that the pool has not got yet, the oldest first */
  uint32_t running, most;
} environment;

typedef struct call {
  const rv_export *row;
  rv_argument arguments[most_arguments];
  rv_control control;
  rv_result result;
  rv_error error;
  int32_t status;
  void *owned[most_owned]; /* freed with the call */
  size_t owned_count;
} call;

struct job {
  call call;
  napi_async_work work;
  napi_deferred deferred;
  napi_ref arguments; /* `this` of the call, then its arguments: keeps their buffers and handles alive */
  job *next, **link, *next_waiting;
};

/* Errors are made by `self.makeError`, (code, message, wanted, subject, received) => Error, of the object whose function was called. JavaScript that is
 * evaluated again has the same addon, an object of its own around it, and errors of its own class. */
static const char error_factory[] = "makeError";

static napi_value make_error(napi_env env, napi_value self, const rv_error *error) {
  const char *texts[] = {error->message, error->wanted, error->subject, error->received};
  napi_value factory, arguments[5], result = NULL;
  napi_valuetype type = napi_undefined;
  napi_create_int32(env, error->code, &arguments[0]);
  for (int i = 0; i < 4; i++) napi_create_string_utf8(env, texts[i], NAPI_AUTO_LENGTH, &arguments[i + 1]);
  if (self) napi_typeof(env, self, &type);
  if (type == napi_object && napi_get_named_property(env, self, error_factory, &factory) == napi_ok &&
      napi_call_function(env, self, factory, 5, arguments, &result) == napi_ok)
    return result;
  napi_create_error(env, NULL, arguments[1], &result);
  return result;
}

/* ---- Arguments --------------------------------------------------------------------------------------------- */

static void *own(call *c, size_t bytes) {
  void *p = c->owned_count < most_owned ? calloc(1, bytes ? bytes : 1) : NULL;
  if (p) c->owned[c->owned_count++] = p;
  return p;
}

static int read_buffer(napi_env env, napi_value value, uint32_t writable, rv_buffer *out) {
  static const uint32_t types[] = {[napi_int8_array] = RV_I8,          [napi_uint8_array] = RV_U8,
                                   [napi_uint8_clamped_array] = RV_U8, [napi_uint32_array] = RV_U32,
                                   [napi_float32_array] = RV_F32,      [napi_float64_array] = RV_F64,
                                   [napi_biguint64_array] = RV_U64,    [napi_bigint64_array] = RV_I64};
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok) return 0;
  if ((size_t)type >= sizeof types / sizeof *types || !types[type]) return 0;
  *out = (rv_buffer){.data = data, .type = types[type], .rank = 1, .dims = {length}, .writable = writable};
  return 1;
}

static int as_matrix(rv_buffer *buffer, double rows, double dim) {
  uint64_t length = buffer->dims[0];
  if (!(rows >= 0 && rows <= 0x1p53 && dim >= 0 && dim <= 0x1p53)) return 0;
  uint64_t r = (uint64_t)rows, d = (uint64_t)dim;
  if (d ? r != length / d || length % d : length != 0) return 0;
  buffer->rank = 2;
  buffer->dims[0] = r;
  buffer->dims[1] = d;
  return 1;
}

static char *read_text(napi_env env, napi_value value, call *c) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return NULL;
  char *text = own(c, length + 1);
  if (text) napi_get_value_string_utf8(env, value, text, length + 1, &length);
  return text;
}

static int read_number(napi_env env, napi_value value, double *out) {
  return napi_get_value_double(env, value, out) == napi_ok;
}

/* NULL for another value. */
static box *box_of(napi_env env, napi_value value) {
  void *data;
  return napi_get_value_external(env, value, &data) == napi_ok && !memcmp(data, mark, sizeof mark) ? data : NULL;
}

static int32_t read_handle(napi_env env, napi_value value, const rv_handle_kind *kind, void **out, rv_error *error) {
  box *b = box_of(env, value);
  if (!b || b->kind != kind)
    return rv_fail(error, RV_WRONG_HANDLE, "expected a handle of the right kind, received another object");
  if (!(*out = b->pointer)) return rv_fail(error, RV_CLOSED, "expected an open handle, received a closed one");
  return RV_OK;
}

/* A handle that stands for a buffer: of a kind that has an rv_type. */
static int32_t read_port(napi_env env, napi_value value, rv_buffer *out, rv_error *error) {
  box *b = box_of(env, value);
  *out = (rv_buffer){.type = b ? b->kind->type : 0};
  return read_handle(env, value, out->type ? b->kind : NULL, &out->data, error);
}

/* An element of an array of the facade's: there, but from an environment that is being ended Node gives none. */
static int read_element(napi_env env, napi_value list, uint32_t i, napi_value *out) {
  return napi_get_element(env, list, i, out) == napi_ok;
}

/* An array of handles, undefined for none. */
static int32_t read_handles(napi_env env, napi_value value, const rv_handle_kind *kind, call *c, rv_argument *a) {
  uint32_t length;
  if (napi_get_array_length(env, value, &length) != napi_ok || !(a->pointers = own(c, length * sizeof(void *))))
    return rv_fail(&c->error, RV_INVALID_ARGUMENT, "expected an array of handles, received another value");
  for (a->count = 0; a->count < length; a->count++) {
    napi_value item;
    napi_valuetype type;
    if (!read_element(env, value, (uint32_t)a->count, &item)) return rv_fail(&c->error, RV_ABORTED, "the thread ends");
    napi_typeof(env, item, &type);
    int32_t code = type == napi_undefined ? RV_OK : read_handle(env, item, kind, &a->pointers[a->count], &c->error);
    if (code) return code;
  }
  return RV_OK;
}

/* Bytes of a string with its ending 0; 0 for another value. */
static size_t text_room(napi_env env, napi_value value) {
  size_t length;
  return napi_get_value_string_utf8(env, value, NULL, 0, &length) == napi_ok ? length + 1 : 0;
}

/* Writes a string at `*at` and moves that behind it. */
static const char *put_text(napi_env env, napi_value value, char **at) {
  size_t length;
  char *text = *at;
  napi_get_value_string_utf8(env, value, text, text_room(env, value), &length);
  *at += length + 1;
  return text;
}

static int32_t no_options(call *c) {
  return rv_fail(&c->error, RV_INVALID_ARGUMENT, "expected options by name, received another value");
}

/* Lists of children may be long: all texts lie in one piece of memory. */
static int32_t read_options(napi_env env, napi_value value, call *c, rv_argument *a) {
  uint32_t length;
  size_t room = 0;
  napi_value key, item;
  if (napi_get_array_length(env, value, &length) != napi_ok || length % 2) return no_options(c);
  for (uint32_t i = 0; i < length; i++) {
    if (!read_element(env, value, i, &item)) return no_options(c);
    room += text_room(env, item);
  }
  a->count = length / 2;
  a->options = own(c, a->count * sizeof *a->options);
  char *texts = own(c, room);
  if (!a->options || !texts) return no_options(c);
  for (uint32_t i = 0; i < a->count; i++) {
    rv_option *option = &a->options[i];
    napi_valuetype type;
    bool lossless;
    if (!read_element(env, value, 2 * i, &key) || !read_element(env, value, 2 * i + 1, &item)) return no_options(c);
    napi_typeof(env, item, &type);
    if (!text_room(env, key)) return no_options(c);
    option->key = put_text(env, key, &texts);
    option->kind = type == napi_number     ? RV_NUMBER
                   : type == napi_bigint   ? RV_INTEGER
                   : type == napi_external ? RV_CHILD
                                           : RV_TEXT;
    if (type == napi_number) napi_get_value_double(env, item, &option->number);
    else if (type == napi_bigint) napi_get_value_bigint_uint64(env, item, (uint64_t *)&option->integer, &lossless);
    else if (type == napi_external) {
      int32_t code = read_handle(env, item, rv_handle_kind_of('m'), (void **)&option->child, &c->error);
      if (code) return code;
    } else if (text_room(env, item)) option->text = put_text(env, item, &texts);
    else return no_options(c);
  }
  return RV_OK;
}

/* 0 for another value; then `c->error` may say more. */
static int read_buffers(napi_env env, char letter, napi_value *values, call *c, rv_argument *a) {
  uint32_t length;
  rv_buffer dims;
  if (napi_get_array_length(env, values[0], &length) != napi_ok) return 0;
  if (!(a->buffers = own(c, length * sizeof(rv_buffer)))) return 0;
  a->count = length;
  int shaped = read_buffer(env, values[1], 0, &dims) && dims.type == RV_F64 && dims.dims[0] == 2 * (uint64_t)length;
  for (uint32_t i = 0; i < length; i++) {
    napi_value item;
    napi_valuetype type;
    if (!read_element(env, values[0], i, &item)) return 0;
    napi_typeof(env, item, &type);
    if (type == napi_external) {
      if (read_port(env, item, &a->buffers[i], &c->error)) return 0;
      continue;
    }
    if (!read_buffer(env, item, letter == 'X' && i == length - 1, &a->buffers[i])) return 0;
    const double *shape = shaped ? (double *)dims.data + 2 * i : NULL;
    if (shape && shape[1] >= 0 && !as_matrix(&a->buffers[i], shape[0], shape[1])) return 0;
  }
  return 1;
}

/* The share done, for JavaScript to look at while the operation runs elsewhere. */
static void note_progress(void *user, double done) {
  __atomic_store_n((uint32_t *)user, (uint32_t)(done * 0xffffffffu), __ATOMIC_RELAXED);
}

/* JavaScript arguments that a letter takes. */
static int width(char letter) { return letter == 'x' ? 3 : strchr("IXc", letter) ? 2 : 1; }

/* Options and handles. */
static int32_t read_objects(napi_env env, char letter, napi_value value, call *c, rv_argument *a) {
  const box *b = box_of(env, value);
  if (b && b->kind->letter == letter && (a->pointer = b->pointer)) return RV_OK; /* without a look at the table */
  const rv_handle_kind *kind = rv_handle_kind_of(letter);
  if (!kind) return read_options(env, value, c, a);
  return kind->list == letter ? read_handles(env, value, kind, c, a) : read_handle(env, value, kind, &a->pointer, &c->error);
}

static int read_argument(napi_env env, char letter, napi_value *v, call *c, rv_argument *a) {
  double rows, dim;
  switch (letter) {
    case 'n': return read_number(env, *v, &a->number);
    case 'i':
      if (!read_number(env, *v, &a->number) || !(a->number >= 0 && a->number <= 0x1p53)) return 0;
      a->integer = (uint64_t)a->number;
      return a->number == (double)a->integer;
    case 's': return (a->text = read_text(env, *v, c)) != NULL;
    case 'f':
    case 'F': return read_buffer(env, *v, letter == 'F', &a->buffer) && a->buffer.type == RV_F32;
    case 'b':
    case 'B': return read_buffer(env, *v, letter == 'B', &a->buffer);
    case 'x':
      return read_number(env, v[1], &rows) && read_number(env, v[2], &dim) && read_buffer(env, *v, 0, &a->buffer) &&
             as_matrix(&a->buffer, rows, dim);
    case 'I':
    case 'X': return read_buffers(env, letter, v, c, a);
    case 'c': {
      rv_buffer flag;
      c->control = (rv_control){.size = sizeof(rv_control), .threads = 1};
      if (read_number(env, *v, &rows) && rows >= 1 && rows <= 256) c->control.threads = (uint32_t)rows;
      if (read_buffer(env, v[1], 1, &flag) && flag.type == RV_U32 && flag.dims[0] > 0) {
        c->control.cancel = flag.data;
        if (flag.dims[0] > 1) c->control.progress = note_progress, c->control.user = (uint32_t *)flag.data + 1;
      }
      return 1;
    }
    default: return 0;
  }
}

/* Two passes: memory is looked at last, after everything that could run JavaScript or move it. */
static int32_t parse(napi_env env, napi_value *values, call *c) {
  for (int memory = 0; memory <= 1; memory++) {
    int at = 0, position = 0;
    for (const char *f = c->row->input; *f; position += width(*f), f += 1 + (f[1] == '?'), at++) {
      rv_argument *a = &c->arguments[at];
      if (!memory) memset(a, 0, sizeof *a); /* only those in use: a call costs some 100 ns in all */
      if ((strchr("fFbBxIXc", *f) != NULL) != memory) continue;
      if (f[1] == '?') {
        napi_valuetype type;
        napi_typeof(env, values[position], &type);
        if (type == napi_undefined) continue;
      }
      if (!strchr("nisfFbBxIXc", *f)) {
        int32_t code = read_objects(env, *f, values[position], c, a);
        if (code) return code;
      } else if (!read_argument(env, *f, values + position, c, a)) {
        if (c->error.message[0]) return c->error.code;
        /* The facade has checked what callers pass; what it missed was detached or resized in mid-call. */
        int matrix = strchr("xIX", *f) != NULL;
        char message[128];
        snprintf(message, sizeof message, "expected %s for argument %d of %s, received another",
                 matrix ? "a matrix of its own size" : "a value of its own kind", position + 1, c->row->name);
        return rv_fail(&c->error, matrix ? RV_DIMENSION_MISMATCH : RV_INVALID_ARGUMENT, message);
      }
    }
  }
  return RV_OK;
}

static void free_call(call *c) {
  while (c->owned_count) free(c->owned[--c->owned_count]);
}

static void run_call(call *c) {
  c->status = c->row->function(c->arguments, &c->result, c->control.size ? &c->control : NULL, &c->error);
}

static napi_value build(napi_env env, call *c) {
  napi_value value = NULL;
  int64_t now;
  switch (c->row->output) {
    case 'n': napi_create_double(env, c->result.number, &value); break;
    case 's': napi_create_string_utf8(env, c->result.text, NAPI_AUTO_LENGTH, &value); break;
    case 0: napi_get_undefined(env, &value); break;
    default: {
      const rv_handle_kind *kind = rv_handle_kind_of(c->row->output);
      box *b = calloc(1, sizeof *b);
      if (!b) return kind->release(c->result.handle), napi_throw_error(env, "ERR_OUT_OF_MEMORY", "out of memory"), NULL;
      *b = (box){.kind = kind, .pointer = c->result.handle, .bytes = (int64_t)c->result.number};
      memcpy(b->mark, mark, sizeof mark);
      napi_adjust_external_memory(env, b->bytes, &now);
      if (napi_create_external(env, b, finalize_box, NULL, &value) != napi_ok) /* the environment ends */
        return finalize_box(env, b, NULL), NULL;
    }
  }
  return value;
}

static napi_value call_sync(napi_env env, napi_callback_info info) {
  size_t count = most_arguments;
  napi_value values[most_arguments], self, result = NULL;
  call c;
  napi_get_cb_info(env, info, &count, values, &self, (void **)&c.row);
  c.control.size = 0;
  c.result = (rv_result){0};
  c.owned_count = 0;
  c.error.message[0] = 0;
  if (!(c.status = parse(env, values, &c))) run_call(&c);
  if (c.status) napi_throw(env, make_error(env, self, &c.error));
  else result = build(env, &c);
  free_call(&c);
  return result;
}

/* ---- Promises ---------------------------------------------------------------------------------------------- */

/* One more reference, or one less, to a handle; of a kind of single ones there is no other. */
static void count_reference(const rv_handle_kind *kind, void *p, int more) {
  if (kind && p && kind->retain) (more ? kind->retain : kind->release)(p);
}

/* The same for everything that the arguments of a call stand for. */
static void count_references(call *c, int more) {
  const rv_argument *a = c->arguments;
  for (const char *f = c->row->input; *f; f += 1 + (f[1] == '?'), a++) {
    const rv_handle_kind *kind = rv_handle_kind_of(*f == 'o' ? 'm' : *f);
    if (kind && kind->letter == *f) count_reference(kind, a->pointer, more);
    for (size_t i = 0; i < a->count; i++) /* of a list */
      if (strchr("IX", *f)) count_reference(rv_handle_kind_of_type(a->buffers[i].type), a->buffers[i].data, more);
      else if (*f != 'o') count_reference(kind, a->pointers[i], more);
      else if (a->options[i].kind == RV_CHILD) count_reference(kind, a->options[i].child, more);
  }
}

static void execute(napi_env env, void *data) {
  (void)env;
  run_call(&((job *)data)->call);
}

static void free_job(napi_env env, job *j) {
  if ((*j->link = j->next)) j->next->link = j->link;
  count_references(&j->call, 0);
  napi_delete_reference(env, j->arguments);
  napi_delete_async_work(env, j->work);
  free_call(&j->call);
  free(j);
}

static napi_value job_error(napi_env env, job *j) {
  napi_value kept, self;
  int found = napi_get_reference_value(env, j->arguments, &kept) == napi_ok && read_element(env, kept, 0, &self);
  return make_error(env, found ? self : NULL, &j->call.error);
}

/* Returns whether there was still somebody to tell. */
static int settle(napi_env env, job *j) {
  napi_status told = j->call.status ? napi_reject_deferred(env, j->deferred, job_error(env, j))
                                    : napi_resolve_deferred(env, j->deferred, build(env, &j->call));
  free_job(env, j);
  return told == napi_ok;
}

static void drop_waiting(napi_env env, environment *e) {
  for (job *j; (j = e->waiting); free_job(env, j)) e->waiting = j->next_waiting;
  e->last = &e->waiting;
}

static int is_cancelled(const job *j) {
  const volatile uint32_t *flag = j->call.control.cancel;
  return flag && __atomic_load_n(flag, __ATOMIC_RELAXED);
}

/* Gives waiting jobs to the pool as far as the limit allows. Callbacks of jobs that end together run in one turn of the
 * event loop: few at a time leave it free, and leave threads of the pool to fs and dns. */
static void start_jobs(napi_env env, environment *e) {
  for (job *j; (j = e->waiting) && (e->running < e->most || is_cancelled(j));) {
    if (!(e->waiting = j->next_waiting)) e->last = &e->waiting;
    if (is_cancelled(j)) {
      j->call.status = rv_fail(&j->call.error, RV_ABORTED, "the operation was aborted");
      settle(env, j);
      continue;
    }
    e->running++;
    napi_queue_async_work(env, j->work);
  }
}

static void complete(napi_env env, napi_status status, void *data) {
  job *j = data;
  environment *e;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  if (status == napi_cancelled) j->call.status = rv_fail(&j->call.error, RV_ABORTED, "the operation was aborted");
  napi_get_instance_data(env, (void **)&e);
  e->running--;
  if (settle(env, j)) start_jobs(env, e);
  else drop_waiting(env, e); /* the environment ends */
  napi_close_handle_scope(env, scope);
}

static napi_value call_async(napi_env env, napi_callback_info info) {
  size_t count = most_arguments;
  napi_value values[most_arguments], promise = NULL, self, kept, name;
  environment *e;
  job *j = calloc(1, sizeof *j);
  if (!j) return napi_throw_error(env, "ERR_OUT_OF_MEMORY", "out of memory"), NULL;
  napi_get_cb_info(env, info, &count, values, &self, (void **)&j->call.row);
  if (napi_create_promise(env, &j->deferred, &promise) != napi_ok) return free(j), NULL; /* the environment ends */
  if (parse(env, values, &j->call)) {
    napi_reject_deferred(env, j->deferred, make_error(env, self, &j->call.error));
    free_call(&j->call);
    free(j);
    return promise;
  }
  napi_create_array(env, &kept);
  napi_status told = napi_set_element(env, kept, 0, self);
  for (uint32_t i = 0; i < count && i < most_arguments; i++) told |= napi_set_element(env, kept, i + 1, values[i]);
  if (told != napi_ok) return free_call(&j->call), free(j), NULL; /* the environment ends, and would not keep them */
  napi_create_string_utf8(env, j->call.row->name, NAPI_AUTO_LENGTH, &name);
  if (napi_create_reference(env, kept, 1, &j->arguments) != napi_ok ||
      napi_create_async_work(env, NULL, name, execute, complete, j, &j->work) != napi_ok)
    napi_fatal_error("ruvector", NAPI_AUTO_LENGTH, "Node is out of memory", NAPI_AUTO_LENGTH);
  count_references(&j->call, 1);
  napi_get_instance_data(env, (void **)&e);
  j->link = &e->jobs;
  if ((j->next = e->jobs)) j->next->link = &j->next;
  e->jobs = j;
  *e->last = j;
  e->last = &j->next_waiting;
  start_jobs(env, e);
  return promise;
}

/* ---- The module --------------------------------------------------------------------------------------------- */

static napi_value set_error_factory(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value factory, self;
  napi_get_cb_info(env, info, &count, &factory, &self, NULL);
  napi_set_named_property(env, self, error_factory, factory);
  return NULL;
}

/* How many jobs may be in the pool at a time. */
static napi_value limit_jobs(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  environment *e;
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  napi_get_instance_data(env, (void **)&e);
  napi_get_value_uint32(env, value, &e->most);
  return NULL;
}

/* A handle whose object has another size now. */
static napi_value resize_handle(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value values[2];
  double bytes;
  int64_t now;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  box *b = box_of(env, values[0]);
  if (!b || !b->pointer || !read_number(env, values[1], &bytes) || !(bytes >= 0 && bytes <= 0x1p53)) return NULL;
  napi_adjust_external_memory(env, (int64_t)bytes - b->bytes, &now);
  b->bytes = (int64_t)bytes;
  return NULL;
}

static napi_value close_handle(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  box *b = box_of(env, value);
  if (b) close_box(env, b);
  return NULL;
}

/* Drops the jobs that wait and asks those that run to stop. (Node waits for these before a worker ends.) */
static void stop_jobs(void *data) {
  environment *e = data;
  drop_waiting(e->env, e);
  for (job *j = e->jobs; j; j = j->next)
    if (j->call.control.cancel) __atomic_store_n((uint32_t *)j->call.control.cancel, 1, __ATOMIC_RELAXED);
}

static void free_environment(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  free(data);
}

static void define(napi_env env, napi_value exports, const char *name, napi_callback function, const void *data) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, (void *)data, &value);
  napi_set_named_property(env, exports, name, value);
}

/* Whether everything that the row takes and gives is a value as calls.h lists them or of a kind of handle that there is. */
static int is_known(const rv_export *row) {
  for (const char *f = row->input; *f; f++)
    if (!strchr("nsoifFbBxIXc?", *f) && !rv_handle_kind_of(*f)) return 0;
  return strchr("ns", row->output) || rv_handle_kind_of(row->output); /* or 0, the end of every string */
}

napi_value rv_define_exports(napi_env env, napi_value exports, const rv_export *rows, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!is_known(&rows[i])) return napi_throw_error(env, "ERR_WRONG_HANDLE", rows[i].name), NULL;
  environment *e = calloc(1, sizeof *e);
  if (!e) return NULL;
  *e = (environment){.env = env, .last = &e->waiting, .most = 4};
  napi_set_instance_data(env, e, free_environment, NULL);
  napi_add_env_cleanup_hook(env, stop_jobs, e);
  for (size_t i = 0; i < count; i++) {
    char name[64];
    define(env, exports, rows[i].name, call_sync, &rows[i]);
    if (!strchr(rows[i].input, 'c')) continue; /* what can be cancelled has a Promise form */
    snprintf(name, sizeof name, "%sAsync", rows[i].name);
    define(env, exports, name, call_async, &rows[i]);
  }
  define(env, exports, "setErrorFactory", set_error_factory, NULL);
  define(env, exports, "limitJobs", limit_jobs, NULL);
  define(env, exports, "resize", resize_handle, NULL);
  define(env, exports, "close", close_handle, NULL);
  return exports;
}

NAPI_MODULE_INIT() {
  size_t count;
  const rv_export *rows = rv_exports(&count);
  return rv_define_exports(env, exports, rows, count);
}
#endif
