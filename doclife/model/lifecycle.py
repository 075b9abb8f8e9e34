"""The order of events: one table, walked by the engine. To change the order, change it here.

A plain word is an event: the controller's method of that name, then the handlers of the registry.
A word in angle brackets is a step of the framework, a function of `doclife.model.steps`.
`<write>` is the write of the document and its rows. `doclife docs events` prints this table.
"""

from __future__ import annotations

INSERT = "insert"
INSERT_SUBMITTED = "insert as submitted"
SAVE = "save"
SUBMIT = "submit"
UPDATE_AFTER_SUBMIT = "save of a submitted document"
CANCEL = "cancel"
DISCARD = "discard"
DELETE = "delete"
RENAME = "rename"
DB_SET = "db_set"

_NAMING = ("before_naming", "<clear_name>", "autoname", "<name>")

LIFECYCLE: dict[str, tuple[str, ...]] = {
    INSERT: (
        "<defaults>",
        "<check_types>",
        "<stamp_new>",
        "<check_links>",
        "<permit_create>",
        "before_insert",
        *_NAMING,
        "before_validate",
        "validate",
        "before_save",
        "<check_values>",
        "<check_changed_links>",
        "<write>",
        "<check_amended>",
        "after_insert",
        "on_update",
        "on_change",
    ),
    INSERT_SUBMITTED: (
        "<defaults>",
        "<check_types>",
        "<stamp_new>",
        "<check_links>",
        "<permit_create>",
        "<permit_submit>",
        "before_insert",
        *_NAMING,
        "before_validate",
        "validate",
        "before_submit",
        "<check_values>",
        "<check_changed_links>",
        "<write>",
        "<check_amended>",
        "after_insert",
        "on_update",
        "on_submit",
        "on_change",
    ),
    SAVE: (
        "<row_defaults>",
        "<check_types>",
        "<permit_write>",
        "<stamp>",
        "<check_links>",
        "before_validate",
        "validate",
        "before_save",
        "<check_values>",
        "<check_set_only_once>",
        "<check_changed_links>",
        "<write>",
        "on_update",
        "on_change",
    ),
    SUBMIT: (
        "<row_defaults>",
        "<check_types>",
        "<permit_write>",
        "<permit_submit>",
        "<stamp>",
        "<check_links>",
        "before_validate",
        "validate",
        "before_submit",
        "<check_values>",
        "<check_set_only_once>",
        "<check_changed_links>",
        "<write>",
        "on_update",
        "on_submit",
        "on_change",
    ),
    UPDATE_AFTER_SUBMIT: (
        "<row_defaults>",
        "<check_types>",
        "<permit_write>",
        "<permit_submit>",
        "<stamp>",
        "<check_links>",
        "before_update_after_submit",
        "<check_values>",
        "<check_set_only_once>",
        "<check_update_after_submit>",
        "<check_changed_links>",
        "<write>",
        "on_update_after_submit",
        "on_change",
    ),
    CANCEL: (
        "<check_types>",
        "<permit_write>",
        "<permit_cancel>",
        "<stamp>",
        "before_cancel",
        "<write>",
        "on_cancel",
        "<check_cancel_backlinks>",
        "on_change",
    ),
    DISCARD: (
        "<check_discardable>",
        "<permit_write>",
        "<stamp>",
        "before_discard",
        "<write>",
        "on_discard",
    ),
    DELETE: (
        "<permit_delete>",
        "<check_deletable>",
        "on_trash",
        "on_change",
        "<check_delete_backlinks>",
        "<delete>",
        "after_delete",
    ),
    RENAME: (
        "<check_renamable>",
        "<permit_rename>",
        "before_rename",
        "<check_new_name>",
        "<rename>",
        "after_rename",
    ),
    DB_SET: (
        "before_change",
        "<write_columns>",
        "on_change",
    ),
}

#: how deep one document's operations may be nested in each other, and how deep operations in all (design 4)
MAX_DEPTH_OF_ONE = 10
MAX_DEPTH = 50


def is_step(word: str) -> bool:
    """Tells whether a word of the table is a step of the framework."""
    return word.startswith("<")


def events_of(operation: str) -> list[str]:
    """Returns the events of an operation in order, with "║" where it is written."""
    writes = ("<write>", "<delete>", "<rename>", "<write_columns>")
    return ["║" if word in writes else word for word in LIFECYCLE[operation] if not is_step(word) or word in writes]
