#include "lowbit/format/safetensors/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "lowbit/base/bytes.h"

namespace lowbit::safetensors {
namespace {

using testing::HasSubstr;

// A file as another program may write it.
std::vector<uint8_t> Raw(const std::string& header, size_t data_bytes) {
  std::vector<uint8_t> bytes;
  AppendLittle(uint64_t{header.size()}, &bytes);
  bytes.insert(bytes.end(), header.begin(), header.end());
  for (size_t i = 0; i < data_bytes; ++i) bytes.push_back(static_cast<uint8_t>(i));
  return bytes;
}

File SomeFile() {
  File file;
  file.tensors["a.weight"] = MakeTensor<float>({2, 3}, {1, -2, 3.5f, 0, -0.0f, 1e-40f});
  file.tensors["codes"] = MakeTensor<uint8_t>({3}, {1, 2, 255});
  file.tensors["count"] = MakeTensor<int64_t>({}, {int64_t{-1} << 62});
  file.tensors["none"] = MakeTensor<double>({0, 4}, std::vector<double>());
  file.tensors["seed"] = MakeTensor<uint64_t>({1}, {~uint64_t{0}});
  file.tensors["i32"] = MakeTensor<int32_t>({2}, {-5, 7});
  file.metadata = {{"step", "17"}, {"text", "a \"quoted\"\nline, \xC3\xBC, \"lowbit.xxh64\":\"0000000000000000\""}};
  return file;
}

std::vector<uint8_t> EncodeOk(const File& file) {
  auto bytes = Encode(file);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return bytes.ok() ? std::move(bytes).value() : std::vector<uint8_t>();
}

void ExpectSame(const File& a, const File& b) {
  EXPECT_EQ(a.metadata, b.metadata);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    SCOPED_TRACE(name);
    ASSERT_EQ(b.tensors.count(name), 1u);
    EXPECT_EQ(tensor.dtype, b.tensors.at(name).dtype);
    EXPECT_EQ(tensor.shape, b.tensors.at(name).shape);
    EXPECT_EQ(tensor.bytes, b.tensors.at(name).bytes);
  }
}

std::string DecodeError(const std::vector<uint8_t>& bytes, Checksum checksum = Checksum::kIfPresent) {
  const auto file = Decode(bytes, "c.safetensors", checksum);
  EXPECT_FALSE(file.ok());
  return file.ok() ? "" : file.error().message;
}

TEST(Safetensors, RoundTrip) {
  const std::vector<uint8_t> bytes = EncodeOk(SomeFile());
  const auto back = Decode(bytes, "test", Checksum::kRequired);
  ASSERT_TRUE(back.ok()) << back.error().message;
  ExpectSame(SomeFile(), back.value());
  EXPECT_EQ(EncodeOk(back.value()), bytes);
}

TEST(Safetensors, EmptyFileOfNoTensors) {
  const auto back = Decode(EncodeOk(File()), "test", Checksum::kRequired);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_TRUE(back.value().tensors.empty());
  EXPECT_TRUE(back.value().metadata.empty());
}

TEST(Safetensors, DataIsAligned) {
  const std::vector<uint8_t> bytes = EncodeOk(SomeFile());
  const uint64_t header = LoadLittle<uint64_t>(bytes.data());
  EXPECT_EQ(header % 8, 0u);
  const std::string text(bytes.begin() + 8, bytes.begin() + 8 + static_cast<int64_t>(header));
  // 8-byte elements first (count, none, seed), then 4-byte ones (a.weight, i32), then bytes.
  EXPECT_THAT(text, HasSubstr(R"("count":{"data_offsets":[0,8],"dtype":"I64","shape":[]})"));
  EXPECT_THAT(text, HasSubstr(R"("none":{"data_offsets":[8,8],"dtype":"F64","shape":[0,4]})"));
  EXPECT_THAT(text, HasSubstr(R"("a.weight":{"data_offsets":[16,40],"dtype":"F32","shape":[2,3]})"));
  EXPECT_THAT(text, HasSubstr(R"("codes":{"data_offsets":[48,51],"dtype":"U8","shape":[3]})"));
}

TEST(Safetensors, ReadsFilesOfOthers) {
  const auto file = Decode(Raw(R"({ "b": {"dtype": "I16", "shape": [1, 2], "data_offsets": [2, 6]},
                                   "__metadata__": {"format": "pt"},
                                   "a": {"shape": [2], "dtype": "BOOL", "data_offsets": [0, 2]} }   )",
                               6),
                           "test");
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file.value().metadata.at("format"), "pt");
  EXPECT_EQ(file.value().tensors.at("a").bytes, (std::vector<uint8_t>{0, 1}));
  EXPECT_EQ(ToFloats(file.value().tensors.at("b")), (std::vector<float>{0x0302, 0x0504}));
}

