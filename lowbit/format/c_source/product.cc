#include "lowbit/format/c_source/product.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "lowbit/core/integer_weights.h"

namespace lowbit::c_source {
namespace {

// Row-major as the parameter is, without scales.
std::vector<float> NumbersOf(const Network& network, const std::string& name, std::vector<float>* scales) {
  const auto* low_bit = std::get_if<QTensor>(&network.form().parameters.at(name).value);
  if (low_bit == nullptr) return network.Floats(name)->data;
  QTensor unscaled = *low_bit;
  unscaled.scales = {1};
  if (std::any_of(low_bit->scales.begin(), low_bit->scales.end(), [](float scale) { return scale != 1; })) {
    *scales = low_bit->scales;
  }
  return Dequantize(unscaled).data;
}

ops::Window WholeImage(const Extents& in) {
  ops::Window window;
  window.y.input = window.y.kernel = in.height;
  window.x.input = window.x.kernel = in.width;
  return window;
}

Element WeightElement(const Product& product) {
  if (!product.integers) return Element::kF32;
  const auto [low, high] = std::minmax_element(product.weights.begin(), product.weights.end());
  const Element element = ElementFor({static_cast<int64_t>(*low), static_cast<int64_t>(*high)});
  // Signed bytes at least: one kernel serves all small weights.
  const bool fits = *low >= -128 && *high <= 127;
  return fits ? Element::kI8 : element == Element::kU8 ? Element::kI16 : element;
}

int BitsFor(size_t values) {
  int bits = 1;
  while ((size_t{1} << bits) < values) ++bits;
  return bits;
}

}  // namespace

Product ReadProduct(const Network& network, const Node& node) {
  Product product;
  const std::string& source = network.ProductSource(node);
  const bool conv = node.op == "Conv";
  product.in = network.ExtentsOf(source);
  product.out = network.ExtentsOf(node.outputs[0]);
  product.groups = conv ? IntAttribute(node, "group", 1) : 1;
  product.input = network.ElementOf(source);
  product.integers = network.RangeOf(node.outputs[0]).has_value();
  const Shape& shape = network.ShapeOf(node.inputs[1]);
  product.window =
      conv ? ops::ResolveWindow(node, network.ShapeOf(source), {shape[2], shape[3]}).value() : WholeImage(product.in);
  std::vector<float> scales;
  const std::vector<float> numbers = NumbersOf(network, node.inputs[1], &scales);
  const bool across = !conv && IntAttribute(node, "transB", 0) == 0;
  const int64_t taps = product.window.y.kernel * product.window.x.kernel, channels = product.GroupChannels();
  product.row_size = taps * channels;
  product.weights.resize(numbers.size());
  for (int64_t m = 0; m < product.out.channels; ++m) {
    for (int64_t place = 0; place < product.row_size; ++place) {
      const int64_t from = across ? place * product.out.channels + m : m * product.row_size + place;
      const int64_t to = m * product.row_size + place % taps * channels + place / taps;
      // The scale of a matrix that is read across belongs to its input: it stays in the weight.
      const float scale = across && !scales.empty() ? scales[scales.size() == 1 ? 0 : static_cast<size_t>(place)] : 1;
      product.weights[static_cast<size_t>(to)] = scale * numbers[static_cast<size_t>(from)];
    }
  }
  if (!across) product.scales = std::move(scales);
  product.weight = WeightElement(product);
  const auto* low_bit = std::get_if<QTensor>(&network.form().parameters.at(node.inputs[1]).value);
  const bool vectors = low_bit != nullptr && low_bit->values.kind == ValueSet::Kind::kCodebook && !across;
  if (vectors) product.codebook = low_bit;
  return product;
}

namespace {

PackedRows PackVectors(const Product& product) {
  const QTensor& tensor = *product.codebook;
  PackedRows packed;
  packed.code = PackedRows::Code::kVectors;
  packed.block = tensor.values.block;
  packed.table = tensor.values.table;
  if (tensor.values.storage == ValueSet::Storage::kInt8 && !product.integers) {
    const std::vector<int8_t> bytes = tensor.values.TableIntegers();
    packed.table.assign(bytes.begin(), bytes.end());
    packed.steps = tensor.values.table_scales;
  }
  const size_t codes = static_cast<size_t>(product.out.channels * product.row_size / packed.block);
  const bool wide = tensor.values.Count() > 256;
  for (size_t i = 0; i < codes; ++i) {
    const int code = tensor.Code(i);
    if (wide) packed.wide_codes.push_back(static_cast<uint16_t>(code));
    if (!wide) packed.bytes.push_back(static_cast<uint8_t>(code));
  }
  packed.row_bytes = product.row_size / packed.block * (wide ? 2 : 1);
  return packed;
}

}  // namespace

PackedRows Pack(const Product& product) {
  if (product.codebook != nullptr) return PackVectors(product);
  PackedRows packed;
  const int most_bits = product.weight == Element::kI8 ? 6 : 8;
  std::set<float> values;
  for (const float weight : product.weights) {
    if (values.insert(weight).second && values.size() > size_t{1} << most_bits) break;
  }
  const int bits = BitsFor(values.size());
  if (bits > most_bits) {
    packed.row_bytes = product.row_size * BytesOf(product.weight);
    return packed;
  }
  packed.table.assign(values.begin(), values.end());
  packed.code = values.size() == 3 ? PackedRows::Code::kTrits : PackedRows::Code::kBits;
  packed.bits = bits;
  const bool trits = packed.code == PackedRows::Code::kTrits;
  packed.row_bytes = trits ? (product.row_size + 4) / 5 : (product.row_size * bits + 7) / 8;
  for (int64_t m = 0; m < product.out.channels; ++m) {
    std::vector<uint32_t> row(static_cast<size_t>(packed.row_bytes), 0);
    for (int64_t k = 0; k < product.row_size; ++k) {
      const float weight = product.weights[static_cast<size_t>(m * product.row_size + k)];
      const auto code = static_cast<uint32_t>(std::lower_bound(packed.table.begin(), packed.table.end(), weight) -
                                              packed.table.begin());
      if (trits) {
        static constexpr uint32_t kPlaces[] = {81, 27, 9, 3, 1};
        row[static_cast<size_t>(k / 5)] += code * kPlaces[k % 5];
        continue;
      }
      const int64_t bit = k * bits;
      row[static_cast<size_t>(bit / 8)] |= code << (bit % 8);
      if (bit % 8 + bits > 8) row[static_cast<size_t>(bit / 8 + 1)] |= code >> (8 - bit % 8);
    }
    for (const uint32_t byte : row)
      packed.bytes.push_back(static_cast<uint8_t>(trits ? (byte * 256 + 242) / 243 : byte));
  }
  return packed;
}

}  // namespace lowbit::c_source
