"""The one error of this reference: something from outside does not hold."""


class Refused(Exception):
    """Raised with the reason, in plain words, whenever input is refused."""


def require(condition, why):
    """Refuses with `why` unless `condition` holds."""
    if not condition:
        raise Refused(why)


def uint(value, limit, what, least=0):
    """`value`, when it is an integer from `least` to `limit` (a bool is not one)."""
    require(
        type(value) is int and least <= value <= limit, f"{what} must be an integer from {least} to {limit}"
    )
    return value


def octets(value, what, exactly=None, least=0, limit=None):
    """`value`, when it is a byte string of the length asked for."""
    require(type(value) is bytes, f"{what} must be a byte string")
    if exactly is not None:
        require(len(value) == exactly, f"{what} must have {exactly} bytes")
    require(len(value) >= least, f"{what} has fewer than {least} bytes")
    require(limit is None or len(value) <= limit, f"{what} has more than {limit} bytes")
    return value


def text(value, what, least, limit):
    """`value`, when it is text of `least` to `limit` bytes of UTF-8."""
    require(type(value) is str, f"{what} must be text")
    require(least <= len(value.encode()) <= limit, f"{what} must have {least} to {limit} bytes")
    return value


def array(value, what, exactly=None, least=0, limit=None):
    """`value`, when it is an array of as many elements as asked for."""
    require(type(value) is list, f"{what} must be an array")
    if exactly is not None:
        require(len(value) == exactly, f"{what} must have {exactly} elements")
    require(len(value) >= least, f"{what} has fewer than {least} elements")
    require(limit is None or len(value) <= limit, f"{what} has more than {limit} elements")
    return value


def hashes(value, what, limit):
    """`value`, when it is an array of at most `limit` byte strings of 32 bytes."""
    return [octets(h, what, exactly=32) for h in array(value, what, limit=limit)]
