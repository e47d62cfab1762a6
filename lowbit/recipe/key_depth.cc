#include "lowbit/recipe/key_depth.h"

namespace lowbit::recipe {
namespace {

// Behind the string that begins at `at`, with one quotation mark or three.
size_t SkipString(const std::string& text, size_t at) {
  const char mark = text[at];
  const std::string three(3, mark);
  const bool many_lines = text.compare(at, 3, three) == 0;
  const std::string end = many_lines ? three : std::string(1, mark);
  for (size_t i = at + end.size(); i < text.size(); ++i) {
    if (mark == '"' && text[i] == '\\') {
      ++i;
    } else if (text.compare(i, end.size(), end) == 0) {
      i += end.size();
      // Up to two marks may stand before the three that end the string.
      while (many_lines && i < text.size() && text[i] == mark) ++i;
      return i;
    } else if (text[i] == '\n' && !many_lines) {
      return i;
    }
  }
  return text.size();
}

}  // namespace

int64_t FindLongKey(const std::string& text) {
  int64_t dots = 0;
  for (size_t i = 0; i < text.size();) {
    const char letter = text[i];
    if (letter == '"' || letter == '\'') {
      i = SkipString(text, i);
      continue;
    }
    if (letter == '#') {
      while (i < text.size() && text[i] != '\n') ++i;
      continue;
    }
    if (letter == '.') {
      if (++dots >= kMaxKeyParts) return static_cast<int64_t>(i);
    } else if (std::string("=,[]{}\n").find(letter) != std::string::npos) {
      dots = 0;
    }
    ++i;
  }
  return -1;
}

}  // namespace lowbit::recipe
