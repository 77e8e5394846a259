# Stands in for haproxy:3.2. User, paths and start are the official image's.
ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y haproxy \
  && usermod --uid 99 haproxy && groupmod --gid 99 haproxy \
  && install -d -o 99 -g 99 /var/lib/haproxy && install -d /usr/local/etc/haproxy \
  && ln -s /usr/sbin/haproxy /usr/local/sbin/haproxy
COPY haproxy.sh /usr/local/bin/docker-entrypoint.sh
STOPSIGNAL SIGUSR1
USER haproxy
WORKDIR /var/lib/haproxy
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
