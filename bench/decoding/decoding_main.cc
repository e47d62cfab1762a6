// How fast pictures become images, against libjpeg-turbo alone: the same JPEG files, read from disk (that is, from the
// system's cache) each time, runs of both alternating. Prints a table; asserts nothing.
//
//   lowbit_bench_decoding [--folder FOLDER] [--pictures N] [--pairs N] [--threads N]
//
// The yardstick is a loop of jpeg_read_scanlines over whole pictures on one thread, times the threads. Against it stand
//   whole    the same work through ReadPicture: all pixels of each picture, and every damage noticed
//   test     the image that evaluation takes: the centre, brought to 224 x 224
//   train    the image that training takes: a window of random size, brought to 224 x 224
//   batches  those with flips and colours, as floats in batches of 32, from the batcher's threads
// The last three decode less than whole pictures, and then do what the yardstick leaves out.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <thread>

// After <cstdio>, which it needs.
#include <jpeglib.h>

#include "bench/decoding/photos.h"
#include "bench/decoding/turbo.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/data/batcher.h"
#include "lowbit/data/picture.h"
#include "lowbit/data/picture_list.h"

#define LOWBIT_TEXT_OF(x) #x
#define LOWBIT_TEXT(x) LOWBIT_TEXT_OF(x)

namespace lowbit::bench {
namespace {

struct Arguments {
  std::string folder;
  int64_t pictures = 64;
  int pairs = 10, threads = HardwareThreads();
};

template <typename Outcome>
void Require(const Outcome& outcome) {
  if (!outcome.ok()) throw std::runtime_error(outcome.error().message);
}

double Seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Calls work(i) for each i in [0, count), shared out among `threads`.
void OnThreads(int threads, int64_t count, const std::function<void(int64_t)>& work) {
  std::vector<std::thread> others;
  const auto part = [&](int64_t first) {
    for (int64_t i = first; i < count; i += threads) work(i);
  };
  for (int i = 1; i < threads; ++i) others.emplace_back(part, i);
  part(0);
  for (std::thread& other : others) other.join();
}

class Pictures {
 public:
  Pictures(const std::string& folder, int64_t limit) {
    set_ = data::LoadDataset("image-folder", folder).value().train;
    const data::PictureList list = data::ListPictures(folder + "/train", {}).value();
    if (limit < set_.count()) set_.labels.resize(static_cast<size_t>(limit));
    for (int64_t i = 0; i < set_.count(); ++i) {
      const data::PictureList::Place place = list.places[static_cast<size_t>(i)];
      paths_.push_back(list.Path(place.label, place.rank));
      bytes_ += static_cast<double>(std::filesystem::file_size(paths_.back()));
    }
  }

  int64_t count() const { return set_.count(); }
  double mean_bytes() const { return bytes_ / static_cast<double>(count()); }

  void Turbo() const {
    bench::Turbo turbo;
    for (const std::string& path : paths_) turbo.Decode(path);
  }

  // `rounds` times all of them.
  void Whole(int threads, int64_t rounds) const {
    OnThreads(threads, rounds * count(), [&](int64_t i) {
      Require(data::ReadPicture(paths_[static_cast<size_t>(i % count())], data::WholePicture));
    });
  }

  void Images(data::CropOptions::Kind kind, int threads, int64_t rounds) const {
    data::CropOptions crop;
    crop.kind = kind;
    OnThreads(threads, rounds * count(), [&](int64_t i) {
      thread_local std::vector<uint8_t> buffer;
      const auto index = static_cast<uint64_t>(i);
      Require(set_.Read(i % count(), data::Crop(crop, 1, 0, index), &buffer));
    });
  }

