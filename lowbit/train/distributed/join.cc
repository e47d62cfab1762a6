#include <torch/types.h>

#include <chrono>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <type_traits>

#include "lowbit/train/distributed/backend_group.h"
#include "lowbit/train/distributed/endpoint.h"
#include "lowbit/train/distributed/group.h"

namespace lowbit::train::distributed {
namespace {

#ifdef LOWBIT_HAS_GLOO
constexpr bool kHasGloo = true;
#else
constexpr bool kHasGloo = false;
#endif
#ifdef LOWBIT_HAS_NCCL
constexpr bool kHasNccl = true;
#else
constexpr bool kHasNccl = false;
#endif

bool Listens(const Launch& launch) { return launch.rank == 0 && !launch.agent_listens; }

Status CheckEndpoint(const Launch& launch) {
  if (Listens(launch)) return CheckPortIsFree(launch.port);
  return WaitForListener(launch.address, launch.port, launch.timeout_seconds);
}

// A newer libtorch lets libuv serve the store unless it is told not to, and fails if it was built without, as Debian's 2.6.
template <typename Options, typename = void>
struct LibUv {
  static void Refuse(Options* /*options*/) {}
};
template <typename Options>
struct LibUv<Options, std::void_t<decltype(Options::useLibUV)>> {
  static void Refuse(Options* options) { options->useLibUV = false; }
};

// Where the ranks find each other's addresses.
c10::intrusive_ptr<c10d::Store> MakeStore(const Launch& launch) {
  const auto timeout = std::chrono::duration<double>(launch.timeout_seconds);
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(launch.port);
  options.isServer = Listens(launch);
  options.numWorkers = static_cast<size_t>(launch.ranks);
  options.waitWorkers = !launch.agent_listens;
  options.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  LibUv<c10d::TCPStoreOptions>::Refuse(&options);
  auto store = c10::make_intrusive<c10d::TCPStore>(launch.address, options);
  store->setTimeout(options.timeout);
  // The agent's store outlives a restart of the ranks, and still holds the addresses of those that ended.
  const std::string prefix = "lowbit/" + std::to_string(launch.attempt);
  return c10::make_intrusive<c10d::PrefixStore>(prefix, std::move(store));
}

std::unique_ptr<Group> MakeGroup(const Launch& launch, const std::string& device) {
  auto store = MakeStore(launch);
  if (device != "cpu") {
    if (auto nccl = MakeNcclGroup(launch, store, device)) return nccl;
  }
  return MakeGlooGroup(launch, std::move(store));
}

}  // namespace

std::string Reason(const std::exception& error) {
  std::string reason = error.what();
  reason = reason.substr(0, reason.find('\n'));
  const size_t place = reason.find("] ");
  return reason.rfind('[', 0) == 0 && place != std::string::npos ? reason.substr(place + 2) : reason;
}

LostRanks Lost(int rank, int ranks, const std::exception& error) {
  return LostRanks("rank " + std::to_string(rank) + " of " + std::to_string(ranks) +
                   " lost contact with another rank (" + Reason(error) +
                   "); the last checkpoint is complete, and --resume continues from it with any number of ranks");
}

Result<std::unique_ptr<Group>> Join(const Launch& launch, const std::string& device) {
  if (launch.ranks == 1) return std::unique_ptr<Group>();
  if (!kHasGloo && (device == "cpu" || !kHasNccl)) {
    return Invalid("training with " + std::to_string(launch.ranks) + " ranks on " + device +
                   " needs Gloo, which this build of lowbit lacks (Debian: libgloo-dev; then build again)");
  }
  LOWBIT_RETURN_IF_ERROR(CheckEndpoint(launch));
  try {
    return MakeGroup(launch, device);
  } catch (const std::exception& error) {
    return Failed("rank " + std::to_string(launch.rank) + ": not all " + std::to_string(launch.ranks) +
                  " ranks came within " + std::to_string(static_cast<int>(launch.timeout_seconds)) + " s (" +
                  Reason(error) + ")");
  }
}

}  // namespace lowbit::train::distributed
