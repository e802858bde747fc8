"""Ray on the control store: planned, started, checked, looked at, stopped."""
