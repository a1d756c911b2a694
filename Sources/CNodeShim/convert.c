#include "convert.h"

#ifdef RV_HAS_NODE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Handles: a JS external holds a box, the box holds one reference. They never leave the facade's private
 * fields (npm/lib/handle.js checks what callers pass), so the box's own mark is check enough. ------------- */

typedef struct box {
  char mark[7], kind;
  void *pointer; /* NULL once closed */
  int64_t bytes; /* told to V8 */
} box;

static void *retain(char kind, void *p) {
  return kind == 'm' ? (void *)rv_retain(p) : kind == 'v' ? (void *)rv_vectors_retain(p) : NULL;
}

static void release(char kind, void *p) {
  if (kind == 'm') rv_release(p);
  else if (kind == 'v') rv_vectors_release(p);
  else rv_search_release(p);
}

static void close_box(napi_env env, box *b) {
  if (!b->pointer) return;
  release(b->kind, b->pointer);
  b->pointer = NULL;
  int64_t now;
  napi_adjust_external_memory(env, -b->bytes, &now);
}

static void finalize_box(napi_env env, void *data, void *hint) {
  (void)hint;
  close_box(env, data);
  free(data);
}

/* ---- The environment ------------------------------------------------------------------------------------ */

typedef struct job job;
typedef struct environment {
  napi_ref make_error; /* (code, message) => Error */
  job *jobs;           /* in flight */
} environment;

typedef struct call {
  const rv_export *row;
  rv_argument arguments[most_arguments];
  rv_control control;
  rv_result result;
  rv_error error;
  int32_t status;
  void *owned[2 * most_arguments]; /* freed with the call */
  size_t owned_count;
} call;

struct job {
  call call;
  napi_async_work work;
  napi_deferred deferred;
  napi_ref arguments; /* keeps buffers and handles of the arguments alive */
  environment *environment;
  job *next, **link;
};

int32_t rv_fail(rv_error *error, int32_t code, const char *message) {
  error->code = code;
  snprintf(error->message, sizeof error->message, "%s", message);
  return code;
}

static napi_value make_error(napi_env env, const rv_error *error) {
  environment *e;
  napi_value factory, undefined, arguments[2], result = NULL;
  napi_get_instance_data(env, (void **)&e);
  napi_create_int32(env, error->code, &arguments[0]);
  napi_create_string_utf8(env, error->message, NAPI_AUTO_LENGTH, &arguments[1]);
  napi_get_undefined(env, &undefined);
  if (e->make_error && napi_get_reference_value(env, e->make_error, &factory) == napi_ok &&
      napi_call_function(env, undefined, factory, 2, arguments, &result) == napi_ok)
    return result;
  napi_create_error(env, NULL, arguments[1], &result);
  return result;
}

/* ---- Arguments ------------------------------------------------------------------------------------------ */

static void *own(call *c, size_t bytes) {
  void *p = calloc(1, bytes ? bytes : 1);
  if (p) c->owned[c->owned_count++] = p;
  return p;
}

static int read_buffer(napi_env env, napi_value value, rv_buffer *out) {
  static const uint32_t types[] = {[napi_int8_array] = RV_I8,          [napi_uint8_array] = RV_U8,
                                   [napi_uint8_clamped_array] = RV_U8, [napi_uint32_array] = RV_U32,
                                   [napi_float32_array] = RV_F32,      [napi_float64_array] = RV_F64,
                                   [napi_biguint64_array] = RV_U64};
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok) return 0;
  if ((size_t)type >= sizeof types / sizeof *types || !types[type]) return 0;
  *out = (rv_buffer){.data = data, .type = types[type], .rank = 1, .dims = {length}, .writable = 1};
  return 1;
}

static char *read_text(napi_env env, napi_value value, call *c) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return NULL;
  char *text = own(c, length + 1);
  if (text) napi_get_value_string_utf8(env, value, text, length + 1, &length);
  return text;
}

