# make                 builds the static and the shared library in build/
# make help            lists the rest; to any of them may be added
#   B=build/mine       another folder to build in
#   SANITIZE=thread    or address,undefined: a sanitised build in build/thread
#   CC=clang WERROR=   another compiler; warnings are not fatal
#   V=1                shows the commands

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
ifeq ($(origin CC),default)
CC         := gcc
endif
OBJCOPY    ?= objcopy
PKG_CONFIG ?= pkg-config
PYTHON     ?= $(or $(wildcard /usr/bin/python3),python3)# Debian's sees python3-cffi
JOBS       ?= 2
comma      := ,
B          ?= build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))
Q          := $(if $V,,@)

# The header is the one place a version is written.
VERSION := $(shell awk '/define LLMLEARN_VERSION_(MAJOR|MINOR|PATCH)/ {v = v s $$3; s = "."} \
             END {print v}' include/llmlearn.h)
SONAME  := libllmlearn.so.$(firstword $(subst ., ,$(VERSION)))

# ---- flags

CFLAGS ?= $(if $(SANITIZE),-O1,-O2) -g
WERROR ?= -Werror
WARN   := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat=2 -Wundef \
          -Wstrict-prototypes -Wmissing-prototypes -Wno-overlength-strings $(WERROR)

# Fortify needs an optimiser, and the sanitizers bring their own checks.
ifeq ($(SANITIZE),)
HARDEN := -fstack-protector-strong -fstack-clash-protection \
          $(if $(filter x86_64% i%86%,$(shell $(CC) -dumpmachine 2>/dev/null)),-fcf-protection) \
          $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
NOUNDEF := -Wl,--no-undefined
else
# Instrumented code misleads this one warning; the plain build has it.
WARN   += -Wno-format-truncation
SAN    := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif

# libcurl is loaded when it is first needed: only its headers are asked for.
PKGS      := sqlite3 jansson
LIB_FLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
LDLIBS    := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null || echo -lsqlite3 -ljansson) \
             -lpthread -lm
# libcheck for the tests; asked for only when a test is linked.
CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check 2>/dev/null || echo -lcheck)

# -ffp-contract=off: a receipt replays to the same bits.
ALL_CFLAGS := -std=c11 -D_GNU_SOURCE= $(WARN) -fPIC -fvisibility=hidden \
              -ffp-contract=off $(HARDEN) $(SAN) $(LIB_FLAGS) $(CPPFLAGS) $(CFLAGS)
INC        = -Iinclude -Ilib
SO_FLAGS   = -shared -Wl,-soname,$(SONAME) -Wl,--no-undefined-version \
             -Wl,--version-script=lib/llmlearn.map -Wl,-z,relro,-z,now -Wl,-z,nodelete \
             -Wl,-z,noexecstack $(NOUNDEF) $(SAN) $(CFLAGS) $(LDFLAGS)

# ---- sources

