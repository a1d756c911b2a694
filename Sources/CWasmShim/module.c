/* The module's exports, and the few C functions that compiled code expects to find. */
#include "wasm_shim.h"

#if defined(__wasm__)

/* The layout that npm/lib/wasm/arguments.js and machine.js write and read. */
#define AT(type, field, place) _Static_assert(offsetof(type, field) == (place), #type "." #field)
AT(rv_buffer, data, 0);
AT(rv_buffer, type, 4);
AT(rv_buffer, rank, 8);
AT(rv_buffer, dims, 16);
AT(rv_buffer, stride, 48);
AT(rv_buffer, writable, 56);
_Static_assert(sizeof(rv_buffer) == 64, "rv_buffer");
AT(rv_argument, buffers, 64);
AT(rv_argument, pointer, 68);
AT(rv_argument, options, 72);
AT(rv_argument, count, 76);
AT(rv_argument, number, 80);
AT(rv_argument, integer, 88);
AT(rv_argument, text, 96);
_Static_assert(sizeof(rv_argument) == 104, "rv_argument");
AT(rv_option, kind, 4);
AT(rv_option, number, 16);
AT(rv_option, integer, 24);
AT(rv_option, text, 32);
AT(rv_option, child, 48);
_Static_assert(sizeof(rv_option) == 56, "rv_option");
AT(rv_result, text, 8);
AT(rv_result, handle, 12);
AT(rv_control, threads, 4);
AT(rv_control, cancel, 8);
_Static_assert(sizeof(rv_control) == 20, "rv_control");
AT(rv_error, message, 4);
AT(rv_error, wanted, 260);
AT(rv_error, subject, 420);
AT(rv_error, received, 516);
_Static_assert(sizeof(rv_error) == 612, "rv_error");
AT(rv_export, input, 4);
AT(rv_export, output, 8);
_Static_assert(sizeof(rv_export) == 16, "rv_export");
AT(rv_handle_kind, list, 1);
AT(rv_handle_kind, type, 4);
_Static_assert(sizeof(rv_handle_kind) == 16, "rv_handle_kind");

int32_t rv_wasm_call(uint32_t row, rv_argument *a, rv_result *result, const rv_control *control, rv_error *error) {
  size_t count;
  const rv_export *rows = rv_exports(&count);
  if (row >= count) __builtin_trap();
  return rows[row].function(a, result, control, error);
}

/* ---- Random bits: SplitMix64 on a seed from outside (hash tables want them, and the tokens of vector sets) ------- */

static uint64_t state;

void rv_wasm_seed(uint32_t low, uint32_t high) { state = (uint64_t)high << 32 | low; }

void arc4random_buf(void *out, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    ((unsigned char *)out)[i] = (unsigned char)(z >> 56);
  }
}

/* ---- Bytes: single instructions of the bulk-memory extension where there are any ---------------------------------- */

void *memcpy(void *to, const void *from, size_t bytes) { return __builtin_memcpy(to, from, bytes); }
void *memmove(void *to, const void *from, size_t bytes) { return __builtin_memmove(to, from, bytes); }
void *memset(void *to, int value, size_t bytes) { return __builtin_memset(to, value, bytes); }

int memcmp(const void *a, const void *b, size_t bytes) {
  const unsigned char *x = a, *y = b;
  for (size_t i = 0; i < bytes; i++)
    if (x[i] != y[i]) return x[i] - y[i];
  return 0;
}

size_t strlen(const char *text) {
  size_t n = 0;
  while (text[n]) n++;
  return n;
}

/* a b of 128 bits, from products of 32-bit halves: what the compiler calls for the high half of a 64-bit product. */
__int128 __multi3(__int128 a, __int128 b) {
  uint64_t x = (uint64_t)a, y = (uint64_t)b, x0 = (uint32_t)x, x1 = x >> 32, y0 = (uint32_t)y, y1 = y >> 32;
  uint64_t low = x0 * y0, middle = x1 * y0 + (low >> 32), other = x0 * y1 + (uint32_t)middle;
  uint64_t high = x1 * y1 + (middle >> 32) + (other >> 32);
  high += (uint64_t)(a >> 64) * y + x * (uint64_t)(b >> 64);
  return (__int128)((unsigned __int128)high << 64 | (other << 32 | (uint32_t)low));
}

#endif