/* RV_OK, RV_WRONG_HANDLE or RV_CLOSED. */
static int32_t read_handle(napi_env env, napi_value value, char kind, void **out) {
  box *b;
  if (napi_get_value_external(env, value, (void **)&b) != napi_ok || memcmp(b->mark, "rvector", 7) || b->kind != kind)
    return RV_WRONG_HANDLE;
  *out = b->pointer;
  return b->pointer ? RV_OK : RV_CLOSED;
}

static int read_options(napi_env env, napi_value value, call *c, rv_argument *a) {
  uint32_t length;
  if (napi_get_array_length(env, value, &length) != napi_ok || length % 2) return 0;
  a->count = length / 2;
  a->options = own(c, a->count * sizeof *a->options);
  for (uint32_t i = 0; a->options && i < a->count; i++) {
    rv_option *option = &a->options[i];
    napi_value key, item;
    napi_valuetype type;
    bool lossless;
    napi_get_element(env, value, 2 * i, &key);
    napi_get_element(env, value, 2 * i + 1, &item);
    if (c->owned_count + 2 > 2 * most_arguments || !(option->key = read_text(env, key, c))) return 0;
    napi_typeof(env, item, &type);
    if (type == napi_number) {
      option->kind = RV_NUMBER;
      napi_get_value_double(env, item, &option->number);
    } else if (type == napi_bigint) {
      option->kind = RV_INTEGER;
      napi_get_value_bigint_uint64(env, item, (uint64_t *)&option->integer, &lossless);
    } else {
      option->kind = RV_TEXT;
      if (!(option->text = read_text(env, item, c))) return 0;
    }
  }
  return a->options != NULL;
}

static int32_t bad_argument(call *c, int position, const char *wanted) {
  char message[160];
  snprintf(message, sizeof message, "expected %s for argument %d of %s, received another value", wanted, position + 1,
           c->row->name);
  return rv_fail(&c->error, RV_INVALID_ARGUMENT, message);
}

/* Buffers are read in a second pass, after everything that could run JavaScript or move them. */
static int32_t parse(napi_env env, napi_value *values, call *c) {
  int at = 0, position = 0;
  for (const char *f = c->row->input; *f; f++, at++, position++) {
    rv_argument *a = &c->arguments[at];
    memset(a, 0, sizeof *a); /* only those in use: a call costs some 100 ns in all */
    napi_value value = values[position];
    uint32_t length;
    int32_t code;
    switch (*f) {
      case 'n':
        if (napi_get_value_double(env, value, &a->number) != napi_ok) return bad_argument(c, position, "a number");
        break;
      case 'i':
        if (napi_get_value_double(env, value, &a->number) != napi_ok || !(a->number >= 0 && a->number <= 0x1p53) ||
            a->number != (double)(uint64_t)a->number)
          return bad_argument(c, position, "an integer >= 0");
        a->integer = (uint64_t)a->number;
        break;
      case 's':
        if (!(a->text = read_text(env, value, c))) return bad_argument(c, position, "a string");
        break;
      case 'o':
        if (!read_options(env, value, c, a)) return bad_argument(c, position, "options");
        break;
      case 'm': case 'v': case 'q':
        if (f[1] == '?') {
          napi_valuetype type;
          napi_typeof(env, value, &type);
          f++;
          if (type == napi_undefined || type == napi_null) break;
          code = read_handle(env, value, f[-1], &a->pointer);
        } else code = read_handle(env, value, *f, &a->pointer);
        if (code) return rv_fail(&c->error, code, code == RV_CLOSED ? "expected an open handle, received a closed one"
                                                                    : "expected a handle of the right kind, received another object");
        break;
      case 'M': case 'V':
        if (napi_get_array_length(env, value, &length) != napi_ok) return bad_argument(c, position, "an array");
        a->count = length;
        if (!(a->pointers = own(c, length * sizeof(void *)))) return rv_fail(&c->error, RV_OUT_OF_MEMORY, "out of memory");
        for (uint32_t i = 0; i < length; i++) {
          napi_value item;
          napi_valuetype type;
          napi_get_element(env, value, i, &item);
          napi_typeof(env, item, &type);
          if (*f == 'V' && type == napi_undefined) continue;
          if ((code = read_handle(env, item, *f == 'M' ? 'm' : 'v', &a->pointers[i])))
            return rv_fail(&c->error, code, "expected open handles, received another object or a closed one");
        }
        break;
      case 'c':
        c->control = (rv_control){.size = sizeof(rv_control), .threads = 1};
        napi_get_value_uint32(env, value, &c->control.threads);
        position++;
        break;
      default: break;
    }
    if (*f == 'b' && f[1] == '?') f++;
  }
  at = position = 0;
  for (const char *f = c->row->input; *f; f++, at++, position++) {
    rv_argument *a = &c->arguments[at];
    napi_value value = values[position];
    if (*f == 'b') {
      int found = read_buffer(env, value, &a->buffer);
      if (f[1] == '?') f++;
      else if (!found) return bad_argument(c, position, "a typed array");
    } else if (*f == 'B') {
      uint32_t length;
      if (napi_get_array_length(env, value, &length) != napi_ok) return bad_argument(c, position, "an array");
      a->count = length;
      if (!(a->buffers = own(c, length * sizeof(rv_buffer)))) return rv_fail(&c->error, RV_OUT_OF_MEMORY, "out of memory");
      for (uint32_t i = 0; i < length; i++) {
        napi_value item;
        napi_get_element(env, value, i, &item);
        if (!read_buffer(env, item, &a->buffers[i])) return bad_argument(c, position, "an array of typed arrays");
      }
    } else if (*f == 'c') {
      rv_buffer flag;
      if (read_buffer(env, values[++position], &flag) && flag.type == RV_U32 && flag.dims[0] > 0)
        c->control.cancel = flag.data;
    } else if (f[1] == '?') f++;
  }
  return RV_OK;
}

