"""Says what pydicom's lists of PS3.16 call a code: reads a JSON list of [scheme, value], prints the list of meanings of each."""

import json
import sys

from pydicom.sr._concepts_dict import concepts

known = {}
for scheme, keywords in concepts.items():
    for codes in keywords.values():
        for value, (meaning, _) in codes.items():
            known.setdefault((scheme, value), set()).add(meaning)

print(json.dumps([sorted(known.get(tuple(code), [])) for code in json.load(sys.stdin)]))
