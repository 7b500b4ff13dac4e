# Everything a contributor runs. `make help` lists the targets.

TESTALL = go run ./internal/devtool/testall

.DEFAULT_GOAL := help
.PHONY: help test bench lint vet fmt

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'make test  ARGS="-run TestCreate ./tasks/..."   only some tests'
	@echo 'make bench ONLY=list                            only some measurements'

test: ## every check and every test, on private PostgreSQL and Redis servers
	@$(TESTALL) $(ARGS)

# Measurements keep PostgreSQL's own durability (-durable): numbers taken with fsync off would flatter.
bench: ## measure the reference server, on private servers
	@$(TESTALL) -with -durable -- go run ./examples/server/bench $(if $(ONLY),-only=$(ONLY)) $(ARGS)

lint: ## staticcheck, and the rules of the house
	go tool staticcheck ./...
	go test ./internal/architecture/...

vet: ## go vet
	go vet ./...

fmt: ## format every file
	gofmt -w .
