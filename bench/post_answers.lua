-- wrk: every request posts one answer to a link of its own; stops when the links are used up.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  links, mine = {}, 0
  local count, at = tonumber(args[2]), 0
  for line in io.lines(args[1]) do
    if at % count == number then links[#links + 1] = line end
    at = at + 1
  end
end

local words = "answer=Less+waiting%2C+and+somebody+who+calls+back+when+they+said+they+would."
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }

function request()
  mine = mine + 1
  return wrk.format("POST", links[mine], headers, words)
end

function response()
  if mine >= #links then wrk.thread:stop() end
end
