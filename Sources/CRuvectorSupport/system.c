#include "rv_system.h"

#if defined(__wasm__)

/* One thread; memory comes from the module's own malloc. The environment is what npm/lib/wasm writes here before the
 * first call: RUVECTOR_SIMD, the only variable the library asks for. */
char rv_wasm_simd[16];
void *aligned_alloc(size_t, size_t);
void free(void *);
int rv_cpu_level(void) { return 1; }
const char *rv_environment(const char *name) { return (void)name, rv_wasm_simd; }
void arc4random_buf(void *, size_t);
uint64_t rv_next_token(void) {
  static uint64_t last;
  uint32_t place;
  if (!last) {
    arc4random_buf(&place, sizeof place);
    last = (uint64_t)(place >> 12 | 1) << 32; /* below 2^53, which JavaScript's numbers hold */
  }
  return ++last;
}
struct rv_lock { char unused; };
static rv_lock only;
rv_lock *rv_lock_create(void) { return &only; }
void rv_lock_destroy(rv_lock *lock) { (void)lock; }
void rv_lock_acquire(rv_lock *lock) { (void)lock; }
int rv_lock_try(rv_lock *lock) { return (void)lock, 1; }
void rv_lock_release(rv_lock *lock) { (void)lock; }
struct rv_shared_lock { char unused; };
static rv_shared_lock only_shared;
rv_shared_lock *rv_shared_lock_create(void) { return &only_shared; }
void rv_shared_lock_destroy(rv_shared_lock *lock) { (void)lock; }
void rv_shared_lock_read(rv_shared_lock *lock) { (void)lock; }
void rv_shared_lock_write(rv_shared_lock *lock) { (void)lock; }
void rv_shared_lock_release(rv_shared_lock *lock) { (void)lock; }
void rv_parallel(intptr_t threads, intptr_t count, void (*task)(void *, intptr_t), void *context) {
  (void)threads;
  for (intptr_t i = 0; i < count; i++) task(context, i);
}

#else

#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

int rv_cpu_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return 4;
  if (__builtin_cpu_supports("x86-64-v3")) return 3;
#endif
  return 1;
}

const char *rv_environment(const char *name) { return getenv(name); }
uint64_t rv_next_token(void) {
  static uint64_t last;
  return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

struct rv_lock { pthread_mutex_t mutex; };

rv_lock *rv_lock_create(void) {
  rv_lock *lock = malloc(sizeof *lock);
  if (lock && pthread_mutex_init(&lock->mutex, NULL)) {
    free(lock);
    return NULL;
  }
  return lock;
}
void rv_lock_destroy(rv_lock *lock) {
  if (!lock) return;
  pthread_mutex_destroy(&lock->mutex);
  free(lock);
}
void rv_lock_acquire(rv_lock *lock) { pthread_mutex_lock(&lock->mutex); }
int rv_lock_try(rv_lock *lock) { return pthread_mutex_trylock(&lock->mutex) == 0; }
void rv_lock_release(rv_lock *lock) { pthread_mutex_unlock(&lock->mutex); }

struct rv_shared_lock { pthread_rwlock_t lock; };

rv_shared_lock *rv_shared_lock_create(void) {
  rv_shared_lock *shared = malloc(sizeof *shared);
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
#if defined(__GLIBC__)
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
  int failed = shared && pthread_rwlock_init(&shared->lock, &attributes);
  pthread_rwlockattr_destroy(&attributes);
  if (!failed) return shared;
  free(shared);
  return NULL;
}
void rv_shared_lock_destroy(rv_shared_lock *shared) {
  if (!shared) return;
  pthread_rwlock_destroy(&shared->lock);
  free(shared);
}
void rv_shared_lock_read(rv_shared_lock *shared) { pthread_rwlock_rdlock(&shared->lock); }
void rv_shared_lock_write(rv_shared_lock *shared) { pthread_rwlock_wrlock(&shared->lock); }
void rv_shared_lock_release(rv_shared_lock *shared) { pthread_rwlock_unlock(&shared->lock); }

/* The pool: one job at a time, handed out by a counter; helpers wait on a condition between jobs. */
enum { most_helpers = 63 };
static struct {
  pthread_mutex_t use;   /* held by the caller whose job runs */
  pthread_mutex_t state; /* guards what follows */
  pthread_cond_t wake, done;
  intptr_t helpers;      /* threads started */
  intptr_t wanted;       /* helpers the present job still takes */
  intptr_t working;      /* helpers inside the present job */
  intptr_t next, count;  /* the job's counter (atomic while it runs) and size */
  void (*task)(void *, intptr_t);
  void *context;
} pool = {.use = PTHREAD_MUTEX_INITIALIZER, .state = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static void run_share(void (*task)(void *, intptr_t), void *context, intptr_t count) {
  intptr_t i;
  while ((i = __atomic_fetch_add(&pool.next, 1, __ATOMIC_RELAXED)) < count) task(context, i);
}

static void *helper(void *unused) {
  pthread_mutex_lock(&pool.state);
  for (;;) {
    while (pool.wanted == 0) pthread_cond_wait(&pool.wake, &pool.state);
    pool.wanted--;
    pool.working++;
    void (*task)(void *, intptr_t) = pool.task;
    void *context = pool.context;
    intptr_t count = pool.count;
    pthread_mutex_unlock(&pool.state);
    run_share(task, context, count);
    pthread_mutex_lock(&pool.state);
    if (--pool.working == 0) pthread_cond_signal(&pool.done);
  }
  return unused;
}

void rv_parallel(intptr_t threads, intptr_t count, void (*task)(void *, intptr_t), void *context) {
  intptr_t helpers = (threads < count ? threads : count) - 1;
  if (helpers > most_helpers) helpers = most_helpers;
  if (helpers < 1 || pthread_mutex_trylock(&pool.use)) {
    for (intptr_t i = 0; i < count; i++) task(context, i);
    return;
  }
  pthread_mutex_lock(&pool.state);
  while (pool.helpers < helpers) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, helper, NULL)) break; /* go on with those we have */
    pthread_detach(thread);
    pool.helpers++;
  }
  pool.task = task;
  pool.context = context;
  pool.count = count;
  __atomic_store_n(&pool.next, 0, __ATOMIC_RELAXED);
  pool.wanted = helpers < pool.helpers ? helpers : pool.helpers;
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.state);
  run_share(task, context, count);
  pthread_mutex_lock(&pool.state);
  pool.wanted = 0; /* late wakers find nothing to do */
  while (pool.working) pthread_cond_wait(&pool.done, &pool.state);
  pthread_mutex_unlock(&pool.state);
  pthread_mutex_unlock(&pool.use);
}