SRC     := $(sort $(wildcard lib/*/*.c))
OBJ     := $(SRC:%.c=$B/%.o)
SUPPORT := $(patsubst %.c,$B/%.o,$(wildcard tests/support/*.c tests/simulation/*.c))
tests_in = $(patsubst %.c,$B/%,$(sort $(wildcard tests/$1/$(ONLY)*_test.c)))
UNIT    := $(call tests_in,unit)
FAULT   := $(call tests_in,fault)
FLOW    := $(call tests_in,flow)
TESTS   := $(UNIT) $(FLOW) $(FAULT)
BENCH   := $(patsubst %.c,$B/%,$(wildcard tests/bench/*_bench.c))

SO := $B/libllmlearn.so

# ---- build

.PHONY: all server dashboard tests benches unit flow fault binding pytest browser deps run check \
        screenshots bench tidy sabotage fuzz fuzz-api coverage peers format install uninstall \
        clean help FORCE
.DELETE_ON_ERROR:

all: $B/libllmlearn.a $(SO)

help:
	@sed -n '1,/^$$/s/^# \?//p; s/^#: /make /p' Makefile

$B/%.o: %.c Makefile $B/flags
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$Q$(CC) $(ALL_CFLAGS) $(INC) -ffile-prefix-map=$(CURDIR)=. -MMD -MP -c -o $@ $<

# Stamps that change only when what they hold does: other flags build all
# again, a source added or taken away links again.
flags   := $(CC) $(ALL_CFLAGS) $(LDFLAGS)
objects := $(OBJ)
$B/flags $B/objects: FORCE
	@mkdir -p $(@D)
	@echo '$($(@F))' | cmp -s - $@ || echo '$($(@F))' >$@

$(SO).$(VERSION): $(OBJ) $B/objects lib/llmlearn.map
	@echo '  LINK  $@'
	$Q$(CC) $(SO_FLAGS) -o $@ $(OBJ) $(LDLIBS)

$(SO): $(SO).$(VERSION)
	$Qln -sf $(notdir $<) $B/$(SONAME)
	$Qln -sf $(SONAME) $@

# One object with its hidden symbols made local: a program that links the
# static library can neither reach our internals nor collide with them.
$B/libllmlearn.a: $(OBJ) $B/objects
	@echo '  AR    $@'
	$Q$(LD) -r -o $B/llmlearn.o $(OBJ)
	$Q$(OBJCOPY) --localize-hidden $B/llmlearn.o
	$Qrm -f $@ && $(AR) rcsD $@ $B/llmlearn.o

# ---- the example server: the public library alone, and nothing that the library needs

SERVER_PKGS = libmicrohttpd libcrypto jansson
SERVER     := $(patsubst %.c,$B/%.o,$(sort $(wildcard examples/server/*.c)))

#: server             examples/server as build/llmlearn-server
server: $B/llmlearn-server
$(SERVER): INC = -Iinclude -DOPENAPI_FILE='"examples/server/openapi.json"' \
    $(shell $(PKG_CONFIG) --cflags $(SERVER_PKGS))
$B/examples/server/openapi.o: examples/server/openapi.json
$B/llmlearn-server: $(SERVER) $(SO)
	@echo '  LINK  $@'
	$Q$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) -pie -Wl,-z,relro,-z,now,-z,noexecstack \
	    -Wl,-rpath,'$$ORIGIN' -o $@ $(SERVER) $(SO) $(shell $(PKG_CONFIG) --libs $(SERVER_PKGS)) \
	    -lpthread

# ---- install

#: install            [DESTDIR= PREFIX=/usr/local LIBDIR= INCLUDEDIR=]; also: uninstall
# Directories that were not there are noted, so that uninstall takes away no others.
install: all
	@for d in "$(DESTDIR)$(INCLUDEDIR)" "$(DESTDIR)$(LIBDIR)/pkgconfig"; do \
	    while [ ! -d "$$d" ]; do echo "$$d"; d=$$(dirname "$$d"); done; done >>$B/made-dirs
	install -d "$(DESTDIR)$(INCLUDEDIR)" "$(DESTDIR)$(LIBDIR)/pkgconfig"
	install -m 644 include/llmlearn.h "$(DESTDIR)$(INCLUDEDIR)"
	install -m 644 $B/libllmlearn.a "$(DESTDIR)$(LIBDIR)"
	install -m 755 $(SO).$(VERSION) "$(DESTDIR)$(LIBDIR)"
	ln -sf libllmlearn.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/$(SONAME)"
	ln -sf $(SONAME) "$(DESTDIR)$(LIBDIR)/libllmlearn.so"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
	    -e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' -e 's|@VERSION@|$(VERSION)|' \
	    pkgconfig/llmlearn.pc.in >"$(DESTDIR)$(LIBDIR)/pkgconfig/llmlearn.pc"
	@$(if $(DESTDIR),,PATH=$$PATH:/sbin:/usr/sbin ldconfig 2>/dev/null || :)

uninstall:
	rm -f "$(DESTDIR)$(INCLUDEDIR)/llmlearn.h" "$(DESTDIR)$(LIBDIR)/pkgconfig/llmlearn.pc" \
	    $(foreach file,libllmlearn.a libllmlearn.so $(SONAME) libllmlearn.so.$(VERSION), \
	    "$(DESTDIR)$(LIBDIR)/$(file)")
	@mkdir -p $B && touch $B/made-dirs
	@sort -ru $B/made-dirs | while read -r d; do rmdir "$$d" 2>/dev/null || [ ! -d "$$d" ] || \
	    echo "$$d"; done >$B/made-dirs.left; mv $B/made-dirs.left $B/made-dirs
	@$(if $(DESTDIR),,PATH=$$PATH:/sbin:/usr/sbin ldconfig 2>/dev/null || :)

# ---- tests: unit and fault see the internals, flow the public library alone

$B/internals.a: $(OBJ) $B/objects
	$Qrm -f $@ && $(AR) rcsD $@ $(OBJ)

$B/support.a: $(SUPPORT)
	@mkdir -p $(@D)
	$Qrm -f $@ && $(AR) rcsD $@ $(SUPPORT)

# A test may ask for link flags of its own in a line like
#     /* link: -Wl,--wrap=malloc */
own_flags = $(shell sed -n 's|^/\* link: \(.*\) \*/$$|\1|p' $(@:$B/%=%.c))

$(SUPPORT) $(TESTS:=.o) $(BENCH:=.o): INC = -Iinclude -Ilib -Itests
$(FLOW:=.o): INC = -Iinclude -Itests

$(UNIT) $(BENCH): $B/%: $B/%.o $B/support.a $B/internals.a
	@echo '  LINK  $@'
	$Q$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) $(own_flags) -o $@ $^ $(CHECK_LIBS) $(LDLIBS)

# Fault tests see the library with its named points open (lib/base/point.h): what
# ll_point_hit does there they say themselves, or tests/support/point.c does nothing.
POINTED := $(patsubst %.c,$B/points/%.o,$(shell grep -l LL_POINT $(SRC)))
$B/points/%.o: %.c Makefile $B/flags
	@mkdir -p $(@D)
	@echo '  CC    $< with points'
	$Q$(CC) $(ALL_CFLAGS) $(INC) -DLL_POINTS=1 -ffile-prefix-map=$(CURDIR)=. -MMD -MP -c -o $@ $<

$B/pointed.a: $(OBJ) $(POINTED) $B/objects
	$Qrm -f $@ && $(AR) rcsD $@ $(filter-out $(POINTED:$B/points/%=$B/%),$(OBJ)) $(POINTED)

$(FAULT): $B/%: $B/%.o $B/support.a $B/pointed.a
	@echo '  LINK  $@'
	$Q$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) $(own_flags) -o $@ $< -Wl,--start-group $B/support.a \
	    $B/pointed.a -Wl,--end-group $(CHECK_LIBS) $(LDLIBS)

