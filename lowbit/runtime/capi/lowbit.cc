#include "lowbit/runtime/lowbit.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

#include "lowbit/base/version.h"
#include "lowbit/runtime/model.h"

struct lowbit_model {
  lowbit::runtime::Model model;
};

namespace {

using lowbit::Error;
using lowbit::ErrorKind;
using lowbit::Result;
using lowbit::Span;
using lowbit::runtime::Model;
using lowbit::runtime::NodePlan;
using lowbit::runtime::TensorInfo;

void Tell(const char* message, char* error, size_t error_size) {
  if (error == nullptr || error_size == 0) return;
  const size_t length = std::min(std::strlen(message), error_size - 1);
  std::memcpy(error, message, length);
  error[length] = '\0';
}

int Report(const Error& failure, char* error, size_t error_size) {
  Tell(failure.message.c_str(), error, error_size);
  return failure.kind == ErrorKind::kInvalid ? LOWBIT_INVALID : LOWBIT_FAILED;
}

// Runs the body; what it throws (the standard library, out of memory) becomes an error.
template <typename Body>
int Guard(char* error, size_t error_size, const Body& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    Tell("not enough memory", error, error_size);
  } catch (const std::exception& thrown) {
    Tell(thrown.what(), error, error_size);
  } catch (...) {
    Tell("unknown failure", error, error_size);
  }
  return LOWBIT_FAILED;
}

const char* NameAt(const std::vector<TensorInfo>& infos, size_t index) {
  return index < infos.size() ? infos[index].name.c_str() : nullptr;
}

size_t CopyShape(const lowbit::Shape& shape, int64_t* extents, size_t capacity) {
  if (extents != nullptr) std::copy_n(shape.begin(), std::min(capacity, shape.size()), extents);
  return shape.size();
}

size_t ShapeAt(const std::vector<TensorInfo>& infos, size_t index, int64_t* extents, size_t capacity) {
  return index < infos.size() ? CopyShape(infos[index].shape, extents, capacity) : 0;
}

template <typename T>
std::vector<Span<T>> Views(T* const* arrays, const size_t* counts, size_t given) {
  std::vector<Span<T>> views;
  for (size_t i = 0; i < given; ++i) views.emplace_back(arrays[i], counts[i]);
  return views;
}

template <typename T>
bool AllThere(T* const* arrays, const size_t* counts, size_t given) {
  if (given == 0) return true;
  return arrays != nullptr && counts != nullptr && std::find(arrays, arrays + given, nullptr) == arrays + given;
}

const char* TextAt(const lowbit_model* model, size_t index, std::string NodePlan::*text) {
  if (model == nullptr || index >= model->model.Nodes().size()) return nullptr;
  return (model->model.Nodes()[index].*text).c_str();
}

}  // namespace

static_assert(LOWBIT_ANY == lowbit::kDynamic);

const char* lowbit_version(void) { return lowbit::Version(); }

lowbit_model* lowbit_model_load(const char* path, int threads, char* error, size_t error_size) {
  lowbit_options options = {};
  options.size = sizeof(options);
  options.threads = threads;
  return lowbit_model_open(path, &options, error, error_size);
}

lowbit_model* lowbit_model_open(const char* path, const lowbit_options* options, char* error, size_t error_size) {
  lowbit_model* loaded = nullptr;
  Guard(error, error_size, [&]() -> int {
    if (path == nullptr) return Report(lowbit::Invalid("no path given"), error, error_size);
    if (options == nullptr) return Report(lowbit::Invalid("no options given"), error, error_size);
    // Further options will come behind these.
    if (options->size < sizeof(lowbit_options)) {
      return Report(lowbit::Invalid("options.size is not sizeof(lowbit_options)"), error, error_size);
    }
    Result<Model> model = Model::Load(
        path, {.threads = options->threads, .strict = options->strict != 0, .self_test = options->no_self_test == 0});
    if (!model.ok()) return Report(model.error(), error, error_size);
    loaded = new lowbit_model{std::move(model).value()};
    return LOWBIT_OK;
  });
  return loaded;
}

void lowbit_model_free(lowbit_model* model) { delete model; }

