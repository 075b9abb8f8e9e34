"""URLs of the open site."""

from __future__ import annotations

from doclife.core.context import current, current_or_none


def get_url(uri: str | None = None, full_address: bool = False) -> str:
    """Returns a URL of the open site: `get_url("/app")` is "https://erp.example.com/app".

    Args:
        uri: a path; a whole URL stays as it is; None is the site itself.
        full_address: taken for Frappe's sake; the host always stands in it.
    Order: inside a context. The setting `host_name` is the beginning, without it the site's name.
    """
    if uri and uri.startswith(("http://", "https://")):
        return uri
    site = current().site
    host = (site.settings.host_name or f"http://{site.name}").rstrip("/")
    if "://" not in host:
        host = f"https://{host}"
    return f"{host}/{uri.lstrip('/')}" if uri else host


def with_host(path: str) -> str:
    """Returns a path of the desk as a URL where the site says its host, otherwise as it is."""
    context = current_or_none()
    return get_url(path) if context is not None and context.site.settings.host_name else path
