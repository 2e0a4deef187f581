-- The text submitted under an idempotency key (:said:<job>): four bytes of a digest a sentence, and WHOLE once its producer
-- closed it. A producer that sends it again goes on where it stopped; another text is refused. It lives as long as the key.
local WHOLE = '.'

local function digests(from)
  local found = {}
  for i = from, #ARGV do
    local sentence = string.match(ARGV[i], '|(.*)$')     -- without its estimate, which another version makes otherwise
    found[#found + 1] = struct.pack('>I4', tonumber(string.sub(redis.sha1hex(sentence), 1, 8), 16))
  end
  return table.concat(found)
end

-- Does the known text differ, from sentence `first` on, from what is sent now? With `last` nothing may be known behind it.
local function text_differs(job, first, sent, last)
  local key = P .. ':said:' .. job
  local size = C('STRLEN', key)
  local n, behind = math.floor(size / 4), first + #sent / 4
  if size > 0 and ((size % 4 == 1 and behind > n) or (last and behind < n)) then return true end
  local both = math.min(n, behind) - first
  return both > 0 and C('GETRANGE', key, 4 * first, 4 * (first + both) - 1) ~= string.sub(sent, 1, 4 * both)
end
