-- wrk's requests: the bodies of a file, one a line, in turn; a %d in a body is the number of the request, which makes
-- each request another one. Prints what came of them as JSON.
--   wrk ... -s api_wrk.lua URL -- BODIES
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"

local bodies, n = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    bodies[#bodies + 1] = line
  end
  n = tonumber(args[2])
end

function request()
  n = n + 1
  local body = bodies[n % #bodies + 1]
  return wrk.format(nil, nil, nil, (body:gsub("%%d", n)))
end

function done(summary, latency)
  local e = summary.errors
  print(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p95": %d, "p99": %d, "failed": %d, "unanswered": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
