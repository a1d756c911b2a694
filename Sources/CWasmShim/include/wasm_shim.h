/* What a WebAssembly module without an operating system has to bring itself, and its exports for npm/lib/wasm. */
#ifndef RV_WASM_SHIM_H
#define RV_WASM_SHIM_H
#if defined(__wasm__)

#include "calls.h"

/* ---- Memory (memory.c) ------------------------------------------------------------------------------------------ */

void *malloc(size_t bytes);
void *aligned_alloc(size_t alignment, size_t bytes);
int posix_memalign(void **out, size_t alignment, size_t bytes);
void free(void *);
/* Bytes in use, the allocator's own included. */
uint32_t rv_wasm_in_use(void);
/* 1 once memory has been refused: a trap that follows is for want of memory. */
extern uint32_t rv_wasm_refused;

/* ---- Calls (module.c) ------------------------------------------------------------------------------------------- */

/* Random bits from outside: before any other call. */
void rv_wasm_seed(uint32_t low, uint32_t high);
/* Calls a row of the table (rv_exports). */
int32_t rv_wasm_call(uint32_t row, rv_argument *, rv_result *, const rv_control *, rv_error *);

#endif
#endif
