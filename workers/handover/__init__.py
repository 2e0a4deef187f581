"""Handover: sentences for which an engine gives no sound are spoken by another process, too."""
