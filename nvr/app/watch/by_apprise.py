"""Sends one message over Apprise: a process of its own, which is given `{"urls", "subject", "body"}` on standard input.

Apprise is an extra of the installation, loads a hundred services and bounds no name look-up: it has no place in the
watch itself (docs/adr/0021). It ends with 0 when an address took the message.
"""

import json
import logging
import sys
from typing import Any

from nvr.app.watch.sending import MARK, OK, Outcome


def send(order: dict[str, Any]) -> Outcome:
    """Hand it to every address; one that fails is not named, since addresses hold tokens, but counted."""
    try:
        import apprise
    except ImportError:
        return Outcome("not-installed")
    # What the library logs quotes addresses.
    logging.disable()
    refused = 0
    for url in order["urls"]:
        service = apprise.Apprise()
        if not (service.add(url) and service.notify(title=order["subject"], body=order["body"])):
            refused += 1
    detail = f"{refused} / {len(order['urls'])}" if refused else ""
    return Outcome("refused" if refused == len(order["urls"]) else OK, detail)


def main() -> int:
    """Read the order, send, say what came of it."""
    outcome = send(json.load(sys.stdin))
    sys.stdout.write(f"{MARK}{outcome.cause} {outcome.detail}\n")
    return 0 if outcome.is_sent else 1


if __name__ == "__main__":
    raise SystemExit(main())
