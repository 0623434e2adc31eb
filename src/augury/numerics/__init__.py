"""Numba kernels used by several rooms. Kernel modules are imported on first use, never by `import augury`."""
