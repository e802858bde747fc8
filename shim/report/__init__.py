"""What people and programs read: results on standard output, words on standard error."""
