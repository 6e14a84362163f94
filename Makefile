# SPDX-License-Identifier: GPL-2.0-only
#
# The front door: each target calls the script that does the work.

KERNEL ?=
KSRC ?=
DRIVER ?= both
MINUTES ?=
FILE ?=
PREFIX ?= /usr/local
MIB ?= 2048
BASE ?=
TIME ?=
SEED ?=
REPLAY ?=

.PHONY: help setup demo bench bench-compare bench-load check check-fast check-machines check-clients check-debug check-fuzz fuzz soak build deb install intree upstream clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## install what this Debian machine lacks (as root)
	@tools/setup

demo: setup ## show the driver at work, against the stock one: FILE=one's own file
	@demo/run $(if $(FILE),--file '$(FILE)')

bench: setup ## measure against the stock driver, half an hour: KERNEL=6.12
	@bench/run $(if $(KERNEL),--kernel '$(KERNEL)')

bench-compare: setup ## what a change did, in instructions: BASE=revision
	@bench/compare '$(BASE)' $(if $(KERNEL),'$(KERNEL)')

bench-load: setup ## measure the loader against fio, half an hour: MIB=512 a smaller file
	@bench/load/run --mib '$(MIB)' $(if $(KERNEL),--kernel '$(KERNEL)')

check: setup ## all tests, on all kernels: KERNEL=7.3 only on that, DRIVER=ours without the stock driver
	@tools/check $(if $(KERNEL),--kernel '$(KERNEL)') --driver '$(DRIVER)' \
		$(if $(MINUTES),--minutes '$(MINUTES)')

check-machines: setup ## the packages in installed machines that reboot: KERNEL=7.3 only on that
	@tools/check --machines $(if $(KERNEL),--kernel '$(KERNEL)')

check-clients: setup ## real programs of Debian with the driver: KERNEL=7.3 only on that, DRIVER=ours
	@tests/clients/run $(if $(KERNEL),--kernel '$(KERNEL)') $(if $(filter ours stock,$(DRIVER)),--driver '$(DRIVER)')

check-fuzz: setup ## planted mistakes that fuzz has to find, calls led by coverage, fuzzers of others: half an hour
	@tests/fuzz/planted/run
	@tests/fuzz/calls
	@tests/fuzz/others

fuzz: setup ## random operations, on each kernel: TIME=600 KERNEL=7.3 SEED=1, or REPLAY=a file of an earlier run
	@tests/fuzz/run $(if $(KERNEL),--kernel '$(KERNEL)') --time '$(or $(TIME),600)' \
		$(if $(SEED),--seed '$(SEED)') $(if $(REPLAY),--replay '$(REPLAY)')

soak: setup ## frames for an hour, and counters that have to stay flat: TIME=3600 KERNEL=7.3
	@tests/soak/run $(if $(KERNEL),--kernel '$(KERNEL)') --time '$(or $(TIME),3600)'

check-debug: setup ## all selftests on kernels that look for mistakes; which lines of the driver ran
	@tests/debug/run all

check-fast: ## checkers and unit tests, on this machine only
	@tools/check-fast

build: ## the module and the programs: KERNEL=6.12
	@vm/build --kernel '$(or $(KERNEL),6.12)'

deb: setup ## the Debian packages, into build/deb
	@packaging/build

install: ## libraries, headers, command and man pages: PREFIX=/usr/local DESTDIR=
	@tools/install '$(PREFIX)' '$(DESTDIR)'

intree: ## put the driver into a kernel's source tree: KSRC=its folder
	@tools/intree '$(KSRC)'

upstream: setup ## the driver as patches against Linux 7.3, into build/upstream
	@tools/upstream

clean: ## remove everything that was built (caches outside the checkout stay)
	rm -rf build
