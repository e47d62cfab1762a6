"""Training steps of the same networks in plain PyTorch: what lowbit's step is compared with.

    python3 bench/train_step/rival.py --way WAY --network NAME --batch N [--threads N] [--contiguous] [--cpu-time]

Serves steps as `lowbit_bench_train_step --serve` does: prints the number of trained values; for each line `step` of the
input runs one step and prints its milliseconds, for `memory` the peak memory of the process in MiB.
Ways: float; fake-quant (torch.ao.quantization's FakeQuantize on each convolution's and product's weights, a scale for
each output channel, three levels); fake-quant-fused (its fused form).
"""

import argparse
import sys
import time

try:
    import torch
    from torch import nn
    from torch.ao import quantization
    from torch.nn import functional
except ImportError as error:
    sys.exit(f"rival.py: {error}: this needs PyTorch for Python (Debian: python3-torch, run by /usr/bin/python3)")


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut that keeps every second pixel and adds zero channels."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.stride, self.missing = stride, channels - channels_in

    def shortcut(self, x):
        if self.stride == 1:
            return x
        before = self.missing // 2
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.missing - before))

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    channels_in = 16
    for channels in (16, 32, 64):
        for _ in range(3):
            layers.append(Block(channels_in, channels, 1 if channels == channels_in else 2))
            channels_in = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def vgg9():
    layers, channels_in = [], 3
    for channels in (64, 128, 256):
        for _ in range(2):
            layers += [nn.Conv2d(channels_in, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels)]
            layers.append(nn.ReLU(inplace=True))
            channels_in = channels
        layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    layers.append(nn.Flatten())
    for features_in in (4096, 512):
        layers += [nn.Linear(features_in, 512, bias=False), nn.BatchNorm1d(512), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(512, 10))


def fake_quantized(network, kind, observer):
    """The network with weights rounded to -1, 0, 1 times the channel's scale in each step; activations as they are."""
    weight = kind.with_args(observer=observer, quant_min=-1, quant_max=1, dtype=torch.qint8,
                            qscheme=torch.per_channel_symmetric, ch_axis=0)
    network.qconfig = quantization.QConfig(activation=nn.Identity, weight=weight)
    return quantization.prepare_qat(network.train())


def build(way, name):
    network = {"resnet20": resnet20, "vgg9": vgg9}[name]()
    observer = quantization.MovingAveragePerChannelMinMaxObserver
    if way == "fake-quant":
        return fake_quantized(network, quantization.FakeQuantize, observer)
    if way == "fake-quant-fused":
        return fake_quantized(network, quantization.FusedMovingAvgObsFakeQuantize, observer)
    return network.train()


class Trainee:
    """A network in training on one batch of noise in the shape of CIFAR-10, by SGD with Nesterov's momentum."""

    def __init__(self, arguments):
        torch.manual_seed(1)
        self.now = time.process_time if arguments.cpu_time else time.perf_counter
        order = torch.contiguous_format if arguments.contiguous else torch.channels_last
        self.network = build(arguments.way, arguments.network).to(memory_format=order)
        self.images = torch.randn(arguments.batch, 3, 32, 32).to(memory_format=order)
        self.labels = torch.randint(10, (arguments.batch,))
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=1e-4, momentum=0.9, nesterov=True,
                                         weight_decay=1e-4)

    def step(self):
        """Forward, loss, backward and update; milliseconds."""
        start = self.now()
        loss = functional.cross_entropy(self.network(self.images), self.labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return 1e3 * (self.now() - start)


def peak_memory():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def main():
    parser = argparse.ArgumentParser(description="Training steps in plain PyTorch, on request.")
    parser.add_argument("--way", choices=["float", "fake-quant", "fake-quant-fused"], default="float")
    parser.add_argument("--network", choices=["resnet20", "vgg9"], default="resnet20")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--contiguous", action="store_true", help="not channels-last")
    parser.add_argument("--cpu-time", action="store_true", help="the processor's time in all threads, not the clock's")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    trainee = Trainee(arguments)
    for _ in range(3):
        trainee.step()
    print(sum(parameter.numel() for parameter in trainee.network.parameters()), flush=True)
    for line in sys.stdin:
        print(peak_memory() if line.strip() == "memory" else trainee.step(), flush=True)


if __name__ == "__main__":
    main()
