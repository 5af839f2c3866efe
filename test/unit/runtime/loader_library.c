// A shared library that the loader's tests are linked with, for what only another object can have.
__thread int library_thread_local = 5;
int library_data = 6;

static int answer(void) { return 7; }
static int (*choose(void))(void) { return answer; }
int library_indirect(void) __attribute__((ifunc("choose")));

// Keeps the library needed.
int library_present(void) { return library_data; }
