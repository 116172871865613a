"""Notices to units and persons: one outbox for SMS and portal messages, once an event. (N5.1, J4.2)

    notices.post_select("approved", "SELECT … AS event_key, scheme, year, subject, …", {"ids": ids}, at=at)
    notices.post([Event("returned:17", …)], template="returned", at=at)

Both join the caller's transaction: what is rolled back was never announced. An event key that is known is not posted
again. Words are templates (`notices.templates`), sent by `notices.delivery`, whose receipts come to `notices.receipts`.
"""

from caseworks.base.notices.posting import MONEY, Event, post, post_select

__all__ = ["MONEY", "Event", "post", "post_select"]
