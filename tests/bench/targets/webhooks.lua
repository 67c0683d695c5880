-- Posts webhooks that differ: numbers and their signatures are records of a file, the body is made around them.
-- wrk … -- TEMPLATE RECORDS FIRST LAST [CONNECTIONS]: records FIRST to LAST - 1. With CONNECTIONS it ends when all
-- were answered, whatever the duration; until then the last one is repeated.
local DIGITS, RECORD = 9, 73
local looked = false
local pieces, records, nextone, last, head = {}, nil, 0, 0, nil

local function whole(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function init(args)
  local template = whole(args[1])
  records = whole(args[2])
  nextone, last = tonumber(args[3]), tonumber(args[4])
  if args[5] then
    -- Each connection waits for one answer at most: with so many, those of all records are among them.
    local wanted, answered, refused = last - nextone + tonumber(args[5]), 0, 0
    function response(status)
      answered = answered + 1
      if status >= 300 then refused = refused + 1 end
      if answered == wanted then
        io.write(string.format(
          'RESULT {"requests": %d, "seconds": 1, "p50": 0, "p99": 0, "refused": %d, "broken": 0}\n', answered, refused))
        io.flush()
        os.exit(0)
      end
    end
  end
  local from = 1
  while true do
    local at = template:find(("@"):rep(DIGITS), from, true)
    if not at then break end
    pieces[#pieces + 1] = template:sub(from, at - 1)
    from = at + DIGITS
  end
  pieces[#pieces + 1] = template:sub(from)
  head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: relay.example\r\nContent-Type: application/json\r\n"
    .. "User-Agent: carrier/1.0\r\nContent-Length: " .. #template .. "\r\nX-Hmac-Signature: hmac-sha256-hex="
end

function request()
  local at = math.min(nextone, last - 1) * RECORD
  local number = records:sub(at + 1, at + DIGITS)
  -- wrk makes one request only to look at it.
  if looked then nextone = nextone + 1 end
  looked = true
  return head .. records:sub(at + DIGITS + 1, at + RECORD) .. "\r\n\r\n" .. table.concat(pieces, number)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
