#ifndef LOWBIT_DATA_BATCHER_H_
#define LOWBIT_DATA_BATCHER_H_

// Turns an ImageSet into batches, prepared ahead by background threads.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "lowbit/data/augment.h"
#include "lowbit/data/colour.h"
#include "lowbit/data/dataset.h"

namespace lowbit::data {

struct BatchOptions {
  int64_t batch_size = 1;  // >= 1
  bool shuffle = true;     // A new permutation in each epoch; false: the order of the set (Caffe's data bases).
  bool drop_last = false;  // Leave out a last batch that is not full.
  uint64_t seed = 0;
  CropOptions crop;        // Of images that are read when they are used.
  ColourOptions colour;    // Comes before `augment`.
  AugmentOptions augment;  // The default leaves images as they are.
  PairChanges pairs;       // Of a set of pairs, in place of the three.
  int64_t share = 0;       // Of each batch only the share-th of `shares` equal parts, for one of several processes ...
  int64_t shares = 1;      // ... that read the same set; divides batch_size, and needs drop_last if above 1.
  int64_t turn = 0;   // Only batches number turn, turn + turns, ... of an epoch, for one of several processes that take
  int64_t turns = 1;  // whole batches in turns; 0 <= turn < turns.
  int threads = 1;    // Background threads; 0: each batch is made when it is asked for.
  int prefetch = 4;   // Batches that may be ready ahead of the reader, >= 1.
};

struct Batch {
  std::vector<float> images;     // [count, channels, height, width], 0..255 less the mean of AugmentOptions.
  std::vector<int64_t> labels;   // [count]
  std::vector<float> targets;    // [count, ...ImageSet::answer] of a set of pairs; otherwise empty.
  std::vector<int64_t> indices;  // [count], places in the set.
  int64_t count = 0;
  Status status;  // Not ok: an image could not be read, and the rest of the batch means nothing.
};

// The order in which an epoch visits `count` images: 0, 1, ... or, shuffled, a permutation that depends on
// (count, seed, epoch) only: Fisher-Yates with counter-based numbers. O(count).
std::vector<int64_t> EpochOrder(int64_t count, bool shuffle, uint64_t seed, int64_t epoch);

// How many of `threads` cores keep a network fed: one makes far more images than it uses, unless it has to decode them.
int LoaderThreads(const ImageSet& set, int threads);

// What a batch holds depends on (set, options without threads and prefetch, epoch, number of the batch) only, never on
// threads or timing; so a run that resumes at (epoch, batch) sees what the undisturbed run saw.
// One reader: StartEpoch, Next and the destructor are called by one thread at a time. `set` must outlive the batcher.
class Batcher {
 public:
  // REQUIRES: set not empty; batch_size >= 1; threads >= 0; prefetch >= 1;
  // CheckAugment(options.augment, set.image).ok()
  Batcher(const ImageSet& set, BatchOptions options);
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;
  ~Batcher();

  // Begins `epoch` with its batch number `first_batch` (of those in turn), dropping whatever was prepared before.
  // Returns at once.
  // REQUIRES: 0 <= epoch; 0 <= first_batch <= BatchesPerEpoch()
  void StartEpoch(int64_t epoch, int64_t first_batch = 0);

  // Gives the next batch; false at the end of the epoch (and before the first StartEpoch), which leaves `batch` alone.
  // The memory that `batch` brings is used again. A set that is read when it is used can fail: see batch->status.
  bool Next(Batch* batch);

  // Of those in turn.
  int64_t BatchesPerEpoch() const;

 private:
  // One epoch under way; workers keep their own reference while they make a batch of it.
  struct Epoch {
    int64_t number = 0;
    std::vector<int64_t> order;
  };

  void Work();
  void Fill(const Epoch& epoch, int64_t batch_number, Batch* batch) const;
  Status MakeExample(int64_t epoch, int64_t index, size_t place, std::vector<uint8_t>* buffer, Batch* batch) const;
  Status MakeImage(int64_t epoch, int64_t index, std::vector<uint8_t>* buffer, float* out) const;
  bool CanStartOne() const;
  Batch TakeSpare();

  const ImageSet& set_;
  const BatchOptions options_;
  std::mutex mutex_;
  std::condition_variable can_start_, is_ready_;
  // All below are guarded by mutex_.
  std::shared_ptr<const Epoch> epoch_;
  int64_t next_to_start_ = 0, next_to_give_ = 0;
  std::map<int64_t, Batch> ready_;  // By number of the batch.
  std::vector<Batch> spare_;        // Memory to use again.
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_BATCHER_H_
