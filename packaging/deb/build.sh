#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Packs what `make install` lays out: build.sh VERSION OUTPUT_DIRECTORY. Needs dpkg-dev. The same binaries give the same bytes.
set -eu
version=$1-1 output=$2
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
arch=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
layout=$work/layout
umask 022
export LC_ALL=C
mkdir -p "$layout" "$work/debian"
make --no-print-directory -C "$top" install DESTDIR="$layout" PREFIX=/usr

doc=$layout/usr/share/doc/sysctr
mkdir -p "$doc"
sed "s/@VERSION@/$version/" "$here/changelog.in" > "$doc/changelog.Debian"
cp "$top/CHANGELOG.md" "$doc/changelog"
cp "$here/copyright" "$top/README.md" "$top/SECURITY.md" "$doc"
gzip -9n "$doc/changelog" "$doc/changelog.Debian" "$layout"/usr/share/man/man*/*
install -D -m 644 "$here/lintian-overrides" "$layout/usr/share/lintian/overrides/sysctr"
chmod 644 "$doc"/*

# What the binary is linked with; libraries that it opens by name are in control.in.
printf 'Source: sysctr\n\nPackage: sysctr\nArchitecture: any\n' > "$work/debian/control"
shlibs=$(cd "$work" && dpkg-shlibdeps -O "$layout/usr/bin/sysctr" | sed -n 's/^shlibs:Depends=//p')
# As dpkg-gencontrol(1), Installed-Size: what a directory takes is the file system's own.
size=$(find "$layout" -type f -printf '%s\n' -o -printf '1\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
mkdir "$layout/DEBIAN"
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/; s/@SHLIBS@/$shlibs/" "$here/control.in" > "$layout/DEBIAN/control"
install -m 755 "$here/postinst" "$here/prerm" "$here/postrm" "$layout/DEBIAN"
(cd "$layout" && find usr -type f -printf '%p\0' | sort -z | xargs -0 md5sum) > "$layout/DEBIAN/md5sums"

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -d "$(sed -n 's/^ -- .*>  //p' "$here/changelog.in")" +%s)}
export SOURCE_DATE_EPOCH
find "$layout" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$output"
# Blocks of the archive depend on how many threads write it.
dpkg-deb --root-owner-group --threads-max=1 --build "$layout" "$output/sysctr_${version}_${arch}.deb"
