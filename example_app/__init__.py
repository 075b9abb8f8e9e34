"""An app on doclife: outlets of a franchise, their invoices and what they owe."""
