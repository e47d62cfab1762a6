#include "lowbit/format/pytorch/pickle.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "lowbit/base/bytes.h"

namespace lowbit::pytorch {
namespace {

constexpr const char* kOrderedDict = "collections.OrderedDict";
constexpr const char* kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr const char* kRebuildParameter = "torch._utils._rebuild_parameter";

bool IsKnown(const std::string& global) {
  if (global == kOrderedDict || global == kRebuildTensor || global == kRebuildParameter) return true;
  const std::string ending = "Storage";
  return global.rfind("torch.", 0) == 0 && global.find('.', 6) == std::string::npos && global.size() > ending.size() &&
         global.compare(global.size() - ending.size(), ending.size(), ending) == 0;
}

// Printable, and not too long for a sentence.
std::string Quoted(std::string name) {
  for (char& c : name) c = c < ' ' || c == 0x7f ? '?' : c;
  return "'" + (name.size() > 80 ? name.substr(0, 80) + "..." : name) + "'";
}

class Machine {
 public:
  explicit Machine(Span<const uint8_t> bytes) : bytes_(bytes) {}

  Result<Pickle> Run() {
    while (!stopped_) {
      const size_t at = at_;
      Status status = Step();
      if (!status.ok()) return Invalid("pickle, byte " + std::to_string(at) + ": " + status.error().message);
    }
    pickle_.bytes = at_;
    return std::move(pickle_);
  }

 private:
  // --- Bytes.

  Result<Span<const uint8_t>> Take(uint64_t count) {
    if (count > bytes_.size() - at_) return Invalid("the pickle ends in the middle of an operation");
    at_ += static_cast<size_t>(count);
    return bytes_.subspan(at_ - static_cast<size_t>(count), static_cast<size_t>(count));
  }
  template <typename T>
  Result<T> Number() {
    LOWBIT_TRY(const Span<const uint8_t> bytes, Take(sizeof(T)));
    return LoadLittle<T>(bytes.data());
  }
  Result<std::string> Text(uint64_t length) {
    LOWBIT_TRY(const Span<const uint8_t> bytes, Take(length));
    return std::string(bytes.begin(), bytes.end());
  }
  Result<std::string> Line() {
    const uint8_t* end = std::find(bytes_.begin() + at_, bytes_.end(), '\n');
    if (end == bytes_.end()) return Invalid("a name has no end");
    LOWBIT_TRY(std::string line, Text(static_cast<uint64_t>(end - bytes_.begin()) - at_));
    ++at_;
    return line;
  }

  // --- The stack.

  Status Push(Object object) {
    pickle_.objects.push_back(std::move(object));
    stack_.push_back(pickle_.objects.size() - 1);
    return Ok();
  }
  Status PushInteger(int64_t value) { return Push({Kind::kInteger, value, 0, {}, {}}); }
  Object& operator[](size_t i) { return pickle_.objects[i]; }

