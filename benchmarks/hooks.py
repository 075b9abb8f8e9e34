"""The benchmarks as an app: it declares document types and nothing else."""

app_name = "benchmarks"
