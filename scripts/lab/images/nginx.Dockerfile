# Stands in for nginx:1.30. User, paths and start are the official image's.
ARG BASE
FROM ${BASE}
RUN groupadd --system --gid 101 nginx \
  && useradd --system --gid 101 --uid 101 --home-dir /nonexistent --shell /bin/false nginx \
  && apt-get update && apt-get install -y nginx gettext-base curl \
  && rm -rf /etc/nginx/sites-* /etc/nginx/modules-* /etc/nginx/conf.d/* /var/lib/nginx \
    /var/www /usr/share/nginx/html /etc/nginx/snippets \
  && mkdir -p /var/cache/nginx /usr/share/nginx/html /docker-entrypoint.d /etc/nginx/templates \
  && ln -s /var/cache/nginx /var/lib/nginx \
  && ln -sf /dev/stdout /var/log/nginx/access.log \
  && ln -sf /dev/stderr /var/log/nginx/error.log \
  && echo '<h1>Welcome to nginx!</h1>' >/usr/share/nginx/html/index.html
COPY nginx.conf /etc/nginx/nginx.conf
COPY nginx-default.conf /etc/nginx/conf.d/default.conf
COPY nginx.sh /docker-entrypoint.sh
EXPOSE 80
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["nginx", "-g", "daemon off;"]
