/* The shim (Sources/CNodeShim/convert.c) on a Node that refuses, for npm/test/refusing.test.js. What Node-API does only in a
 * living environment fails here after refuse(1), as it does in a worker that is being ended, and leaves poison where the
 * result would be. */
#if __has_include(<node_api.h>)
#include <node_api.h>
#else
#include <node/node_api.h>
#endif
#include <stdint.h>

static int refusing;
#define POISON ((void *)8)
#define REFUSE(result) \
  if (refusing) return *(result) = POISON, napi_pending_exception

static napi_status get_element(napi_env env, napi_value list, uint32_t i, napi_value *out) {
  REFUSE(out);
  return napi_get_element(env, list, i, out);
}
static napi_status set_element(napi_env env, napi_value list, uint32_t i, napi_value item) {
  return refusing ? napi_pending_exception : napi_set_element(env, list, i, item);
}
static napi_status create_promise(napi_env env, napi_deferred *deferred, napi_value *out) {
  if (refusing & 1) *deferred = POISON;
  if (refusing == 2) return napi_create_promise(env, deferred, out); /* refuses from the next step on */
  REFUSE(out);
  return napi_create_promise(env, deferred, out);
}
static napi_status create_external(napi_env env, void *data, napi_finalize finalize, void *hint, napi_value *out) {
  REFUSE(out);
  return napi_create_external(env, data, finalize, hint, out);
}
static napi_status call_function(napi_env env, napi_value self, napi_value function, size_t count, const napi_value *list,
                                 napi_value *out) {
  REFUSE(out);
  return napi_call_function(env, self, function, count, list, out);
}
#define napi_get_element get_element
#define napi_set_element set_element
#define napi_create_promise create_promise
#define napi_create_external create_external
#define napi_call_function call_function
#include "../../../Sources/CNodeShim/convert.c"

/* A table of its own: what takes lists, what gives a handle, what has a Promise form. */
static int alive;
int32_t rv_fail(rv_error *error, int32_t code, const char *message) {
  snprintf(error->message, sizeof error->message, "%s", message);
  return error->code = code;
}
static void retain(void *p) { (void)p, alive++; }
static void release(void *p) { (void)p, alive--; }
static const rv_handle_kind kinds[] = {{'v', 'w', 0, retain, release}, {'g', 0, RV_GRAPH, retain, release}, {'q', 0, 0, NULL, release}};
const rv_handle_kind *rv_handle_kind_of_type(uint32_t type) { return type == RV_GRAPH ? &kinds[1] : NULL; }
const rv_handle_kind *rv_handle_kind_of(char letter) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].letter == letter || kinds[i].list == letter) return &kinds[i];
  return NULL;
}

#define F(name) static int32_t name(rv_argument *a, rv_result *result, const rv_control *control, rv_error *error)
F(nothing) { return (void)a, (void)result, (void)control, (void)error, RV_OK; }
F(make) { return (void)a, (void)control, (void)error, alive++, result->handle = &alive, RV_OK; }
F(count) { return (void)a, (void)control, (void)error, result->number = alive, RV_OK; }
F(refuse) { return (void)result, (void)control, (void)error, refusing = (int)a[0].number, RV_OK; }

const rv_export *rv_exports(size_t *length) {
  static const rv_export rows[] = {
      {"buffers", "I", 0, nothing}, {"handles", "w", 0, nothing}, {"options", "o", 0, nothing}, {"make", "", 'v', make},
      {"job", "vc", 0, nothing},    {"count", "", 'n', count},    {"refuse", "n", 0, refuse},   {"share", "", 'g', make},
      {"port", "Xc", 0, nothing},   {"jobs", "wc", 0, nothing},
#ifdef UNKNOWN
      {"unknown", UNKNOWN, 0, nothing},
#endif
#ifdef UNKNOWN_RESULT
      {"unknown", "", UNKNOWN_RESULT, nothing},
#endif
  };
  return *length = sizeof rows / sizeof *rows, rows;
}
