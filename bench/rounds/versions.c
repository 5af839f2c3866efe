/* The patched unit, in versions 1 to 21 (-DVERSION): each brings a function and data of its own. */
#define OPAQUE __attribute__((noinline))

static inline int opaque(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}

#define NAME2(prefix, number) prefix##number
#define NAME(prefix, number) NAME2(prefix, number)

static int NAME(calls_of_, VERSION) = VERSION; /* new data of the update */
static OPAQUE int NAME(added_in_, VERSION)(void) {
  NAME(calls_of_, VERSION) += opaque(0);
  return opaque(NAME(calls_of_, VERSION));
}

OPAQUE int first(void) { return NAME(added_in_, VERSION)(); }
OPAQUE int second(void) { return opaque(VERSION); }

/* The version that all of the activation was; 0 when it saw two. */
OPAQUE int version(void (*inside)(void)) {
  int own = opaque(VERSION);
  if (first() != own)
    return 0;
  if (inside)
    inside();
  return first() == own && second() == own ? own : 0;
}
