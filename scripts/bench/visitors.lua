-- wrk ... -s visitors.lua <url> -- <first> <visitors> <user agent without its number>
--
-- Visitors are told apart by the number that ends their user agent: `first` and up, from the start
-- again after `visitors` of them, or never when that is 0. The requests differ in one
-- concatenation, so every run costs wrk the same, the references too.

local first, visitors, before, after
local threads = {}
made = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  first, visitors = tonumber(args[1]), tonumber(args[2])
  local text = wrk.format('GET', nil, { ['User-Agent'] = args[3] .. '@' })
  before, after = text:match('^(.-)@(.*)$')
end

function request()
  local number = first + (visitors > 0 and made % visitors or made)
  made = made + 1
  return before .. number .. after
end

-- wrk makes one request that it never sends, to see how many a script makes at once.
function done(summary, latency)
  local sent = -1
  for _, thread in ipairs(threads) do
    sent = sent + thread:get('made')
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"sent":%d,"answered":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"errors":%d}\n',
    sent, summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
