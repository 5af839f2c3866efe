/* Asks the command named by its first argument about itself, through <wfpatch/wfpatch.h> and the library as installed. */
#include <wfpatch/wfpatch.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char command[4096];
  printf("view %lu\n", wfp_published_view());
  fflush(stdout);
  if (argc < 2)
    return 0;
  snprintf(command, sizeof command, "'%s' status %d --json", argv[1], (int)getpid());
  return system(command) == 0 ? 0 : 1;
}
