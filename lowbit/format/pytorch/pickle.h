#ifndef LOWBIT_FORMAT_PYTORCH_PICKLE_H_
#define LOWBIT_FORMAT_PYTORCH_PICKLE_H_

// Python's pickles, as far as files of weights need them. A pickle is a program for a stack machine, and in Python may call
// anything; here it can make numbers, texts, lists, dictionaries and descriptions of tensors, and nothing else: what else it
// names is an error.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"

namespace lowbit::pytorch {

enum class Kind : uint8_t {
  kNone,
  kInteger,  // True and False too.
  kFloat,
  kText,
  kList,     // Tuples too.
  kDict,     // items: key, value, key, value, ...
  kStorage,  // text: its key; items: the name of its class (kText), its number of elements.
  kTensor,   // items: storage, offset, extents, strides.
  kGlobal,   // text: "torch.FloatStorage"
};

struct Object {
  Kind kind = Kind::kNone;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<size_t> items;  // Indices into Pickle::objects.
};

struct Pickle {
  std::vector<Object> objects;
  size_t root = 0;   // What the pickle is.
  size_t bytes = 0;  // That it takes from the beginning.

  const Object& operator[](size_t i) const { return objects[i]; }
  // The value of a text key; null if there is none, or `dict` is no dictionary.
  const Object* Find(const Object& dict, const std::string& key) const;
};

// Reads one pickle of protocol 2 to 5 from the beginning of `bytes`. Every operation makes at most one object, so that memory is
// a small multiple of the pickle's bytes; lists may contain themselves.
// Errors, with the byte: an unknown operation, a truncated one, a stack that does not hold what one needs; a class or function
// beyond those of weights.
Result<Pickle> ReadPickle(Span<const uint8_t> bytes);

}  // namespace lowbit::pytorch

#endif  // LOWBIT_FORMAT_PYTORCH_PICKLE_H_
