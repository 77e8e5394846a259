# The page in Nginx: compressed once, here, instead of at every request.
ARG NGINX_IMAGE=nginx:1.30

FROM ${NGINX_IMAGE} AS build
COPY public /page
RUN find /page -type f ! -name '*.png' -exec gzip -9 -k {} +

FROM ${NGINX_IMAGE}
LABEL org.opencontainers.image.title="dockerswarmp1 frontend" \
      org.opencontainers.image.description="The page, served by Nginx" \
      org.opencontainers.image.licenses="MIT"
COPY swarm/nginx.conf /etc/nginx/nginx.conf
COPY --chmod=755 swarm/frontend-entrypoint.sh /frontend-entrypoint.sh
COPY --from=build /page /page
USER 101:101
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --retries=3 --start-period=10s --start-interval=500ms \
  CMD ["sh", "-c", "test -s /tmp/nginx.pid && kill -0 \"$(cat /tmp/nginx.pid)\""]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/frontend-entrypoint.sh"]
