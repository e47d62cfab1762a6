#ifndef LOWBIT_BASE_CHECK_H_
#define LOWBIT_BASE_CHECK_H_

// Checks of what the program itself promises (a broken one is a bug, never bad input: that is a Result).
// Named LOWBIT_CHECK because libtorch defines CHECK.

namespace lowbit {

// Prints "file:line: check failed: text" and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* text);

}  // namespace lowbit

#define LOWBIT_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::lowbit::CheckFailed(__FILE__, __LINE__, #condition))

#ifdef NDEBUG
#define LOWBIT_DCHECK(condition) static_cast<void>(0)
#else
#define LOWBIT_DCHECK(condition) LOWBIT_CHECK(condition)
#endif

#endif  // LOWBIT_BASE_CHECK_H_
