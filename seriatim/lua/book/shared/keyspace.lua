-- A book's key: every book script begins with this text.
-- KEYS[1] is the book's prefix.
local C = redis.call
local RUN = KEYS[1] .. ':run'
