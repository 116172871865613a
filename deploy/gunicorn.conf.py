"""Gunicorn in the image: threads in a few processes, behind the reverse proxy of docker-compose.yml."""

import os

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("CASEWORKS_WEB_WORKERS", "3"))
threads = 4
timeout = 120
graceful_timeout = 30
max_requests = 5000
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm"  # noqa: S108 - the heartbeat file, in memory
control_socket_disable = True
forwarded_allow_ips = "*"  # only the proxy reaches this port
accesslog = "-"