  // As many as there are since the last mark.
  Status Need(size_t count) const {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() >= floor + count) return Ok();
    return Invalid("the stack holds less than the operation needs");
  }
  Result<size_t> Pop() {
    LOWBIT_RETURN_IF_ERROR(Need(1));
    const size_t top = stack_.back();
    stack_.pop_back();
    return top;
  }
  Result<size_t> Top() const {
    LOWBIT_RETURN_IF_ERROR(Need(1));
    return stack_.back();
  }
  Result<std::vector<size_t>> PopMany(size_t count) {
    LOWBIT_RETURN_IF_ERROR(Need(count));
    std::vector<size_t> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  Result<std::vector<size_t>> PopToMark() {
    if (marks_.empty()) return Invalid("there is no mark");
    const size_t count = stack_.size() - marks_.back();
    LOWBIT_TRY(std::vector<size_t> items, PopMany(count));
    marks_.pop_back();
    return items;
  }

  // --- Operations.

  Status PushList(Result<std::vector<size_t>> items) {
    if (!items.ok()) return items.error();
    return Push({Kind::kList, 0, 0, {}, std::move(items).value()});
  }

  // Adds to the list or dictionary on top what was above it.
  Status Extend(Kind kind, Result<std::vector<size_t>> items) {
    if (!items.ok()) return items.error();
    LOWBIT_TRY(const size_t top, Top());
    Object& target = (*this)[top];
    if (target.kind != kind) return Invalid("what is added to is of another kind");
    if (kind == Kind::kDict && items.value().size() % 2 != 0) return Invalid("a key has no value");
    target.items.insert(target.items.end(), items.value().begin(), items.value().end());
    return Ok();
  }

  Status Global(const std::string& name) {
    if (IsKnown(name)) return Push({Kind::kGlobal, 0, 0, name, {}});
    return Invalid("the file asks for " + Quoted(name) +
                   ", which no weights need, and nothing of a file is ever run; save model.state_dict() alone");
  }

  Status GlobalOfStack() {
    LOWBIT_TRY(const std::vector<size_t> names, PopMany(2));
    const Object &module = (*this)[names[0]], &name = (*this)[names[1]];
    if (module.kind != Kind::kText || name.kind != Kind::kText) return Invalid("a name is no text");
    return Global(module.text + "." + name.text);
  }

  // ("storage", class, key, place, elements, ...)
  Status Storage() {
    LOWBIT_TRY(const size_t id, Pop());
    const std::vector<size_t> items = (*this)[id].items;
    const bool five = (*this)[id].kind == Kind::kList && items.size() >= 5;
    if (!five || (*this)[items[0]].text != "storage" || (*this)[items[1]].kind != Kind::kGlobal ||
        (*this)[items[2]].kind != Kind::kText || (*this)[items[4]].kind != Kind::kInteger) {
      return Invalid("what refers to data is not (\"storage\", class, key, place, elements)");
    }
    return Push({Kind::kStorage, 0, 0, (*this)[items[2]].text, {items[1], items[4]}});
  }

  Status Reduce() {
    LOWBIT_TRY(const std::vector<size_t> call, PopMany(2));
    const std::string function = (*this)[call[0]].kind == Kind::kGlobal ? (*this)[call[0]].text : "";
    if ((*this)[call[1]].kind != Kind::kList) return Invalid("arguments are no tuple");
    const std::vector<size_t> arguments = (*this)[call[1]].items;
    const auto kind = [&](size_t i) { return i < arguments.size() ? (*this)[arguments[i]].kind : Kind::kNone; };
    if (function == kOrderedDict && arguments.empty()) return Push({Kind::kDict, 0, 0, {}, {}});
    if (function == kRebuildParameter && kind(0) == Kind::kTensor) return stack_.push_back(arguments[0]), Ok();
    const bool tensor =
        kind(0) == Kind::kStorage && kind(1) == Kind::kInteger && kind(2) == Kind::kList && kind(3) == Kind::kList;
    if (function == kRebuildTensor && tensor) {
      return Push({Kind::kTensor, 0, 0, {}, {arguments.begin(), arguments.begin() + 4}});
    }
    return Invalid("a call of " + Quoted(function) + " is not of the form that tensors have");
  }

  Status Put(uint32_t place) {
    LOWBIT_TRY(const size_t top, Top());
    memo_[place] = top;
    return Ok();
  }
  Status Get(uint32_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) return Invalid("nothing was remembered at " + std::to_string(place));
    stack_.push_back(found->second);
    return Ok();
  }

  // An integer of any length; those of more than 8 bytes are only in the magic number of old files.
  Status LongInteger(uint64_t length) {
    LOWBIT_TRY(const Span<const uint8_t> bytes, Take(length));
    if (length > 8) return Push({Kind::kInteger, 0, 0, {}, {}});
    uint64_t value = 0;
    for (size_t i = 0; i < length; ++i) value |= uint64_t{bytes[i]} << (8 * i);
    if (length > 0 && length < 8 && bytes[length - 1] >= 0x80) value |= ~uint64_t{0} << (8 * length);
    return PushInteger(static_cast<int64_t>(value));
  }

  Status BigEndianDouble() {
    LOWBIT_TRY(const Span<const uint8_t> bytes, Take(8));
    uint8_t turned[8];
    std::reverse_copy(bytes.begin(), bytes.end(), turned);
    return Push({Kind::kFloat, 0, LoadLittle<double>(turned), {}, {}});
  }

  template <typename Length>
  Status PushText() {
    LOWBIT_TRY(const Length length, Number<Length>());
    LOWBIT_TRY(std::string text, Text(length));
    return Push({Kind::kText, 0, 0, std::move(text), {}});
  }

