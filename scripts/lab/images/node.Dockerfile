# A server of the cluster: its own Docker Engine, and what a person would install beside it.
ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y docker.io docker-cli docker-buildx docker-compose \
  iptables iproute2 iputils-ping procps kmod curl openssl git jq just nodejs
COPY node.sh /usr/local/bin/lab-node
ENTRYPOINT ["/usr/local/bin/lab-node"]
