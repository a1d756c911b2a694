/* malloc for one thread. Chunks lie side by side; each knows its size and that of the chunk in front, so that a freed
 * one joins its free neighbours at once (Knuth, The Art of Computer Programming 1, 2.5: boundary tags). Free chunks
 * hang in bins, four a power of two; a bitmap finds the next bin that has one. */
#include "wasm_shim.h"

#if defined(__wasm__)

typedef struct chunk {
  uint32_t before;               /* bytes of the chunk in front; 0: there is none */
  uint32_t size;                 /* bytes with this header, a multiple of 16; lowest bit: in use */
  struct chunk *next, *previous; /* of the same bin; memory of the user while in use */
} chunk;

enum { header = 8, page = 65536, bins = 128, most_looked_at = 16, growth = 16 };
_Static_assert(sizeof(chunk) == 16, "the smallest chunk");

extern unsigned char __heap_base;
static const uint32_t largest = 0x7fff0000; /* the module's own limit is 2 GiB (npm/scripts/wasm.sh) */
static chunk *bin[bins];
static uint64_t filled[bins / 64];
static chunk *last; /* an empty chunk, always in use, at the end of memory */
static uint32_t in_use;
uint32_t rv_wasm_refused;

static uint32_t size_of(const chunk *c) { return c->size & ~1u; }
static chunk *after(chunk *c) { return (chunk *)((char *)c + size_of(c)); }
static chunk *in_front(chunk *c) { return (chunk *)((char *)c - c->before); }

/* Sizes of one bin share their leading three bits. */
static uint32_t bin_of(uint32_t size) {
  uint32_t power = 31 - (uint32_t)__builtin_clz(size);
  return 4 * (power - 4) + ((size >> (power - 2)) & 3);
}

static void take_out(chunk *c) {
  uint32_t i = bin_of(c->size);
  if (c->next) c->next->previous = c->previous;
  if (c->previous) c->previous->next = c->next;
  else if (!(bin[i] = c->next)) filled[i / 64] &= ~(1ull << i % 64);
}

/* Joins a free chunk with its free neighbours and hangs it into its bin. */
static void put_in(chunk *c) {
  chunk *neighbour = after(c);
  c->size &= ~1u;
  if (!(neighbour->size & 1)) {
    take_out(neighbour);
    c->size += neighbour->size;
  }
  if (c->before && !((neighbour = in_front(c))->size & 1)) {
    take_out(neighbour);
    neighbour->size += c->size;
    c = neighbour;
  }
  after(c)->before = c->size;
  uint32_t i = bin_of(c->size);
  c->previous = 0;
  if ((c->next = bin[i])) c->next->previous = c;
  bin[i] = c;
  filled[i / 64] |= 1ull << i % 64;
}

/* Cuts `c` (in use) to `size` bytes; what is left over becomes free. */
static void cut(chunk *c, uint32_t size) {
  uint32_t rest = size_of(c) - size;
  if (rest < sizeof(chunk)) return;
  c->size = size | 1;
  chunk *free_part = after(c);
  free_part->before = size;
  free_part->size = rest | 1;
  put_in(free_part);
}

static int grow(uint32_t bytes) {
  uint32_t pages = (bytes + header + page - 1) / page;
  uint32_t more = pages > growth ? pages : growth;
  uint32_t start = (uint32_t)__builtin_wasm_memory_grow(0, more);
  if (start == UINT32_MAX) start = (uint32_t)__builtin_wasm_memory_grow(0, more = pages);
  if (start == UINT32_MAX) return 0;
  chunk *fresh = last;
  fresh->size = more * page | 1;
  last = after(fresh);
  last->before = fresh->size & ~1u;
  last->size = 1;
  put_in(fresh);
  return 1;
}

/* The room between the module's own data and the end of memory. A chunk starts 8 bytes before a multiple of 16. */
static void begin(void) {
  uint32_t first = (((uint32_t)&__heap_base + 15) & ~15u) + header;
  uint32_t end = (uint32_t)__builtin_wasm_memory_size(0) * page - header;
  chunk *c = (chunk *)first;
  if (first + sizeof(chunk) > end) {
    __builtin_wasm_memory_grow(0, 1);
    end += page;
  }
  *c = (chunk){.before = 0, .size = (end - first) | 1};
  last = after(c);
  last->before = end - first;
  last->size = 1;
  put_in(c);
}

static chunk *find(uint32_t size) {
  uint32_t i = bin_of(size);
  int looked_at = 0;
  for (chunk *c = bin[i]; c && looked_at++ < most_looked_at; c = c->next)
    if (c->size >= size) return c;
  for (i++; i < bins; i = (i / 64 + 1) * 64) {
    uint64_t rest = filled[i / 64] >> i % 64;
    if (rest) return bin[i + (uint32_t)__builtin_ctzll(rest)];
  }
  return 0;
}

void *malloc(size_t bytes) {
  if (!last) begin();
  uint32_t size = bytes > largest ? largest : ((uint32_t)bytes + header + 15) & ~15u;
  chunk *c = bytes > largest ? 0 : find(size);
  while (!c) {
    if (bytes > largest || !grow(size)) {
      rv_wasm_refused = 1;
      return 0;
    }
    c = find(size);
  }
  take_out(c);
  c->size |= 1;
  cut(c, size);
  in_use += size_of(c);
  return (char *)c + header;
}

void free(void *memory) {
  if (!memory) return;
  chunk *c = (chunk *)((char *)memory - header);
  if (!(c->size & 1)) __builtin_trap(); /* freed twice */
  in_use -= size_of(c);
  put_in(c);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
  if (alignment <= 16) return malloc(bytes);
  if (bytes > largest) bytes = largest; /* refused by malloc */
  char *memory = malloc(bytes + alignment + sizeof(chunk));
  if (!memory) return 0;
  uint32_t at = (uint32_t)memory, wanted = (at + (uint32_t)alignment - 1) & ~((uint32_t)alignment - 1);
  if (wanted != at && wanted - at < sizeof(chunk)) wanted += (uint32_t)alignment;
  chunk *c = (chunk *)(memory - header);
  in_use -= size_of(c);
  if (wanted != at) {
    chunk *front = c;
    uint32_t rest = size_of(c) - (wanted - at);
    front->size = (wanted - at) | 1;
    c = after(front);
    c->before = front->size & ~1u;
    c->size = rest | 1;
    after(c)->before = rest;
    put_in(front);
  }
  cut(c, ((uint32_t)bytes + header + 15) & ~15u);
  in_use += size_of(c);
  return (char *)c + header;
}

/* Swift's own objects and arrays come from here. Address 0 is memory like any other: nothing may be written there. */
int posix_memalign(void **out, size_t alignment, size_t bytes) {
  if (!(*out = aligned_alloc(alignment, bytes))) __builtin_trap();
  return 0;
}

uint32_t rv_wasm_in_use(void) { return in_use; }

#endif
