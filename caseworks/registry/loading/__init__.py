"""From a file to the tables: rows are parsed, staged by COPY and merged set-based, all in one transaction."""
