/* Asks the shared library for its version, and for a file that is not there. */

#include <stdio.h>
#include <string.h>

#include "lowbit/runtime/lowbit.h"

int main(void) {
  char error[256] = "";
  lowbit_model* model = lowbit_model_load("nowhere.lbm", 1, error, sizeof error);
  printf("lowbit %s: %s\n", lowbit_version(), error);
  lowbit_model_free(model);
  return model == NULL && strstr(error, "nowhere.lbm") != NULL ? 0 : 1;
}
