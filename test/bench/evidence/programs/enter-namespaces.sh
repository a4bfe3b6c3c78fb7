#!/bin/sh
# enter-namespaces.sh GROUP MOUNT first|second COMMAND [ARG]...: the command becomes the first (or second) process of namespaces of its own and
# sees of the cgroup hierarchy mounted at MOUNT nothing but GROUP. Ends as the command did, 128 + n after a signal.
# Without --fork: that of util-linux 2.38 answers 1 after a SIGKILL. The first that is forked is the first process inside.
exec unshare --pid --mount --cgroup /bin/sh -c '
  /bin/sh -c '\''
    mount --bind "$1" "$2" && mount -t proc proc /proc || exit
    place=$3
    shift 3
    [ "$place" = first ] && exec "$@"
    "$@"
    exit $?
  '\'' sh "$@"
  exit $?
' sh "$@"
