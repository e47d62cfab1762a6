#ifndef LOWBIT_RUNTIME_LOWBIT_H_
#define LOWBIT_RUNTIME_LOWBIT_H_

/* The C interface of lowbit's runtime (liblowbit.so): load a packed network, run it.
 *
 *   char error[256];
 *   lowbit_model* model = lowbit_model_load("net.lbm", 1, error, sizeof error);
 *   if (model == NULL) { fprintf(stderr, "%s\n", error); return 1; }
 *   if (lowbit_model_run(model, pixels, pixel_count, 1, logits, 10, error, sizeof error) != LOWBIT_OK) ...
 *   lowbit_model_free(model);
 *
 * No function aborts or throws, whatever file it is given. A function that can fail writes one sentence, cut to
 * `error_size` bytes with the closing 0, to `error`; both may be 0 where the text is not wanted. On success `error` is
 * left as it is. Numbers are IEEE floats of 32 bits, arrays are row-major, images are [batch, channels, height, width].
 *
 * A model may be used by one thread at a time; several models may be used at once. Strings returned belong to the model
 * and live as long as it does. Passing a null model is an error where one can be reported, and gives 0 or null elsewhere.
 */

/* NOLINTBEGIN: this is C, in C's ways */
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define LOWBIT_API __attribute__((visibility("default")))
#else
#define LOWBIT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lowbit_model lowbit_model;

typedef enum lowbit_status {
  LOWBIT_OK = 0,
  LOWBIT_FAILED = 1, /* Good input, but the work failed: no memory. */
  LOWBIT_INVALID = 2 /* Bad input: a damaged file, a wrong number of values. */
} lowbit_status;

/* The extent of a batch that the caller chooses. */
#define LOWBIT_ANY (-1)

/* "0.1.0" */
LOWBIT_API const char* lowbit_version(void);

/* Reads, checks and prepares a .lbm file. threads: how many to use for a run, the caller's included; 0: all that the
 * machine has. Results do not depend on it. Null on an error. */
LOWBIT_API lowbit_model* lowbit_model_load(const char* path, int threads, char* error, size_t error_size);

/* The same with all that can be chosen. Set size to sizeof(lowbit_options) and everything else to 0 before choosing. */
typedef struct lowbit_options {
  size_t size;
  int threads;      /* As of lowbit_model_load. */
  int strict;       /* Not 0: refuse a network of which a node would run by a slower way than it has to. */
  int no_self_test; /* Not 0: do not compare kernels with the operators' definitions before the model is given out. */
} lowbit_options;
LOWBIT_API lowbit_model* lowbit_model_open(const char* path, const lowbit_options* options, char* error,
                                           size_t error_size);

/* Null is allowed. */
LOWBIT_API void lowbit_model_free(lowbit_model* model);

/* How many inputs and outputs the graph has, and the name of one of them (null if there is none of that index). */
LOWBIT_API size_t lowbit_model_input_count(const lowbit_model* model);
LOWBIT_API size_t lowbit_model_output_count(const lowbit_model* model);
LOWBIT_API const char* lowbit_model_input_name(const lowbit_model* model, size_t index);
LOWBIT_API const char* lowbit_model_output_name(const lowbit_model* model, size_t index);

/* The number of dimensions; writes the first `capacity` extents. The first extent is LOWBIT_ANY where any batch will do.
 * 0 dimensions also if there is no input or output of that index. */
LOWBIT_API size_t lowbit_model_input_shape(const lowbit_model* model, size_t index, int64_t* extents, size_t capacity);
LOWBIT_API size_t lowbit_model_output_shape(const lowbit_model* model, size_t index, int64_t* extents, size_t capacity);

/* A text that travels with the model ("labels": one class name a line), or null. */
LOWBIT_API const char* lowbit_model_metadata(const lowbit_model* model, const char* key);

/* What runs each node of the network: its name, its kernel ("conv_u8_ternary"), the instruction set ("AVX3"; "" for plain
 * code) and why no better kernel runs it ("": this is the best). Null if there is no node of that index. */
LOWBIT_API size_t lowbit_model_node_count(const lowbit_model* model);
LOWBIT_API const char* lowbit_model_node_name(const lowbit_model* model, size_t index);
LOWBIT_API const char* lowbit_model_node_kernel(const lowbit_model* model, size_t index);
LOWBIT_API const char* lowbit_model_node_target(const lowbit_model* model, size_t index);
LOWBIT_API const char* lowbit_model_node_reason(const lowbit_model* model, size_t index);

/* Bytes that the model keeps for activations and scratch. */
LOWBIT_API uint64_t lowbit_model_planned_bytes(const lowbit_model* model);

/* The shape of an output for a batch of that size: where lowbit_model_output_shape begins with LOWBIT_ANY, that with `batch`
 * in its place; the other networks need to be asked. Where a graph has a fixed batch, n times as many give n times the first
 * extent (n numbers where the graph gives one). Writes the number of dimensions to *rank and the first `capacity` extents.
 * Like a run, it may plan anew. Returns a lowbit_status. */
LOWBIT_API int lowbit_model_output_shape_of_batch(lowbit_model* model, size_t index, int64_t batch, int64_t* extents,
                                                  size_t capacity, size_t* rank, char* error, size_t error_size);

/* Runs a batch through a model with one input and one output. input_count and output_count are the numbers of floats in
 * the arrays, and must be exactly those of the whole batch. The arrays may not overlap. Returns a lowbit_status. */
LOWBIT_API int lowbit_model_run(lowbit_model* model, const float* input, size_t input_count, int64_t batch,
                                float* output, size_t output_count, char* error, size_t error_size);

/* The same with any number of inputs and outputs, in the model's order: inputs[i] holds input_counts[i] floats. `batch` is the
 * first extent of the inputs that take any batch; of a graph without such, that of its first input, or a multiple of it. */
LOWBIT_API int lowbit_model_run_many(lowbit_model* model, const float* const* inputs, const size_t* input_counts,
                                     size_t inputs_given, int64_t batch, float* const* outputs,
                                     const size_t* output_counts, size_t outputs_given, char* error, size_t error_size);

#ifdef __cplusplus
}
#endif

/* NOLINTEND */
#endif /* LOWBIT_RUNTIME_LOWBIT_H_ */
