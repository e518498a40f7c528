# Every command that a developer needs. Logic is C#; this file only says what follows what.
CONFIGURATION ?= Release
PREFIX ?= /usr
DESTDIR ?=

.PHONY: build test demo bench install clean

build: artifacts/sysctr

.PHONY: artifacts/sysctr
artifacts/sysctr:
	dotnet publish src/sysctr -c $(CONFIGURATION) -o artifacts --nologo -v quiet

test:
	dotnet test --nologo

clean:
	rm -rf artifacts
