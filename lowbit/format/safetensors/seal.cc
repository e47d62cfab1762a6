#include "lowbit/format/safetensors/seal.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <string_view>

#include "lowbit/base/checksum.h"

namespace lowbit::safetensors {
namespace {

constexpr size_t kDigits = sizeof kChecksumZero - 1;

// Where the digits stand in the file; npos if they do not. The pattern begins with a quote, a colon and a quote that
// no JSON text can hold unescaped: it fits the field alone.
size_t FindDigits(const std::string& digits, uint64_t header_bytes, Span<const uint8_t> file) {
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + kLengthBytes, header_bytes);
  const std::string before = std::string("\"") + kChecksumKey + "\":\"";
  const size_t found = header.find(before + digits + "\"");
  return found == std::string_view::npos ? found : kLengthBytes + found + before.size();
}

std::string Digits(Span<const uint8_t> file, size_t at) {
  const Span<const uint8_t> zeros(reinterpret_cast<const uint8_t*>(kChecksumZero), kDigits);
  const size_t behind = at + kDigits;
  char text[kDigits + 1];
  std::snprintf(text, sizeof text, "%016" PRIx64,
                Xxh64({file.subspan(0, at), zeros, file.subspan(behind, file.size() - behind)}));
  return text;
}

}  // namespace

void Seal(uint64_t header_bytes, std::vector<uint8_t>* file) {
  const size_t at = FindDigits(kChecksumZero, header_bytes, *file);
  LOWBIT_CHECK(at != std::string_view::npos);
  const std::string digits = Digits(*file, at);
  std::copy(digits.begin(), digits.end(), file->begin() + static_cast<std::ptrdiff_t>(at));
}

Status CheckSeal(const std::string& digits, uint64_t header_bytes, Span<const uint8_t> file) {
  const size_t at = digits.size() == kDigits ? FindDigits(digits, header_bytes, file) : std::string_view::npos;
  if (at == std::string_view::npos) {
    return Invalid(std::string("metadata '") + kChecksumKey +
                   "' is not written as lowbit writes it: the file was changed");
  }
  const std::string computed = Digits(file, at);
  if (computed == digits) return Ok();
  return Invalid("is damaged: its bytes have checksum " + computed + "; its metadata says " + digits);
}

}  // namespace lowbit::safetensors
