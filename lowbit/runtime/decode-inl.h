// Decoders: from a vector of packed words to the values of one weight of each lane's output channel. Included once for
// each target.
//
// A decoder D, made from PackedWeights, has
//   kPerWord                weights in a word
//   Value(words, k)         weight k (counted from the row's start) in the lowest bits of each lane -> vector of floats
//   Next(words)             shifts weight k + 1 to the lowest bits

#if defined(LOWBIT_RUNTIME_DECODE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_DECODE_INL_H_
#undef LOWBIT_RUNTIME_DECODE_INL_H_
#else
#define LOWBIT_RUNTIME_DECODE_INL_H_
#endif

#include "hwy/highway.h"
#include "lowbit/runtime/weights.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using WordTag = hn::ScalableTag<uint32_t>;
using FloatVector = hn::Vec<FloatTag>;
using WordVector = hn::Vec<WordTag>;

class FloatDecoder {
 public:
  static constexpr int kPerWord = 1;
  FloatDecoder() = default;
  explicit FloatDecoder(const PackedWeights&) {}
  HWY_INLINE FloatVector Value(WordVector words, int64_t) const { return hn::BitCast(FloatTag(), words); }
  HWY_INLINE WordVector Next(WordVector words) const { return words; }
};

// Up to four values. Only the lowest two bits of a lane select; a table of two values is repeated, so that the second
// bit, which belongs to the next code, makes no difference.
template <int kBits>
class Table4Decoder {
 public:
  static constexpr int kPerWord = 32 / kBits;
  HWY_INLINE WordVector Next(WordVector words) const { return hn::ShiftRight<kBits>(words); }

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  // vpermilps looks at exactly two bits; Highway's lookups need the others cleared.
  explicit Table4Decoder(const PackedWeights& weights) : table_(hn::LoadU(FloatTag(), weights.table)) {}
  HWY_INLINE FloatVector Value(WordVector words, int64_t) const {
#if HWY_TARGET == HWY_AVX2
    return FloatVector{_mm256_permutevar_ps(table_.raw, words.raw)};
#else
    return FloatVector{_mm512_permutevar_ps(table_.raw, words.raw)};
#endif
  }

 private:
  FloatVector table_;
#else
  explicit Table4Decoder(const PackedWeights& weights)
      : value0_(hn::Set(FloatTag(), weights.table[0])),
        value1_(hn::Set(FloatTag(), weights.table[1])),
        value2_(hn::Set(FloatTag(), weights.table[2])),
        value3_(hn::Set(FloatTag(), weights.table[3])) {}
  HWY_INLINE FloatVector Value(WordVector words, int64_t) const {
    const FloatTag d;
    const auto low = hn::RebindMask(d, hn::TestBit(words, hn::Set(WordTag(), 1u)));
    const FloatVector below = hn::IfThenElse(low, value1_, value0_);
    if (kBits == 1) return below;
    const auto high = hn::RebindMask(d, hn::TestBit(words, hn::Set(WordTag(), 2u)));
    return hn::IfThenElse(high, hn::IfThenElse(low, value3_, value2_), below);
  }

 private:
  FloatVector value0_, value1_, value2_, value3_;
#endif
};

// Up to sixteen values, four bits each.
class Table16Decoder {
 public:
  static constexpr int kPerWord = 8;
  HWY_INLINE WordVector Next(WordVector words) const { return hn::ShiftRight<4>(words); }

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  explicit Table16Decoder(const PackedWeights& weights) : table_(hn::LoadU(FloatTag(), weights.table)) {}
  HWY_INLINE FloatVector Value(WordVector words, int64_t) const {
    const hn::RebindToSigned<FloatTag> di;
    const auto index = hn::BitCast(di, hn::And(words, hn::Set(WordTag(), 15u)));
    return hn::TableLookupLanes(table_, hn::IndicesFromVec(FloatTag(), index));
  }

