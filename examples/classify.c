/* Classifies raw images with a packed network:
 *
 *   classify NET.lbm IMAGE...
 *
 * An image is a file of channels * height * width bytes, 0 to 255, channel by channel, row by row. Prints a line for
 * each: the file, the class with the largest output, its label if the network brings labels. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lowbit/runtime/lowbit.h"

/* The product of all extents but the batch's; 0 if there is no such shape. */
static size_t elements_of_one(size_t rank, const int64_t* extents) {
  if (rank < 1 || rank > 8) return 0;
  size_t count = 1;
  for (size_t i = 1; i < rank; ++i) count *= (size_t)extents[i];
  return count;
}

static int read_pixels(const char* path, size_t count, float* pixels) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return 0;
  size_t i = 0;
  for (int byte; i < count && (byte = fgetc(file)) != EOF; ++i) pixels[i] = (float)byte;
  const int complete = i == count && fgetc(file) == EOF;
  fclose(file);
  return complete;
}

/* Line `index` of the text; its length in *length. */
static const char* line_of(const char* text, size_t index, int* length) {
  for (; index > 0 && *text != '\0'; ++text) index -= *text == '\n';
  *length = (int)strcspn(text, "\n");
  return text;
}

static void print_class(const lowbit_model* model, const char* path, const float* scores, size_t classes) {
  size_t best = 0;
  for (size_t c = 1; c < classes; ++c) best = scores[c] > scores[best] ? c : best;
  const char* labels = lowbit_model_metadata(model, "labels");
  int length = 0;
  const char* label = labels == NULL ? "" : line_of(labels, best, &length);
  printf("%s: %zu %.*s\n", path, best, length, label);
}

static int classify(lowbit_model* model, int count, char** paths) {
  int64_t input[8] = {0}, output[8] = {0};
  const size_t pixels = elements_of_one(lowbit_model_input_shape(model, 0, input, 8), input);
  const size_t classes = elements_of_one(lowbit_model_output_shape(model, 0, output, 8), output);
  float* image = malloc((pixels + 1) * sizeof *image);
  float* scores = malloc((classes + 1) * sizeof *scores);
  char error[256];
  int status = image == NULL || scores == NULL;
  for (int i = 0; i < count && status == 0; ++i) {
    if (!read_pixels(paths[i], pixels, image)) {
      fprintf(stderr, "%s: not a file of %zu bytes\n", paths[i], pixels);
      status = 2;
    } else if (lowbit_model_run(model, image, pixels, 1, scores, classes, error, sizeof error) != LOWBIT_OK) {
      fprintf(stderr, "%s\n", error);
      status = 1;
    } else {
      print_class(model, paths[i], scores, classes);
    }
  }
  free(image);
  free(scores);
  return status;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: classify NET.lbm IMAGE...\n");
    return 2;
  }
  char error[256];
  lowbit_model* model = lowbit_model_load(argv[1], 1, error, sizeof error);
  if (model == NULL) {
    fprintf(stderr, "%s\n", error);
    return 2;
  }
  const int status = classify(model, argc - 2, argv + 2);
  lowbit_model_free(model);
  return status;
}