  void Batches(int threads, int64_t rounds) const {
    data::BatchOptions options;
    options.batch_size = 32;
    options.crop.kind = data::CropOptions::Kind::kResized;
    options.augment.flip = true;
    options.colour = {0.4, 0.4, 0.4};
    options.threads = threads;
    options.prefetch = threads + 1;
    data::Batcher batcher(set_, options);
    data::Batch batch;
    for (int64_t epoch = 0; epoch < rounds; ++epoch) {
      batcher.StartEpoch(epoch);
      while (batcher.Next(&batch)) Require(batch.status);
    }
  }

 private:
  data::ImageSet set_;
  std::vector<std::string> paths_;
  double bytes_ = 0;
};

struct Way {
  const char* name;
  std::function<void(int threads, int64_t rounds)> work;
};

std::vector<Way> Ways(const Pictures& pictures) {
  using Kind = data::CropOptions::Kind;
  return {{"whole", [&](int threads, int64_t rounds) { pictures.Whole(threads, rounds); }},
          {"test", [&](int threads, int64_t rounds) { pictures.Images(Kind::kCentre, threads, rounds); }},
          {"train", [&](int threads, int64_t rounds) { pictures.Images(Kind::kResized, threads, rounds); }},
          {"batches", [&](int threads, int64_t rounds) { pictures.Batches(threads, rounds); }}};
}

double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
}

void Compare(const Pictures& pictures, const Way& way, int threads, int pairs) {
  const double count = static_cast<double>(pictures.count());
  std::vector<double> turbo, ours, ratios;
  pictures.Turbo();
  way.work(threads, threads);
  for (int pair = 0; pair < pairs; ++pair) {
    turbo.push_back(threads * count / Seconds([&] { pictures.Turbo(); }));
    ours.push_back(threads * count / Seconds([&] { way.work(threads, threads); }));
    ratios.push_back(ours.back() / turbo.back());
  }
  fmt::print("{:<8} {:>7} {:>15.0f} {:>9.0f} {:>7.3f} {:>7.3f} {:>7.3f}\n", way.name, threads, Quantile(turbo, 0.5),
             Quantile(ours, 0.5), Quantile(ratios, 0.5), Quantile(ratios, 0.25), Quantile(ratios, 0.75));
  std::fflush(stdout);
}

void CompareAll(const Arguments& arguments, const std::string& folder) {
  const Pictures pictures(folder, arguments.pictures);
  fmt::print("libjpeg-turbo {}, {} pictures of {:.0f} kB on average\n", LOWBIT_TEXT(LIBJPEG_TURBO_VERSION),
             pictures.count(), pictures.mean_bytes() / 1000);
  fmt::print("work     threads turbo x threads    ours/s   ratio     25%     75%\n");
  std::vector<int> threads = {1};
  if (arguments.threads > 1) threads.push_back(arguments.threads);
  for (const int number : threads) {
    for (const Way& way : Ways(pictures)) Compare(pictures, way, number, arguments.pairs);
  }
}

// A folder below the system's temporary one that is removed at the end.
class MadeFolder {
 public:
  MadeFolder() : path_(std::filesystem::temp_directory_path() / ("lowbit_photos_" + std::to_string(getpid()))) {}
  MadeFolder(const MadeFolder&) = delete;
  MadeFolder& operator=(const MadeFolder&) = delete;
  ~MadeFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Speed of reading pictures against libjpeg-turbo.");
  app.add_option("--folder", arguments.folder, "an image folder of JPEG files; without it some are made");
  app.add_option("--pictures", arguments.pictures, "how many")->check(CLI::Range(2, 1000000));
  app.add_option("--pairs", arguments.pairs, "runs of each")->check(CLI::Range(1, 10000));
  app.add_option("--threads", arguments.threads, "threads, besides one")->check(CLI::Range(1, 1024));
  CLI11_PARSE(app, argc, argv);
  const MadeFolder made;
  if (arguments.folder.empty()) WritePhotos(made.path(), arguments.pictures);
  CompareAll(arguments, arguments.folder.empty() ? made.path() : arguments.folder);
  return 0;
}

}  // namespace
}  // namespace lowbit::bench

int main(int argc, char** argv) {
  try {
    return lowbit::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
