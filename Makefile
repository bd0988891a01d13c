# Everything that is done to this tree has a target here: `make help` lists them.
# Needed: Go (the version in go.mod), git, bash. What the tests need beside that stands in internal/tools/need.sh.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

ifeq ($(shell command -v go),)
$(error Go is not installed, or not in PATH: install $(shell sed -n 's/^go /Go /p' go.mod) or newer)
endif

# Build tags, separated by commas. goolm is the end-to-end encryption of Matrix, in Go alone; without it everything
# else works, and so does a plain `go build ./...`.
TAGS ?= goolm
# Added to each go test, -v say.
TESTFLAGS ?=
# How long the tests of one package may take; the race detector makes them ten times slower.
TIMEOUT ?= 45m
# How long each fuzz target runs.
FUZZTIME ?= 20s
# Arguments of `make start`.
ARGS ?=
# Percent of the policies' rules that their tests must reach.
COVERAGE := 95

# Flags that are set already stay: ours are added. Of a flag that is given twice Go takes the last, so tags
# and linker flags are joined here.
goflags := $(shell go env GOFLAGS)
flag_of = $(shell go env GOFLAGS | sed -nE "s/^(.* )?['\"]--?$(1)=([^'\"]*)['\"].*/\2/p;t;s/^(.* )?--?$(1)=([^ ]*).*/\2/p")
comma := ,
empty :=
space := $(empty) $(empty)
tags := $(subst $(space),$(comma),$(strip $(subst $(comma),$(space),$(call flag_of,tags) $(TAGS))))
# A work tree that another user owns cannot be asked for its revision; the version comes from the linker flags.
export GOFLAGS := $(strip $(goflags) $(if $(findstring -buildvcs=,$(goflags)),,-buildvcs=false) $(if $(TAGS),-tags=$(tags)))

# The programs are static. Only the race detector needs C.
export CGO_ENABLED ?= 0

version := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
ldflags := $(strip $(call flag_of,ldflags) -X main.version=$(version))

tools := bin/opa bin/regal bin/golangci-lint bin/benchstat
lint_run := bin/golangci-lint run $(if $(tags),--build-tags=$(tags))
# Regal would ask its publisher for a newer version.
export REGAL_DISABLE_VERSION_CHECK := 1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: start
start: ## build the gate and start it here: talk to it on this terminal (ARGS="--help" for its flags)
	@test -x bin/parachute || echo "building bin/parachute: a minute or two the first time, a second later" >&2
	@go build -ldflags '$(ldflags)' -o bin/parachute ./cmd/parachute
	@exec bin/parachute start $(ARGS)

.PHONY: build
build: ## build bin/parachute
	go build -ldflags '$(ldflags)' -o bin/parachute ./cmd/parachute

.PHONY: test
test: go-test policy-test ## install what the tests need, run the Go tests and the policies' tests (TESTFLAGS="-v -run X" for some)

.PHONY: check
check: build vet lint tidy go-test policy-check policy-test policy-coverage policy-lint ## all that CI asks for, with the race detector
# Tests of a check run under the race detector, whatever else asks for the same tests in the same run of make.
check: race := -race

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: lint
lint: bin/golangci-lint ## the Go linters and formatters, changing nothing
	bin/golangci-lint config verify
	$(lint_run) ./...

.PHONY: tidy
tidy: ## check that go.mod and go.sum of each module are tidy
	go mod tidy -diff
	go -C internal/tools mod tidy -diff
	go -C internal/tools/golangci mod tidy -diff
	go -C internal/tools/regal mod tidy -diff
	go -C internal/tools/dendrite mod tidy -diff

.PHONY: go-test
go-test: ## run the Go tests alone; what they need is installed, by root on Debian
	@internal/tools/need.sh $(if $(race),race)
	$(if $(race),CGO_ENABLED=1 )go test $(race) -timeout $(TIMEOUT) $(TESTFLAGS) ./...

.PHONY: arch
arch: ## only the rules of the tree: who may import whom
	go test $(TESTFLAGS) ./internal/archtest

.PHONY: policy-check
policy-check: bin/opa
	bin/opa fmt --diff --fail policies
	bin/opa check --strict -s policies/schemas policies

.PHONY: policy-test
policy-test: bin/opa
	bin/opa test policies

.PHONY: policy-coverage
policy-coverage: bin/opa
	bin/opa test --coverage --threshold $(COVERAGE) policies | sed -nE 's/^  "coverage": (.*)/policies: \1 % covered by their tests/p'

.PHONY: policy-lint
policy-lint: bin/regal
	bin/regal lint policies

.PHONY: fmt
fmt: bin/opa bin/golangci-lint ## format the Go and the Rego files
	bin/golangci-lint fmt ./...
	bin/opa fmt --write policies

.PHONY: bench
bench: ## run the benchmarks, with allocations, to the terminal (BENCH=pattern, TESTFLAGS="-count 10" for benchstat)
	@go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem $(TESTFLAGS) ./...

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (20s)
	@for package in $$(go list ./...); do \
		targets=$$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); \
		for target in $$targets; do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done

.PHONY: tools
tools: $(tools) ## build opa, regal, golangci-lint and benchstat into bin/

.PHONY: clean
clean: ## remove bin/
	rm -rf bin

# A tool is built again only when its pinned version changes. The linters have modules of their own: they and
# OPA need different versions of one library (gobwas/glob).
bin/opa: internal/tools/go.mod
	$(call build_tool,internal/tools,github.com/open-policy-agent/opa)

bin/regal: internal/tools/regal/go.mod
	$(call build_tool,internal/tools/regal,github.com/open-policy-agent/regal)

bin/benchstat: internal/tools/go.mod
	$(call build_tool,internal/tools,golang.org/x/perf/cmd/benchstat)

bin/golangci-lint: internal/tools/golangci/go.mod
	$(call build_tool,internal/tools/golangci,github.com/golangci/golangci-lint/v2/cmd/golangci-lint)

define build_tool
@echo "building $@ ..." >&2
@go build -C $(1) -o $(CURDIR)/$@ $(2)
@touch $@
endef
