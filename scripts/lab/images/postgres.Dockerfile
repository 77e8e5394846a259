# Stands in for postgres:18. Users, folders and variables are the official image's.
ARG BASE
FROM ${BASE}
RUN groupadd --system --gid 999 postgres \
  && useradd --system --gid 999 --uid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres \
  && apt-get update && apt-get install -y postgresql-common \
  && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
  && apt-get install -y postgresql-18 \
  && echo "listen_addresses = '*'" >>/usr/share/postgresql/18/postgresql.conf.sample \
  && mkdir /docker-entrypoint-initdb.d \
  && install -d -o 999 -g 999 -m 1777 /var/lib/postgresql \
  && install -d -o 999 -g 999 -m 3777 /var/run/postgresql
COPY postgres.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/18/bin \
  PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
