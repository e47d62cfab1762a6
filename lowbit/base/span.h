#ifndef LOWBIT_BASE_SPAN_H_
#define LOWBIT_BASE_SPAN_H_

#include <cstddef>
#include <type_traits>
#include <utility>

#include "lowbit/base/check.h"

namespace lowbit {

// A view of `size` consecutive values that somebody else owns and keeps alive. What std::span is in C++20; it exists
// because headers that files with libtorch include stay valid C++17.
template <typename T>
class Span {
 public:
  Span() = default;
  Span(T* data, size_t size) : data_(data), size_(size) {}
  template <typename Container,
            typename = std::enable_if_t<std::is_convertible_v<decltype(std::declval<Container&>().data()), T*>>>
  Span(Container&& container) : data_(container.data()), size_(container.size()) {}  // NOLINT: implicit on purpose

  T* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }
  T& operator[](size_t i) const {
    LOWBIT_DCHECK(i < size_);
    return data_[i];
  }
  // REQUIRES: offset + count <= size()
  Span subspan(size_t offset, size_t count) const {
    LOWBIT_DCHECK(offset <= size_ && count <= size_ - offset);
    return Span(data_ + offset, count);
  }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace lowbit

#endif  // LOWBIT_BASE_SPAN_H_
