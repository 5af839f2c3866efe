/* Where the functions of other libraries are that the runtime stands in for: before it, so that programs do not call it at all; or out of the
 * sight of RTLD_NEXT.  libc's own are where resolve_call() finds them.
 */
#define _GNU_SOURCE

#include "runtime/src/interpose_wrap.h"

#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_ours(const void *address, Dl_info *about) {
  static const char here;
  Dl_info ours;
  return !dladdr(address, about) || !dladdr(&here, &ours) || about->dli_fbase == ours.dli_fbase;
}

const char *wfp_library_before_us(const char *name) {
  Dl_info first;
  const void *address = dlsym(RTLD_DEFAULT, name);
  return address && !is_ours(address, &first) ? first.dli_fname : NULL;
}

typedef struct Object {
  struct Object *next;
  char file[];
} Object;

static int keep_name(struct dl_phdr_info *info, size_t size, void *list) {
  (void)size;
  Object **first = list;
  size_t length = strlen(info->dlpi_name) + 1;
  Object *object = malloc(sizeof(Object) + length);
  if (!object)
    return 1;
  memcpy(object->file, info->dlpi_name, length);
  object->next = *first;
  *first = object;
  return 0;
}

/* A handle is searched with all that the object depends on, and that may have ours first. */
static void *find_in(const char *file, const char *name, const char *version) {
  Dl_info about;
  void *handle = *file ? dlopen(file, RTLD_LAZY | RTLD_NOLOAD) : NULL;
  void *address = handle && version ? dlvsym(handle, name, version) : NULL;
  if (handle && !address)
    address = dlsym(handle, name);
  if (address && !is_ours(address, &about))
    return address; /* the handle keeps the object: its function is going to be called */
  if (handle)
    dlclose(handle);
  return NULL;
}

void *wfp_find_anywhere(const char *name, const char *version) {
  Object *objects = NULL;
  void *address = NULL;
  dl_iterate_phdr(keep_name, &objects); /* the dynamic linker must not be asked for more inside */
  while (objects) {
    Object *next = objects->next;
    if (!address)
      address = find_in(objects->file, name, version);
    free(objects);
    objects = next;
  }
  dlerror(); /* a look that failed leaves a message, which must not reach the program */
  return address;
}