 private:
  FloatVector table_;
#elif HWY_TARGET == HWY_AVX2
  explicit Table16Decoder(const PackedWeights& weights)
      : low_(hn::LoadU(FloatTag(), weights.table)), high_(hn::LoadU(FloatTag(), weights.table + 8)) {}
  HWY_INLINE FloatVector Value(WordVector words, int64_t) const {
    const FloatTag d;
    const hn::RebindToSigned<FloatTag> di;
    const auto index = hn::IndicesFromVec(d, hn::BitCast(di, hn::And(words, hn::Set(WordTag(), 7u))));
    const auto upper = hn::RebindMask(d, hn::TestBit(words, hn::Set(WordTag(), 8u)));
    return hn::IfThenElse(upper, hn::TableLookupLanes(high_, index), hn::TableLookupLanes(low_, index));
  }

 private:
  FloatVector low_, high_;
#else
  explicit Table16Decoder(const PackedWeights& weights) : table_(weights.table) {}
  HWY_INLINE FloatVector Value(WordVector words, int64_t) const {
    const hn::RebindToSigned<FloatTag> di;
    return hn::GatherIndex(FloatTag(), table_, hn::BitCast(di, hn::And(words, hn::Set(WordTag(), 15u))));
  }

 private:
  const float* table_;
#endif
};

class GatherDecoder {
 public:
  static constexpr int kPerWord = 4;
  explicit GatherDecoder(const PackedWeights& weights)
      : table_(weights.large_table.data()), phase_(weights.phase.data()), block_(weights.block) {}
  HWY_INLINE WordVector Next(WordVector words) const { return hn::ShiftRight<8>(words); }
  HWY_INLINE FloatVector Value(WordVector words, int64_t k) const {
    const hn::RebindToSigned<FloatTag> di;
    const auto code = hn::BitCast(di, hn::And(words, hn::Set(WordTag(), 255u)));
    const auto index = hn::Add(hn::Mul(code, hn::Set(di, block_)), hn::Set(di, phase_[k]));
    return hn::GatherIndex(FloatTag(), table_, index);
  }

 private:
  const float* table_;
  const int32_t* phase_;
  int32_t block_;
};

// All weights of a panel as floats: out[k][kPanelVectors * lanes], aligned.
template <class Decoder>
struct DecodePanelWith {
  static void Run(const PackedWeights& weights, int64_t panel, float* HWY_RESTRICT out) {
    const Decoder decoder(weights);
    const FloatTag d;
    const size_t lanes = hn::Lanes(d);
    const uint32_t* words = weights.words.get() + static_cast<size_t>(panel) * weights.PanelWords();
    for (size_t v = 0; v < kPanelVectors; ++v) {
      WordVector packed = hn::Zero(WordTag());
      for (int64_t k = 0; k < weights.columns; ++k) {
        const size_t word = static_cast<size_t>(k / Decoder::kPerWord);
        if (k % Decoder::kPerWord == 0) packed = hn::Load(WordTag(), words + (word * kPanelVectors + v) * lanes);
        hn::Store(decoder.Value(packed, k), d, out + (static_cast<size_t>(k) * kPanelVectors + v) * lanes);
        packed = decoder.Next(packed);
      }
    }
  }
};

// Calls Function<Decoder>::Run(weights, arguments...) with the decoder of the weights' format.
template <template <class> class Function, class... Arguments>
HWY_INLINE void WithDecoder(const PackedWeights& weights, Arguments... arguments) {
  switch (weights.format) {
    case WeightFormat::kFloat:
      return Function<FloatDecoder>::Run(weights, arguments...);
    case WeightFormat::kBits1:
      return Function<Table4Decoder<1>>::Run(weights, arguments...);
    case WeightFormat::kBits2:
      return Function<Table4Decoder<2>>::Run(weights, arguments...);
    case WeightFormat::kBits4:
      return Function<Table16Decoder>::Run(weights, arguments...);
    case WeightFormat::kGather:
      return Function<GatherDecoder>::Run(weights, arguments...);
  }
}

}  // namespace lowbit::runtime::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_DECODE_INL_H_