size_t lowbit_model_input_count(const lowbit_model* model) {
  return model == nullptr ? 0 : model->model.Inputs().size();
}

size_t lowbit_model_output_count(const lowbit_model* model) {
  return model == nullptr ? 0 : model->model.Outputs().size();
}

const char* lowbit_model_input_name(const lowbit_model* model, size_t index) {
  return model == nullptr ? nullptr : NameAt(model->model.Inputs(), index);
}

const char* lowbit_model_output_name(const lowbit_model* model, size_t index) {
  return model == nullptr ? nullptr : NameAt(model->model.Outputs(), index);
}

size_t lowbit_model_input_shape(const lowbit_model* model, size_t index, int64_t* extents, size_t capacity) {
  return model == nullptr ? 0 : ShapeAt(model->model.Inputs(), index, extents, capacity);
}

size_t lowbit_model_output_shape(const lowbit_model* model, size_t index, int64_t* extents, size_t capacity) {
  return model == nullptr ? 0 : ShapeAt(model->model.Outputs(), index, extents, capacity);
}

const char* lowbit_model_metadata(const lowbit_model* model, const char* key) {
  if (model == nullptr || key == nullptr) return nullptr;
  // Compared in place: making a string of the key could throw.
  for (const auto& [name, text] : model->model.Metadata()) {
    if (std::strcmp(name.c_str(), key) == 0) return text.c_str();
  }
  return nullptr;
}

size_t lowbit_model_node_count(const lowbit_model* model) { return model == nullptr ? 0 : model->model.Nodes().size(); }

const char* lowbit_model_node_name(const lowbit_model* model, size_t index) {
  return TextAt(model, index, &NodePlan::node);
}

const char* lowbit_model_node_kernel(const lowbit_model* model, size_t index) {
  return TextAt(model, index, &NodePlan::kernel);
}

const char* lowbit_model_node_target(const lowbit_model* model, size_t index) {
  return TextAt(model, index, &NodePlan::target);
}

const char* lowbit_model_node_reason(const lowbit_model* model, size_t index) {
  return TextAt(model, index, &NodePlan::reason);
}

uint64_t lowbit_model_planned_bytes(const lowbit_model* model) {
  return model == nullptr ? 0 : static_cast<uint64_t>(model->model.PlannedBytes());
}

int lowbit_model_output_shape_of_batch(lowbit_model* model, size_t index, int64_t batch, int64_t* extents,
                                       size_t capacity, size_t* rank, char* error, size_t error_size) {
  return Guard(error, error_size, [&]() -> int {
    if (model == nullptr || rank == nullptr || index >= model->model.Outputs().size()) {
      return Report(lowbit::Invalid("model and rank must not be null, and there must be an output of that index"),
                    error, error_size);
    }
    const Result<lowbit::Shape> shape = model->model.OutputShape(index, batch);
    if (!shape.ok()) return Report(shape.error(), error, error_size);
    *rank = CopyShape(shape.value(), extents, capacity);
    return LOWBIT_OK;
  });
}

int lowbit_model_run(lowbit_model* model, const float* input, size_t input_count, int64_t batch, float* output,
                     size_t output_count, char* error, size_t error_size) {
  return lowbit_model_run_many(model, &input, &input_count, 1, batch, &output, &output_count, 1, error, error_size);
}

int lowbit_model_run_many(lowbit_model* model, const float* const* inputs, const size_t* input_counts,
                          size_t inputs_given, int64_t batch, float* const* outputs, const size_t* output_counts,
                          size_t outputs_given, char* error, size_t error_size) {
  return Guard(error, error_size, [&]() -> int {
    if (model == nullptr || !AllThere(inputs, input_counts, inputs_given) ||
        !AllThere(outputs, output_counts, outputs_given)) {
      return Report(lowbit::Invalid("model, inputs and outputs must not be null"), error, error_size);
    }
    const lowbit::Status status = model->model.Run(Views(inputs, input_counts, inputs_given), batch,
                                                   Views(outputs, output_counts, outputs_given));
    return status.ok() ? LOWBIT_OK : Report(status.error(), error, error_size);
  });
}
