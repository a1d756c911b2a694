/* What the library asks of the operating system: CPU features, locks, threads, bounded allocation. */
#ifndef RV_SYSTEM_H
#define RV_SYSTEM_H
#include <stddef.h>
#include <stdint.h>

/* Highest x86-64 level of this CPU and operating system: 1, 3 or 4; 1 on other architectures. */
int rv_cpu_level(void);
/* The environment variable's value, or NULL. */
const char *rv_environment(const char *name);

/* A token that nothing had before, of whatever kind. They count from 1 in a process; in each WebAssembly instance, which shares
 * its objects with no other, from a random place far from those of the others. */
uint64_t rv_next_token(void);

/* 64-byte aligned memory; NULL when there is none or `bytes` exceeds the cap of 2^40. Free with rv_free. */
void *rv_allocate(size_t bytes);
void rv_free(void *memory);
/* The same for memory of a call. Large blocks that were given back are kept, 128 MB at most, for calls that want as much: the
 * system would take them only to clear them for the next one. It takes them where memory is short. Give back with rv_give_back. */
void *rv_borrow(size_t bytes);
void rv_give_back(void *memory);

/* Copies `count` rows of `width` floats, each from an address, one after the other. */
void rv_gather_rows(const uint64_t *addresses, float *out, size_t count, size_t width);

typedef struct rv_lock rv_lock;
rv_lock *rv_lock_create(void);
void rv_lock_destroy(rv_lock *);
void rv_lock_acquire(rv_lock *);
/* 1 if the lock is now the caller's, 0 if somebody has it. */
int rv_lock_try(rv_lock *);
void rv_lock_release(rv_lock *);

/* Many readers or one writer; a waiting writer goes before new readers. */
typedef struct rv_shared_lock rv_shared_lock;
rv_shared_lock *rv_shared_lock_create(void);
void rv_shared_lock_destroy(rv_shared_lock *);
void rv_shared_lock_read(rv_shared_lock *);
void rv_shared_lock_write(rv_shared_lock *);
void rv_shared_lock_release(rv_shared_lock *);

/* Runs task(context, i) once for each i in 0..<count on up to `threads` threads, the caller's included.
 * Threads sleep between jobs (they never spin); when another caller is using them, the caller works alone. */
void rv_parallel(intptr_t threads, intptr_t count, void (*task)(void *context, intptr_t index), void *context);

/* Atomic load of a caller's cancel flag. */
static inline uint32_t rv_flag_load(const volatile uint32_t *flag) {
  return __atomic_load_n(flag, __ATOMIC_RELAXED);
}
static inline void rv_flag_store(volatile uint32_t *flag, uint32_t value) {
  __atomic_store_n(flag, value, __ATOMIC_RELAXED);
}

/* A number that one thread publishes and others read: what was written before the store is seen after the load. */
static inline uint32_t rv_load_acquire(const uint32_t *place) { return __atomic_load_n(place, __ATOMIC_ACQUIRE); }
static inline void rv_store_release(uint32_t *place, uint32_t value) {
  __atomic_store_n(place, value, __ATOMIC_RELEASE);
}
/* The same for a byte. */
static inline uint8_t rv_load_byte(const void *place) { return __atomic_load_n((const uint8_t *)place, __ATOMIC_ACQUIRE); }
static inline void rv_store_byte(void *place, uint8_t value) {
  __atomic_store_n((uint8_t *)place, value, __ATOMIC_RELEASE);
}

#ifdef __wasm__
/* Sets a list of Swift's registry to the mechanisms of attention, in a module that has them (npm/scripts/wasm.sh). */
void rv_wasm_attention(void *list);
#endif
#endif
