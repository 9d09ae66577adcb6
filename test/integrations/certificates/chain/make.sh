#!/bin/sh
# Makes the chains of the TLS probe's tests: root < intermediate < each of the others. All are valid from 2024 to 2124 and
# protect nothing: their keys are public. Needs OpenSSL 3.
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
ec="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
make() { # NAME SUBJECT ISSUER KEY DIGEST EXTENSION...
  name=$1 subject=$2 issuer=$3 key=$4 digest=$5
  shift 5
  # shellcheck disable=SC2086 # several words each
  openssl req -new $key -nodes -keyout "$name.key.pem" -subj "/CN=$subject" "$@" -out "$name.csr"
  if [ "$issuer" = "$name" ]; then by="-selfsign"; else by="-cert $issuer.pem"; fi
  # shellcheck disable=SC2086
  openssl ca -batch -notext -config ca.cnf -md "$digest" -in "$name.csr" -startdate 20240101000000Z \
    -enddate 21240101000000Z $by -keyfile "$issuer.key.pem" -out "$name.pem"
}
authority="basicConstraints=critical,CA:TRUE"
names="subjectAltName=DNS:order.test,DNS:*.order.test,DNS:localhost,IP:127.0.0.1"
where="authorityInfoAccess=caIssuers;URI:http://pki.test/intermediate.der"
make root "gofire test root" root "$ec" sha256 -addext "$authority"
make intermediate "gofire test intermediate" root "$ec" sha256 -addext "$authority"
make order order.test intermediate "$ec" sha256 -addext "$names" -addext "$where"
make renewed order.test intermediate "$ec" sha256 -addext "$names" -addext "$where"
make nameless localhost intermediate "$ec" sha256
make sha1 order.test intermediate "$ec" sha1 -addext "$names"
make weak order.test intermediate "-newkey rsa:1024" sha256 -addext "$names"
make alone order.test alone "$ec" sha256 -addext "$names"
cp ./*.pem "$here"
rm -f "$here"/root.key.pem "$here"/intermediate.key.pem "$here"/[0-9A-F]*.pem
chmod 644 "$here"/*.pem
