"""doclife's own reactions to documents: a band of their own, after the handlers of all apps."""

app_name = "doclife"

doc_events = {
    "*": {
        "after_delete": "doclife.doctypes.deleted_document.keep_copy",
    },
}
