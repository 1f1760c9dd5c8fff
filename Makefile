# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A thin front. Everything real is in meson.build and in the scripts that are called here.

.PHONY: all demo test bench-kernel bench format install clean packages

all: build/build.ninja
	ninja -C build

# What cgburst does, on a real kernel, in two minutes.
demo: packages all
	bench/demo.sh

# Every test: two compilers, sanitizers, and two real kernels in a guest.
test: packages
	tests/run

# The figures of the README: probe latency beside busy loops, on a real kernel. Leaves build/kernel.json.
bench-kernel: packages all
	bench/bench-kernel.sh

# All measurements, in half an hour: build/report.html and build/bench.json. TRACES=DIR: replay the traces there as well.
bench: packages all
	bench/bench-all.sh $(if $(TRACES),--traces "$(TRACES)")

# As .clang-format says, with version 14; `make test` looks.
format: packages
	find bench examples include lib tests -name '*.[ch]' -exec clang-format -i {} +

# The linker knows a library in /usr/local only when it has been told; a prefix of one's own is not its business.
install: all
	meson install -C build
	@[ -n "$(DESTDIR)" ] || PATH="$$PATH:/sbin" ldconfig 2>/dev/null || true

clean:
	rm -rf build build-asan

packages:
	@.ci/install .ci/packages tests/vm/packages

build/build.ninja:
	meson setup build
