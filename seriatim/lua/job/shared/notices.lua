-- The notices by which a reassembler learns that it should look at a job: now, or at a time.
local NTF_MOST = 100000   -- with no reassembler alive the oldest go: the sweep finds their jobs

local now     -- read once a script
local function time_ms()
  if not now then
    now = tonumber(ARGV[2])
    if not now then
      local seconds, microseconds = unpack(C('TIME'))
      now = seconds * 1000 + math.floor(microseconds / 1000)
    end
  end
  return now
end

-- A reassembler looks at a job again at time `t`, in ms.
local function schedule_check(t, id)
  if C('ZADD', LIVE, string.format('%.0f', t), id) == 1 then C('PEXPIRE', LIVE, NTF_LIFE) end     -- each look (due.lua) renews it
end

local function notify()
  C('XADD', NTF, 'MAXLEN', '~', NTF_MOST, '*', 'j', job)
  C('PEXPIRE', NTF, NTF_LIFE)
end
