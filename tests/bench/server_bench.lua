-- wrk for server_bench.py: votes that were prepared, each sent once; or one GET over and over.
--
--   wrk ... -s server_bench.lua URL -- votes FILE THREADS
--   wrk ... -s server_bench.lua URL -- get PATH TOKEN
--
-- A line of FILE is "explanation cookie token"; thread i of n takes every n-th line. In the end
-- one line of JSON is printed.

local threads = {}

function setup(thread)
    thread:set("number", #threads)
    threads[#threads + 1] = thread
end

local function read_votes(path, step)
    local at = 0
    for line in io.lines(path) do
        if at % step == number then
            votes[#votes + 1] = line
        end
        at = at + 1
    end
end

function init(args)
    sent, again, votes = 0, 0, {}
    if args[1] == "votes" then
        read_votes(args[2], tonumber(args[3]))
    else
        local headers = { Host = "127.0.0.1", Authorization = "Bearer " .. args[3] }
        fixed = wrk.format("GET", args[2], headers)
    end
end

local form = table.concat({
    "POST /api/feedback/%s HTTP/1.1",
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    "Content-Length: %d",
    "Cookie: llmlearn_user=%s",
    "Feedback-Token: %s",
    "",
    "%s",
}, "\r\n")

function request()
    if fixed then
        return fixed
    end
    if sent == #votes then -- a vote twice would be a change of mind
        again = again + 1
        wrk.thread:stop()
    else
        sent = sent + 1
    end
    local id, cookie, token = votes[sent]:match("^(%S+) (%S+) (%S+)$")
    local body = '{"helpful":false}'
    if sent % 3 > 0 then
        body = '{"helpful":true,"rating":' .. sent % 5 + 1 .. "}"
    end
    return form:format(id, #body, cookie, token, body)
end

local function total(name)
    local sum = 0
    for _, thread in ipairs(threads) do
        sum = sum + thread:get(name)
    end
    return sum
end

function done(summary, latency)
    local errors = summary.errors
    local line = '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, '
        .. '"refused": %d, "broken": %d, "sent": %d, "again": %d}\n'
    io.write(line:format(
        summary.requests, summary.duration / 1e6,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        total("sent"), total("again")))
end
