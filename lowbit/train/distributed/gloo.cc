#include "lowbit/train/distributed/backend_group.h"

#ifdef LOWBIT_HAS_GLOO
#include <chrono>
#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "lowbit/train/distributed/endpoint.h"
#endif

namespace lowbit::train::distributed {

#ifdef LOWBIT_HAS_GLOO

namespace {

using Gloo = c10d::ProcessGroupGloo;

// Where the other ranks reach this one: the interface that Gloo's own variable names, else the one towards rank 0.
// (Gloo's default, the address of the host's name, is 127.0.1.1 on many machines.)
std::shared_ptr<::gloo::transport::Device> ChooseDevice(const Launch& launch) {
  if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME")) return Gloo::createDeviceForInterface(interface);
  const Result<std::string> address = LocalAddressTowards(launch.address, launch.port);
  return address.ok() ? Gloo::createDeviceForHostname(address.value()) : Gloo::createDefaultDevice();
}

}  // namespace

std::unique_ptr<Group> MakeGlooGroup(const Launch& launch, c10::intrusive_ptr<c10d::Store> store) {
  const auto timeout = std::chrono::duration<double>(launch.timeout_seconds);
  auto options = Gloo::Options::create(std::chrono::duration_cast<std::chrono::milliseconds>(timeout));
  options->devices.push_back(ChooseDevice(launch));
  auto gloo = c10::make_intrusive<Gloo>(store, launch.rank, launch.ranks, options);
  return std::make_unique<BackendGroup<Gloo>>(std::move(store), std::move(gloo), at::Device(at::kCPU));
}

#else

std::unique_ptr<Group> MakeGlooGroup(const Launch&, c10::intrusive_ptr<c10d::Store>) { return nullptr; }

#endif

}  // namespace lowbit::train::distributed
