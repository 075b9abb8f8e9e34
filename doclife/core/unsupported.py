"""Names of Frappe that doclife has no counterpart of: they say what to use instead."""

from __future__ import annotations

from typing import Any, NoReturn

from doclife.core.errors import NotSupported


class Unsupported:
    """Stands for something doclife does not have; whatever is asked of it raises NotSupported."""

    def __init__(self, name: str, instead: str) -> None:
        """Takes its name, and the sentence that says what to use instead."""
        self.__dict__.update(_name=name, _instead=instead)

    def _refuse(self) -> NoReturn:
        raise NotSupported(f"{self._name} is not in doclife. {self._instead}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # inspect, copy and pytest look for these without wanting the thing
            raise AttributeError(name)
        self._refuse()

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuses."""
        self._refuse()

    def __repr__(self) -> str:
        return f"<{self._name}: not supported>"


qb = Unsupported(
    "qb",
    "Write db.select(SalesInvoice).where(SalesInvoice.net_total > 100) for typed queries, get_all with filters, "
    "or db.sql; SQLAlchemy expressions work everywhere.",
)
sendmail = Unsupported(
    "sendmail",
    "Enqueue a job that sends with smtplib or your mail provider's client: "
    "enqueue('app.mail.send', enqueue_after_commit=True, ...).",
)
render_template = Unsupported(
    "render_template",
    "doclife has no templates yet. Use an engine of your own where you need one, as in "
    "jinja2.Environment(autoescape=True).from_string(text).render(values).",
)
