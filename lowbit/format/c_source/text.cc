#include "lowbit/format/c_source/text.h"

#include <fmt/format.h>

#include <cmath>

namespace lowbit::c_source {
namespace {

// fmt writes the shortest text that is read as the same number, in no locale.
std::string Decimal(std::string digits) {
  if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
  return digits;
}

}  // namespace

void Text::Line(const std::string& line) {
  if (!line.empty()) lines_.append(static_cast<size_t>(2 * depth_), ' ');
  lines_ += line + "\n";
}

void Text::Open(const std::string& head) {
  Line(head.empty() ? "{" : head + " {");
  ++depth_;
}

void Text::Close(const std::string& tail) {
  --depth_;
  Line("}" + tail);
}

void Text::Append(const std::string& lines) {
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    Line(lines.substr(at, end - at));
    at = end + 1;
  }
}

std::string InComment(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    const bool ends = c == '/' && !safe.empty() && safe.back() == '*';
    const bool begins = c == '*' && !safe.empty() && safe.back() == '/';
    safe += c < ' ' || c > '~' || ends || begins || c == '\\' ? '?' : c;
  }
  return safe;
}

std::string FloatLiteral(float value) {
  if (std::isinf(value)) return value < 0 ? "-INFINITY" : "INFINITY";
  return Decimal(fmt::format("{}", value)) + "f";
}

std::string DoubleLiteral(double value) { return Decimal(fmt::format("{}", value)); }

std::string Array(const std::string& type, const std::string& name, const std::vector<std::string>& numbers) {
  std::string text = fmt::format("static const {} {}[{}] = {{\n", type, name, numbers.size());
  std::string line = " ";
  for (const std::string& number : numbers) {
    if (line.size() + number.size() + 2 > 118) {
      text += line + "\n";
      line = " ";
    }
    line += " " + number + ",";
  }
  return text + line + "\n};\n";
}

}  // namespace lowbit::c_source
