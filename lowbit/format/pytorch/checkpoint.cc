#include "lowbit/format/pytorch/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "lowbit/base/bytes.h"
#include "lowbit/base/error_in.h"
#include "lowbit/base/file.h"
#include "lowbit/core/shape.h"
#include "lowbit/format/pytorch/pickle.h"
#include "lowbit/format/pytorch/zip.h"

namespace lowbit::pytorch {
namespace {

using safetensors::Dtype;
using Storages = std::map<std::string, Span<const uint8_t>>;  // By key.

constexpr uint8_t kZipBegin[] = {'P', 'K', 3, 4};
// PROTO 2, then the integer that begins the stream of old files.
constexpr uint8_t kStreamBegin[] = {0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

// How much of the file's size tensors may take together; more than one may show the same data.
constexpr uint64_t kMostShared = 8;

template <size_t size>
bool Begins(Span<const uint8_t> bytes, const uint8_t (&with)[size]) {
  return bytes.size() >= size && std::equal(std::begin(with), std::end(with), bytes.begin());
}

std::optional<Dtype> DtypeOf(const std::string& storage) {
  static const std::map<std::string, Dtype> known = {
      {"torch.BFloat16Storage", Dtype::kBF16}, {"torch.BoolStorage", Dtype::kBool},
      {"torch.ByteStorage", Dtype::kU8},       {"torch.CharStorage", Dtype::kI8},
      {"torch.DoubleStorage", Dtype::kF64},    {"torch.FloatStorage", Dtype::kF32},
      {"torch.HalfStorage", Dtype::kF16},      {"torch.IntStorage", Dtype::kI32},
      {"torch.LongStorage", Dtype::kI64},      {"torch.ShortStorage", Dtype::kI16}};
  const auto found = known.find(storage);
  return found == known.end() ? std::nullopt : std::optional<Dtype>(found->second);
}

// Data and the program that says what it is.
struct Archive {
  Pickle pickle;
  Storages storages;
};

Result<Archive> OpenZip(Span<const uint8_t> bytes) {
  LOWBIT_TRY(const auto entries, ReadZip(bytes));
  const std::string program = "/data.pkl";
  for (const auto& [name, content] : entries) {
    const size_t slash = name.find('/');
    if (slash == std::string::npos || name.substr(slash) != program) continue;
    const std::string folder = name.substr(0, slash);
    const auto order = entries.find(folder + "/byteorder");
    if (order != entries.end() && std::string(order->second.begin(), order->second.end()) != "little") {
      return Invalid("its numbers are not little-endian");
    }
    Archive archive;
    LOWBIT_TRY(archive.pickle, ReadPickle(content));
    const std::string data = folder + "/data/";
    for (const auto& [key, storage] : entries) {
      if (key.compare(0, data.size(), data) == 0) archive.storages[key.substr(data.size())] = storage;
    }
    return archive;
  }
  return Invalid("is a zip archive without " + program.substr(1) + ", and so none of torch.save");
}

// Three pickles that say how, one that says what, one with the keys of the storages, then these: a count and the data.
Result<Archive> OpenStream(Span<const uint8_t> bytes) {
  size_t at = 0;
  const auto next = [&]() -> Result<Pickle> {
    LOWBIT_TRY(Pickle pickle, ReadPickle(bytes.subspan(at, bytes.size() - at)));
    at += pickle.bytes;
    return pickle;
  };
  for (int i = 0; i < 2; ++i) LOWBIT_RETURN_IF_ERROR(next());
  LOWBIT_TRY(const Pickle system, next());
  const Object* little = system.Find(system[system.root], "little_endian");
  if (little == nullptr || little->integer != 1) return Invalid("its numbers are not little-endian");
  Archive archive;
  LOWBIT_TRY(archive.pickle, next());
  std::map<std::string, size_t> element_bytes;
  for (const Object& object : archive.pickle.objects) {
    if (object.kind != Kind::kStorage) continue;
    const std::optional<Dtype> dtype = DtypeOf(archive.pickle[object.items[0]].text);
    if (dtype.has_value()) element_bytes[object.text] = safetensors::ElementBytes(*dtype);
  }
  LOWBIT_TRY(const Pickle keys, next());
  for (const size_t item : keys[keys.root].items) {
    const std::string& key = keys[item].text;
    if (bytes.size() - at < 8 || element_bytes.count(key) == 0) return Invalid("the data of '" + key + "' is missing");
    const uint64_t count = LoadLittle<uint64_t>(bytes.data() + at);
    at += 8;
    if (count > (bytes.size() - at) / element_bytes[key]) return Invalid("the data of '" + key + "' is truncated");
    archive.storages[key] = bytes.subspan(at, count * element_bytes[key]);
    at += count * element_bytes[key];
  }
  return archive;
}

std::optional<Shape> Integers(const Pickle& pickle, const Object& list) {
  Shape values;
  for (const size_t item : list.items) {
    if (pickle[item].kind != Kind::kInteger || pickle[item].integer < 0) return std::nullopt;
    values.push_back(pickle[item].integer);
  }
  return values;
}

// Where a tensor's elements are among those of its storage.
struct View {
  Shape shape, strides;
  int64_t offset = 0;
};

// Whether all lie inside of `count` elements, and are as many at most.
bool Fits(const View& view, int64_t count) {
  const Result<int64_t> elements = CheckedElements(view.shape);
  if (!elements.ok() || view.offset < 0 || view.strides.size() != view.shape.size()) return false;
  if (elements.value() == 0) return true;
  int64_t last = view.offset;
  for (size_t i = 0; i < view.shape.size(); ++i) {
    const int64_t steps = view.shape[i] - 1;
    if (last >= count || (steps > 0 && view.strides[i] > (count - 1 - last) / steps)) return false;
    last += steps * view.strides[i];
  }
  return last < count && elements.value() <= count;
}

std::vector<uint8_t> Copy(const View& view, Span<const uint8_t> storage, size_t each) {
  const int64_t count = Elements(view.shape);
  std::vector<uint8_t> bytes(static_cast<size_t>(count) * each);
  std::vector<int64_t> place(view.shape.size(), 0);
  int64_t from = view.offset;
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(bytes.data() + static_cast<size_t>(i) * each, storage.data() + static_cast<size_t>(from) * each, each);
    for (size_t d = place.size(); d-- > 0;) {
      from += view.strides[d];
      if (++place[d] < view.shape[d]) break;
      from -= view.strides[d] * view.shape[d];
      place[d] = 0;
    }
  }
  return bytes;
}

class TensorReader {
 public:
  TensorReader(const Archive& archive, uint64_t most) : archive_(archive), left_(most) {}

