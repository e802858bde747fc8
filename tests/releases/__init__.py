"""What the compat tables say, held against the real Ray releases."""
