"""Requests that nobody thought of, against the whole host: schemathesis, told what exists there.

`document.py` adds to the host's own OpenAPI document which names exist; `world.py` makes them exist and
answers as every PC; `checks.py` judges each answer; `running.py` runs it all for one role.
"""
