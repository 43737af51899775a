

# What parts of paths are called here that a module cannot have as the names of its submodules. The state dict has the paths themselves.
RENAMED = {}


def rename(state, prefix, names):
    """Gives parts of the names behind `prefix` other names, in place and in order."""
    given = {name: state.pop(name) for name in list(state) if name.startswith(prefix)}
    for name, tensor in given.items():
        parts = name[len(prefix) :].split(".")
        state[prefix + ".".join(names.get(part, part) for part in parts)] = tensor


def rename_saved(module, state, prefix, *_):
    rename(state, prefix, RENAMED)


def rename_loaded(state, prefix, *_):
    rename(state, prefix, {path: name for name, path in RENAMED.items()})