TEST(Safetensors, FileOnDisk) {
  const std::string path = testing::TempDir() + "/lowbit_test.safetensors";
  ASSERT_TRUE(Write(SomeFile(), path).ok());
  const auto back = Read(path, Checksum::kRequired);
  ASSERT_TRUE(back.ok()) << back.error().message;
  ExpectSame(SomeFile(), back.value());
  std::ofstream(path, std::ios::trunc).close();
  EXPECT_EQ(Read(path).error().message, path + ": is empty; expected a safetensors file");
  std::filesystem::remove(path);
  EXPECT_THAT(Read(path).error().message, HasSubstr("cannot open"));
  EXPECT_FALSE(Write(SomeFile(), testing::TempDir() + "/no/such/folder/c.safetensors").ok());
}

TEST(Safetensors, EveryDamagedByteIsSeen) {
  const std::vector<uint8_t> bytes = EncodeOk(SomeFile());
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const uint8_t flip : {0x01, 0x20, 0x80, 0xFF}) {
      std::vector<uint8_t> damaged = bytes;
      damaged[i] ^= flip;
      ASSERT_FALSE(Decode(damaged, "c", Checksum::kRequired).ok()) << "byte " << i << " changed by " << int{flip};
    }
  }
  std::vector<uint8_t> damaged = bytes;
  damaged.back() ^= 1;
  EXPECT_THAT(DecodeError(damaged), HasSubstr("c.safetensors: is damaged: its bytes have checksum "));
}

TEST(Safetensors, EveryTruncationAndABytesTooMany) {
  std::vector<uint8_t> bytes = EncodeOk(SomeFile());
  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_THAT(DecodeError(std::vector<uint8_t>(bytes.begin(), bytes.begin() + static_cast<int64_t>(size))),
                HasSubstr("is truncated"));
  }
  bytes.push_back(0);
  EXPECT_THAT(DecodeError(bytes), HasSubstr("has bytes after its end"));
}

TEST(Safetensors, AChecksumThatIsMissingOrRewritten) {
  const std::string tensor = R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_TRUE(Decode(Raw("{" + tensor + "}", 1), "c").ok());
  EXPECT_THAT(DecodeError(Raw("{" + tensor + "}", 1), Checksum::kRequired),
              HasSubstr("has no metadata 'lowbit.xxh64'"));
  const auto with = [&](const std::string& field) {
    return Raw("{" + tensor + R"(,"__metadata__":{)" + field + "}}", 1);
  };
  EXPECT_THAT(DecodeError(with(R"("lowbit.xxh64":"00000000deadbeef")")),
              HasSubstr("its metadata says 00000000deadbeef"));
  EXPECT_THAT(DecodeError(with(R"("lowbit.xxh64": "00000000deadbeef")")), HasSubstr("the file was changed"));
  EXPECT_THAT(DecodeError(with(R"("lowbit.xxh64":"beef")")), HasSubstr("the file was changed"));
}

struct BadHeader {
  const char* header;
  const char* message;
};

TEST(Safetensors, BadHeaders) {
  const BadHeader cases[] = {
      {"", "does not begin with '{'"},
      {"[]", "does not begin with '{'"},
      {"\xEF\xBB\xBF{}", "does not begin with '{'"},
      {"{", "is not valid JSON at byte 1"},
      {"{} x", "is not valid JSON"},
      {"{\"\xFF\": 1}", "is not valid JSON"},
      {R"({"a": 1})", "tensor 'a': must have dtype, shape and data_offsets"},
      {R"({"a": {"dtype": "U8", "shape": [4]}})", "must have dtype"},
      {R"({"a": {"dtype": "U9", "shape": [4], "data_offsets": [0, 4]}})", "dtype is \"U9\"; known: BOOL, U8"},
      {R"({"a": {"dtype": 3, "shape": [4], "data_offsets": [0, 4]}})", "dtype is no text"},
      {R"({"a": {"dtype": "U8", "shape": 4, "data_offsets": [0, 4]}})", "shape must be a list"},
      {R"({"a": {"dtype": "U8", "shape": [-4], "data_offsets": [0, 4]}})", "shape must be a list"},
      {R"({"a": {"dtype": "U8", "shape": [4.0], "data_offsets": [0, 4]}})", "shape must be a list"},
      {R"({"a": {"dtype": "U8", "shape": [18446744073709551615], "data_offsets": [0, 4]}})", "extent above 2^40"},
      {R"({"a": {"dtype": "U8", "shape": [1099511627776, 1099511627776], "data_offsets": [0, 4]}})", "2^40 elements"},
      {R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0]}})", "data_offsets must be two numbers"},
      {R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, -4]}})", "data_offsets must be two numbers"},
      {R"({"a": {"dtype": "U8", "shape": [4], "data_offsets": [4, 0]}})", "do not span the 4 bytes of U8 [4]"},
      {R"({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 4]}})", "do not span the 16 bytes of F32 [4]"},
      {R"({"a": {"dtype": "U8", "shape": [3], "data_offsets": [1, 4]}})", "leaves a hole; expected 0"},
      {R"({"a": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]}})", "has bytes after its end"},
      {R"({"a": {"dtype": "U8", "shape": [5], "data_offsets": [0, 5]}})", "is truncated"},
      {R"({"a": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]},
           "b": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}})",
       "tensor 'b': data begins at 2, inside that of another; expected 3"},
      {R"({"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]},
           "a": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}})",
       "has the key 'a' twice"},
      {R"({"a": {"dtype": "U8", "dtype": "I8", "shape": [4], "data_offsets": [0, 4]}})", "has the key 'dtype' twice"},
      {R"({"__metadata__": {"x": 1}})", "metadata 'x' must be a string"},
      {R"({"__metadata__": []})", "'__metadata__' must be an object"},
  };
  for (const BadHeader& bad : cases) EXPECT_THAT(DecodeError(Raw(bad.header, 4)), HasSubstr(bad.message)) << bad.header;
}

