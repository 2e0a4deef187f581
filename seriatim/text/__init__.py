"""Text before it is spoken: files, languages, segments, estimates of their duration."""
