#!/usr/bin/env python3
"""Hold JSON documents to a schema: validate.py SCHEMA FILE...   (FILE "-" is standard input)

Exit 0: all valid. 1: some are not; one line each says where and why. 2: cannot tell.
Stricter than a JSON parser: a key twice in one object, NaN, and bytes that are not UTF-8 are
errors too.
"""
import json
import sys

import jsonschema


def unique(pairs):
    keys = [key for key, _ in pairs]
    twice = {key for key in keys if keys.count(key) > 1} if len(set(keys)) < len(keys) else ()
    if twice:
        raise ValueError("key twice in one object: " + ", ".join(sorted(twice)))
    return dict(pairs)


def no_constant(name):
    raise ValueError(name + " is not JSON")


def parse(data):
    return json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=no_constant)


def load_schema(path):
    with open(path, "rb") as file:
        schema = parse(file.read())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def complaint(validator, data):
    """Why `data` is not what the schema asks for, or None."""
    try:
        document = parse(data)
    except ValueError as error:
        return str(error)
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    if error is None:
        return None
    place = "/".join(str(step) for step in error.absolute_path)
    return "at /%s: %s" % (place, error.message)


def main(arguments):
    if len(arguments) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        validator = load_schema(arguments[0])
    except (OSError, ValueError, jsonschema.SchemaError) as error:
        print("%s: %s" % (arguments[0], error), file=sys.stderr)
        return 2
    bad = 0
    for path in arguments[1:]:
        try:
            data = sys.stdin.buffer.read() if path == "-" else open(path, "rb").read()
        except OSError as error:
            print("%s: %s" % (path, error), file=sys.stderr)
            return 2
        why = complaint(validator, data)
        if why:
            bad = 1
            print("%s: %s" % (path, why))
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
