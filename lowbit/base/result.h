#ifndef LOWBIT_BASE_RESULT_H_
#define LOWBIT_BASE_RESULT_H_

// Result<T>: a value, or one sentence that says why there is none. Used wherever data from outside enters (files,
// recipes, command line, bindings). Valid C++17, because files that include libtorch are compiled as C++17 by clang.

#include <string>
#include <utility>
#include <variant>

#include "lowbit/base/check.h"

namespace lowbit {

enum class ErrorKind {
  kInvalid,  // Wrong usage or bad input: the command line exits with 2.
  kFailed,   // Good input, but the work failed (disk full, NaN loss): the command line exits with 1.
};

struct Error {
  ErrorKind kind = ErrorKind::kInvalid;
  // One sentence: file, offset or key; the rule broken; what was expected. No full stop, no line break.
  std::string message;
};

inline Error Invalid(std::string message) { return Error{ErrorKind::kInvalid, std::move(message)}; }
inline Error Failed(std::string message) { return Error{ErrorKind::kFailed, std::move(message)}; }

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  // REQUIRES: ok()
  T& value() & {
    LOWBIT_CHECK(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    LOWBIT_CHECK(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    LOWBIT_CHECK(ok());
    return std::get<0>(std::move(state_));
  }
  // REQUIRES: !ok()
  const Error& error() const {
    LOWBIT_CHECK(!ok());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

// The Result of something that has no value: Ok() is success.

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : failed_(true), error_(std::move(error)) {}  // NOLINT

  bool ok() const { return !failed_; }
  const Error& error() const {
    LOWBIT_CHECK(failed_);
    return error_;
  }

 private:
  bool failed_ = false;
  Error error_;
};

using Status = Result<void>;
inline Status Ok() { return Status(); }

}  // namespace lowbit

// LOWBIT_TRY(auto x, Function()); returns the error to the caller, or declares x.
#define LOWBIT_TRY(declaration, ...) LOWBIT_TRY_(LOWBIT_CONCAT_(result_, __LINE__), declaration, __VA_ARGS__)
#define LOWBIT_TRY_(name, declaration, ...) \
  auto name = (__VA_ARGS__);                \
  if (!name.ok()) return name.error();      \
  declaration = std::move(name).value()
// LOWBIT_RETURN_IF_ERROR(Function()); for a Status (or a Result whose value does not matter).
#define LOWBIT_RETURN_IF_ERROR(...)            \
  do {                                         \
    auto status_ = (__VA_ARGS__);              \
    if (!status_.ok()) return status_.error(); \
  } while (false)
#define LOWBIT_CONCAT_(a, b) LOWBIT_CONCAT2_(a, b)
#define LOWBIT_CONCAT2_(a, b) a##b

#endif  // LOWBIT_BASE_RESULT_H_
