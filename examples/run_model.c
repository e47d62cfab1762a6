#include <stdio.h>
#include <stdlib.h>

#include "lowbit/runtime/lowbit.h"

int main(int argc, char** argv) {
  char error[256] = "no file named";
  lowbit_model* model = argc == 2 ? lowbit_model_load(argv[1], /*threads=*/1, error, sizeof error) : NULL;
  if (model == NULL) {
    fprintf(stderr, "%s\n", error);
    return 2;
  }
  int64_t image[4], logits[2]; /* [batch, channels, height, width] and [batch, classes] */
  lowbit_model_input_shape(model, 0, image, 4);
  lowbit_model_output_shape(model, 0, logits, 2);
  const size_t pixel_count = (size_t)(image[1] * image[2] * image[3]), classes = (size_t)logits[1];
  float* pixels = calloc(pixel_count, sizeof *pixels); /* Raw pixels, 0..255: a black image. */
  float* scores = calloc(classes, sizeof *scores);
  const int status = lowbit_model_run(model, pixels, pixel_count, /*batch=*/1, scores, classes, error, sizeof error);
  for (size_t i = 0; i < classes; ++i) printf("%g\n", scores[i]);
  free(pixels);
  free(scores);
  lowbit_model_free(model);
  return status;
}
