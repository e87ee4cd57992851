# psmon: the whole build. One non-recursive makefile; objects never shared between sanitizer builds.
#
#   make            build/release/psmon          make demo     the whole job on a simulated ring
#   make check      install deps, build, test    make quick    lint and the faster unit tests
#   make bench      hot paths against naive references
#   make install    PREFIX=/usr/local DESTDIR=   make deps     install what is missing (Debian)
#   make uninstall  of the same                  make nightly  a thousand kills at random instants, an hour
#   SAN=address,undefined or SAN=thread builds and tests with sanitizers; V=1 shows commands.

CC ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
SAN ?=
V ?=
VERSION := 0.1.0

comma := ,
B := $(BUILD)/$(if $(SAN),san-$(subst $(comma),-,$(SAN)),release)
GEN := $(BUILD)/gen
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:

# ---- packages: what psmon needs from Debian, each with its reason ---------------------------------
PACKAGES_BUILD := \
  gcc libc6-dev \
  pkg-config \
  libuv1-dev \
  libcurl4-openssl-dev \
  libyaml-dev \
  libjansson-dev \
  libmicrohttpd-dev \
  libprotobuf-c-dev protobuf-c-compiler \
  libssl-dev \
  libpq-dev \
  libgsl-dev \
  libdnnl-dev \
  postgresql \
  curl
# gcc libc6-dev         the compiler            pkg-config              where the libraries are
# libuv1-dev            the event loop          libcurl4-openssl-dev    HTTP client: archiver, webhooks
# libyaml-dev           the configuration       libjansson-dev          JSON in and out
# libmicrohttpd-dev     the page, the simulated archiver
# libprotobuf-c-dev     the appliance's binary format (with its compiler)
# libssl-dev            HMAC and SHA-256        libpq-dev               PostgreSQL client
# libgsl-dev            statistics, linear algebra
# libdnnl-dev           oneDNN: the autoencoder
# postgresql            the private cluster     curl                    the demo waits for the page
PACKAGES_CHECK := \
  libcmocka-dev \
  perl \
  python3 \
  chromium \
  clang-format \
  shellcheck \
  clang libclang-rt-14-dev
# libcmocka-dev unit tests; perl: prove; python3: peers that misbehave; chromium: the page as a person sees it
# clang-format: one dialect; shellcheck: the scripts, which run as root in the demo; clang, libclang-rt: libFuzzer

PACKAGES_DEV := \
  clang-tidy \
  python3-pip \
  gcovr \
  debootstrap
# for make tidy, make nightly, make coverage, make release-check; no other goal asks for them

.PHONY: all deps deps-check demo check quick bench install uninstall clean lint format unit unit-quick unit-threads e2e evaluate \
  fuzz-corpus fuzz fuzz-run nightly tidy coverage coverage-run virtual release-check
deps:
	$(Q)sh tests/support/deps.sh $(PACKAGES_BUILD)
deps-check:
	$(Q)sh tests/support/deps.sh $(PACKAGES_BUILD) $(PACKAGES_CHECK)

# ---- flags ----------------------------------------------------------------------------------------
PKGS := libuv libcurl libpq gsl jansson libmicrohttpd yaml-0.1 libprotobuf-c libcrypto
STD := -std=c17 -D_GNU_SOURCE -I. -I$(GEN) -DPSMON_VERSION='"$(VERSION)"'
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
        -Wformat=2 -Wcast-qual -Wundef -Wdouble-promotion $(if $(CI),-Werror)
HARD := $(if $(SAN),,-fstack-protector-strong -D_FORTIFY_SOURCE=2) -fPIE -ffp-contract=off
SANF := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
# pkg-config is asked only by goals that compile: deps has to run before it exists
COMPILE_FLAGS = $(STD) $(WARN) $(HARD) $(SANF) $(CFLAGS) $(CPPFLAGS) $(shell pkg-config --cflags $(PKGS))
LINK_LIBS = $(shell pkg-config --libs $(PKGS)) -ldnnl -lpthread -lm
LINK_FLAGS = -pie -Wl,-z,relro,-z,now $(SANF) $(LDFLAGS)

