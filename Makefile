# Cordon: build, boot and test the emulated board; build the module.
# "make help" lists everything.

board := tools/testing/cordon/board
tests := tools/testing/cordon/tests

# QEMU and a kernel beside each other: each has parts that keep one CPU busy.
MAKEFLAGS += --jobs=2

.DEFAULT_GOAL := help
.PHONY: help run test vfio stress mutants fuzz build toolbox qemu kernel module rootfs modules \
	install-tree deb clean

help: ## list targets and tests
	@echo 'Targets:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1@\2/p' Makefile | \
		awk -F@ '{ printf "%-18s %s\n", $$1, $$2 }'
	@echo
	@echo 'Tests (make test TEST=name):'
	@perl $(tests)/run --list

run: build ## build everything, boot the board and run the demonstration
	@$(board)/run-demo $(KERNEL)

test: build ## run all tests, or one: make test TEST=name
	@$(board)/run-tests $(TEST)

vfio: qemu ## let virtual machines on the board own devices, and show it
	@$(board)/run-vfio

bench: qemu ## measure beside other IOMMUs, or parts: make bench BENCH=map
	@tools/testing/cordon/bench/run $(BENCH)

stress: build ## everything at once for minutes: STRESS_SECONDS=, STRESS_SEED=
	@$(board)/run-stress

mutants: build ## put defects into copies of the driver and see each found
	@$(board)/mutants

fuzz: toolbox ## fuzz the model and the emulated device (FUZZ_SECONDS=60)
	@tools/testing/cordon/fuzz/run -t $(or $(FUZZ_SECONDS),60)

build: qemu rootfs ## build everything that the board is made of

toolbox: ## make the root that holds the tools
	@$(board)/toolbox

qemu: toolbox ## build QEMU with the emulated device
	@$(board)/build-qemu

kernel: toolbox ## build the kernel (KERNEL=name of board/kernel/)
	@$(board)/build-kernel $(KERNEL)

module: toolbox ## build the modules for the board
	@$(board)/build-module $(KERNEL)

rootfs: toolbox ## make the board's root file system and disk
	@$(board)/build-rootfs $(KERNEL)

modules: ## build the driver for any kernel: make modules KDIR=/path
	$(MAKE) -C $(or $(KDIR),/lib/modules/$(shell uname -r)/build) \
		M=$(CURDIR)/drivers/iommu/cordon modules

deb: toolbox ## make the DKMS package
	@$(board)/build-deb

install-tree: ## put the driver into a kernel's source: KERNEL_TREE=/path
	@tools/cordon/install-tree "$(KERNEL_TREE)"

clean: ## remove what this checkout built; sources and toolbox stay cached
	@$(board)/clean