static void free_call(call *c) {
  while (c->owned_count) free(c->owned[--c->owned_count]);
  free(c->result.text);
  c->result.text = NULL;
}

/* ---- Results -------------------------------------------------------------------------------------------- */

static napi_value build(napi_env env, call *c) {
  napi_value value = NULL;
  switch (c->row->output) {
    case 'n': napi_create_double(env, c->result.number, &value); break;
    case 's': napi_create_string_utf8(env, c->result.text, NAPI_AUTO_LENGTH, &value); break;
    case 'm': case 'v': case 'q': {
      box *b = calloc(1, sizeof *b);
      if (!b) {
        release(c->row->output, c->result.handle);
        break;
      }
      *b = (box){.mark = "rvector", .kind = c->row->output, .pointer = c->result.handle, .bytes = (int64_t)c->result.number};
      napi_create_external(env, b, finalize_box, NULL, &value);
      int64_t now;
      napi_adjust_external_memory(env, b->bytes, &now);
      break;
    }
    default: napi_get_undefined(env, &value);
  }
  return value;
}

static napi_value call_sync(napi_env env, napi_callback_info info) {
  size_t count = most_arguments;
  napi_value values[most_arguments], result = NULL;
  call c;
  napi_get_cb_info(env, info, &count, values, NULL, (void **)&c.row);
  c.control.size = 0;
  c.result = (rv_result){0};
  c.owned_count = 0;
  c.error.message[0] = 0;
  if (!(c.status = parse(env, values, &c)))
    c.status = c.row->function(c.arguments, &c.result, c.control.size ? &c.control : NULL, &c.error);
  if (c.status) napi_throw(env, make_error(env, &c.error));
  else result = build(env, &c);
  free_call(&c);
  return result;
}

/* ---- Promises ------------------------------------------------------------------------------------------- */

static void for_each_handle(call *c, int taking) {
  int at = 0;
  for (const char *f = c->row->input; *f; f++) {
    if (*f == '?') continue;
    rv_argument *a = &c->arguments[at++];
    if ((*f == 'm' || *f == 'v') && a->pointer) {
      if (taking) retain(*f, a->pointer);
      else release(*f, a->pointer);
    }
    for (size_t i = 0; (*f == 'M' || *f == 'V') && i < a->count; i++) {
      char kind = *f == 'M' ? 'm' : 'v';
      if (taking) retain(kind, a->pointers[i]);
      else release(kind, a->pointers[i]);
    }
  }
}

