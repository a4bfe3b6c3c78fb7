"""Holds locked memory of the given size, MB, beside the program that is watched."""
import ctypes, mmap, sys, time

size = int(sys.argv[1]) * 1_000_000
held = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
address = ctypes.addressof(ctypes.c_char.from_buffer(held))
libc = ctypes.CDLL(None, use_errno=True)
if libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(size)) != 0:
    sys.exit(f"mlock: errno {ctypes.get_errno()}")
print("locked", flush=True)
time.sleep(3600)
