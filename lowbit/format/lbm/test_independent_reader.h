#ifndef LOWBIT_FORMAT_LBM_TEST_INDEPENDENT_READER_H_
#define LOWBIT_FORMAT_LBM_TEST_INDEPENDENT_READER_H_

// A second reader of .lbm files, written from FORMAT.md alone: it includes nothing of lowbit, of FlatBuffers or of
// xxHash, and throws std::runtime_error. It makes the checks that keep it inside the file; the rest is the library's.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace independent {

struct NetworkInput {
  std::string name;
  std::vector<int64_t> shape;
};

struct NetworkAttribute {
  int type = 0;
  std::vector<int64_t> ints;
  std::vector<double> floats;
  std::string text;
};

struct NetworkNode {
  std::string name, op;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, NetworkAttribute> attributes;
};

struct NetworkParameter {
  int kind = 0;
  std::vector<int64_t> shape;
  std::vector<float> floats;  // Weights times scales for low-bit kinds.
  std::vector<int64_t> ints;
};

struct Network {
  std::string name;
  std::vector<NetworkInput> inputs;
  std::vector<std::string> outputs;
  std::vector<NetworkNode> nodes;
  std::map<std::string, NetworkParameter> parameters;
  std::map<std::string, std::string> metadata;
};

class Reader {
 public:
  explicit Reader(std::vector<uint8_t> file) : file_(std::move(file)) {}

  // Sections 2 to 4.
  Network Read() {
    ReadFrame();
    Network network;
    const size_t model = base_ + Load<uint32_t>(base_);
    Require(std::memcmp(&file_[base_ + 4], "LBM1", 4) == 0, "file identifier");
    for (const size_t at : Elements(model, 1, 4)) strings_.push_back(String(at + Load<uint32_t>(at)));
    for (size_t i = 1; i < strings_.size(); ++i) Require(strings_[i - 1] < strings_[i], "order of strings");
    network.name = Text(Scalar<uint32_t>(model, 0));
    for (const size_t at : Elements(model, 2, 4)) network.inputs.push_back(Input(at + Load<uint32_t>(at)));
    network.outputs = Texts(model, 3);
    for (const size_t at : Elements(model, 4, 4)) attributes_.push_back(Attribute(at + Load<uint32_t>(at)));
    for (const size_t at : Elements(model, 5, 4)) network.nodes.push_back(Node(at + Load<uint32_t>(at)));
    size_t end = data_;
    for (const size_t at : Elements(model, 6, 4)) ReadParameter(at + Load<uint32_t>(at), &end, &network);
    Require(end == file_.size(), "end of the data");
    for (const size_t at : Elements(model, 7, 8)) {
      network.metadata[Text(Load<uint32_t>(at))] = Text(Load<uint32_t>(at + 4));
    }
    return network;
  }

 private:
  static void Require(bool condition, const std::string& rule) {
    if (!condition) throw std::runtime_error(rule);
  }

  template <typename T>
  T Load(size_t at) const {
    Require(at <= file_.size() && sizeof(T) <= file_.size() - at, "a place outside the file");
    T value;
    std::memcpy(&value, &file_[at], sizeof value);  // This reader runs on little-endian machines.
    return value;
  }

  static size_t Up(size_t n, size_t a) { return n % a == 0 ? n : n + a - n % a; }

  void ReadFrame() {
    const uint8_t signature[8] = {0x4c, 0x42, 0x4d, 0x01, 0x0d, 0x0a, 0x1a, 0x0a};
    Require(file_.size() >= 64 && std::memcmp(file_.data(), signature, 8) == 0, "signature");
    Require(Load<uint32_t>(8) == 1, "version");
    Require(Load<uint32_t>(12) == 64, "header size");
    Require(Load<uint64_t>(16) == file_.size(), "file size");
    Require(Load<uint64_t>(24) == 64, "structure offset");
    const uint64_t structure = Load<uint64_t>(32);
    Require(structure <= 1u << 28, "structure size");
    data_ = Load<uint64_t>(40);
    Require(data_ == Up(64 + structure, 64) && data_ <= file_.size(), "data offset");
    Require(Load<uint64_t>(48) == file_.size() - data_, "data size");
    std::vector<uint8_t> sealed = file_;
    sealed.erase(sealed.begin() + 56, sealed.begin() + 64);
    Require(Load<uint64_t>(56) == Xxh64(sealed), "checksum");
    for (size_t i = 64 + structure; i < data_; ++i) Require(file_[i] == 0, "padding");
  }

