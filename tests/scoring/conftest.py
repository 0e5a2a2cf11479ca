"""Every shipped definition, in every way that it can be used."""

import cpeval as cp


def made_ready(name):
    """Return a definition with each of its codings and value sets, and keys of our own."""
    one = cp.instrument(name)
    if one.goals is not None:
        one = one.with_goals(4)
    codes, keys, start = [item.code for item in one.items], {}, 0
    for scale in one.scales:
        if scale.items == "key":
            size = scale.key_items or 3
            keys[scale.name] = [codes[(start + k) % len(codes)] for k in range(size)]
            start += size
    one = one.with_keys(keys) if keys else one
    ways = [one.with_coding(coding) for coding in one.codings] or [one]
    return [w.with_value_set(v) for w in ways for v in one.value_sets] or ways


def pytest_generate_tests(metafunc):
    """Give ``ready`` to a test that asks for it: a definition, ready to score."""
    if "ready" in metafunc.fixturenames:
        ways = {
            f"{name}-{way.coding or way.value_set or 'as it is'}": way
            for name in cp.instruments()
            for way in made_ready(name)
        }
        metafunc.parametrize("ready", ways.values(), ids=ways)
