# What every image of the lab starts from: Debian forky, and the roots that this machine trusts.
ARG ROOT
FROM ${ROOT}
# Inherited by all that is built on it, stages too: `down --images` finds them by it.
LABEL dockerswarmp1.lab=
COPY apt.conf /etc/apt/apt.conf.d/80lab
COPY dpkg.cfg /etc/dpkg/dpkg.cfg.d/lab
# dpkg must not start a service in a container that is only being built.
RUN printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
  && apt-get update && apt-get install -y ca-certificates
# After the package, which writes its own.
COPY machine-ca.pem /etc/ssl/certs/ca-certificates.crt
ENV LANG=C.UTF-8 \
  SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
  NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