  // doc/xxhash_spec.md, seed 0.
  static uint64_t Xxh64(const std::vector<uint8_t>& bytes) {
    const uint64_t p1 = 0x9E3779B185EBCA87u, p2 = 0xC2B2AE3D27D4EB4Fu, p3 = 0x165667B19E3779F9u;
    const uint64_t p4 = 0x85EBCA77C2B2AE63u, p5 = 0x27D4EB2F165667C5u;
    const auto rotate = [](uint64_t x, int n) { return x << n | x >> (64 - n); };
    const auto round = [&](uint64_t acc, uint64_t lane) { return rotate(acc + lane * p2, 31) * p1; };
    const auto number = [&](size_t at, size_t size) {
      uint64_t value = 0;
      std::memcpy(&value, &bytes[at], size);
      return value;
    };
    size_t at = 0;
    uint64_t hash = p5;
    if (bytes.size() >= 32) {
      uint64_t acc[4] = {p1 + p2, p2, 0, 0 - p1};
      for (; at + 32 <= bytes.size(); at += 32) {
        for (size_t i = 0; i < 4; ++i) acc[i] = round(acc[i], number(at + 8 * i, 8));
      }
      hash = rotate(acc[0], 1) + rotate(acc[1], 7) + rotate(acc[2], 12) + rotate(acc[3], 18);
      for (const uint64_t lane : acc) hash = (hash ^ round(0, lane)) * p1 + p4;
    }
    hash += bytes.size();
    for (; at + 8 <= bytes.size(); at += 8) hash = rotate(hash ^ round(0, number(at, 8)), 27) * p1 + p4;
    for (; at + 4 <= bytes.size(); at += 4) hash = rotate(hash ^ number(at, 4) * p1, 23) * p2 + p3;
    for (; at < bytes.size(); ++at) hash = rotate(hash ^ bytes[at] * p5, 11) * p1;
    hash = (hash ^ hash >> 33) * p2;
    hash = (hash ^ hash >> 29) * p3;
    return hash ^ hash >> 32;
  }

  // Section 6. The place of a field; 0 if it is absent.
  size_t Field(size_t table, int number) const {
    const size_t vtable = table - static_cast<size_t>(static_cast<int64_t>(Load<int32_t>(table)));
    const size_t slot = 4 + 2 * static_cast<size_t>(number);
    if (Load<uint16_t>(vtable) < slot + 2) return 0;
    const uint16_t distance = Load<uint16_t>(vtable + slot);
    return distance == 0 ? 0 : table + distance;
  }

  template <typename T>
  T Scalar(size_t table, int number) const {
    const size_t field = Field(table, number);
    return field == 0 ? T{0} : Load<T>(field);
  }

  // The places of a vector's elements.
  std::vector<size_t> Elements(size_t table, int number, size_t size) const {
    std::vector<size_t> places;
    const size_t field = Field(table, number);
    if (field == 0) return places;
    const size_t vector = field + Load<uint32_t>(field);
    for (size_t i = 0; i < Load<uint32_t>(vector); ++i) {
      places.push_back(vector + 4 + i * size);
      Require(places.back() < file_.size(), "a vector outside the file");
    }
    return places;
  }

  template <typename T>
  std::vector<T> Numbers(size_t table, int number) const {
    std::vector<T> numbers;
    for (const size_t at : Elements(table, number, sizeof(T))) numbers.push_back(Load<T>(at));
    return numbers;
  }

  std::string String(size_t at) const {
    const uint32_t size = Load<uint32_t>(at);
    Require(at + 4 + size < file_.size(), "a string outside the file");
    return std::string(file_.begin() + static_cast<int64_t>(at) + 4,
                       file_.begin() + static_cast<int64_t>(at + 4 + size));
  }

  // Section 3.
  std::string Text(uint32_t index) const { return strings_.at(index); }

  std::vector<std::string> Texts(size_t table, int number) const {
    std::vector<std::string> texts;
    for (const uint32_t index : Numbers<uint32_t>(table, number)) texts.push_back(Text(index));
    return texts;
  }

  NetworkInput Input(size_t table) const { return {Text(Scalar<uint32_t>(table, 0)), Numbers<int64_t>(table, 1)}; }

  std::pair<std::string, NetworkAttribute> Attribute(size_t table) const {
    NetworkAttribute attribute;
    attribute.type = Scalar<uint8_t>(table, 1);
    attribute.ints = Numbers<int64_t>(table, 2);
    attribute.floats = Numbers<double>(table, 3);
    attribute.text = Text(Scalar<uint32_t>(table, 4));
    return {Text(Scalar<uint32_t>(table, 0)), attribute};
  }

  NetworkNode Node(size_t table) const {
    NetworkNode node;
    node.name = Text(Scalar<uint32_t>(table, 0));
    node.op = Text(Scalar<uint32_t>(table, 1));
    node.inputs = Texts(table, 2);
    node.outputs = Texts(table, 3);
    for (const uint32_t index : Numbers<uint32_t>(table, 4)) node.attributes.insert(attributes_.at(index));
    return node;
  }

