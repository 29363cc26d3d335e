# make check is what CI runs. README's "go test ./..." needs Go alone.

GO ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The form of doc comments (ST1020 to ST1022) is left to good sense.
CHECKS := all,-ST1020,-ST1021,-ST1022
# ./... passes over folders named testdata.
PACKAGES := ./... ./testdata/need ./testdata/platform ./testdata/postgres ./testdata/sweep

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

# The sweeps may take longer than the ten minutes that go test allows.
test:
	$(GO) test -timeout 25m $(PACKAGES)

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

# The pictures in README.md and docs/review.md: sheets of the demo's workbook as
# LibreOffice prints them, each found by its title and cut to what is shown.
picture:
	dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && set -e; \
	$(GO) run ./cmd/lostlink demo "$$dir/demo" >/dev/null; \
	soffice -env:UserInstallation="file://$$dir/office" --headless --convert-to pdf --outdir "$$dir" "$$dir"/demo/out/latest/*.xlsx >/dev/null; \
	pdf=$$(echo "$$dir"/*.pdf); pages=$$(pdfinfo "$$pdf" | sed -n 's/^Pages: *//p'); \
	cut() { title=$$1; to=$$2; shift 2; \
		for n in $$(seq $$pages); do \
			if pdftotext -f $$n -l $$n "$$pdf" - | head -n 1 | grep -q "$$title"; then pdftoppm -f $$n -l $$n -singlefile -png "$$@" "$$pdf" "docs/$$to"; return; fi; \
		done; echo "no page is titled $$title"; false; }; \
	cut 'purchases without partner credit' workbook -r 100 -x 130 -y 50 -W 920 -H 740; \
	cut '^Review:' review -r 120 -x 40 -y 60 -W 1285 -H 330; \
	cut '^Case view:' case-view -r 100 -x 110 -y 50 -W 960 -H 700; \
	cut '^Tie-out:' tie-out -r 90 -x 30 -y 40 -W 1000 -H 330

# The shipped weights, made anew: two minutes or so on two cores.
.PHONY: calibrate
calibrate:
	go run ./cmd/lostlink calibrate --vendors 60 --held-out 20 --seed 1 --strength 300 -o reconcile/gap/weights.json
