"""The door for nodes that know only the legacy password: they read a sealed record that holds the token."""
