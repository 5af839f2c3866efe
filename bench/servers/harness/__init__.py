"""Takes a server's Debian source, builds it with the plugin before and after a fix, and updates it live under load.

One module, one step: debian (source), build, live (processes), scenario (the passes).  A server's description is an
executable beside this package, such as ../memcached.
"""
