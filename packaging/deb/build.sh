#!/bin/sh
# Packs what `make install` lays out: build.sh VERSION OUTPUT_DIRECTORY
set -eu
version=$1 output=$2
here=$(cd "$(dirname "$0")" && pwd)
arch=$(dpkg --print-architecture)
layout=$(mktemp -d)
trap 'rm -rf "$layout"' EXIT
chmod 0755 "$layout"
make -C "$here/../.." install DESTDIR="$layout" PREFIX=/usr
mkdir "$layout/DEBIAN"
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/" "$here/control.in" > "$layout/DEBIAN/control"
mkdir -p "$output"
dpkg-deb --root-owner-group --build "$layout" "$output/sysctr_${version}_${arch}.deb"
