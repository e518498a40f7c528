# SPDX-License-Identifier: Apache-2.0
# Every command that a developer needs. Logic is elsewhere: in C#, and in Python where a host is broken and judged (tests/sysctr.HostTests/Faults); this file only says what follows what.
# The version is that of Directory.Build.props.
CONFIGURATION ?= Release
VERSION := $(shell sed -n 's,.*<VersionPrefix>\(.*\)</VersionPrefix>.*,\1,p' Directory.Build.props)
PREFIX ?= /usr
DESTDIR ?=
OUTPUT ?= artifacts
# One compiler serves all projects of a build, and ends ten minutes after the last.
SHARED ?= true
HOST_RID := linux-$(if $(filter aarch64,$(shell uname -m)),arm64,x64)
RID ?= $(HOST_RID)
ARTIFACTS := $(if $(filter $(HOST_RID),$(RID)),artifacts,artifacts/$(RID))
PUBLISH := -c $(CONFIGURATION) -r $(RID) -o $(ARTIFACTS) --nologo -v quiet -p:UseSharedCompilation=$(SHARED) $(if $(filter $(HOST_RID),$(RID)),,-p:ObjCopyName=aarch64-linux-gnu-objcopy)
UNIT := tests/SystemContainers.Tests
export DOTNET_CLI_TELEMETRY_OPTOUT = 1
export DOTNET_NOLOGO = 1

.PHONY: build setup unit check conformance fuzz test demo host bench microbench order install deb reproducible clean

# On x64 'make build RID=linux-arm64' links for arm64, into artifacts/linux-arm64.
build: setup
	dotnet publish src/sysctr $(PUBLISH)
	dotnet publish src/sysctr-listen $(PUBLISH)
	rm -rf $(ARTIFACTS)/man
	dotnet run --project packaging/man/ManPages -c $(CONFIGURATION) -p:UseSharedCompilation=$(SHARED) -- packaging/man $(ARTIFACTS)/man

# What NativeAOT needs to link: a C compiler and zlib, and their like for another architecture. All else is installed by the tests themselves.
setup:
	@tests/setup/build-packages $(filter-out $(HOST_RID),$(RID))

# The library's tests that say no need (root, programs, time), without analyzers: what to run while writing. The compiler stays for the next run, as it does by itself on
# most machines; a second node of MSBuild would cost more than it helps, and a process this short gains nothing by counting its calls (TieredPGO) or guarding its pages (W^X).
# Some tests wait for a clock, so two run for each core.
unit: export DOTNET_TieredPGO = 0
unit: export DOTNET_EnableWriteXorExecute = 0
unit:
	dotnet build $(UNIT) -c $(CONFIGURATION) -m:1 --nologo -v quiet -p:RunAnalyzers=false -p:UseSharedCompilation=true
	SYSCTR_UNIT=1 $(UNIT)/bin/$(CONFIGURATION)/net10.0/$(HOST_RID)/SystemContainers.Tests -trait- 'needs=*' -maxThreads 2x

# All projects with analyzers, whose warnings are errors, and beside each other the format and all of the library's tests: as root, with peers and oracles that are installed. Of the
# rows of the dearest oracle one in eight; 'make test' tries each.
check: setup
	dotnet build SystemContainers.sln -c $(CONFIGURATION) --nologo -v quiet -p:UseSharedCompilation=true
	@dotnet format whitespace SystemContainers.sln --no-restore --verify-no-changes & format=$$!; \
	SYSCTR_SIGNED_SHARE=8 dotnet run --no-build --project tests/SystemContainers.Tests -c $(CONFIGURATION); tests=$$?; \
	wait $$format && exit $$tests
	dotnet run --no-build --project tests/Fuzz -c $(CONFIGURATION) -- --runs 3000

# What sysctr makes of the files that podman's own tests have, key by key and file by file: of a copy of podman's repository in .cache/podman or SYSCTR_PODMAN.
conformance: setup
	dotnet run --project tests/Conformance -c $(CONFIGURATION) -p:RunAnalyzers=false

# Every reader of what others wrote, or those of TARGETS, for so many minutes together.
fuzz: setup
	dotnet run --project tests/Fuzz -c $(CONFIGURATION) -p:RunAnalyzers=false -- --minutes $(or $(MINUTES),10) $(TARGETS)