  void ReadParameter(size_t table, size_t* end, Network* network) const {
    NetworkParameter parameter;
    parameter.kind = Scalar<uint8_t>(table, 1);
    parameter.shape = Numbers<int64_t>(table, 2);
    const size_t begin = data_ + Scalar<uint64_t>(table, 3);
    Require(begin == data_ + Up(*end - data_, 8), "offset of a parameter");
    size_t elements = 1;
    for (const int64_t extent : parameter.shape) elements *= static_cast<size_t>(extent);
    *end = begin;
    if (parameter.kind == 0) {
      parameter.floats = Take<float>(elements, end);
    } else if (parameter.kind == 1) {
      parameter.ints = Take<int64_t>(elements, end);
    } else {
      ReadLowBit(table, elements, end, &parameter);
    }
    network->parameters[Text(Scalar<uint32_t>(table, 0))] = parameter;
  }

  // Section 4.
  template <typename T>
  std::vector<T> Take(size_t count, size_t* at) const {
    std::vector<T> numbers;
    for (; count > 0; --count, *at += sizeof(T)) numbers.push_back(Load<T>(*at));
    return numbers;
  }

  std::vector<float> Table(int storage, size_t count, size_t block, size_t* at) const {
    if (storage == 0) return Take<float>(count, at);
    Require(storage <= 2, "storage");
    std::vector<float> values;
    const size_t begin = *at;
    if (storage == 1) {
      for (const uint16_t bits : Take<uint16_t>(count, at)) values.push_back(Half(bits));
    } else {
      const std::vector<float> steps = Take<float>(block, at);
      for (const int8_t integer : Take<int8_t>(count, at)) values.push_back(steps[values.size() % block] * integer);
    }
    for (; (*at - begin) % 4 != 0; ++*at) Require(Load<uint8_t>(*at) == 0, "padding behind a codebook");
    return values;
  }

  static float Half(uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    Require(exponent != 31, "a half that is not finite");
    const double magnitude =
        exponent == 0 ? std::ldexp(bits & 1023, -24) : std::ldexp(1024 + (bits & 1023), exponent - 25);
    return static_cast<float>(bits >> 15 != 0 ? -magnitude : magnitude);
  }

  static size_t Width(int kind, size_t bits, size_t entries) {
    if (kind == 2) return 1;
    if (kind == 4) return bits;
    size_t width = 1;
    while (size_t{1} << width < entries) ++width;
    return width;
  }

  void ReadLowBit(size_t table, size_t elements, size_t* at, NetworkParameter* parameter) const {
    const int kind = parameter->kind;
    const bool row_scales = Scalar<uint8_t>(table, 4) != 0;
    const float zero_point = Scalar<uint8_t>(table, 6);
    const size_t bits = Scalar<uint8_t>(table, 5), entries = Scalar<uint16_t>(table, 7);
    const size_t block = kind == 6 ? Scalar<uint32_t>(table, 8) : 1;
    const size_t rows = static_cast<size_t>(parameter->shape.at(0)), codes = elements / rows / block;
    const std::vector<float> values = Table(Scalar<uint8_t>(table, 9), entries * block, block, at);
    const std::vector<float> scales = Take<float>(row_scales ? rows : 1, at);
    const size_t width = Width(kind, bits, entries);
    const size_t row_bytes = kind == 3 ? (codes + 4) / 5 : (codes * width + 7) / 8;
    for (size_t row = 0; row < rows; ++row, *at += row_bytes) {
      for (size_t i = 0; i < codes; ++i) {
        const size_t code = kind == 3 ? Trit(*at, i) : Bits(*at, i * width, width);
        const float scale = scales[row_scales ? row : 0];
        for (size_t j = 0; j < block; ++j) {
          const float c = static_cast<float>(code);
          const float value = kind == 2   ? 2 * c - 1
                              : kind == 3 ? c - 1
                              : kind == 4 ? c - zero_point
                                          : values.at(code * block + j);
          parameter->floats.push_back(scale * value);
        }
      }
    }
  }

  size_t Trit(size_t row, size_t i) const {
    size_t byte = Load<uint8_t>(row + i / 5);
    Require(byte < 243, "a byte that is not five ternary digits");
    for (size_t k = i % 5; k > 0; --k) byte /= 3;
    return byte % 3;
  }

  size_t Bits(size_t row, size_t first, size_t width) const {
    size_t code = 0;
    for (size_t k = 0; k < width; ++k) {
      const size_t j = first + k;
      code |= static_cast<size_t>(Load<uint8_t>(row + j / 8) >> j % 8 & 1) << k;
    }
    return code;
  }

  std::vector<uint8_t> file_;
  size_t base_ = 64;
  size_t data_ = 0;
  std::vector<std::string> strings_;
  std::vector<std::pair<std::string, NetworkAttribute>> attributes_;
};

}  // namespace independent

#endif  // LOWBIT_FORMAT_LBM_TEST_INDEPENDENT_READER_H_
