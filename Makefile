# libllmlearn: `make help` lists what there is to make.
#
#   make B=build/mine                  builds into another folder
#   make SANITIZE=address,undefined    (or thread) builds a sanitised library
#   make unit ONLY=journal             builds and runs tests/unit/journal*_test.c alone
#   make CC=clang WERROR=              another compiler, warnings not fatal

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR    ?=
ifeq ($(origin CC),default)
CC         := gcc
endif
OBJCOPY    ?= objcopy
PKG_CONFIG ?= pkg-config
PYTHON     ?= $(or $(wildcard /usr/bin/python3),python3)# Debian's sees python3-cffi
JOBS       ?= 2
ARGS       ?=
ONLY       ?=
SANITIZE   ?=

Q     := $(if $V,,@)# V=1 shows the commands
comma := ,
B     ?= build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))

# The header is the one place a version is written.
VERSION := $(shell awk '/define LLMLEARN_VERSION_(MAJOR|MINOR|PATCH)/ {v = v s $$3; s = "."} \
             END {print v}' include/llmlearn.h)
SONAME  := libllmlearn.so.$(firstword $(subst ., ,$(VERSION)))

# ---- flags

CFLAGS ?= $(if $(SANITIZE),-O1,-O2) -g
WERROR ?= -Werror
WARN   := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat=2 -Wundef \
          -Wstrict-prototypes -Wmissing-prototypes $(WERROR)

# Fortify needs an optimiser, and the sanitizers bring their own checks.
ifeq ($(SANITIZE),)
HARDEN := -fstack-protector-strong -fstack-clash-protection \
          $(if $(filter x86_64% i%86%,$(shell $(CC) -dumpmachine)),-fcf-protection) \
          $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
NOUNDEF := -Wl,--no-undefined
else
SAN    := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif

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
SUPPORT := $(patsubst %.c,$B/%.o,$(wildcard tests/support/*.c))
tests_in = $(patsubst %.c,$B/%,$(sort $(wildcard tests/$1/$(ONLY)*_test.c)))
UNIT    := $(call tests_in,unit)
FAULT   := $(call tests_in,fault)
FLOW    := $(call tests_in,flow)
TESTS   := $(UNIT) $(FLOW) $(FAULT)

SO := $B/libllmlearn.so

# ---- build

.PHONY: all tests unit flow fault deps clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $B/libllmlearn.a $(SO)

$B/%.o: %.c Makefile $B/flags
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$Q$(CC) $(ALL_CFLAGS) $(INC) -ffile-prefix-map=$(CURDIR)=. -MMD -MP -c -o $@ $<

# Changes only when the flags do, and then everything is built again.
$B/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS) $(LDFLAGS)' >$@

$(SO).$(VERSION): $(OBJ) lib/llmlearn.map
	@echo '  LINK  $@'
	$Q$(CC) $(SO_FLAGS) -o $@ $(OBJ) $(LDLIBS)

$(SO): $(SO).$(VERSION)
	$Qln -sf $(notdir $<) $B/$(SONAME)
	$Qln -sf $(SONAME) $@

# One object with its hidden symbols made local: a program that links the
# static library can neither reach our internals nor collide with them.
$B/libllmlearn.a: $(OBJ)
	@echo '  AR    $@'
	$Q$(LD) -r -o $B/llmlearn.o $(OBJ)
	$Q$(OBJCOPY) --localize-hidden $B/llmlearn.o
	$Qrm -f $@ && $(AR) rcsD $@ $B/llmlearn.o

# ---- install

# Dirs that were not there are noted, so that uninstall takes away no others.
install: all
	@for d in "$(DESTDIR)$(INCLUDEDIR)" "$(DESTDIR)$(LIBDIR)/pkgconfig"; do \
	    while [ ! -d "$$d" ]; do echo "$$d"; d=$$(dirname "$$d"); done; done >>$B/made-dirs
	install -d "$(DESTDIR)$(INCLUDEDIR)" "$(DESTDIR)$(LIBDIR)/pkgconfig"
	install -m 644 include/llmlearn.h "$(DESTDIR)$(INCLUDEDIR)"
	install -m 644 $B/libllmlearn.a "$(DESTDIR)$(LIBDIR)"
	install -m 755 $(SO).$(VERSION) "$(DESTDIR)$(LIBDIR)"
	ln -sf libllmlearn.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/$(SONAME)"
	ln -sf $(SONAME) "$(DESTDIR)$(LIBDIR)/libllmlearn.so"
	$(call pc_file,$(PREFIX),$(LIBDIR),$(INCLUDEDIR)) >"$(DESTDIR)$(LIBDIR)/pkgconfig/llmlearn.pc"
	@$(if $(DESTDIR),,PATH=$$PATH:/sbin:/usr/sbin ldconfig 2>/dev/null || :)

uninstall:
	rm -f "$(DESTDIR)$(INCLUDEDIR)/llmlearn.h" "$(DESTDIR)$(LIBDIR)/pkgconfig/llmlearn.pc" \
	    $(patsubst %,"$(DESTDIR)$(LIBDIR)/libllmlearn.%",a so so.$(firstword $(subst ., ,$(VERSION))) so.$(VERSION))
	@[ ! -e $B/made-dirs ] || sort -ru $B/made-dirs | while read -r d; do \
	    case "$$d" in "$(DESTDIR)"*) rmdir "$$d" 2>/dev/null || : ;; esac; done
	@$(if $(DESTDIR),,PATH=$$PATH:/sbin:/usr/sbin ldconfig 2>/dev/null || :)

# What stands below the prefix is written so, and moves with it.
pc_file = sed -e 's|@PREFIX@|$1|' -e 's|@LIBDIR@|$(2:$1/%=$${prefix}/%)|' \
    -e 's|@INCLUDEDIR@|$(3:$1/%=$${prefix}/%)|' -e 's|@VERSION@|$(VERSION)|' pkgconfig/llmlearn.pc.in

# ---- tests: unit and fault see the internals, flow the public library alone

$B/internals.a: $(OBJ)
	$Qrm -f $@ && $(AR) rcsD $@ $(OBJ)

$B/support.a: $(SUPPORT)
	@mkdir -p $(@D)
	$Qrm -f $@ && $(AR) rcsD $@ $(SUPPORT)

# A test may ask for link flags of its own in a line like
#     /* link: -Wl,--wrap=malloc */
own_flags = $(shell sed -n 's|^/\* link: \(.*\) \*/$$|\1|p' $(@:$B/%=%.c))

$(SUPPORT) $(TESTS:=.o): INC = -Iinclude -Ilib -Itests
$(FLOW:=.o): INC = -Iinclude -Itests

$(UNIT) $(FAULT): $B/%: $B/%.o $B/support.a $B/internals.a
	@echo '  LINK  $@'
	$Q$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) $(own_flags) -o $@ $^ $(CHECK_LIBS) $(LDLIBS)

$(FLOW): $B/%: $B/%.o $B/support.a $(SO)
	@echo '  LINK  $@'
	$Q$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) $(own_flags) -Wl,-rpath,'$$ORIGIN/../..' -o $@ \
	    $< $B/support.a $(SO) $(CHECK_LIBS) $(LDLIBS)

tests: $(TESTS)
unit: $(UNIT)
	@tests/run.sh $(UNIT)
flow: $(FLOW)
	@tests/run.sh $(FLOW)
fault: $(FAULT)
	@tests/run.sh $(FAULT)

clean:
	rm -rf build

-include $(OBJ:.o=.d) $(SUPPORT:.o=.d) $(TESTS:=.d)