TEST(Safetensors, AbsurdHeaderSizes) {
  std::vector<uint8_t> bytes = Raw("{}", 0);
  StoreLittle(uint64_t{100'000'001}, bytes.data());
  EXPECT_THAT(DecodeError(bytes), HasSubstr("at most 10^8"));
  StoreLittle(~uint64_t{0}, bytes.data());
  EXPECT_THAT(DecodeError(bytes), HasSubstr("at most 10^8"));
  StoreLittle(uint64_t{3}, bytes.data());
  EXPECT_THAT(DecodeError(bytes), HasSubstr("is truncated: its header has 3 bytes; only 2 follow"));
}

TEST(Safetensors, DeepNestingIsNoDanger) {
  EXPECT_FALSE(Decode(Raw("{\"a\":" + std::string(1'000'000, '['), 0), "c").ok());
  EXPECT_FALSE(Decode(Raw("{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}", 0), "c").ok());
}

TEST(Safetensors, EncodeChecksItsInput) {
  File file;
  file.tensors["a"] = MakeTensor<float>({2}, {1, 2});
  file.tensors["a"].shape = {3};
  EXPECT_EQ(Encode(file).error().message, "tensor 'a': has 8 bytes; F32 [3] needs 12");
  file.tensors.clear();
  file.tensors["__metadata__"] = MakeTensor<float>({1}, {1});
  EXPECT_FALSE(Encode(file).ok());
  file.tensors.clear();
  file.metadata["lowbit.xxh64"] = "";
  EXPECT_FALSE(Encode(file).ok());
  file.metadata = {{"a", "\xFF"}};
  EXPECT_FALSE(Encode(file).ok());
}

TEST(Safetensors, HalfPrecision) {
  Tensor half;
  half.dtype = Dtype::kF16;
  half.shape = {7};
  for (const uint16_t bits : {0x3C00, 0xC000, 0x7BFF, 0x0001, 0x8000, 0x7C00, 0x0400}) AppendLittle(bits, &half.bytes);
  const std::vector<float> values = ToFloats(half);
  EXPECT_EQ(values, (std::vector<float>{1, -2, 65504, std::ldexp(1.0f, -24), -0.0f,
                                        std::numeric_limits<float>::infinity(), std::ldexp(1.0f, -14)}));
  EXPECT_TRUE(std::signbit(values[4]));
  half.shape = {1};
  half.bytes = {0x01, 0x7C};
  EXPECT_TRUE(std::isnan(ToFloats(half)[0]));
  half.dtype = Dtype::kBF16;
  half.bytes = {0x80, 0x3F};
  EXPECT_EQ(ToFloats(half), (std::vector<float>{1}));
}

TEST(Safetensors, ValuesOfTheExactType) {
  const File file = SomeFile();
  EXPECT_EQ(ToValues<int64_t>(file.tensors.at("count")).value(), (std::vector<int64_t>{int64_t{-1} << 62}));
  EXPECT_EQ(ToValues<float>(file.tensors.at("count")).error().message, "has dtype I64; expected F32");
  EXPECT_EQ(Find(file, "seed").value()->dtype, Dtype::kU64);
  EXPECT_EQ(Find(file, "seeds").error().message, "has no tensor 'seeds'; the nearest is 'seed'");
}

}  // namespace
}  // namespace lowbit::safetensors
