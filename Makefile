# Every target works in a fresh clone that has Go, make and, for the race
# detector, a C compiler. `make` alone prints this list.

GOLANGCI_VERSION := v2.15.0
GOVULN_VERSION := v1.1.4
GOLANGCI := bin/golangci-lint-$(GOLANGCI_VERSION)

# What needs a database, a router or its competitors has a go.mod of its own, so
# that the one of fxhost stays small.
MODULES := . config/validate logging/traceid internal/benchmarks examples/scopes examples/chi

# $(call each,COMMAND) runs COMMAND in every module.
each = @set -e; for module in $(MODULES); do echo "$$module: $(1)"; (cd $$module && $(1)); done

# The sample worker's, see cmd/worker/appsettings.json.
SPOOL := cmd/worker/data/spool

.DEFAULT_GOAL := help
.PHONY: help run test build vet lint fmt tidy tidy-check cover bench fuzz vuln ci

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the sample worker, with a few orders in its spool folder; Ctrl-C stops it
	go build -o bin/worker ./cmd/worker
	@mkdir -p $(SPOOL)
	@for order in cmd/worker/samples/*.json; do \
		to=$(SPOOL)/$${order##*/}; \
		test -e "$$to" || { cp "$$order" "$$to.tmp" && mv "$$to.tmp" "$$to"; } || exit 1; \
	done
	@exec bin/worker --contentRoot=cmd/worker

test: ## all tests, with the race detector
	$(call each,go test -race ./...)

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
	go test -run '^$$' -bench . -benchmem ./hosted ./logging
	cd internal/benchmarks && go test -run '^$$' -bench . -benchmem .

fuzz: ## each fuzz target for a minute
	@set -e; for dir in $$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's,^,./,'); do \
		for target in $$(go test -list '^Fuzz' $$dir | grep '^Fuzz'); do \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 1m $$dir; done; done

vuln: ## known vulnerabilities in what we use
	$(call each,go run golang.org/x/vuln/cmd/govulncheck@$(GOVULN_VERSION) ./...)

ci: tidy-check build vet lint test ## what must pass before a change lands
