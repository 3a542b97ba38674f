# Daily work on Trellis. `make` alone prints the list. Everything is a thin call of cmake, ctest or a script of tools/.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
PRESET ?= dev
PREFIX ?= /usr/local

# build PRESET: configure (cheap when nothing changed) and build.
build = mkdir -p build; cmake --preset $(1) > build/$(1).log || { cat build/$(1).log; exit 1; }; cmake --build --preset $(1)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

up: setup-program ## set up the machine, build the program, and serve examples/hello at http://127.0.0.1:8080
	@$(call build,release) --target trellis guest_hello
	@examples/serve build/release examples/hello/modules.toml

examples: setup ## build every example and serve them all at http://127.0.0.1:8080
	@$(call build,release) --target trellis examples
	@examples/serve build/release examples/modules.toml

test: build-dev ## set up the machine, build everything with checks on, and run every test
	@tools/test build/dev

bench: setup ## measure against native code and every peer found on PATH; writes bench/results/
	@cmake --preset release >/dev/null
	@bench/run build/release

asan: build-asan ## every test under the address and undefined-behaviour sanitizers
	@tools/test build/asan

tsan: build-tsan ## every test under the thread sanitizer
	@tools/test build/tsan

fuzz: build-fuzz ## each fuzzer for SECONDS (60)
	@tools/fuzz build/fuzz $(or $(SECONDS),60)

fmt: ## format every source file
	@tools/format

tidy: build-dev ## the house rules, then clang-tidy over all of src/
	@build/dev/tools/tidy/tidy .
	@tools/lint build/dev

clean-machine: ## make up and make test in a bare Debian 12 root (needs root and debootstrap); writes bench/results/
	@tools/clean_machine

install: setup-program ## copy the program to PREFIX/bin (/usr/local)
	@$(call build,release) --target trellis
	install -D -m 755 build/release/src/cli/trellis $(DESTDIR)$(PREFIX)/bin/trellis

clean: ## remove everything that was built
	rm -rf build

build-%: setup
	@$(call build,$*)

setup:
	@tools/setup

setup-program:
	@tools/setup program

.PHONY: help up examples test bench asan tsan fuzz fmt tidy clean-machine install clean setup setup-program
