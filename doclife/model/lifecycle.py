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

#: operation -> what Frappe's apps find in `doc._action`
ACTIONS = {
    INSERT: "save",
    INSERT_SUBMITTED: "submit",
    SAVE: "save",
    SUBMIT: "submit",
    UPDATE_AFTER_SUBMIT: "update_after_submit",
    CANCEL: "cancel",
    DISCARD: "discard",
}

#: events that a flag of the document leaves out: flag -> operations, events; model.naming says which names need none
LEFT_OUT: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "ignore_validate": (
        frozenset({INSERT, INSERT_SUBMITTED, SAVE, SUBMIT, UPDATE_AFTER_SUBMIT, CANCEL}),
        frozenset({"validate", "before_save", "before_submit", "before_cancel", "before_update_after_submit"}),
    ),
    "ignore_on_trash": (frozenset({DELETE}), frozenset({"on_trash", "on_change"})),
}

_NAMING = ("before_naming", "<clear_name>", "autoname", "<name>")

LIFECYCLE: dict[str, tuple[str, ...]] = {
    INSERT: (
        "<defaults>",
        "<check_types>",
        "<stamp_new>",
        "<check_links>",
        "<permit_create>",
        "<permit_amend>",
        "before_insert",
        *_NAMING,
        "<begin_insert>",
        "before_validate",
        "validate",
        "before_save",
        "<pause_insert>",
        "<check_values>",
        "<check_changed_links>",
        "<write>",
        "<check_query_conditions>",
        "<check_amended>",
        "after_insert",
        "<go_on_inserting>",
        "on_update",
        "on_change",
        "<end_insert>",
    ),
    INSERT_SUBMITTED: (
        "<defaults>",
        "<check_types>",
        "<stamp_new>",
        "<check_links>",
        "<permit_create>",
        "<permit_submit>",
        "<permit_amend>",
        "before_insert",
        *_NAMING,
        "<begin_insert>",
        "before_validate",
        "validate",
        "before_submit",
        "<pause_insert>",
        "<check_values>",
        "<check_changed_links>",
        "<write>",
        "<check_query_conditions>",
        "<check_amended>",
        "after_insert",
        "<go_on_inserting>",
        "on_update",
        "on_submit",
        "on_change",
        "<end_insert>",
    ),
    SAVE: (
        "<row_defaults>",
        "<check_types>",
        "<permit_write>",
        "<check_query_conditions>",
        "<stamp>",
        "<check_links>",
        "before_validate",
        "validate",
        "before_save",
        "<check_values>",
        "<check_set_only_once>",
        "<check_changed_links>",
        "<write>",
        "<check_query_conditions>",
        "on_update",
        "on_change",
    ),
    SUBMIT: (
        "<row_defaults>",
        "<check_types>",
        "<permit_write>",
        "<permit_submit>",
        "<check_query_conditions>",
        "<stamp>",
        "<check_links>",
        "before_validate",
        "validate",
        "before_submit",
        "<check_values>",
        "<check_set_only_once>",
        "<check_changed_links>",
        "<write>",
        "<check_query_conditions>",
        "on_update",
        "on_submit",
        "on_change",
    ),
    UPDATE_AFTER_SUBMIT: (
        "<row_defaults>",
        "<check_types>",
        "<permit_write>",
        "<permit_submit>",
        "<check_query_conditions>",
        "<stamp>",
        "<check_links>",
        "before_update_after_submit",
        "<check_values>",
        "<check_set_only_once>",
        "<check_update_after_submit>",
        "<check_changed_links>",
        "<write>",
        "<check_query_conditions>",
        "on_update_after_submit",
        "on_change",
    ),
    CANCEL: (
        "<check_types>",
        "<permit_write>",
        "<permit_cancel>",
        "<check_query_conditions>",
        "<stamp>",
        "before_cancel",
        "<settle>",
        "<write>",
        "<check_query_conditions>",
        "on_cancel",
        "<check_cancel_backlinks>",
        "on_change",
    ),
    DISCARD: (
        "<check_discardable>",
        "<set_aside>",
        "<permit_write>",
        "<check_query_conditions>",
        "<stamp>",
        "before_discard",
        "<settle>",
        "<end_draft>",
        "<write>",
        "<check_query_conditions>",
        "on_discard",
    ),
    DELETE: (
        "<permit_delete>",
        "<check_deletable>",
        "<lock>",
        "<check_query_conditions>",
        "on_trash",
        "<begin_delete>",
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
        "<check_query_conditions>",
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


def left_out_by(operation: str, event: str) -> str:
    """Returns the flag of a document that leaves an event out of an operation, or ""."""
    found = (flag for flag, (kinds, events) in LEFT_OUT.items() if operation in kinds and event in events)
    return next(found, "")


def events_of(operation: str) -> list[str]:
    """Returns the events of an operation in order, with "║" where it is written."""
    writes = ("<write>", "<delete>", "<rename>", "<write_columns>")
    return ["║" if word in writes else word for word in LIFECYCLE[operation] if not is_step(word) or word in writes]