  Result<safetensors::Tensor> Read(const Object& tensor) {
    const Pickle& pickle = archive_.pickle;
    const Object& storage = pickle[tensor.items[0]];
    const std::string& type = pickle[storage.items[0]].text;
    const std::optional<Dtype> dtype = DtypeOf(type);
    if (!dtype.has_value()) return Invalid("is of " + type + ", which is not read");
    const auto data = archive_.storages.find(storage.text);
    if (data == archive_.storages.end()) return Invalid("its data '" + storage.text + "' is missing");
    const size_t each = safetensors::ElementBytes(*dtype);
    const std::optional<Shape> shape = Integers(pickle, pickle[tensor.items[2]]),
                               strides = Integers(pickle, pickle[tensor.items[3]]);
    if (!shape.has_value() || !strides.has_value()) return Invalid("its extents or strides are no numbers from 0 on");
    const View view = {*shape, *strides, pickle[tensor.items[1]].integer};
    if (!Fits(view, static_cast<int64_t>(data->second.size() / each))) {
      return Invalid("its shape " + ToString(view.shape) + " does not fit the " + std::to_string(data->second.size()) +
                     " bytes of its data");
    }
    const uint64_t bytes = static_cast<uint64_t>(Elements(view.shape)) * each;
    if (bytes > left_) return Invalid("shares its data with more tensors than weights do");
    left_ -= bytes;
    return safetensors::Tensor{*dtype, view.shape, Copy(view, data->second, each)};
  }

 private:
  const Archive& archive_;
  uint64_t left_;
};

bool HasTensor(const Pickle& pickle, const Object& dict) {
  if (dict.kind != Kind::kDict) return false;
  return std::any_of(dict.items.begin(), dict.items.end(),
                     [&](size_t item) { return pickle[item].kind == Kind::kTensor; });
}

Result<const Object*> StateOf(const Pickle& pickle) {
  const Object& root = pickle[pickle.root];
  if (HasTensor(pickle, root)) return &root;
  for (const char* key : {"state_dict", "model_state_dict", "model", "params_ema", "params"}) {
    const Object* inner = pickle.Find(root, key);
    if (inner != nullptr && HasTensor(pickle, *inner)) return inner;
  }
  return Invalid(
      "holds no dictionary of tensors, neither itself nor under state_dict, model_state_dict, model, params_ema or "
      "params");
}

// Entries that are no tensors (a number of epochs) are left out.
Result<safetensors::File> Tensors(const Archive& archive, uint64_t most) {
  const Pickle& pickle = archive.pickle;
  LOWBIT_TRY(const Object* state, StateOf(pickle));
  safetensors::File file;
  TensorReader reader(archive, most);
  for (size_t i = 0; i + 1 < state->items.size(); i += 2) {
    const Object &key = pickle[state->items[i]], &value = pickle[state->items[i + 1]];
    if (value.kind != Kind::kTensor) continue;
    if (key.kind != Kind::kText) return Invalid("a tensor's name is no text");
    Result<safetensors::Tensor> tensor = reader.Read(value);
    if (!tensor.ok()) return Invalid("tensor '" + key.text + "': " + tensor.error().message);
    file.tensors[key.text] = std::move(tensor).value();
  }
  return file;
}

Result<safetensors::File> DecodeBytes(Span<const uint8_t> bytes) {
  const bool zip = Begins(bytes, kZipBegin);
  if (!zip && !Begins(bytes, kStreamBegin)) return Invalid("is no file of PyTorch's torch.save");
  LOWBIT_TRY(const Archive archive, zip ? OpenZip(bytes) : OpenStream(bytes));
  return Tensors(archive, kMostShared * bytes.size());
}

}  // namespace

bool IsCheckpoint(const std::string& path) {
  const Result<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return false;
  const Span<const uint8_t> bytes(file.value().data(), file.value().size());
  return Begins(bytes, kZipBegin) || Begins(bytes, kStreamBegin);
}

Result<safetensors::File> Decode(Span<const uint8_t> bytes, const std::string& name) {
  Result<safetensors::File> file = DecodeBytes(bytes);
  if (file.ok()) return file;
  return ErrorIn(name, file.error());
}

Result<safetensors::File> Read(const std::string& path) {
  LOWBIT_TRY(const MappedFile file, MappedFile::Open(path));
  return Decode(Span<const uint8_t>(file.data(), file.size()), path);
}

}  // namespace lowbit::pytorch
