#ifndef LOWBIT_FORMAT_C_SOURCE_TEXT_H_
#define LOWBIT_FORMAT_C_SOURCE_TEXT_H_

#include <string>
#include <vector>

namespace lowbit::c_source {

// Lines of C, indented by the blocks that are open.
class Text {
 public:
  void Line(const std::string& line);
  // `head` {, or a block of its own if it is empty.
  void Open(const std::string& head);
  void Close(const std::string& tail = "");
  // Lines of another text, within the blocks that are open here.
  void Append(const std::string& lines);

  const std::string& lines() const { return lines_; }

 private:
  int depth_ = 0;
  std::string lines_;
};

// A text of somebody else's as a part of a comment: what could end it, and what is not printable ASCII, becomes '?'.
std::string InComment(const std::string& text);

// "1.5f", with as many digits as tell the float from every other; "-INFINITY".
std::string FloatLiteral(float value);
// The same of a double: "0.1".
std::string DoubleLiteral(double value);

// "static const TYPE NAME[COUNT] = {\n  1, 2, ...\n};\n", at most 120 columns.
std::string Array(const std::string& type, const std::string& name, const std::vector<std::string>& numbers);

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_TEXT_H_