# ---- sources: layers and their rooms --------------------------------------------------------------
LAYERS := base features detectors archive alerts monitor
$(foreach l,$(LAYERS),$(eval SRC_$(l) := $(sort $(wildcard $(l)/*.c $(l)/*/*.c))))
$(foreach l,$(LAYERS),$(eval OBJ_$(l) := $(patsubst %.c,$(B)/%.o,$(SRC_$(l)))))
PB_C := $(GEN)/archive/appliance/pb.pb-c.c
OBJ_archive += $(B)/gen/pb.pb-c.o
PAGE_FILES := $(wildcard dashboards/*)

all: $(B)/psmon

ifeq ($(filter deps deps-check clean demo check quick,$(MAKECMDGOALS)),)
FLAGS_NOW := $(CC) $(COMPILE_FLAGS) $(LINK_FLAGS) $(LINK_LIBS)
$(shell mkdir -p $(B); printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $(B)/.flags || \
        printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' > $(B)/.flags)
endif

$(GEN)/archive/appliance/pb.pb-c.c: archive/appliance/pb.proto
	@mkdir -p $(GEN)
	$(call say,PROTO,$<)protoc-c --c_out=$(GEN) $<
$(B)/gen/pb.pb-c.o: $(PB_C) $(B)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -std=c17 -I$(GEN) $(HARD) $(SANF) $(CFLAGS) -c -o $@ $<
$(B)/%.o: %.c $(B)/.flags | $(PB_C)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(COMPILE_FLAGS) -MMD -MP -c -o $@ $<
$(B)/monitor/page/page_files.o $(B)/monitor/report/report_html.o $(B)/monitor/evaluate/tables_html.o: $(PAGE_FILES)

$(foreach l,$(LAYERS),$(eval $(B)/lib$(l).a: $$(filter-out $(B)/monitor/main.o,$$(OBJ_$(l)))))
$(B)/lib%.a:
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $(filter %.o,$^)

# what each layer may link, itself first: an upward call does not link
LINK_base := base
LINK_features := features base
LINK_detectors := detectors features base
LINK_archive := archive base
LINK_alerts := alerts base
LINK_monitor := monitor alerts detectors features archive base
libs = $(foreach l,$(LINK_$(1)),$(B)/lib$(l).a)

$(B)/psmon: $(B)/monitor/main.o $(call libs,monitor) $(B)/.flags
	$(call say,LINK,$@)$(CC) $(LINK_FLAGS) -o $@ $(B)/monitor/main.o $(call libs,monitor) $(LINK_LIBS)

# ---- tests ----------------------------------------------------------------------------------------
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/%.t,$(UNIT_SRC))
layer_of = $(firstword $(subst _, ,$(notdir $(1))))
.SECONDEXPANSION:
$(B)/tests/%.t: $(B)/tests/unit/%.o $$(call libs,$$(call layer_of,$$*)) $(B)/.flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(LINK_FLAGS) -o $@ $< $(call libs,$(call layer_of,$*)) -lcmocka $(LINK_LIBS)

# Fuzz targets. Every build runs the inputs that are kept (tests/fuzz/corpus) through them; `make fuzz` lets libFuzzer
# look for new ones, FUZZ_S seconds or FUZZ_RUNS inputs each, in a build of its own by clang. FUZZ_SEED: the same
# again (CI, which is to judge a change and not its luck); 0: others each time.
FUZZ_S ?= 60
FUZZ_SEED ?= 0
FUZZ_RUNS ?= -1
FUZZ := $(filter-out main,$(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/*.c))))
$(B)/fuzz/%.t: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/main.o $(call libs,monitor) $(B)/.flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(LINK_FLAGS) -o $@ $< $(B)/tests/fuzz/main.o $(call libs,monitor) $(LINK_LIBS)
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(call libs,monitor) $(B)/.flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(LINK_FLAGS) -fsanitize=fuzzer -o $@ $< $(call libs,monitor) $(LINK_LIBS)

TEST_ENV := CMOCKA_MESSAGE_OUTPUT=TAP OMP_NUM_THREADS=1 \
  ASAN_OPTIONS=handle_segv=2:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
  LSAN_OPTIONS=suppressions=tests/support/lsan.supp TSAN_OPTIONS=suppressions=tests/support/tsan.supp \
  PSMON=$(abspath $(B)/psmon) BUILD_DIR=$(abspath $(B))
JOBS := $(shell nproc 2>/dev/null || echo 2)
# a test that starts servers computes a quarter of its time, and ports and folders are its own: side by side
TEST_JOBS := $(shell expr 2 '*' $(JOBS))
PROVE := $(TEST_ENV) prove -j $(TEST_JOBS) --failures --comments --exec ''

# every header compiles alone: an includer owes it nothing
HEADERS := $(shell find $(LAYERS) tests -name '*.h')
$(B)/alone/%.o: % $(B)/.flags | $(PB_C)
	@mkdir -p $(@D)
	$(call say,ALONE,$<)$(CC) $(COMPILE_FLAGS) -MMD -MP -x c -c -o $@ $<
lint: $(HEADERS:%=$(B)/alone/%.o)
	$(Q)for s in tests/lint/*.sh; do sh $$s || exit 1; done
format:
	$(Q)find $(LAYERS) tests -name '*.[ch]' | xargs clang-format -i
unit: $(UNIT) fuzz-corpus
	$(Q)$(PROVE) $(UNIT)
# the tests in which threads meet, for SAN=thread
UNIT_THREADS := $(filter $(B)/tests/archive_sim%.t $(B)/tests/alerts_disk.t,$(UNIT))
unit-threads: $(UNIT_THREADS)
	$(Q)$(PROVE) $(UNIT_THREADS)
# without the tests that start servers or wait for delays
UNIT_QUICK := $(filter-out $(patsubst %,$(B)/tests/%.t,alerts_delivery alerts_disk alerts_events alerts_state archive_appliance archive_history base_pg base_pgdisk),$(UNIT))
unit-quick: $(UNIT_QUICK) $(FUZZ:%=$(B)/fuzz/%.t)
	$(Q)$(PROVE) $(UNIT_QUICK)
	$(Q)$(MAKE) --no-print-directory fuzz-corpus
quick: deps-check
	$(Q)$(MAKE) --no-print-directory lint unit-quick
# under sanitizers without the additions, which build the whole tree once more each and are about the tree, and without
# the ring that lives, which is about numbers
E2E := $(wildcard tests/e2e/*.sh)
e2e: $(B)/psmon
	$(Q)$(TEST_ENV) prove -j $(TEST_JOBS) --exec sh $(if $(SAN),$(filter-out $(wildcard tests/e2e/*-add-*.sh tests/e2e/*-living.sh),$(E2E)),$(E2E))
fuzz-corpus: $(FUZZ:%=$(B)/fuzz/%.t)
	$(Q)$(TEST_ENV) prove --failures --exec 'sh tests/support/corpus.sh' $(FUZZ:%=$(B)/fuzz/%.t)
# clang takes NAN for a float that is widened, and gcc's warnings are the ones that count; float-cast-overflow because
# numbers of others become indexes
fuzz:
	$(Q)sh tests/support/deps.sh $(PACKAGES_BUILD) $(PACKAGES_CHECK)
	$(Q)$(MAKE) --no-print-directory CI= CC="$(filter ccache,$(CC)) clang" CFLAGS="-O1 -g -Wno-double-promotion" \
	  SAN=fuzzer-no-link,address,undefined,float-cast-overflow fuzz-run
fuzz-run: $(FUZZ:%=$(B)/fuzz/%)
	$(Q)$(TEST_ENV) FUZZ_S=$(FUZZ_S) FUZZ_RUNS=$(FUZZ_RUNS) FUZZ_SEED=$(FUZZ_SEED) FUZZ_DIR=$(abspath $(BUILD)/fuzz) \
	  prove -j $(JOBS) --failures --comments --exec 'sh tests/support/fuzz.sh' $(FUZZ:%=$(B)/fuzz/%)
# clang-tidy as .clang-tidy says, minutes: for whoever changes much, not for every check
tidy: $(PB_C)
	$(Q)sh tests/support/deps.sh $(PACKAGES_DEV)
	$(Q)printf '%s\n' $(filter-out monitor/page/page_files.c,$(foreach l,$(LAYERS),$(SRC_$(l)))) | \
	  xargs -P $(JOBS) -n 8 sh -c 'clang-tidy --quiet "$$@" -- $(subst ','\'',$(STD)) $(shell pkg-config --cflags $(PKGS))' tidy

# What no check has time for: KILLS times psmon, the postmaster or a backend is killed at a random instant. An hour or
# so; the signatures are judged by a library of Standard Webhooks, which Debian does not have.
KILLS ?= 1000
nightly: deps-check $(B)/psmon
	$(Q)PYTHONPATH=$(BUILD)/nightly python3 -c 'import standardwebhooks' 2>/dev/null || \
	  python3 -m pip install --quiet --target $(BUILD)/nightly standardwebhooks
	$(Q)$(TEST_ENV) KILLS=$(KILLS) NIGHTLY_PYTHON=$(abspath $(BUILD)/nightly) sh tests/nightly/kills.sh

# what unit and end-to-end tests run through, in a build of its own; psmon may write as another user by then.
# (Where the simulator's threads meet, a count may be lost: atomic ones make training ten times as slow.)
coverage:
	$(Q)sh tests/support/deps.sh $(PACKAGES_BUILD) $(PACKAGES_CHECK) $(PACKAGES_DEV)
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage \
	  CFLAGS="-O2 -g --coverage" LDFLAGS=--coverage coverage-run
coverage-run: $(UNIT) $(B)/psmon
	$(Q)find $(B) -name '*.gcda' -delete; find $(B) -type d -exec chmod 1777 {} +
	$(Q)umask 0; $(PROVE) $(UNIT); $(TEST_ENV) prove -j $(JOBS) --exec sh tests/e2e/*.sh || echo "coverage of tests that failed"
	$(Q)gcovr --root . --object-directory $(B) $(LAYERS:%=--filter '%/') --exclude-unreachable-branches \
	  --exclude-throw-branches --sort-percentage --print-summary | tee $(BUILD)/coverage.txt | sh tests/support/coverage.sh

# the committed tree in a minimal Debian, as a newcomer has it; as root, minutes, and a gigabyte in build/debian
release-check:
	$(Q)sh tests/support/deps.sh $(PACKAGES_DEV)
	$(Q)sh tests/support/release.sh $(BUILD)/debian

# check: lint, unit tests (plain, then under ASAN and UBSAN, then the threaded ones under TSAN), end to end (twice)
check: deps-check
	$(Q)sh tests/support/check.sh "$(MAKE)"

BENCH := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))
$(B)/bench/%: $(B)/tests/bench/%.o $(call libs,monitor) $(B)/.flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(LINK_FLAGS) -o $@ $< $(call libs,monitor) $(LINK_LIBS)
bench: $(BENCH) $(B)/psmon
	$(Q)for b in $(BENCH); do OMP_NUM_THREADS=1 $$b || exit 1; done

# the resident monitor on virtual time, days in seconds; SEEDS="4 5 6" chooses what fails when
SEEDS ?=
VIRTUAL_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/virtual/*.c))
$(B)/virtual: $(VIRTUAL_OBJ) $(call libs,monitor) $(B)/.flags
	$(call say,LINK,$@)$(CC) $(LINK_FLAGS) -Wl,--wrap=source_open -o $@ $(VIRTUAL_OBJ) $(call libs,monitor) -lcmocka $(LINK_LIBS)
virtual: $(B)/virtual
	$(Q)SEEDS="$(SEEDS)" $(PROVE) $(B)/virtual

demo: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)PSMON=$(abspath $(B)/psmon) sh monitor/demo.sh

evaluate: $(B)/psmon
	$(B)/psmon evaluate

install: $(B)/psmon
install uninstall:
	$(Q)PSMON=$(abspath $(B)/psmon) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) sh monitor/install.sh $@

clean:
	rm -rf $(BUILD)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
