#include "lowbit/data/batcher.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "lowbit/base/random.h"

namespace lowbit::data {

std::vector<int64_t> EpochOrder(int64_t count, bool shuffle, uint64_t seed, int64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  if (!shuffle) return order;
  const CounterRandom random(seed, StreamOf("order"), static_cast<uint64_t>(epoch));
  std::array<uint32_t, 4> bits = {};
  for (uint64_t i = 0; i + 1 < order.size(); ++i) {
    if (i % 4 == 0) bits = random.Block(i / 4);
    const uint64_t left = order.size() - i;
    std::swap(order[i], order[i + ((bits[i % 4] * left) >> 32)]);
  }
  return order;
}

int LoaderThreads(const ImageSet& set, int threads) { return set.reader == nullptr ? 1 : threads; }

Batcher::Batcher(const ImageSet& set, BatchOptions options) : set_(set), options_(std::move(options)) {
  LOWBIT_CHECK(set_.count() > 0 && options_.batch_size >= 1 && options_.threads >= 0 && options_.prefetch >= 1);
  LOWBIT_CHECK(options_.share >= 0 && options_.share < options_.shares);
  LOWBIT_CHECK(options_.turn >= 0 && options_.turn < options_.turns);
  LOWBIT_CHECK(options_.shares == 1 || (options_.batch_size % options_.shares == 0 && options_.drop_last));
  LOWBIT_CHECK(CheckAugment(options_.augment, set_.image).ok());
  for (int i = 0; i < options_.threads; ++i) workers_.emplace_back([this] { Work(); });
}

Batcher::~Batcher() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  can_start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

int64_t Batcher::BatchesPerEpoch() const {
  const int64_t full = set_.count() / options_.batch_size;
  const bool rest = set_.count() % options_.batch_size != 0;
  const int64_t all = full + (rest && !options_.drop_last ? 1 : 0);
  return (all - options_.turn + options_.turns - 1) / options_.turns;
}

void Batcher::StartEpoch(int64_t epoch, int64_t first_batch) {
  LOWBIT_CHECK(epoch >= 0 && first_batch >= 0 && first_batch <= BatchesPerEpoch());
  auto started = std::make_shared<Epoch>();
  started->number = epoch;
  started->order = EpochOrder(set_.count(), options_.shuffle, options_.seed, epoch);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [number, batch] : ready_) spare_.push_back(std::move(batch));
    ready_.clear();
    epoch_ = std::move(started);
    next_to_start_ = next_to_give_ = first_batch;
  }
  can_start_.notify_all();
}

bool Batcher::Next(Batch* batch) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (epoch_ == nullptr || next_to_give_ >= BatchesPerEpoch()) return false;
  const int64_t number = next_to_give_++;
  if (workers_.empty()) {
    Fill(*epoch_, number, batch);
    return true;
  }
  is_ready_.wait(lock, [&] { return ready_.count(number) != 0; });
  const auto found = ready_.find(number);
  std::swap(*batch, found->second);
  spare_.push_back(std::move(found->second));
  ready_.erase(found);
  lock.unlock();
  can_start_.notify_one();
  return true;
}

bool Batcher::CanStartOne() const {
  return epoch_ != nullptr && next_to_start_ < BatchesPerEpoch() && next_to_start_ - next_to_give_ < options_.prefetch;
}

Batch Batcher::TakeSpare() {
  if (spare_.empty()) return Batch();
  Batch batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void Batcher::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    can_start_.wait(lock, [this] { return stop_ || CanStartOne(); });
    if (stop_) return;
    const std::shared_ptr<const Epoch> epoch = epoch_;
    const int64_t number = next_to_start_++;
    Batch batch = TakeSpare();
    lock.unlock();
    Fill(*epoch, number, &batch);
    lock.lock();
    if (epoch == epoch_) {
      ready_.emplace(number, std::move(batch));
      is_ready_.notify_one();
    } else {
      // Another epoch was started meanwhile.
      spare_.push_back(std::move(batch));
    }
  }
}

void Batcher::Fill(const Epoch& epoch, int64_t batch_number, Batch* batch) const {
  const int64_t size = options_.batch_size / options_.shares;
  const int64_t begin = (options_.turn + batch_number * options_.turns) * options_.batch_size + options_.share * size;
  const int64_t elements = Elements(set_.image);
  batch->count = std::min(size, set_.count() - begin);
  batch->images.resize(static_cast<size_t>(batch->count * elements));
  batch->labels.resize(static_cast<size_t>(batch->count));
  if (set_.pairs != nullptr) batch->targets.resize(static_cast<size_t>(batch->count * Elements(set_.answer)));
  batch->status = Ok();
  std::vector<uint8_t> buffer;
  batch->indices.assign(epoch.order.begin() + begin, epoch.order.begin() + begin + batch->count);
  for (int64_t i = 0; i < batch->count && batch->status.ok(); ++i) {
    const int64_t index = batch->indices[i];
    batch->status = MakeExample(epoch.number, index, static_cast<size_t>(i), &buffer, batch);
    batch->labels[i] = set_.labels[index];
  }
}

Status Batcher::MakeExample(int64_t epoch, int64_t index, size_t place, std::vector<uint8_t>* buffer,
                            Batch* batch) const {
  const auto elements = static_cast<size_t>(Elements(set_.image));
  float* image = batch->images.data() + place * elements;
  if (set_.pairs == nullptr) return MakeImage(epoch, index, buffer, image);
  const auto answers = static_cast<size_t>(Elements(set_.answer));
  set_.pairs->Make(index, options_.seed, static_cast<uint64_t>(epoch), options_.pairs, Span<float>(image, elements),
                   Span<float>(batch->targets.data() + place * answers, answers));
  return Ok();
}

Status Batcher::MakeImage(int64_t epoch, int64_t index, std::vector<uint8_t>* buffer, float* out) const {
  const uint64_t seed = options_.seed, round = static_cast<uint64_t>(epoch), number = static_cast<uint64_t>(index);
  LOWBIT_TRY(Span<const uint8_t> pixels, set_.Read(index, Crop(options_.crop, seed, round, number), buffer));
  if (options_.colour.changes()) {
    if (pixels.data() != buffer->data()) buffer->assign(pixels.begin(), pixels.end());
    ChangeColour(DrawColour(options_.colour, seed, round, number), set_.image,
                 Span<uint8_t>(buffer->data(), buffer->size()));
    pixels = Span<const uint8_t>(buffer->data(), buffer->size());
  }
  const AugmentDraw draw = DrawAugment(options_.augment, set_.image, seed, round, number);
  ApplyAugment(options_.augment, draw, set_.image, pixels, out);
  return Ok();
}

}  // namespace lowbit::data
