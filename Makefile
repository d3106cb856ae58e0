# Every target works in a fresh clone that has Go, make and, for the race
# detector, a C compiler. `make` alone prints this list.

GOLANGCI_VERSION := v2.15.0
GOVULN_VERSION := v1.1.4
GOLANGCI := bin/golangci-lint-$(GOLANGCI_VERSION)

# What needs a database, a router or its competitors has a go.mod of its own, so
# that the one of fxhost stays small.
MODULES := . config/validate logging/traceid host/telemetry internal/benchmarks examples/scopes examples/chi examples/spool examples/commands

# $(call each,COMMAND) runs COMMAND in every module.
each = @set -e; for module in $(MODULES); do echo "$$module: $(1)"; (cd $$module && $(1)); done

.DEFAULT_GOAL := help
.PHONY: help run test test-fresh soak build vet lint fmt tidy tidy-check cover bench fuzz vuln size-check ci

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the sample worker; Ctrl-C stops it
	go build -o bin/worker ./cmd/worker
	@exec bin/worker --contentRoot=cmd/worker

test: ## all tests, in random order, with the race detector
	$(call each,go test -race -shuffle=on ./...)

# A test must not need a module that only another command has downloaded.
test-fresh: ## the same with an empty module cache, as on a fresh machine
	@cache=$$(mktemp -d) && trap 'rm -rf "$$cache"' EXIT && \
		GOMODCACHE=$$cache GOFLAGS="$$GOFLAGS -modcacherw" $(MAKE) test

SOAK ?= 10m

soak: ## signals, rewritten settings files, and jobs, messages and tasks that fail, at random, each for SOAK (10m)
	SOAK=$(SOAK) go test -race -count=1 -timeout 0 -run '^TestSoak' -v ./host ./background ./background/queue ./hosted/web

# Without -o, go would leave the program of a module with one program there.
build: ## compile everything
	$(call each,go build -o /dev/null ./...)

vet: ## go vet for linux, windows and darwin
	$(call each,GOOS=linux go vet ./...)
	$(call each,GOOS=windows go vet ./...)
	$(call each,GOOS=darwin go vet ./...)

lint: $(GOLANGCI) ## the linters of .golangci.yml
	$(call each,$(CURDIR)/$(GOLANGCI) run ./...)

$(GOLANGCI):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/golangci-lint $@

fmt: $(GOLANGCI) ## format all files
	$(call each,$(CURDIR)/$(GOLANGCI) fmt ./...)

tidy: ## tidy every go.mod
	$(call each,go mod tidy)

tidy-check: # go mod tidy must change nothing
	$(call each,go mod tidy -diff)

cover: ## coverage of each package
	go test -coverprofile=coverage.out ./...
	go tool cover -func=coverage.out | tail -1

bench: ## benchmarks, as ratios to plain fx in the same run
	go test -run '^$$' -bench . -benchmem ./hosted ./hosted/web ./logging
	cd host/telemetry && go test -run '^$$' -bench . .
	cd internal/benchmarks && go test -run '^$$' -bench . -benchmem .

fuzz: ## each fuzz target for a minute
	@set -e; for dir in $$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's,^,./,'); do \
		for target in $$(go test -list '^Fuzz' $$dir | grep '^Fuzz'); do \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 1m $$dir; done; done

vuln: ## known vulnerabilities in what we use
	$(call each,go run golang.org/x/vuln/cmd/govulncheck@$(GOVULN_VERSION) ./...)

size-check: # a program or a dump that was added by mistake stays in the history forever
	@big=$$(git ls-files -z | xargs -0 sh -c 'find "$$@" -maxdepth 0 -type f -size +1024k' sh); \
		test -z "$$big" || { echo "larger than 1 MB:"; echo "$$big"; exit 1; }

ci: size-check tidy-check build vet lint test ## what must pass before a change lands
