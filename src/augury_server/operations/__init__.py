"""The platform's verbs, each a function from a spec to a result; in the same list as the library's.

A module here holds options and registers operations; what they do is in `running`, imported on first use, so that the
command line starts without Django.
"""

GROUPS = {
    "accounts": "People who may use the platform, and the record of what they did.",
    "cache": "The layered cache: figures, invalidation, warming.",
    "config": "The platform's settings.",
    "db": "The database: schema, advice, retention.",
    "experiments": "Experiments between versions of a model: start, stop, list.",
    "ingest": "Bars and news into the database.",
    "jobs": "Background work: list, follow, cancel, retry, schedule.",
    "keys": "API keys: make, list, rotate, revoke.",
    "predictions": "Recorded predictions: the newest, and how often they were right.",
    "registry": "Model versions: register, promote, roll back.",
    "retraining": "Models trained again on other bars.",
    "schedules": "Work that is done again and again.",
    "server": "The platform itself: start, judge the installation.",
    "universe": "Signals of a whole universe, stored, with what came of them.",
    "workers": "Processes that do the work.",
}
"""What each group of verbs is about, as the command line's help shows it."""
