#ifndef LOWBIT_FORMAT_PYTORCH_TEST_WRITER_H_
#define LOWBIT_FORMAT_PYTORCH_TEST_WRITER_H_

// Files as torch.save writes them, byte by byte.

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/base/bytes.h"

namespace lowbit::pytorch::testing {

using Bytes = std::vector<uint8_t>;

inline void Append(const std::string& text, Bytes* bytes) { bytes->insert(bytes->end(), text.begin(), text.end()); }

inline Bytes FloatBytes(const std::vector<float>& values) {
  Bytes bytes;
  for (const float value : values) AppendLittle(value, &bytes);
  return bytes;
}

// A pickle of protocol 2, operation by operation.
class Pickler {
 public:
  Pickler() { bytes_ = {0x80, 2}; }

  Pickler& Op(uint8_t code) { return bytes_.push_back(code), *this; }
  Pickler& Op(char code) { return Op(static_cast<uint8_t>(code)); }
  Pickler& Text(const std::string& text) {
    Op('X');
    AppendLittle(static_cast<uint32_t>(text.size()), &bytes_);
    return Append(text, &bytes_), *this;
  }
  Pickler& Int(int32_t value) { return Op('J'), AppendLittle(value, &bytes_), *this; }
  Pickler& Global(const std::string& module, const std::string& name) {
    return Append("c" + module + "\n" + name + "\n", &bytes_), *this;
  }
  Pickler& Tuple(const std::vector<int32_t>& values) {
    Op('(');
    for (const int32_t value : values) Int(value);
    return Op('t');
  }
  // collections.OrderedDict()
  Pickler& Dict() { return Global("collections", "OrderedDict").Op(')').Op('R'); }
  // The key of a tensor, and the tensor: `elements` are those of its storage.
  Pickler& Tensor(const std::string& name, const std::string& storage, const std::string& key, int32_t elements,
                  int32_t offset, const std::vector<int32_t>& shape, const std::vector<int32_t>& strides) {
    Text(name).Global("torch._utils", "_rebuild_tensor_v2").Op('(');
    Op('(').Text("storage").Global("torch", storage).Text(key).Text("cpu").Int(elements).Op('t').Op('Q');
    return Int(offset).Tuple(shape).Tuple(strides).Op(uint8_t{0x89}).Dict().Op('t').Op('R');
  }
  Bytes Done() { return Op('.').bytes_; }

 private:
  Bytes bytes_;
};

using Entries = std::vector<std::pair<std::string, Bytes>>;

// A zip archive of stored entries with the records of zip64, as PyTorch's.
inline Bytes Zip(const Entries& entries) {
  Bytes file, directory;
  for (const auto& [name, content] : entries) {
    const uint32_t local = static_cast<uint32_t>(file.size());
    const auto checksum = static_cast<uint32_t>(crc32(0, content.data(), static_cast<uInt>(content.size())));
    const auto size = static_cast<uint32_t>(content.size());
    const auto fields = [&](Bytes* to) {
      for (const uint32_t half : {0u, 0x0808u, 0u, 0u, 0u}) AppendLittle(static_cast<uint16_t>(half), to);
      for (const uint32_t word : {checksum, size, size}) AppendLittle(word, to);
      AppendLittle(static_cast<uint16_t>(name.size()), to);
    };
    AppendLittle(uint32_t{0x04034b50}, &file);
    fields(&file);
    AppendLittle(uint16_t{5}, &file);  // Padding, as PyTorch aligns data.
    Append(name + "ZZZZZ", &file);
    file.insert(file.end(), content.begin(), content.end());
    AppendLittle(uint32_t{0x02014b50}, &directory);
    AppendLittle(uint16_t{0}, &directory);
    fields(&directory);
    directory.resize(directory.size() + 12);
    AppendLittle(local, &directory);
    Append(name, &directory);
  }
  const uint64_t at = file.size(), end64 = at + directory.size();
  file.insert(file.end(), directory.begin(), directory.end());
  AppendLittle(uint32_t{0x06064b50}, &file);
  for (const uint64_t value : {uint64_t{44}, uint64_t{0}, uint64_t{0}}) AppendLittle(value, &file);
  file.resize(file.size() - 4);  // Versions and disks are of 2, 2, 4 and 4 bytes.
  for (const uint64_t value : {uint64_t{entries.size()}, uint64_t{entries.size()}, uint64_t{directory.size()}, at}) {
    AppendLittle(value, &file);
  }
  AppendLittle(uint32_t{0x07064b50}, &file);
  AppendLittle(uint32_t{0}, &file);
  AppendLittle(end64, &file);
  AppendLittle(uint32_t{1}, &file);
  AppendLittle(uint32_t{0x06054b50}, &file);
  AppendLittle(uint32_t{0}, &file);
  for (int i = 0; i < 2; ++i) AppendLittle(static_cast<uint16_t>(entries.size()), &file);
  AppendLittle(static_cast<uint32_t>(directory.size()), &file);
  AppendLittle(static_cast<uint32_t>(at), &file);
  AppendLittle(uint16_t{0}, &file);
  return file;
}

}  // namespace lowbit::pytorch::testing

#endif  // LOWBIT_FORMAT_PYTORCH_TEST_WRITER_H_
