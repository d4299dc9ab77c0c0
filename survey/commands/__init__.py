"""What each command is called, takes and does: one ``add_…`` and one ``run_…`` a command."""
