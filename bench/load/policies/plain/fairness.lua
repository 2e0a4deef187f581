-- Behind shared/fairness.lua, for first in, first out and round robin: no classes and no playback; jobs in the order of submission.
batch_share = function() return 1 end

local fair_deadline = deadline
deadline = function(job, j, t)
  return fair_deadline(job, j, t) and tonumber(C('HGET', job_key(job), 'since'))
end
