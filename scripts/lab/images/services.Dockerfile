# What stands around the cluster: the registry (GHCR's place) and Pebble (Let's Encrypt's place).
ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y docker-registry pebble apache2-utils openssl curl
COPY certificates.sh /usr/local/bin/lab-certificates
COPY registry.yml pebble.json /etc/lab/