#endif

#if defined(__linux__)
#include <sys/mman.h>
enum { large_page = 1 << 21, large = 2 * large_page };
#endif

void *rv_allocate(size_t bytes) {
#if SIZE_MAX > 0xffffffffu
  if (bytes > (size_t)1 << 40) return (void *)0;
#endif
  if (bytes > SIZE_MAX - 63) return (void *)0;
  size_t rounded = (bytes + 63) & ~(size_t)63;
#if defined(__linux__)
  /* Large memory in large pages, where the system leaves the choice to programs: streams then rarely wait for page
   * tables. */
  if (rounded >= large) {
    void *memory;
    if (posix_memalign(&memory, large_page, rounded)) return NULL;
    madvise(memory, rounded & ~(size_t)(large_page - 1), MADV_HUGEPAGE);
    return memory;
  }
#endif
  return aligned_alloc(64, rounded ? rounded : 64);
}
void rv_free(void *memory) { free(memory); }

/* Sanitizers look for memory that is used after it was given back. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RV_KEEPS_NOTHING
#endif
#endif

#if defined(__linux__) && !defined(RV_KEEPS_NOTHING)
#include <malloc.h>
enum { kept_blocks = 4, kept_most = 128 << 20 };
static struct {
  pthread_mutex_t lock;
  void *block[kept_blocks]; /* the one that was given back last is behind the others */
  int count;
  size_t bytes;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *take_kept(int i) {
  void *memory = kept.block[i];
  kept.bytes -= malloc_usable_size(memory);
  kept.count--;
  for (; i < kept.count; i++) kept.block[i] = kept.block[i + 1];
  return memory;
}

void *rv_borrow(size_t bytes) {
  if (bytes >= large && bytes <= kept_most) {
    pthread_mutex_lock(&kept.lock);
    int best = -1;
    for (int i = 0; i < kept.count; i++) {
      size_t has = malloc_usable_size(kept.block[i]);
      if (has < bytes || has / 2 > bytes) continue;
      if (best < 0 || has < malloc_usable_size(kept.block[best])) best = i;
    }
    void *memory = best < 0 ? NULL : take_kept(best);
    pthread_mutex_unlock(&kept.lock);
    if (memory) return memory;
  }
  return rv_allocate(bytes);
}

void rv_give_back(void *memory) {
  size_t bytes = malloc_usable_size(memory);
  if (bytes < large || bytes > kept_most) {
    free(memory);
    return;
  }
#if defined(MADV_FREE)
  madvise(memory, bytes & ~(size_t)(large_page - 1), MADV_FREE);
#endif
  pthread_mutex_lock(&kept.lock);
  while (kept.count > 0 && (kept.count == kept_blocks || kept.bytes + bytes > kept_most)) free(take_kept(0));
  kept.block[kept.count++] = memory;
  kept.bytes += bytes;
  pthread_mutex_unlock(&kept.lock);
}
#else
void *rv_borrow(size_t bytes) { return rv_allocate(bytes); }
void rv_give_back(void *memory) { free(memory); }
#endif

void rv_gather_rows(const uint64_t *addresses, float *out, size_t count, size_t width) {
  enum { ahead = 8 };
  for (size_t i = 0; i < count; i++) {
    if (i + ahead < count) {
      const char *next = (const char *)(uintptr_t)addresses[i + ahead];
      for (size_t at = 0; at < width * sizeof *out; at += 64) __builtin_prefetch(next + at);
    }
    __builtin_memcpy(out + i * width, (const float *)(uintptr_t)addresses[i], width * sizeof *out);
  }
}
