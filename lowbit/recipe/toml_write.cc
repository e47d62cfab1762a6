#include <charconv>
#include <cmath>
#include <cstdio>

#include "lowbit/base/check.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::recipe {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (byte < 0x20 || byte == 0x7F) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04X", byte);
      out += escape;
    } else {
      out += letter;
    }
  }
  return out + "\"";
}

std::string Key(const std::string& key) {
  const char* bare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return !key.empty() && key.find_first_not_of(bare) == std::string::npos ? key : Quoted(key);
}

std::string Real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[40];
  char* end = std::to_chars(text, text + sizeof(text), value).ptr;
  std::string number(text, end);
  // Without a point or an exponent TOML would read an integer.
  return number.find_first_of(".e") == std::string::npos ? number + ".0" : number;
}

std::string Inline(const Config& config);

std::string InlineArray(const ConfigArray& array) {
  std::string out;
  for (const Config& entry : array) out += (out.empty() ? "" : ", ") + Inline(entry);
  return "[" + out + "]";
}

std::string InlineTable(const ConfigTable& table) {
  std::string out;
  for (const auto& [key, value] : table) out += (out.empty() ? "" : ", ") + Key(key) + " = " + Inline(value);
  return "{" + out + "}";
}

std::string Inline(const Config& config) {
  if (const auto* boolean = std::get_if<bool>(&config.value)) return *boolean ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&config.value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&config.value)) return Real(*real);
  if (const auto* text = std::get_if<std::string>(&config.value)) return Quoted(*text);
  if (const auto* array = std::get_if<ConfigArray>(&config.value)) return InlineArray(*array);
  return InlineTable(std::get<ConfigTable>(config.value));
}

// Plain values first: after a sub-table's header they would belong to it.
void Write(const ConfigTable& table, const std::string& path, std::string* out) {
  for (const auto& [key, value] : table) {
    if (!std::holds_alternative<ConfigTable>(value.value)) *out += Key(key) + " = " + Inline(value) + "\n";
  }
  for (const auto& [key, value] : table) {
    const auto* inner = std::get_if<ConfigTable>(&value.value);
    if (inner == nullptr) continue;
    const std::string full = path.empty() ? Key(key) : path + "." + Key(key);
    *out += (out->empty() ? "[" : "\n[") + full + "]\n";
    Write(*inner, full, out);
  }
}

}  // namespace

std::string ToToml(const Config& config) {
  const auto* table = std::get_if<ConfigTable>(&config.value);
  LOWBIT_CHECK(table != nullptr);
  std::string out;
  Write(*table, "", &out);
  return out;
}

std::string ToText(const Config& config) {
  const auto* text = std::get_if<std::string>(&config.value);
  return text != nullptr ? *text : Inline(config);
}

}  // namespace lowbit::recipe
