/* The functions that the benchmarks call, compiled by clang: once without the plugin (prefix plain_), once with it (prefix
 * patched_), and once more with it as VERSION 2, which wfdiff compares with the first. */
#ifndef BENCH_MICRO_CALLEES_H
#define BENCH_MICRO_CALLEES_H

#ifdef __cplusplus
extern "C" {
#endif

/* As short as a function can be: what is added to it shows fully. */
long plain_step(long x);
long patched_step(long x);

/* A loop that the plugin polls in: its body is one volatile store. */
void plain_turns(long turns);
void patched_turns(long turns);

int patched_version(void);

/* Calls act(context) with `depth` more frames of about 100 bytes on the stack. */
void patched_at_depth(int depth, void (*act)(void *), void *context);

/* The loops that call the step functions; without the plugin, and alike to the byte but for the callee. */
long drive_plain_step(long calls);
long drive_patched_step(long calls);

/* Ten functions that all change in the update of ten.c; calls each once. */
long ten_all(long x);
int ten_version(void);

#ifdef __cplusplus
}
#endif
#endif
