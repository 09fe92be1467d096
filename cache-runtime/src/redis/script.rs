//! The scripts that run on the server. Each works on the keys of one slot (or of one node, `capture`), is loaded when
//! a connection is made, and once more if the server has forgotten it.
//!
//! Who changes a text changes its native form in `testing/server/scripts.rs` as well: a test there fails until then.

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// `K L`, token, lease in ms, what was seen of K, a token that can be taken over or nothing, 1 if a rest does not
    /// matter: the holder's token (busy, or resting; not if it is of another server, from before a restart or a failover,
    /// or if it has been kept for too long and ends in `!`), 1 (changed) or 0 (acquired; also if it was before).
    Acquire,
    /// `G…`, the least time to live, the time to live to give (0: none), a fresh number for each: the generations.
    Capture,
    /// `K L G…`, token, entry, ttl in ms (0: none), the generations expected: whether it was stored.
    Fill,
    /// `K KG`, entry, ttl in ms (0: none), the generation expected: whether it was stored.
    Copy,
    /// `L`, token, lease in ms, 1 if others may take it over from here on: whether it still stood.
    Renew,
    /// `L`, token, for how many ms the source is to rest (0: not at all). The lease of a source that rests holds the token,
    /// `~`, and the end of the rest in ms since 1970.
    Release,
    /// `K L KG G…`, entry, ttl in ms (0: none), a fresh generation for the key or nothing, its time to live (0: none),
    /// the generations expected, if any: whether it was stored; if not, everything of the key is deleted.
    Commit,
    /// `K`, the least that it is to live in ms, and what it lives if that is less: whether it was.
    Prolong,
    /// `K L KG`: whether there was an entry.
    Delete,
}

impl Script {
    pub(crate) const ALL: [Script; 9] = [
        Script::Acquire,
        Script::Capture,
        Script::Fill,
        Script::Copy,
        Script::Renew,
        Script::Release,
        Script::Commit,
        Script::Prolong,
        Script::Delete,
    ];

    /// The checksum and the seal of an entry, by which `Acquire` sees whether it has changed, lie at these bytes; see
    /// `entry-format.md`.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Script::Acquire => {
                "local holder = redis.call('GET', KEYS[2])\n\
                 if holder == ARGV[1] then return 0 end\n\
                 local of_server = holder and string.sub(holder, 1, 8) == string.sub(ARGV[1], 1, 8)\n\
                 local is_kept = of_server and string.sub(holder, -1) ~= '!'\n\
                 if ARGV[5] == '1' and is_kept and string.find(holder, '~', 1, true) then is_kept = false end\n\
                 if is_kept and holder ~= ARGV[4] then return holder end\n\
                 if redis.call('GETRANGE', KEYS[1], 3, 14) ~= ARGV[3] then return 1 end\n\
                 redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])\n\
                 return 0"
            }
            Script::Capture => {
                "local generations, least, ttl = {}, tonumber(ARGV[1]), tonumber(ARGV[2])\n\
                 for i, guard in ipairs(KEYS) do\n\
                   local generation = redis.call('GET', guard)\n\
                   if not generation then\n\
                     generation = ARGV[i + 2]\n\
                     if ttl > 0 then redis.call('SET', guard, generation, 'PX', ARGV[2])\n\
                     else redis.call('SET', guard, generation) end\n\
                   else\n\
                     local left = redis.call('PTTL', guard)\n\
                     if left >= 0 and ttl == 0 then redis.call('PERSIST', guard)\n\
                     elseif left >= 0 and left < least then redis.call('PEXPIRE', guard, ARGV[2]) end\n\
                   end\n\
                   generations[i] = generation\n\
                 end\n\
                 return generations"
            }
            Script::Fill => {
                "local holder = redis.call('GET', KEYS[2])\n\
                 if holder ~= ARGV[1] and holder ~= ARGV[1] .. '!' then return 0 end\n\
                 redis.call('DEL', KEYS[2])\n\
                 for i = 3, #KEYS do\n\
                   if redis.call('GET', KEYS[i]) ~= ARGV[i + 1] then return 0 end\n\
                 end\n\
                 if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2])\n\
                 else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end\n\
                 return 1"
            }
            Script::Copy => {
                "if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end\n\
                 if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1])\n\
                 else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end\n\
                 return 1"
            }
            Script::Renew => {
                "local holder = redis.call('GET', KEYS[1])\n\
                 if holder ~= ARGV[1] and holder ~= ARGV[1] .. '!' then return 0 end\n\
                 if ARGV[3] == '1' then holder = ARGV[1] .. '!' end\n\
                 redis.call('SET', KEYS[1], holder, 'PX', ARGV[2])\n\
                 return 1"
            }
            Script::Release => {
                "local holder = redis.call('GET', KEYS[1])\n\
                 if holder ~= ARGV[1] and holder ~= ARGV[1] .. '!' then return 0 end\n\
                 if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end\n\
                 local now = redis.call('TIME')\n\
                 local till = now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[2]\n\
                 redis.call('SET', KEYS[1], ARGV[1] .. '~' .. string.format('%.0f', till), 'PX', ARGV[2])\n\
                 return 1"
            }
            Script::Commit => {
                "for i = 5, #ARGV do\n\
                   if redis.call('GET', KEYS[i - 2]) ~= ARGV[i] then\n\
                     redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])\n\
                     return 0\n\
                   end\n\
                 end\n\
                 if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1])\n\
                 else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end\n\
                 redis.call('DEL', KEYS[2])\n\
                 if ARGV[3] == '' then redis.call('DEL', KEYS[3])\n\
                 elseif ARGV[4] == '0' then redis.call('SET', KEYS[3], ARGV[3])\n\
                 else redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4]) end\n\
                 return 1"
            }
            Script::Prolong => {
                "local left = redis.call('PTTL', KEYS[1])\n\
                 if left < 0 or left >= tonumber(ARGV[1]) then return 0 end\n\
                 return redis.call('PEXPIRE', KEYS[1], ARGV[2])"
            }
            Script::Delete => {
                "redis.call('DEL', KEYS[2], KEYS[3])\n\
                 return redis.call('DEL', KEYS[1])"
            }
        }
    }
}
