#include "lowbit/train/distributed/agree.h"

#include <torch/types.h>

#include <cstring>

#include "lowbit/train/distributed/lost_ranks.h"

namespace lowbit::train::distributed {
namespace {

std::string Broadcast(const std::string& text, Group* group) {
  const at::Tensor size = at::full({1}, static_cast<int64_t>(text.size()), at::kLong);
  group->Broadcast(size);
  std::string received = text;
  received.resize(static_cast<size_t>(size.item<int64_t>()));
  if (received.empty()) return received;
  const at::Tensor bytes = at::from_blob(received.data(), {size.item<int64_t>()}, at::kByte);
  group->Broadcast(bytes);
  return received;
}

// A rank that is lost, as an Error.
template <typename Function>
auto Told(Function&& function) -> decltype(function()) {
  try {
    return function();
  } catch (const LostRanks& error) {
    return Failed(error.what());
  }
}

}  // namespace

Result<std::string> FromRoot(const std::string& text, Group* group) {
  if (group == nullptr) return text;
  return Told([&]() -> Result<std::string> { return Broadcast(text, group); });
}

Status OnRoot(const std::function<Status()>& action, Group* group) {
  if (group == nullptr) return action();
  const Status done = group->is_root() ? action() : Ok();
  // The first letter says how it ended.
  std::string outcome = "+";
  if (!done.ok()) outcome = (done.error().kind == ErrorKind::kInvalid ? "i" : "f") + done.error().message;
  LOWBIT_TRY(outcome, FromRoot(outcome, group));
  if (outcome[0] == '+') return Ok();
  return outcome[0] == 'i' ? Invalid(outcome.substr(1)) : Failed(outcome.substr(1));
}

Result<bool> SameOnAll(const std::string& text, Group* group) {
  if (group == nullptr) return true;
  return Told([&]() -> Result<bool> {
    const at::Tensor others = at::full({1}, Broadcast(text, group) == text ? 0 : 1, at::kLong);
    group->Sum(others);
    return others.item<int64_t>() == 0;
  });
}

}  // namespace lowbit::train::distributed
