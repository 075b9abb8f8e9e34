"""Who may do what: rules and their evaluation."""