static void execute(napi_env env, void *data) {
  (void)env;
  call *c = &((job *)data)->call;
  c->status = c->row->function(c->arguments, &c->result, c->control.size ? &c->control : NULL, &c->error);
}

static void complete(napi_env env, napi_status status, void *data) {
  job *j = data;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  if (status == napi_cancelled) j->call.status = rv_fail(&j->call.error, RV_ABORTED, "the operation was aborted");
  if (j->call.status) napi_reject_deferred(env, j->deferred, make_error(env, &j->call.error));
  else napi_resolve_deferred(env, j->deferred, build(env, &j->call));
  if ((*j->link = j->next)) j->next->link = j->link;
  for_each_handle(&j->call, 0);
  napi_delete_reference(env, j->arguments);
  napi_delete_async_work(env, j->work);
  free_call(&j->call);
  free(j);
  napi_close_handle_scope(env, scope);
}

static napi_value call_async(napi_env env, napi_callback_info info) {
  size_t count = most_arguments;
  napi_value values[most_arguments], promise, kept, name;
  job *j = calloc(1, sizeof *j);
  rv_error memory;
  if (!j) {
    rv_fail(&memory, RV_OUT_OF_MEMORY, "out of memory");
    napi_throw(env, make_error(env, &memory));
    return NULL;
  }
  napi_get_cb_info(env, info, &count, values, NULL, (void **)&j->call.row);
  napi_create_promise(env, &j->deferred, &promise);
  if ((j->call.status = parse(env, values, &j->call))) {
    napi_reject_deferred(env, j->deferred, make_error(env, &j->call.error));
    free_call(&j->call);
    free(j);
    return promise;
  }
  napi_create_array(env, &kept);
  for (uint32_t i = 0; i < count && i < most_arguments; i++) napi_set_element(env, kept, i, values[i]);
  napi_create_reference(env, kept, 1, &j->arguments);
  for_each_handle(&j->call, 1);
  napi_get_instance_data(env, (void **)&j->environment);
  j->link = &j->environment->jobs;
  if ((j->next = *j->link)) j->next->link = &j->next;
  *j->link = j;
  napi_create_string_utf8(env, j->call.row->name, NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, NULL, name, execute, complete, j, &j->work);
  napi_queue_async_work(env, j->work);
  return promise;
}

/* ---- The module ----------------------------------------------------------------------------------------- */

static napi_value set_error_factory(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value factory;
  environment *e;
  napi_get_cb_info(env, info, &count, &factory, NULL, NULL);
  napi_get_instance_data(env, (void **)&e);
  napi_create_reference(env, factory, 1, &e->make_error);
  return NULL;
}

static napi_value close_handle(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  box *b;
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  if (napi_get_value_external(env, value, (void **)&b) == napi_ok) close_box(env, b);
  return NULL;
}

/* Runs while jobs may still be in flight: they see their flag and end soon. */
static void stop_jobs(void *data) {
  for (job *j = ((environment *)data)->jobs; j; j = j->next)
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

napi_value rv_define_exports(napi_env env, napi_value exports, const rv_export *rows, size_t count) {
  environment *e = calloc(1, sizeof *e);
  if (!e) return NULL;
  napi_set_instance_data(env, e, free_environment, NULL);
  napi_add_env_cleanup_hook(env, stop_jobs, e);
  for (size_t i = 0; i < count; i++) {
    char name[64];
    define(env, exports, rows[i].name, call_sync, &rows[i]);
    snprintf(name, sizeof name, "%sAsync", rows[i].name);
    define(env, exports, name, call_async, &rows[i]);
  }
  define(env, exports, "setErrorFactory", set_error_factory, NULL);
  define(env, exports, "close", close_handle, NULL);
  return exports;
}
#endif
