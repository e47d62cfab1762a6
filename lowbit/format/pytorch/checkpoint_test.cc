#include "lowbit/format/pytorch/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "lowbit/base/file.h"
#include "lowbit/format/pytorch/pickle.h"
#include "lowbit/format/pytorch/test_writer.h"

namespace lowbit::pytorch {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using testing::Entries;
using testing::FloatBytes;
using ::testing::HasSubstr;
using testing::Pickler;
using ::testing::StartsWith;
using testing::Zip;

// a [2, 3] and its transpose in one storage, h of halves, n, a number; and an entry that is no tensor.
Bytes Program() {
  return Pickler()
      .Dict()
      .Op('(')
      .Tensor("a", "FloatStorage", "0", 6, 0, {2, 3}, {3, 1})
      .Tensor("turned", "FloatStorage", "0", 6, 0, {3, 2}, {1, 3})
      .Tensor("last", "FloatStorage", "0", 6, 4, {2}, {1})
      .Tensor("h", "HalfStorage", "1", 2, 0, {2}, {1})
      .Tensor("n", "LongStorage", "2", 1, 0, {}, {})
      .Text("epoch")
      .Int(7)
      .Op('u')
      .Done();
}

Entries Content() {
  return {{"net/data.pkl", Program()},
          {"net/data/0", FloatBytes({1, 2, 3, 4, 5, 6})},
          {"net/data/1", {0x00, 0x3e, 0x00, 0xc0}},
          {"net/data/2", {9, 0, 0, 0, 0, 0, 0, 0}},
          {"net/version", {'3', '\n'}}};
}

Result<safetensors::File> DecodeAll(const Bytes& bytes) { return Decode(bytes, "w.pth"); }

std::string Problem(const Bytes& bytes) {
  const auto file = DecodeAll(bytes);
  return file.ok() ? "" : file.error().message;
}

std::vector<float> Values(const safetensors::File& file, const std::string& name) {
  return safetensors::ToFloats(*safetensors::Find(file, name).value());
}

void ExpectContent(const safetensors::File& file) {
  EXPECT_EQ(file.tensors.size(), 5u);
  EXPECT_EQ(file.tensors.at("a").shape, (Shape{2, 3}));
  EXPECT_THAT(Values(file, "a"), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(file.tensors.at("turned").shape, (Shape{3, 2}));
  EXPECT_THAT(Values(file, "turned"), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(Values(file, "last"), ElementsAre(5, 6));
  EXPECT_EQ(file.tensors.at("h").dtype, safetensors::Dtype::kF16);
  EXPECT_THAT(Values(file, "h"), ElementsAre(1.5f, -2));
  EXPECT_EQ(file.tensors.at("n").shape, Shape());
  EXPECT_THAT(Values(file, "n"), ElementsAre(9));
}

TEST(Checkpoint, HasTheTensorsOfTheArchive) { ExpectContent(DecodeAll(Zip(Content())).value()); }

// As before version 1.6: the file's own numbers first, then the program, the keys, and the data.
TEST(Checkpoint, HasTheTensorsOfTheOlderStream) {
  Bytes file = {0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
  const auto add = [&](const Bytes& part) { file.insert(file.end(), part.begin(), part.end()); };
  add(Pickler().Int(1001).Done());
  add(Pickler().Op('}').Text("little_endian").Op(uint8_t{0x88}).Op('s').Done());
  add(Program());
  add(Pickler().Op(']').Op('(').Text("0").Text("1").Text("2").Op('e').Done());
  const size_t data = file.size();
  for (const auto& [key, content] : Content()) {
    if (key.find("/data/") == std::string::npos) continue;
    AppendLittle(static_cast<uint64_t>(key == "net/data/0" ? 6 : key == "net/data/1" ? 2 : 1), &file);
    add(content);
  }
  ExpectContent(DecodeAll(file).value());
  for (size_t size = 0; size < file.size(); ++size) {
    const std::string problem = Problem(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_THAT(problem, StartsWith("w.pth: ")) << size;
    if (size > data) {
      EXPECT_THAT(problem, HasSubstr("the data of '")) << size;
    }
  }
}

TEST(Checkpoint, MayStandUnderAKey) {
  Entries content = Content();
  content[0].second = Pickler()
                          .Op('}')
                          .Text("epoch")
                          .Int(3)
                          .Op('s')
                          .Text("state_dict")
                          .Dict()
                          .Tensor("a", "FloatStorage", "0", 6, 0, {6}, {1})
                          .Op('s')
                          .Op('s')
                          .Done();
  EXPECT_THAT(Values(DecodeAll(Zip(content)).value(), "a"), ElementsAre(1, 2, 3, 4, 5, 6));
  content[0].second = Pickler().Op('}').Text("epoch").Int(3).Op('s').Done();
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("holds no dictionary of tensors"));
}

TEST(Checkpoint, RunsNothing) {
  Entries content = Content();
  content[0].second = Pickler().Global("os", "system").Text("echo gotcha").Op(uint8_t{0x85}).Op('R').Done();
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("w.pth: pickle, byte 2: the file asks for 'os.system', which no weights "
                                               "need, and nothing of a file is ever run"));
  content[0].second = Pickler().Text("os").Text("system").Op(uint8_t{0x93}).Done();
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("asks for 'os.system'"));
  content[0].second = Pickler().Global("torch", "FloatStorage").Tuple({1}).Op('R').Done();
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("a call of 'torch.FloatStorage' is not of the form that tensors have"));
  content[0].second = Pickler().Op('i').Done();
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("operation 105 is not among those of weights"));
}

