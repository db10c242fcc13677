"""HTTP: what a URL means. Knows FastAPI; knows no SQL and no clinical rule."""
