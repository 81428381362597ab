# What a person types; CMake and the scripts do the work.
#
#   make          build/lanner, optimised            make test      everything CI runs
#   make run      build it and let the built-in      make quick     the tests that take a minute
#                 model write a few lines            make check     style and layers only
#   make fuzz     each parser a minute               make nightly   fuzzing for hours, with a report
#   make format   clang-format in place              make clean     removes all build folders
#   make install  to PREFIX (default /usr/local)
#
# `make run` and `make test` install missing Debian packages (scripts/bootstrap.sh); the others say
# what is missing.
PREFIX ?= /usr/local
PROMPT ?= Once upon a time
FUZZ_SECONDS ?= 60

.PHONY: all run test quick check format fuzz nightly install clean

all:
	@scripts/bootstrap.sh --build --check
	@scripts/build.sh release

run:
	@scripts/bootstrap.sh --build
	@scripts/build.sh release
	build/lanner run -p "$(PROMPT)" -n 128

test:
	@scripts/test.sh

quick:
	@scripts/test.sh quick

check:
	@scripts/check.sh

format:
	@git ls-files -z --cached --others --exclude-standard '*.c' '*.h' | xargs -0 clang-format -i

fuzz:
	@scripts/fuzz.sh $(FUZZ_SECONDS)

nightly:
	@scripts/nightly.sh

install: all
	cmake --install build --prefix "$(PREFIX)"

clean:
	rm -rf build build-*