// --- Tensors that do not fit.

std::string ProblemOfTensor(const std::string& storage, int32_t offset, const std::vector<int32_t>& shape,
                            const std::vector<int32_t>& strides, int tensors = 1) {
  Entries content = Content();
  Pickler program;
  program.Dict().Op('(');
  for (int i = 0; i < tensors; ++i) {
    program.Tensor("t" + std::to_string(i), storage, "0", 6, offset, shape, strides);
  }
  content[0].second = program.Op('u').Done();
  return Problem(Zip(content));
}

TEST(Checkpoint, TensorsMustLieInTheirData) {
  EXPECT_EQ(ProblemOfTensor("FloatStorage", 1, {5}, {1}), "");
  EXPECT_EQ(ProblemOfTensor("FloatStorage", 0, {0, 1000}, {1, 1}), "");
  EXPECT_THAT(ProblemOfTensor("FloatStorage", 2, {5}, {1}),
              HasSubstr("tensor 't0': its shape [5] does not fit the 24 bytes of its data"));
  EXPECT_THAT(ProblemOfTensor("DoubleStorage", 0, {4}, {1}), HasSubstr("does not fit"));
  EXPECT_THAT(ProblemOfTensor("FloatStorage", -1, {2}, {1}), HasSubstr("does not fit"));
  EXPECT_THAT(ProblemOfTensor("FloatStorage", 6, {}, {}), HasSubstr("does not fit"));
  EXPECT_THAT(ProblemOfTensor("FloatStorage", 0, {2, 2}, {2147483647, 2147483647}), HasSubstr("does not fit"));
  EXPECT_THAT(ProblemOfTensor("FloatStorage", 0, {2147483647, 2147483647}, {0, 0}), HasSubstr("does not fit"));
  EXPECT_THAT(ProblemOfTensor("FloatStorage", 0, {2}, {1, 1}), HasSubstr("does not fit"));
  EXPECT_THAT(ProblemOfTensor("FloatStorage", 0, {-2}, {1}), HasSubstr("extents or strides are no numbers from 0 on"));
  EXPECT_THAT(ProblemOfTensor("ComplexFloatStorage", 0, {2}, {1}), HasSubstr("is of torch.ComplexFloatStorage"));
}

TEST(Checkpoint, ASmallFileCannotBecomeALargeOne) {
  Entries content = Content();
  content[1].second = Bytes(100000);
  Pickler program;
  program.Dict().Op('(');
  for (int i = 0; i < 20; ++i) {
    program.Tensor("t" + std::to_string(i), "FloatStorage", "0", 25000, 0, {25000}, {1});
  }
  content[0].second = program.Op('u').Done();
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("shares its data with more tensors than weights do"));
}

TEST(Checkpoint, DataMustBeThere) {
  Entries content = Content();
  content.erase(content.begin() + 2);
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("tensor 'h': its data '1' is missing"));
  content = Content();
  content.emplace_back("net/byteorder", Bytes{'b', 'i', 'g'});
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("not little-endian"));
  content.erase(content.begin());
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("is a zip archive without data.pkl"));
}

// --- Damage.

TEST(Checkpoint, EveryTruncatedOrFlippedArchiveIsASentenceOrTheSame) {
  const Bytes file = Zip(Content());
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_THAT(Problem(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size))), StartsWith("w.pth: "));
  }
  for (size_t at = 0; at < file.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      Bytes damaged = file;
      damaged[at] = static_cast<uint8_t>(damaged[at] ^ 1 << bit);
      const auto decoded = DecodeAll(damaged);
      if (decoded.ok()) ExpectContent(decoded.value());  // Padding, dates and the like.
    }
  }
}

TEST(Checkpoint, EveryFlippedPickleIsASentenceOrAPickle) {
  const Bytes program = Program();
  for (size_t at = 0; at < program.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = program;
      damaged[at] = static_cast<uint8_t>(damaged[at] ^ 1 << bit);
      const auto pickle = ReadPickle(damaged);
      if (!pickle.ok()) {
        EXPECT_THAT(pickle.error().message, StartsWith("pickle, byte "));
      }
    }
  }
}

TEST(Checkpoint, ListsMayContainThemselves) {
  Entries content = Content();
  content[0].second = Pickler().Op('}').Op('q').Op(uint8_t{0}).Text("state_dict").Op('h').Op(uint8_t{0}).Op('s').Done();
  EXPECT_THAT(Problem(Zip(content)), HasSubstr("holds no dictionary of tensors"));
}

TEST(Checkpoint, OtherFilesAreNone) {
  const std::string path = ::testing::TempDir() + "lowbit_checkpoint";
  for (const Bytes& bytes : {Bytes(), Bytes{'P', 'K'}, Bytes{0x80, 2, 'N', '.'}}) {
    ASSERT_TRUE(WriteFileAtomic(path, Span<const uint8_t>(bytes)).ok());
    EXPECT_FALSE(IsCheckpoint(path));
    EXPECT_EQ(Problem(bytes), "w.pth: is no file of PyTorch's torch.save");
  }
  ASSERT_TRUE(WriteFileAtomic(path, Span<const uint8_t>(Zip(Content()))).ok());
  EXPECT_TRUE(IsCheckpoint(path));
  ExpectContent(Read(path).value());
  std::filesystem::remove(path);
  EXPECT_FALSE(IsCheckpoint(path));
}

}  // namespace
}  // namespace lowbit::pytorch
