#!/bin/sh
# Makes the certificates of the TLS tests. All are valid from 2024 to 2124, except the one that is expired on
# purpose, and protect nothing: their keys are public. Needs OpenSSL 3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
: >index
cat >ca.cnf <<CNF
[ca]
default_ca = test
[test]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
CNF
request() { # NAME SUBJECT EXTENSION
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key.pem"
  openssl req -new -key "$1.key.pem" -subj "/CN=$2" -addext "$3" -out "$1.csr"
}
sign() { # NAME START END CA-OPTIONS...
  name=$1 start=$2 end=$3
  shift 3
  openssl ca -batch -notext -config ca.cnf -in "$name.csr" -startdate "$start" -enddate "$end" -out "$name.pem" "$@"
}
request ca "gofire test authority" basicConstraints=critical,CA:TRUE
sign ca 20240101000000Z 21240101000000Z -selfsign -keyfile ca.key.pem
signed() { # NAME SUBJECT SAN START END
  request "$1" "$2" "subjectAltName=$3"
  sign "$1" "$4" "$5" -cert ca.pem -keyfile ca.key.pem
  cp "$1.pem" "$1.key.pem" "$here"
}
signed server localhost DNS:localhost,IP:127.0.0.1 20240101000000Z 21240101000000Z
signed other-name other.test DNS:other.test 20240101000000Z 21240101000000Z
signed expired localhost DNS:localhost,IP:127.0.0.1 20230101000000Z 20240101000000Z
signed client gofire DNS:gofire.test 20240101000000Z 21240101000000Z
signed expired-client alertmanager DNS:alertmanager.test 20230101000000Z 20240101000000Z
signed pager alertmanager DNS:alertmanager.test,URI:spiffe://gofire.test/alertmanager 20240101000000Z 21240101000000Z
cp ca.pem "$here"
# Another authority, of which nothing else is: a stranger with the right name.
request other-ca "another authority" basicConstraints=critical,CA:TRUE
sign other-ca 20240101000000Z 21240101000000Z -selfsign -keyfile other-ca.key.pem
request stranger alertmanager subjectAltName=DNS:alertmanager.test
sign stranger 20240101000000Z 21240101000000Z -cert other-ca.pem -keyfile other-ca.key.pem
cp other-ca.pem stranger.pem stranger.key.pem "$here"
chmod 644 "$here"/*.pem
