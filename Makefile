# The chores, each under one name. `make` lists them; CMakePresets.json holds the settings of every build.

SECONDS_EACH ?= 60
PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help build test demo check dev runtime-only aarch64 microcontroller asan tsan fuzz lint format onnx-operators onnx-exports test-interop namespaces hardware-synthesis tidy bench race install deps clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile

build: ## everything, optimized, into build/
	@cmake --preset release >/dev/null
	@cmake --build --preset release

test: ## install what is needed, build, run every test
	@./test.sh

demo: ## train, pack and run a ternary network on Fashion-MNIST (about 14 minutes)
	@./demo.sh

check: build ## build and run every test, without installing anything
	@ctest --preset release

dev: ## everything with debug information and all checks, into build-dev/, and its tests
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev
	@ctest --preset dev

runtime-only: ## what needs no libtorch, into build-runtime-only/, and its tests
	@cmake --preset runtime-only >/dev/null
	@cmake --build --preset runtime-only
	@ctest --preset runtime-only

aarch64: ## base, core, format and runtime for 64-bit ARM: cross-compiled, tested under qemu
	@tools/install-deps.sh aarch64
	@cmake --preset aarch64 >/dev/null
	@cmake --build --preset aarch64 --target lowbit_base_test lowbit_core_test lowbit_lbm_test lowbit_runtime_test \
	  lowbit_c_test
	@ctest --preset aarch64

microcontroller: ## networks written as C, cross-compiled for Cortex-M0, M3, M4 and M7, run by qemu
	@tools/install-deps.sh microcontroller
	@cmake --preset release >/dev/null
	@cmake --build build --target lowbit_microcontroller_network
	@tests/microcontroller/microcontroller_test.sh build/tests/lowbit_microcontroller_network $(NETWORKS)

asan: ## the same under AddressSanitizer and UndefinedBehaviorSanitizer
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan
	@ctest --preset asan

tsan: ## base, data and runtime under ThreadSanitizer
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan --target lowbit_base_test lowbit_data_test lowbit_runtime_test
	@ctest --preset tsan

fuzz: ## every fuzz target for SECONDS_EACH=60 seconds (needs clang)
	@tools/fuzz.sh $(SECONDS_EACH)

lint: ## fail on a line that clang-format would change
	@tools/lint.sh format

format: ## let clang-format change the lines
	@tools/lint.sh fix

onnx-operators: ## write docs/onnx-operators.md anew: which of ONNX's own tests pass
	@cmake --preset release >/dev/null
	@cmake --build build --target lowbit_onnx_page
	@build/tests/lowbit_onnx_page >build/onnx-operators.md && mv build/onnx-operators.md docs/onnx-operators.md

onnx-exports: ## export small networks with PyTorch (Debian's python3-torch), and compare what is computed of them
	@cmake --preset release >/dev/null
	@cmake --build build --target lowbit_onnx_page
	@/usr/bin/python3 tests/conformance/export_networks.py build/exports >build/exports.log 2>&1
	@build/tests/lowbit_onnx_page --why build/exports | grep 'tests pass'

test-interop: build ## networks that lowbit exports, in ONNX Runtime (which npm installs into build/rival/) and ONNX's checker
	@bench/race/install-rival.sh build/rival
	@LOWBIT_PROGRAM=build/bin/lowbit tests/interop/interop_test.sh build/rival/node_modules

namespaces: build ## train across two network namespaces, which stand for two hosts (needs root)
	@LOWBIT_PROGRAM=build/bin/lowbit tests/distributed/namespaces_test.sh

hardware-synthesis: ## count the LUTs of the hardware with yosys (minutes)
	@hardware/synthesis/run.sh build/hardware-synthesis

tidy: ## clang-tidy over all sources (minutes)
	@tools/lint.sh tidy

bench: ## build and run the benchmarks: every program named lowbit_bench_*, and the race
	@cmake --preset release -DLOWBIT_BENCH=ON >/dev/null
	@ninja -C build $$(ninja -C build -t targets all | sed -n 's/^\(lowbit_bench_[a-z_]*\): phony$$/\1/p')
	@for program in $$(find build -type f -name 'lowbit_bench_*' -perm -u+x); do $$program || exit 1; done
	@$(MAKE) --no-print-directory race

race: ## the runtime against ONNX Runtime, which npm installs into build/rival/
	@cmake --preset release -DLOWBIT_BENCH=ON >/dev/null
	@cmake --build build --target lowbit_bench_race
	@bench/race/install-rival.sh build/rival
	@/usr/bin/python3 bench/race/race.py build/bench/lowbit_bench_race --modules build/rival/node_modules \
	  --json build/race.json

install: build ## install libraries, headers, the Python package and the program below PREFIX=/usr/local
	@cmake --install build --prefix $(PREFIX)

deps: ## install the Debian packages for building and testing
	@tools/install-deps.sh test

clean: ## remove every build folder
	@rm -rf build build-*
