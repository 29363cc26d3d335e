# make check is what CI runs. README's "go test ./..." needs Go alone.

GO ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The form of doc comments (ST1020 to ST1022) is left to good sense.
CHECKS := all,-ST1020,-ST1021,-ST1022
# ./... passes over folders named testdata.
PACKAGES := ./... ./testdata/need ./testdata/postgres ./testdata/sweep

export GOTOOLCHAIN := local

.PHONY: check lint tidy test bench bench-parts build picture

# With the fault sweeps, which take minutes and need strace (testdata/sweep).
check: export LOSTLINK_SWEEP := 1
check: lint tidy test

lint:
	@odd=$$(gofmt -l .); test -z "$$odd" || { echo "not in gofmt's form, run gofmt -w on:"; echo "$$odd"; exit 1; }
	$(GO) vet $(PACKAGES)
	$(GO) run $(STATICCHECK) -checks '$(CHECKS)' $(PACKAGES)

tidy:
	$(GO) mod tidy -diff
	$(GO) mod verify

test:
	$(GO) test $(PACKAGES)

# lostlink against its peers: BENCH="-clicks 10e6 -formats csv" for other sizes;
# "go run ./cmd/bench -h" lists what there is.
bench:
	$(GO) run ./cmd/bench $(BENCH)

# Parts of the program by themselves; six runs, so that benchstat can compare
# two of these.
bench-parts:
	$(GO) test -run '^$$' -bench . -benchmem -count 6 ./...

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o lostlink ./cmd/lostlink

# The picture in README.md: the sheet Summary of the demo's workbook, which
# LibreOffice prints on the first page, without its margins.
picture:
	dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && set -e; \
	$(GO) run ./cmd/lostlink demo "$$dir/demo" >/dev/null; \
	soffice -env:UserInstallation="file://$$dir/office" --headless --convert-to pdf --outdir "$$dir" "$$dir"/demo/out/latest/*.xlsx >/dev/null; \
	pdftoppm -singlefile -png -r 100 -x 20 -y 40 -W 1005 -H 745 "$$dir"/*.pdf docs/workbook

# The shipped weights, made anew: two minutes or so on two cores.
.PHONY: calibrate
calibrate:
	go run ./cmd/lostlink calibrate --vendors 60 --held-out 20 --seed 1 --strength 300 -o reconcile/gap/weights.json