$(FLOW): $B/%: $B/%.o $B/support.a $(SO)
	@echo '  LINK  $@'
	$Q$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) $(own_flags) -Wl,-rpath,'$$ORIGIN/../..' -o $@ \
	    $< $B/support.a $(SO) $(CHECK_LIBS) $(LDLIBS)

export LL_SANITIZER := $(firstword $(subst $(comma), ,$(SANITIZE)))
#: unit [ONLY=journal]  one kind of tests; also: flow, fault
tests: $(TESTS)
benches: $(BENCH)
unit: $(UNIT)
flow: $(FLOW)
fault: $(FAULT)
unit flow fault:
	@tests/run.sh $^

# ---- Python: installed into $B/python, against this build

PY_ENV  = PYTHON=$(PYTHON) PYTHONPATH=$(abspath $B)/python
BINDING = $(shell find bindings/python \( -name tests -o -name build -o -name '*.egg-info' \) -prune \
                  -o -name '*.[chpt]*' -type f ! -name '*.pyc' -print 2>/dev/null)
T      ?= $(sort $(dir $(wildcard bindings/python/tests/test_*.py examples/*/tests/test_*.py)))

# From a copy: setuptools leaves its work beside the sources, and would take
# what it once linked to another folder for done.
binding: $B/python/.made
$B/python/.made: $(BINDING) include/llmlearn.h | all
	@echo '  PIP   bindings/python'
	$Qrm -rf $B/binding && cp -r bindings/python $B/binding
	$QLLMLEARN_INCLUDE=$(CURDIR)/include LLMLEARN_LIBDIR=$(abspath $B) $(PYTHON) -m pip install \
	    --quiet --disable-pip-version-check --root-user-action=ignore --no-index \
	    --no-build-isolation --no-deps --upgrade --target $(@D) $(abspath $B)/binding
	@touch $@

pytest: binding server
	$Q$(PY_ENV):$(CURDIR)/tests/support $(PYTHON) -m pytest -q -rs -p no:cacheprovider -p canary $T

# ---- the dashboard, by Vite; where that cannot be installed, the rest does without

DASHBOARD = $(shell find examples/dashboard \( -name node_modules -o -name tests -o -name e2e \) \
                    -prune -o -type f ! -name '*.md' ! -name '*.png' -print)

dashboard:
	@tests/setup/node.sh
	@[ ! -e examples/dashboard/node_modules/.installed.json ] || \
	    $(MAKE) --no-print-directory -s $B/dashboard/index.html
$B/dashboard/index.html: $(DASHBOARD)
	@echo '  VITE  examples/dashboard'
	$Qcd examples/dashboard && LLMLEARN_DASHBOARD_OUT=$(abspath $B)/dashboard \
	    node_modules/.bin/vite build --logLevel warn

#: browser [ONLY=feedback]  the tests of the dashboard in Chromium, on the real server
browser: binding server dashboard
	@tests/run.sh "examples/dashboard/check.sh browser $(ONLY)"

# ---- whole jobs: each sets up what it needs, then builds with it

export LL_MAKE := $(MAKE)
export LL_BUILD = $B
export CC PYTHON JOBS
SUBMAKE = $$LL_MAKE --no-print-directory -j$(JOBS)

#: run [ARGS=--once]  set up, build, replay real prices, then a week; serves a month and dashboard
run: deps-run
	@$(SUBMAKE) all binding server dashboard
	@$(PY_ENV) examples/trading_engine/run.sh $(ARGS)
	$(if $(ARGS)$(LLMLEARN_LLM_URL),,@$(PY_ENV) examples/trading_engine/run.sh --week)
	$(if $(ARGS),,@$(PY_ENV) examples/trading_engine/run.sh --serve)
#: screenshots        takes the pictures in examples/dashboard/screenshots anew
screenshots: deps-check
	@$(SUBMAKE) all binding server dashboard
	@cd examples/dashboard && node e2e/screenshots.mjs
#: check              set up, build and run every test; ends in "N passed, N failed"
check: deps-check peers
	@tests/check.sh
#: bench              set up, build and measure; writes build/bench.json
bench: deps-bench
	@$(SUBMAKE) all benches binding server
	@$(PY_ENV) tests/bench/run.sh $(ARGS)
#: tidy               the style checks alone
tidy: all
	@tests/style/tidy.sh $B
#: sabotage           [ARGS=name...] plants each known defect and sees its test fail
sabotage: deps-check peers
	@tests/sabotage/run.sh $(ARGS)
#: fuzz               [SECONDS=60] each target in tests/fuzz, from its seeds, by libFuzzer
FUZZ    := $(patsubst tests/fuzz/%.c,$B/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
SECONDS ?= 60
fuzz: deps-check
	@$(SUBMAKE) B=$B/fuzzed CC=clang WERROR=-Wno-unknown-warning-option \
	    SANITIZE=fuzzer-no-link,address,undefined $B/fuzzed/internals.a
	@mkdir -p $B/fuzz
	@for target in $(FUZZ:$B/fuzz/%=%); do \
	    clang -g -O1 -std=c11 -D_GNU_SOURCE= -fsanitize=fuzzer,address,undefined \
	        -fno-sanitize-recover=all $(INC) -o $B/fuzz/$$target tests/fuzz/$$target.c \
	        $B/fuzzed/internals.a $(LDLIBS) && mkdir -p $B/fuzz/$$target.corpus && \
	    $B/fuzz/$$target -max_total_time=$(SECONDS) -timeout=10 -print_final_stats=1 \
	        $B/fuzz/$$target.corpus tests/fuzz/$$target.seeds || exit 1; done
#: fuzz-api           [EXAMPLES=100] the example server, by Schemathesis from its openapi.json
EXAMPLES ?= 100
fuzz-api: deps-check
	@$(SUBMAKE) all binding server
	@$(PY_ENV) $(PYTHON) -B tests/fuzz/http_api.py $B/schemathesis $(EXAMPLES)
#: coverage           lines of lib that the tests run; fails under 85 %
COVERED := $B/coverage
coverage: deps-coverage
	@$(SUBMAKE) -k B=$(COVERED) CFLAGS='-O0 -g --coverage -fprofile-update=atomic' all tests
	@find $(COVERED) -name '*.gcda' -delete
	@tests/run.sh $(TESTS:$B/%=$(COVERED)/%); failed=$$?; gcovr --root . --filter lib/ \
	    --print-summary --fail-under-line 85 $(COVERED) && exit $$failed
#: deps               installs the Debian packages that check and run need, and the peers
deps: deps-check peers
deps-%:
	@tests/setup/deps.sh $*
#: peers              installs the programs by others that judge our requests, with npm
peers: | deps-check
	@tests/setup/peers.sh
format:
	clang-format-14 -i $(shell find lib include tests examples bindings -name '*.[ch]')
clean:
	rm -rf build

-include $(OBJ:.o=.d) $(POINTED:.o=.d) $(SUPPORT:.o=.d) $(TESTS:=.d) $(BENCH:=.d) $(SERVER:.o=.d)
