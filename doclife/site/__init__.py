"""The composition root: settings become engine, queue, registry and apps; install and migrate."""
