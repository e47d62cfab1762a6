#ifndef LOWBIT_TRAIN_DISTRIBUTED_BACKEND_GROUP_H_
#define LOWBIT_TRAIN_DISTRIBUTED_BACKEND_GROUP_H_

// A Group over one of c10d's backends. Includes libtorch; internal to the folder.

#include <torch/types.h>
#include <torch/utils.h>

#include <exception>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <utility>
#include <vector>

#include "lowbit/train/distributed/group.h"
#include "lowbit/train/distributed/lost_ranks.h"

namespace lowbit::train::distributed {

// "[../gloo/tcp/pair.cc:598] Connection closed by peer\n..." -> "Connection closed by peer"
std::string Reason(const std::exception& error);

// What a rank says when the others do not answer.
LostRanks Lost(int rank, int ranks, const std::exception& error);

// `Backend`: c10d::ProcessGroupGloo or c10d::ProcessGroupNCCL, which have no common base in all versions of libtorch.
template <typename Backend>
class BackendGroup : public Group {
 public:
  // `store` outlives the backend. `device`: of the tensors that the backend takes.
  BackendGroup(c10::intrusive_ptr<c10d::Store> store, c10::intrusive_ptr<Backend> backend, at::Device device)
      : store_(std::move(store)), backend_(std::move(backend)), device_(device) {}

  int rank() const override { return backend_->getRank(); }
  int ranks() const override { return backend_->getSize(); }

  void Sum(const at::Tensor& tensor) override {
    Exchange(tensor, [this](std::vector<at::Tensor>& tensors) { return backend_->allreduce(tensors); });
  }
  void Broadcast(const at::Tensor& tensor) override {
    Exchange(tensor, [this](std::vector<at::Tensor>& tensors) { return backend_->broadcast(tensors); });
  }

 private:
  template <typename Start>
  void Exchange(const at::Tensor& tensor, const Start& start) {
    const at::NoGradGuard no_grad;
    const at::Tensor target = tensor.detach();
    std::vector<at::Tensor> tensors = {target.to(device_).contiguous()};
    try {
      start(tensors)->wait();
    } catch (const std::exception& error) {
      throw Lost(rank(), ranks(), error);
    }
    if (!tensors[0].is_alias_of(target)) target.copy_(tensors[0]);
  }

  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<Backend> backend_;
  at::Device device_;
};

// One for each backend, null where this build lacks it. They throw what libtorch throws.
std::unique_ptr<Group> MakeGlooGroup(const Launch& launch, c10::intrusive_ptr<c10d::Store> store);
std::unique_ptr<Group> MakeNcclGroup(const Launch& launch, c10::intrusive_ptr<c10d::Store> store,
                                     const std::string& device);

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_BACKEND_GROUP_H_
