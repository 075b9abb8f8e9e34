"""doclife: business documents as typed Python classes.

The flat API of an app: `import doclife`, or `import doclife as frappe`. A name is loaded when it is
first used, so that importing the package costs next to nothing. `_PLACES` says where each name
lives; the imports under TYPE_CHECKING say the same to editors and type checkers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doclife import events as events
    from doclife import fields as fields
    from doclife import scheduler as scheduler
    from doclife import testing as testing
    from doclife import utils as utils
    from doclife.core.amount import Amount as Amount
    from doclife.core.context import AttrDict as AttrDict
    from doclife.core.errors import AppNotInstalledError as AppNotInstalledError
    from doclife.core.errors import AuthenticationError as AuthenticationError
    from doclife.core.errors import BrokerUnavailable as BrokerUnavailable
    from doclife.core.errors import CancelledLinkError as CancelledLinkError
    from doclife.core.errors import CannotChangeConstantError as CannotChangeConstantError
    from doclife.core.errors import CharacterLengthExceededError as CharacterLengthExceededError
    from doclife.core.errors import ConfigError as ConfigError
    from doclife.core.errors import DatabaseUnavailable as DatabaseUnavailable
    from doclife.core.errors import DataError as DataError
    from doclife.core.errors import DoclifeError as DoclifeError
    from doclife.core.errors import DocstatusTransitionError as DocstatusTransitionError
    from doclife.core.errors import DocumentLockedError as DocumentLockedError
    from doclife.core.errors import DoesNotExistError as DoesNotExistError
    from doclife.core.errors import DuplicateEntryError as DuplicateEntryError
    from doclife.core.errors import HookError as HookError
    from doclife.core.errors import InvalidDates as InvalidDates
    from doclife.core.errors import InvalidEmailAddressError as InvalidEmailAddressError
    from doclife.core.errors import InvalidNamingSeriesError as InvalidNamingSeriesError
    from doclife.core.errors import InvalidUrlError as InvalidUrlError
    from doclife.core.errors import InvalidUUIDValue as InvalidUUIDValue
    from doclife.core.errors import JobArgumentError as JobArgumentError
    from doclife.core.errors import JobError as JobError
    from doclife.core.errors import JobNotFound as JobNotFound
    from doclife.core.errors import JobTimeoutError as JobTimeoutError
    from doclife.core.errors import LifecycleRecursionError as LifecycleRecursionError
    from doclife.core.errors import LinkExistsError as LinkExistsError
    from doclife.core.errors import LinkValidationError as LinkValidationError
    from doclife.core.errors import LockTimeout as LockTimeout
    from doclife.core.errors import MandatoryError as MandatoryError
    from doclife.core.errors import MigrationError as MigrationError
    from doclife.core.errors import NameError as NameError
    from doclife.core.errors import NonNegativeError as NonNegativeError
    from doclife.core.errors import NotSupported as NotSupported
    from doclife.core.errors import NoUnitOfWork as NoUnitOfWork
    from doclife.core.errors import PermissionDenied as PermissionDenied
    from doclife.core.errors import QueryDeadlockError as QueryDeadlockError
    from doclife.core.errors import QueryTimeoutError as QueryTimeoutError
    from doclife.core.errors import RateLimitExceededError as RateLimitExceededError
    from doclife.core.errors import SchemaError as SchemaError
    from doclife.core.errors import TimestampMismatchError as TimestampMismatchError
    from doclife.core.errors import TransactionAborted as TransactionAborted
    from doclife.core.errors import TransactionControlError as TransactionControlError
    from doclife.core.errors import TransactionError as TransactionError
    from doclife.core.errors import UniqueValidationError as UniqueValidationError
    from doclife.core.errors import UnknownAppError as UnknownAppError
    from doclife.core.errors import UnknownDoctypeError as UnknownDoctypeError
    from doclife.core.errors import UnknownEventError as UnknownEventError
    from doclife.core.errors import UnknownFieldError as UnknownFieldError
    from doclife.core.errors import UnknownNameError as UnknownNameError
    from doclife.core.errors import UnknownQueueError as UnknownQueueError
    from doclife.core.errors import UnknownSiteError as UnknownSiteError
    from doclife.core.errors import UpdateAfterSubmitError as UpdateAfterSubmitError
    from doclife.core.errors import ValidationError as ValidationError
    from doclife.core.json import as_json as as_json
    from doclife.core.json import parse_json as parse_json
    from doclife.core.local import conf as conf
    from doclife.core.local import flags as flags
    from doclife.core.local import form_dict as form_dict
    from doclife.core.local import local as local
    from doclife.core.local import response as response
    from doclife.core.local import session as session
    from doclife.core.log import app_logger as _app_logger
    from doclife.core.messages import _ as _
    from doclife.core.messages import clear_last_message as clear_last_message
    from doclife.core.messages import clear_messages as clear_messages
    from doclife.core.messages import get_message_log as get_message_log
    from doclife.core.messages import msgprint as msgprint
    from doclife.core.messages import throw as throw
    from doclife.core.unsupported import qb as qb
    from doclife.core.unsupported import render_template as render_template
    from doclife.core.unsupported import sendmail as sendmail
    from doclife.doctypes.error_log import log_error as log_error
    from doclife.events.calls import call as call
    from doclife.events.calls import get_attr as get_attr
    from doclife.events.calls import get_hooks as get_hooks
    from doclife.events.calls import get_installed_apps as get_installed_apps
    from doclife.events.registry import on as on
    from doclife.events.trace import trace as trace
    from doclife.events.whitelist import whitelist as whitelist
    from doclife.jobs.cache import cache as cache
    from doclife.jobs.current import job as job
    from doclife.jobs.enqueue import enqueue as enqueue
    from doclife.jobs.enqueue import enqueue_doc as enqueue_doc
    from doclife.jobs.job import Job as Job
    from doclife.jobs.job import is_job_enqueued as is_job_enqueued
    from doclife.jobs.lock import lock as lock
    from doclife.jobs.manage import cancel_job as cancel_job
    from doclife.jobs.manage import retry_job as retry_job
    from doclife.jobs.realtime import publish_progress as publish_progress
    from doclife.jobs.realtime import publish_realtime as publish_realtime
    from doclife.jobs.retry import Retry as Retry
    from doclife.jobs.retry import RetryJob as RetryJob
    from doclife.jobs.steps import chunks as chunks
    from doclife.model.access import copy_doc as copy_doc
    from doclife.model.access import delete_doc as delete_doc
    from doclife.model.access import get_doc as get_doc
    from doclife.model.access import get_docs as get_docs
    from doclife.model.access import new_doc as new_doc
    from doclife.model.access import rename_doc as rename_doc
    from doclife.model.bulk import insert_many as insert_many
    from doclife.model.cached import clear_cache as clear_cache
    from doclife.model.cached import clear_document_cache as clear_document_cache
    from doclife.model.cached import get_cached_doc as get_cached_doc
    from doclife.model.cached import get_cached_value as get_cached_value
    from doclife.model.document import Document as Document
    from doclife.model.lookup import delete_doc_if_exists as delete_doc_if_exists
    from doclife.model.lookup import get_last_doc as get_last_doc
    from doclife.model.lookup import get_meta as get_meta
    from doclife.model.lookup import get_single as get_single
    from doclife.model.lookup import has_permission as has_permission
    from doclife.model.lookup import set_value as set_value
    from doclife.permissions.users import get_roles as get_roles
    from doclife.permissions.users import only_for as only_for
    from doclife.permissions.users import set_user as set_user
    from doclife.query.db import db as db
    from doclife.query.lists import get_all as get_all
    from doclife.query.lists import get_list as get_list
    from doclife.schema.meta import Meta as Meta
    from doclife.schema.meta import Permission as Permission
    from doclife.schema.tables import metadata as metadata
    from doclife.site.load import connect as connect
    from doclife.site.load import destroy as destroy
    from doclife.site.load import init as init
    from doclife.uow.retry import retry_on_conflict as retry_on_conflict
    from doclife.utils.format import format_value as format_value
    from doclife.utils.text import bold as bold
    from doclife.utils.text import generate_hash as generate_hash
    from doclife.utils.text import scrub as scrub
    from doclife.utils.text import unscrub as unscrub
    from doclife.utils.tracebacks import get_traceback as get_traceback

    get_value = db.get_value
    commit = db.commit
    rollback = db.rollback
    logger = _app_logger
    _dict = AttrDict
    format = format_value
    PermissionError = PermissionDenied

#: name -> "module:attribute", or a module that is offered as it is
_PLACES: dict[str, str] = {
    # documents
    "Document": "doclife.model.document:Document",
    "Meta": "doclife.schema.meta:Meta",
    "Permission": "doclife.schema.meta:Permission",
    "Amount": "doclife.core.amount:Amount",
    "copy_doc": "doclife.model.access:copy_doc",
    "delete_doc": "doclife.model.access:delete_doc",
    "get_doc": "doclife.model.access:get_doc",
    "get_docs": "doclife.model.access:get_docs",
    "new_doc": "doclife.model.access:new_doc",
    "rename_doc": "doclife.model.access:rename_doc",
    "insert_many": "doclife.model.bulk:insert_many",
    "clear_cache": "doclife.model.cached:clear_cache",
    "clear_document_cache": "doclife.model.cached:clear_document_cache",
    "get_cached_doc": "doclife.model.cached:get_cached_doc",
    "get_cached_value": "doclife.model.cached:get_cached_value",
    "delete_doc_if_exists": "doclife.model.lookup:delete_doc_if_exists",
    "get_last_doc": "doclife.model.lookup:get_last_doc",
    "get_meta": "doclife.model.lookup:get_meta",
    "get_single": "doclife.model.lookup:get_single",
    "has_permission": "doclife.model.lookup:has_permission",
    "set_value": "doclife.model.lookup:set_value",
    "fields": "doclife.fields",
    "metadata": "doclife.schema.tables:metadata",
    # queries
    "db": "doclife.query.db:db",
    "get_all": "doclife.query.lists:get_all",
    "get_list": "doclife.query.lists:get_list",
    "get_value": "doclife.query.db:db.get_value",
    # sites and transactions
    "connect": "doclife.site.load:connect",
    "destroy": "doclife.site.load:destroy",
    "init": "doclife.site.load:init",
    "commit": "doclife.query.db:db.commit",
    "rollback": "doclife.query.db:db.rollback",
    "retry_on_conflict": "doclife.uow.retry:retry_on_conflict",
    # the open context
    "conf": "doclife.core.local:conf",
    "flags": "doclife.core.local:flags",
    "form_dict": "doclife.core.local:form_dict",
    "local": "doclife.core.local:local",
    "response": "doclife.core.local:response",
    "session": "doclife.core.local:session",
    "_": "doclife.core.messages:_",
    "clear_last_message": "doclife.core.messages:clear_last_message",
    "clear_messages": "doclife.core.messages:clear_messages",
    "get_message_log": "doclife.core.messages:get_message_log",
    "msgprint": "doclife.core.messages:msgprint",
    "throw": "doclife.core.messages:throw",
    "get_roles": "doclife.permissions.users:get_roles",
    "only_for": "doclife.permissions.users:only_for",
    "set_user": "doclife.permissions.users:set_user",
    "log_error": "doclife.doctypes.error_log:log_error",
    "logger": "doclife.core.log:app_logger",
    # events and hooks
    "events": "doclife.events",
    "call": "doclife.events.calls:call",
    "get_attr": "doclife.events.calls:get_attr",
    "get_hooks": "doclife.events.calls:get_hooks",
    "get_installed_apps": "doclife.events.calls:get_installed_apps",
    "on": "doclife.events.registry:on",
    "trace": "doclife.events.trace:trace",
    "whitelist": "doclife.events.whitelist:whitelist",
    # jobs
    "cache": "doclife.jobs.cache:cache",
    "job": "doclife.jobs.current:job",
    "enqueue": "doclife.jobs.enqueue:enqueue",
    "enqueue_doc": "doclife.jobs.enqueue:enqueue_doc",
    "Job": "doclife.jobs.job:Job",
    "is_job_enqueued": "doclife.jobs.job:is_job_enqueued",
    "cancel_job": "doclife.jobs.manage:cancel_job",
    "retry_job": "doclife.jobs.manage:retry_job",
    "lock": "doclife.jobs.lock:lock",
    "publish_progress": "doclife.jobs.realtime:publish_progress",
    "publish_realtime": "doclife.jobs.realtime:publish_realtime",
    "Retry": "doclife.jobs.retry:Retry",
    "RetryJob": "doclife.jobs.retry:RetryJob",
    "chunks": "doclife.jobs.steps:chunks",
    "scheduler": "doclife.scheduler",
    # helpers
    "utils": "doclife.utils",
    "AttrDict": "doclife.core.context:AttrDict",
    "_dict": "doclife.core.context:AttrDict",
    "as_json": "doclife.core.json:as_json",
    "parse_json": "doclife.core.json:parse_json",
    "format": "doclife.utils.format:format_value",
    "format_value": "doclife.utils.format:format_value",
    "bold": "doclife.utils.text:bold",
    "generate_hash": "doclife.utils.text:generate_hash",
    "scrub": "doclife.utils.text:scrub",
    "unscrub": "doclife.utils.text:unscrub",
    "get_traceback": "doclife.utils.tracebacks:get_traceback",
    "testing": "doclife.testing",
    "qb": "doclife.core.unsupported:qb",
    "render_template": "doclife.core.unsupported:render_template",
    "sendmail": "doclife.core.unsupported:sendmail",
    # errors
    "AppNotInstalledError": "doclife.core.errors:AppNotInstalledError",
    "AuthenticationError": "doclife.core.errors:AuthenticationError",
    "BrokerUnavailable": "doclife.core.errors:BrokerUnavailable",
    "CancelledLinkError": "doclife.core.errors:CancelledLinkError",
    "CannotChangeConstantError": "doclife.core.errors:CannotChangeConstantError",
    "CharacterLengthExceededError": "doclife.core.errors:CharacterLengthExceededError",
    "ConfigError": "doclife.core.errors:ConfigError",
    "DatabaseUnavailable": "doclife.core.errors:DatabaseUnavailable",
    "DataError": "doclife.core.errors:DataError",
    "DoclifeError": "doclife.core.errors:DoclifeError",
    "DocstatusTransitionError": "doclife.core.errors:DocstatusTransitionError",
    "DocumentLockedError": "doclife.core.errors:DocumentLockedError",
    "DoesNotExistError": "doclife.core.errors:DoesNotExistError",
    "DuplicateEntryError": "doclife.core.errors:DuplicateEntryError",
    "HookError": "doclife.core.errors:HookError",
    "InvalidDates": "doclife.core.errors:InvalidDates",
    "InvalidEmailAddressError": "doclife.core.errors:InvalidEmailAddressError",
    "InvalidNamingSeriesError": "doclife.core.errors:InvalidNamingSeriesError",
    "InvalidUUIDValue": "doclife.core.errors:InvalidUUIDValue",
    "InvalidUrlError": "doclife.core.errors:InvalidUrlError",
    "JobArgumentError": "doclife.core.errors:JobArgumentError",
    "JobError": "doclife.core.errors:JobError",
    "JobNotFound": "doclife.core.errors:JobNotFound",
    "JobTimeoutError": "doclife.core.errors:JobTimeoutError",
    "LifecycleRecursionError": "doclife.core.errors:LifecycleRecursionError",
    "LinkExistsError": "doclife.core.errors:LinkExistsError",
    "LinkValidationError": "doclife.core.errors:LinkValidationError",
    "LockTimeout": "doclife.core.errors:LockTimeout",
    "MandatoryError": "doclife.core.errors:MandatoryError",
    "MigrationError": "doclife.core.errors:MigrationError",
    "NameError": "doclife.core.errors:NameError",
    "NoUnitOfWork": "doclife.core.errors:NoUnitOfWork",
    "NonNegativeError": "doclife.core.errors:NonNegativeError",
    "NotSupported": "doclife.core.errors:NotSupported",
    "PermissionDenied": "doclife.core.errors:PermissionDenied",
    "QueryDeadlockError": "doclife.core.errors:QueryDeadlockError",
    "QueryTimeoutError": "doclife.core.errors:QueryTimeoutError",
    "RateLimitExceededError": "doclife.core.errors:RateLimitExceededError",
    "SchemaError": "doclife.core.errors:SchemaError",
    "TimestampMismatchError": "doclife.core.errors:TimestampMismatchError",
    "TransactionAborted": "doclife.core.errors:TransactionAborted",
    "TransactionControlError": "doclife.core.errors:TransactionControlError",
    "TransactionError": "doclife.core.errors:TransactionError",
    "UniqueValidationError": "doclife.core.errors:UniqueValidationError",
    "UnknownAppError": "doclife.core.errors:UnknownAppError",
    "UnknownDoctypeError": "doclife.core.errors:UnknownDoctypeError",
    "UnknownEventError": "doclife.core.errors:UnknownEventError",
    "UnknownFieldError": "doclife.core.errors:UnknownFieldError",
    "UnknownNameError": "doclife.core.errors:UnknownNameError",
    "UnknownQueueError": "doclife.core.errors:UnknownQueueError",
    "UnknownSiteError": "doclife.core.errors:UnknownSiteError",
    "UpdateAfterSubmitError": "doclife.core.errors:UpdateAfterSubmitError",
    "ValidationError": "doclife.core.errors:ValidationError",
    "PermissionError": "doclife.core.errors:PermissionDenied",
}


if not TYPE_CHECKING:  # a checker that saw it would believe every name

    def __getattr__(name: str):
        place = _PLACES.get(name)
        if place is None:
            raise AttributeError(f"module 'doclife' has no attribute {name!r}")
        from importlib import import_module

        module, _, path = place.partition(":")
        found = import_module(module)
        for attribute in path.split(".") if path else ():
            found = getattr(found, attribute)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