test: build
	dotnet run --project tests/TestAll -c $(CONFIGURATION) -p:UseSharedCompilation=true

demo: build
	dotnet run --project tests/Demo -c $(CONFIGURATION)

# A disposable host with all test images in its registry, and a root shell on it; with IMAGES=ordinary those of docs/images.md.
host: build
	dotnet run --project tests/Demo -c $(CONFIGURATION) -- host $(IMAGES)

# The targets of speed, each against its peer: all, or ROWS=cold-pull,start of what 'make bench ROWS=' and --list name; SCALE=1 for the dear ones in full size, ROUNDS, CHECKOUT.
bench: build
	dotnet run --project tests/Bench -c $(CONFIGURATION) -p:RunAnalyzers=false -- $(if $(ROWS),--rows $(ROWS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SCALE),--scale $(SCALE)) $(if $(CHECKOUT),--checkout $(CHECKOUT)) $(if $(DOCS),--docs $(DOCS))

# Tar, hashes, merge, templates and list alone, without peers.
microbench: setup
	dotnet run --project tests/MicroBench -c $(CONFIGURATION) -p:RunAnalyzers=false

# Which methods ordinary calls run, and in which order, for the linker: of the binary as it is, on a disposable host. To be made again when much of the code is other.
order: build
	dotnet run --project tests/MethodOrder -c $(CONFIGURATION) -- src/sysctr/methods.order

# Installs what 'make build' made; sysctr-listen is the helper that the payload's namespace sees.
install:
	install -D -m 755 artifacts/sysctr $(DESTDIR)$(PREFIX)/bin/sysctr
	install -D -m 755 artifacts/sysctr-listen $(DESTDIR)$(PREFIX)/libexec/sysctr/sysctr-listen
	ln -sf ../../bin/sysctr $(DESTDIR)$(PREFIX)/libexec/sysctr/atomic
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 artifacts/man/*.1
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 artifacts/man/*.5
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/sysctr/scanners.d packaging/scanners/*.toml
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system packaging/systemd/sysctr-update.timer
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/user packaging/systemd/user/sysctr-update.timer
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system-preset packaging/systemd/90-sysctr.preset
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/user-preset packaging/systemd/90-sysctr.preset
	for unit in sysctr-update.service sysctr-recover.service sysctr-apply.service; do \
		sed 's,@BINDIR@,$(PREFIX)/bin,' packaging/systemd/$$unit > $(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit && \
		sed 's,@BINDIR@,$(PREFIX)/bin,' packaging/systemd/user/$$unit > $(DESTDIR)$(PREFIX)/lib/systemd/user/$$unit && \
		chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit $(DESTDIR)$(PREFIX)/lib/systemd/user/$$unit || exit 1; \
	done
	for unit in sysctr-netns.service sysctr-uplink.service; do \
		sed 's,@BINDIR@,$(PREFIX)/bin,' packaging/systemd/user/$$unit > $(DESTDIR)$(PREFIX)/lib/systemd/user/$$unit && \
		chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/user/$$unit || exit 1; \
	done
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system/sysinit.target.wants $(DESTDIR)$(PREFIX)/lib/systemd/user/basic.target.wants
	ln -sf ../sysctr-recover.service $(DESTDIR)$(PREFIX)/lib/systemd/system/sysinit.target.wants/sysctr-recover.service
	ln -sf ../sysctr-recover.service $(DESTDIR)$(PREFIX)/lib/systemd/user/basic.target.wants/sysctr-recover.service
	install -D -m 644 packaging/completions/sysctr.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sysctr
	install -D -m 644 packaging/completions/_sysctr $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_sysctr
	install -D -m 644 packaging/completions/sysctr.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sysctr.fish
	install -d $(DESTDIR)$(PREFIX)/share/ansible/roles
	cp -r packaging/ansible/roles/sysctr_container $(DESTDIR)$(PREFIX)/share/ansible/roles/
	chmod -R u=rwX,go=rX $(DESTDIR)$(PREFIX)/share/ansible/roles/sysctr_container

# A Debian package of what 'make build' made.
deb:
	@tests/setup/deb-packages
	packaging/deb/build.sh $(VERSION) $(OUTPUT)

# Builds the last commit in two places that differ in all that may not matter, and compares binaries and package byte for byte. Minutes.
reproducible: setup
	@tests/setup/deb-packages
	tests/setup/reproducible

clean:
	rm -rf artifacts
