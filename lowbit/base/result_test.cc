#include "lowbit/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "lowbit/base/span.h"

namespace lowbit {
namespace {

Result<std::unique_ptr<int>> Half(int value) {
  if (value % 2 != 0) return Invalid("odd");
  return std::make_unique<int>(value / 2);
}

Result<int> Quarter(int value) {
  LOWBIT_TRY(const auto half, Half(value));
  LOWBIT_TRY(const auto quarter, Half(*half));
  return *quarter;
}

Status AllEven(const std::vector<int>& values) {
  for (const int value : values) LOWBIT_RETURN_IF_ERROR(Half(value));
  return Ok();
}

TEST(Result, CarriesAValueOrAnError) {
  EXPECT_EQ(Quarter(12).value(), 3);
  EXPECT_EQ(Quarter(6).error().message, "odd");
  EXPECT_EQ(Quarter(6).error().kind, ErrorKind::kInvalid);
  EXPECT_TRUE(AllEven({2, 4}).ok());
  EXPECT_FALSE(AllEven({2, 3}).ok());
  EXPECT_EQ(Status(Failed("disk")).error().kind, ErrorKind::kFailed);
}

TEST(Result, AskingForTheWrongHalfIsABug) {
  EXPECT_DEATH(Quarter(6).value(), "check failed: ok");
  EXPECT_DEATH(Quarter(12).error(), "check failed");
  EXPECT_DEATH(Ok().error(), "check failed");
}

TEST(Result, AnErrorTypeMayBeTheValue) {
  const Result<std::vector<Error>> errors = std::vector<Error>{Invalid("x")};
  EXPECT_TRUE(errors.ok());
}

TEST(Span, ViewsContainers) {
  std::vector<int> values = {1, 2, 3, 4};
  const Span<int> all(values);
  all[1] = 20;
  EXPECT_EQ(values[1], 20);
  const Span<const int> middle = Span<const int>(values).subspan(1, 2);
  EXPECT_EQ(std::vector<int>(middle.begin(), middle.end()), (std::vector<int>{20, 3}));
  EXPECT_TRUE(middle.subspan(2, 0).empty());
  EXPECT_TRUE(Span<int>().empty());
}

}  // namespace
}  // namespace lowbit
