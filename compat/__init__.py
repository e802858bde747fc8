"""What each Ray and Redis release knows of passwords and tokens, and how old command lines become new ones.

Pure knowledge: no input or output, the standard library only, and nothing of ``shim``.
"""
