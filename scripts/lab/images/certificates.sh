#!/bin/sh
# certificates.sh PEBBLE_ADDRESS: the lab's own authority and two certificates, in the current folder.
set -eu
umask 077

new_key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc'

# leaf NAME SUBJECT_ALT_NAMES
leaf() {
  [ -s "$1.pem" ] && return
  # shellcheck disable=SC2086 # words
  openssl req -x509 -CA ca.pem -CAkey ca.key $new_key -days 820 -subj "/CN=$1" \
    -addext "subjectAltName=$2" -addext basicConstraints=critical,CA:FALSE \
    -keyout "$1.key" -out "$1.new"
  mv "$1.new" "$1.pem"
}

if [ ! -s ca.pem ]; then
  # shellcheck disable=SC2086 # words
  openssl req -x509 $new_key -days 3650 -subj '/CN=Lab CA' -keyout ca.key -out ca.new
  mv ca.new ca.pem
  rm -f ghcr.pem pebble.pem
fi
leaf ghcr DNS:ghcr.io
leaf pebble "DNS:pebble,IP:$1"
chmod 644 ca.pem # containers that are not root read it
