#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "lowbit/base/bytes.h"
#include "lowbit/base/error_in.h"
#include "lowbit/base/file.h"
#include "lowbit/format/safetensors/safetensors.h"
#include "lowbit/format/safetensors/seal.h"

namespace lowbit::safetensors {
namespace {

using Json = nlohmann::json;

// Notices what JSON itself permits: a key twice in one object.
class DuplicateKeys {
 public:
  bool operator()(int /*depth*/, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      first_ = first_.empty() ? "'" + parsed.get<std::string>() + "'" : first_;
    }
    return true;
  }
  const std::string& first() const { return first_; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string first_;
};

Result<Json> ParseHeader(Span<const uint8_t> header) {
  if (header.empty() || header[0] != '{') return Invalid("header: does not begin with '{'");
  DuplicateKeys keys;
  Json json;
  try {
    json = Json::parse(header.begin(), header.end(), std::ref(keys));
  } catch (const Json::parse_error& error) {
    return Invalid("header: is not valid JSON at byte " + std::to_string(kLengthBytes + error.byte));
  } catch (const Json::exception&) {
    return Invalid("header: is not valid JSON");
  }
  if (!keys.first().empty()) return Invalid("header: has the key " + keys.first() + " twice");
  return json;
}

// The header's bytes. `file` may be anything.
Result<Span<const uint8_t>> HeaderOf(Span<const uint8_t> file) {
  if (file.empty()) return Invalid("is empty; expected a safetensors file");
  if (file.size() < kLengthBytes) return Invalid("is truncated: has " + std::to_string(file.size()) + " bytes");
  const uint64_t size = LoadLittle<uint64_t>(file.data());
  if (size > kMaxHeaderBytes) {
    return Invalid("says that its header has " + std::to_string(size) + " bytes; at most 10^8 were expected");
  }
  if (size > file.size() - kLengthBytes) {
    return Invalid("is truncated: its header has " + std::to_string(size) + " bytes; only " +
                   std::to_string(file.size() - kLengthBytes) + " follow");
  }
  return file.subspan(kLengthBytes, size);
}

Result<std::map<std::string, std::string>> ReadMetadata(const Json& header) {
  std::map<std::string, std::string> metadata;
  const auto found = header.find(kMetadataKey);
  if (found == header.end()) return metadata;
  if (!found->is_object()) return Invalid("header: '__metadata__' must be an object");
  for (const auto& [key, text] : found->items()) {
    if (!text.is_string()) return Invalid("header: metadata '" + key + "' must be a string");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

Status CheckSealOf(std::map<std::string, std::string>* metadata, uint64_t header_bytes, Span<const uint8_t> file,
                   Checksum checksum) {
  const auto found = metadata->find(kChecksumKey);
  if (found == metadata->end()) {
    if (checksum == Checksum::kIfPresent) return Ok();
    return Invalid(std::string("has no metadata '") + kChecksumKey + "'; expected a file with lowbit's checksum");
  }
  LOWBIT_RETURN_IF_ERROR(CheckSeal(found->second, header_bytes, file));
  metadata->erase(found);
  return Ok();
}

// A tensor as the header describes it, and the place of its data.
struct Entry {
  std::string name;
  Tensor tensor;
  uint64_t begin = 0;
  uint64_t end = 0;
};

bool IsListOfCounts(const Json& json) {
  return json.is_array() && std::all_of(json.begin(), json.end(), [](const Json& v) { return v.is_number_unsigned(); });
}

Result<Entry> ReadEntry(const std::string& name, const Json& json) {
  if (!json.is_object() || !json.contains("dtype") || !json.contains("shape") || !json.contains("data_offsets")) {
    return Invalid("must have dtype, shape and data_offsets");
  }
  const Json &dtype = json["dtype"], &shape = json["shape"], &offsets = json["data_offsets"];
  Entry entry;
  entry.name = name;
  const auto known = dtype.is_string() ? DtypeOf(dtype.get<std::string>()) : std::nullopt;
  if (!known) return Invalid("dtype is " + (dtype.is_string() ? dtype.dump() : "no text") + "; known: " + DtypeNames());
  entry.tensor.dtype = *known;
  if (!IsListOfCounts(shape)) return Invalid("shape must be a list of numbers that are not negative");
  for (const Json& extent : shape) {
    if (extent.get<uint64_t>() > static_cast<uint64_t>(kMaxElements)) return Invalid("has an extent above 2^40");
    entry.tensor.shape.push_back(extent.get<int64_t>());
  }
  LOWBIT_TRY(const int64_t elements, CheckedElements(entry.tensor.shape));
  if (!IsListOfCounts(offsets) || offsets.size() != 2) return Invalid("data_offsets must be two numbers");
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  const uint64_t expected = static_cast<uint64_t>(elements) * ElementBytes(entry.tensor.dtype);
  if (entry.begin > entry.end || entry.end - entry.begin != expected) {
    return Invalid("data_offsets " + offsets.dump() + " do not span the " + std::to_string(expected) + " bytes of " +
                   Name(entry.tensor.dtype) + " " + ToString(entry.tensor.shape));
  }
  return entry;
}

Result<std::vector<Entry>> ReadEntries(const Json& header) {
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name == kMetadataKey) continue;
    auto entry = ReadEntry(name, json);
    if (!entry.ok()) return Invalid("tensor '" + name + "': " + entry.error().message);
    entries.push_back(std::move(entry).value());
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  return entries;
}

// The tensors lie in `data` one behind the other and fill it.
Status CheckPlaces(const std::vector<Entry>& entries, uint64_t data_bytes) {
  uint64_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end) {
      return Invalid("tensor '" + entry.name + "': data begins at " + std::to_string(entry.begin) +
                     (entry.begin < end ? ", inside that of another; expected " : " and leaves a hole; expected ") +
                     std::to_string(end));
    }
    end = entry.end;
  }
  if (end == data_bytes) return Ok();
  return Invalid(std::string(end > data_bytes ? "is truncated" : "has bytes after its end") + ": has " +
                 std::to_string(data_bytes) + " bytes of data; its tensors take " + std::to_string(end));
}

Result<File> DecodeAll(Span<const uint8_t> bytes, Checksum checksum) {
  LOWBIT_TRY(const Span<const uint8_t> header_bytes, HeaderOf(bytes));
  LOWBIT_TRY(const Json header, ParseHeader(header_bytes));
  File file;
  LOWBIT_TRY(file.metadata, ReadMetadata(header));
  LOWBIT_TRY(std::vector<Entry> entries, ReadEntries(header));
  const Span<const uint8_t> data(header_bytes.end(), bytes.size() - kLengthBytes - header_bytes.size());
  LOWBIT_RETURN_IF_ERROR(CheckPlaces(entries, data.size()));
  LOWBIT_RETURN_IF_ERROR(CheckSealOf(&file.metadata, header_bytes.size(), bytes, checksum));
  for (Entry& entry : entries) {
    const Span<const uint8_t> stored = data.subspan(entry.begin, entry.end - entry.begin);
    entry.tensor.bytes.assign(stored.begin(), stored.end());
    file.tensors.emplace(std::move(entry.name), std::move(entry.tensor));
  }
  return file;
}

}  // namespace

Result<File> Decode(Span<const uint8_t> bytes, const std::string& name, Checksum checksum) {
  auto file = DecodeAll(bytes, checksum);
  if (!file.ok()) return ErrorIn(name, file.error());
  return file;
}

Result<File> Read(const std::string& path, Checksum checksum) {
  LOWBIT_TRY(const MappedFile map, MappedFile::Open(path));
  return Decode(Span<const uint8_t>(map.data(), map.size()), path, checksum);
}

}  // namespace lowbit::safetensors
