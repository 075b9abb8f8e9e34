"""doclife's own reactions to documents, a band of their own after the handlers of all apps, and what it forbids."""

app_name = "doclife"

doc_events = {
    "Scheduled Job Type": {"before_validate": "doclife.scheduler.planning.plan_again"},
    "*": {
        "on_change": "doclife.doctypes.version.record",
        "on_discard": "doclife.doctypes.version.record",
        "after_rename": [
            "doclife.doctypes.version.record_rename",
            "doclife.doctypes.references.follow_rename",
        ],
        "after_delete": [
            "doclife.doctypes.deleted_document.keep_copy",
            "doclife.doctypes.version.forget",
        ],
    },
}

has_permission = {"User": "doclife.doctypes.user.only_administrator_changes_administrator"}

permission_query_conditions = {"Notification Log": "doclife.doctypes.notification_log.notices_of"}