  template <typename T>
  Status PushNumber() {
    LOWBIT_TRY(const T value, Number<T>());
    return PushInteger(value);
  }

  template <typename Place, Status (Machine::*operation)(uint32_t)>
  Status Remember() {
    LOWBIT_TRY(const Place place, Number<Place>());
    return (this->*operation)(place);
  }

  Status Stop() {
    LOWBIT_TRY(pickle_.root, Pop());
    stopped_ = true;
    return Ok();
  }

  Status Step() {
    LOWBIT_TRY(const uint8_t code, Number<uint8_t>());
    switch (code) {
      case 0x80: {  // PROTO
        LOWBIT_TRY(const uint8_t protocol, Number<uint8_t>());
        if (protocol >= 2 && protocol <= 5) return Ok();
        return Invalid("protocol " + std::to_string(protocol) + " is not 2 to 5");
      }
      case 0x95:  // FRAME
        return Number<uint64_t>().ok() ? Ok() : Status(Invalid("the pickle ends in the middle of an operation"));
      case '.':
        return Stop();
      case 'N':
        return Push({});
      case 0x88:
        return PushInteger(1);
      case 0x89:
        return PushInteger(0);
      case 'J':
        return PushNumber<int32_t>();
      case 'K':
        return PushNumber<uint8_t>();
      case 'M':
        return PushNumber<uint16_t>();
      case 0x8a: {  // LONG1
        LOWBIT_TRY(const uint8_t length, Number<uint8_t>());
        return LongInteger(length);
      }
      case 'G':
        return BigEndianDouble();
      case 'X':
        return PushText<uint32_t>();
      case 0x8c:
        return PushText<uint8_t>();
      case 'c': {
        LOWBIT_TRY(const std::string module, Line());
        LOWBIT_TRY(const std::string name, Line());
        return Global(module + "." + name);
      }
      case 0x93:
        return GlobalOfStack();
      case '(':
        marks_.push_back(stack_.size());
        return Ok();
      case ')':
      case ']':
        return Push({Kind::kList, 0, 0, {}, {}});
      case '}':
        return Push({Kind::kDict, 0, 0, {}, {}});
      case 't':
        return PushList(PopToMark());
      case 0x85:
      case 0x86:
      case 0x87:
        return PushList(PopMany(code - 0x84u));
      case 'a':
        return Extend(Kind::kList, PopMany(1));
      case 'e':
        return Extend(Kind::kList, PopToMark());
      case 's':
        return Extend(Kind::kDict, PopMany(2));
      case 'u':
        return Extend(Kind::kDict, PopToMark());
      case 'q':
        return Remember<uint8_t, &Machine::Put>();
      case 'r':
        return Remember<uint32_t, &Machine::Put>();
      case 0x94:  // MEMOIZE
        return Put(static_cast<uint32_t>(memo_.size()));
      case 'h':
        return Remember<uint8_t, &Machine::Get>();
      case 'j':
        return Remember<uint32_t, &Machine::Get>();
      case 'Q':
        return Storage();
      case 'R':
        return Reduce();
      case 'b': {  // BUILD: attributes of the dictionary below, such as _metadata.
        LOWBIT_RETURN_IF_ERROR(Pop());
        LOWBIT_TRY(const size_t top, Top());
        return (*this)[top].kind == Kind::kDict ? Ok() : Status(Invalid("attributes of what is no dictionary"));
      }
      default:
        return Invalid("operation " + std::to_string(code) + " is not among those of weights");
    }
  }

  Span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool stopped_ = false;
  Pickle pickle_;
  std::vector<size_t> stack_, marks_;
  std::unordered_map<uint32_t, size_t> memo_;
};

}  // namespace

const Object* Pickle::Find(const Object& dict, const std::string& key) const {
  if (dict.kind != Kind::kDict) return nullptr;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const Object& candidate = objects[dict.items[i]];
    if (candidate.kind == Kind::kText && candidate.text == key) return &objects[dict.items[i + 1]];
  }
  return nullptr;
}

Result<Pickle> ReadPickle(Span<const uint8_t> bytes) { return Machine(bytes).Run(); }

}  // namespace lowbit::pytorch
