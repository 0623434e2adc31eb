"""The platform: state, time and network around the library `augury`."""
