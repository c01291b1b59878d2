-- wrk's requests: the bodies of a file, one a line, in turn. Prints what came of them as JSON.
--   wrk ... -s api_wrk.lua URL -- BODIES [TOKENS]
-- With a file of tokens, one a line, each body goes with the token in its line.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"

local bodies, tokens, n = {}, {}, 0

function init(args)
  for line in io.lines(args[1]) do
    bodies[#bodies + 1] = line
  end
  if args[2] then
    for line in io.lines(args[2]) do
      tokens[#tokens + 1] = "Bearer " .. line
    end
  end
end

function request()
  n = n + 1
  if #tokens > 0 then
    wrk.headers["Authorization"] = tokens[n % #bodies + 1]
  end
  return wrk.format(nil, nil, nil, bodies[n % #bodies + 1])
end

function done(summary, latency)
  local e = summary.errors
  print(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p95": %d, "p99": %d, "failed": %d, "unanswered": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
