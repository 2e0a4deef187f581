"""Hot slots: slots that go on with their next sentence without a message for it."""
