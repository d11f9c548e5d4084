# Thin: what a target does is in scripts/.
.PHONY: all demo test check image testnet-up testnet-status testnet-down build-benchmark benchmark benchmark-full microbenchmark clean

all: image

# A private Tor network, a client on it, a page through three relays.
demo:
	@scripts/setup && ./cepa demo

# Everything: static checks, unit tests, integration tests against real relays.
test:
	@scripts/stage "install what is missing" scripts/setup && \
		scripts/stage "install programs to test with" scripts/programs && scripts/stage "build and test" scripts/maven verify

# Static checks only: the compiler's warnings, Error Prone, NullAway, Javadoc; shellcheck where there is one.
check:
	@scripts/stage "static checks" scripts/check

image:
	@scripts/setup && scripts/image

testnet-up:
	@./cepa testnet up

testnet-status:
	@./cepa testnet status

testnet-down:
	@./cepa testnet down

# The benchmark command is part of the image.
build-benchmark: image

# The three targets on real relays: circuits, memory, streams.
benchmark:
	@scripts/setup && ./cepa benchmark -circuit -memory -streams

# All benchmarks, with their results in files.
benchmark-full:
	@scripts/setup && mkdir -p target && ./cepa benchmark -all --timeout 2h --json target/benchmark.json \
		--csv target/benchmark.csv --html target/benchmark.html

# JMH on the hot inner parts; some four minutes.
microbenchmark:
	@scripts/setup && scripts/microbenchmark

clean:
	@rm -rf image image.new image.old target */target
