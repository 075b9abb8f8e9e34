"""What the app declares: who reacts to which event, and what runs when.

Submitting keeps the books at once, because they must agree with the invoices at every moment: the
royalty entry and the monthly summary are written in the invoice's own transaction. What may follow
a little later (stock, notices, reports) is left to jobs, which exist exactly if the submit does.
What time brings about (agreements end, weeks and months are over) is left to the scheduler.
"""

app_name = "example_app"
app_title = "Franchise Royalties"

doc_events = {
    "Sales Invoice": {
        "on_submit": [
            "example_app.events.royalties.create_royalty_entry",
            "example_app.events.summaries.update_franchise_sales_summary",
            "example_app.events.royalties.require_open_month",
            "example_app.events.stock.ask_for_stock_update",
            "example_app.events.notices.ask_for_large_invoice_notice",
            "example_app.events.agreements.require_agreement",
        ],
        "on_cancel": [
            "example_app.events.royalties.cancel_royalty_entry",
            "example_app.events.summaries.reverse_franchise_sales_summary",
            "example_app.events.stock.ask_for_stock_update",
        ],
    },
    "*": {
        "on_submit": "example_app.events.audit.note",
        "on_cancel": "example_app.events.audit.note",
    },
}

scheduler_events = {
    "hourly": "example_app.tasks.dashboard.refresh_dashboard",
    "daily": [
        "example_app.tasks.outlets.follow_agreements",
        "example_app.tasks.agreements.review_agreements",
    ],
    "weekly": ["example_app.tasks.digest.send_weekly_digest"],
    "monthly_long": [
        "example_app.tasks.reports.report_on_last_month",
        {
            "method": "example_app.tasks.royalty_invoices.invoice_royalties",
            "timeout": 120,  # seconds; it hands over to a job of its own
            "retries": 3,
            "catch_up": "once",  # one run invoices all months that are open
        },
    ],
    "cron": {
        "0 */6 * * *": ["example_app.tasks.snapshots.sync_outlet_stock_levels"],
        # before the head office opens; what a missed morning would have told is told on the next one
        "0 8 * * *": {
            "method": "example_app.tasks.failures.tell_of_failed_jobs",
            "time_zone": "Europe/Berlin",
            "catch_up": "skip",
        },
        "annual": ["example_app.tasks.snapshots.forget_old_snapshots"],
    },
}

# a notice may outlive the invoice it is about
ignore_links_on_delete = ["Notification Log"]

# the app's roles, written by `doclife export-fixtures example_app`; installations and migrations load them
fixtures = [{"doctype": "Role", "filters": {"name": ["like", "Franchise %"]}}]
