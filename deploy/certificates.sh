#!/bin/sh
# An authority of one's own and one certificate for all machines of a cluster, into a folder:
#   deploy/certificates.sh FOLDER
# ca.pem, cert.pem and key.pem go to every machine; ca.key stays where it is, or goes.
set -eu
folder=${1:?"name a folder, as in: deploy/certificates.sh certificates"}
umask 077
mkdir -p "$folder" && cd "$folder"
openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj "/CN=Sketch & Sum authority" \
    -keyout ca.key -out ca.pem 2> /dev/null
openssl req -newkey rsa:3072 -nodes -subj "/CN=Sketch & Sum" -keyout key.pem -out request.pem 2> /dev/null
openssl x509 -req -days 365 -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem 2> /dev/null
rm -f request.pem ca.srl
