#include "lowbit/data/class_list.h"

#include <set>
#include <sstream>

#include "lowbit/base/file.h"

namespace lowbit::data {
namespace {

constexpr char kBlanks[] = " \t\r";

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

void AddLine(const std::string& line, ClassList* list) {
  const size_t end = line.find_first_of(kBlanks);
  list->folders.push_back(line.substr(0, end));
  const std::string name = end == std::string::npos ? "" : Trimmed(line.substr(end));
  list->names.push_back(name.empty() ? list->folders.back() : name);
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(Trimmed(line));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace

Result<ClassList> ReadClassList(const std::string& path) {
  LOWBIT_TRY(const std::string text, ReadTextFile(path));
  ClassList list;
  std::set<std::string> seen;
  for (const std::string& line : Lines(text)) {
    const std::string where = path + ": line " + std::to_string(list.folders.size() + 1) + ": ";
    if (line.empty()) return Invalid(where + "is empty; the name of a class's folder was expected");
    AddLine(line, &list);
    if (!seen.insert(list.folders.back()).second) {
      return Invalid(where + "'" + list.folders.back() + "' is there already; each class stands on one line");
    }
  }
  if (list.folders.size() >= 2) return list;
  return Invalid(path + ": lists " + std::to_string(list.folders.size()) + " classes; two or more lines were expected");
}

}  // namespace lowbit::data
