//! Which commands there are, and in which order they are executed.

use super::clients::ClientId;
use super::resp::Reply;
use super::{Bytes, Server};

/// What supervisors ask by themselves; everything else is asked for a caller.
const OF_SUPERVISORS: [&str; 7] = ["CLIENT", "HELLO", "INFO", "PING", "SCRIPT", "TIME", "TOUCH"];

/// Part of the names by which they try whether they are told of changes.
const TRIAL: &[u8] = b"~trial:";

/// Whether somebody waits for what this does, and no supervisor.
pub(super) fn is_of_caller(command: &[Bytes]) -> bool {
    let is_trial = |part: &Bytes| part.windows(TRIAL.len()).any(|part| part == TRIAL);
    !OF_SUPERVISORS.contains(&name(command).as_str()) && !command.get(1).is_some_and(is_trial)
}

impl Server {
    /// Executes a command, and answers it; tells others of what it has changed before.
    pub(super) fn execute(&mut self, id: ClientId, command: &[Bytes]) {
        self.executed += 1;
        self.clients.current = Some(id);
        self.expire();
        let reply = self.in_turn(id, command);
        self.clients.answer(&reply);
    }

    /// Executes it, or keeps it until the end of a transaction.
    fn in_turn(&mut self, id: ClientId, command: &[Bytes]) -> Reply {
        let Some(client) = self.clients.get(id) else {
            return Reply::error("nobody is there");
        };
        match (name(command).as_str(), &mut client.queued) {
            ("MULTI", queued @ None) => {
                *queued = Some(Vec::new());
                Reply::ok()
            }
            ("EXEC", queued @ Some(_)) => {
                let commands = queued.take().unwrap_or_default();
                let replies = commands.iter().map(|command| self.run(command));
                Reply::Array(replies.collect())
            }
            (_, Some(queued)) => {
                queued.push(command.to_vec());
                Reply::Status("QUEUED")
            }
            (_, None) => self.run(command),
        }
    }

    fn run(&mut self, command: &[Bytes]) -> Reply {
        let arguments = command.get(1..).unwrap_or_default();
        let found = match name(command).as_str() {
            "PING" => Some(Reply::Status("PONG")),
            "HELLO" => self.hello(arguments),
            "CLIENT" => self.client(arguments),
            "SELECT" => (arguments == [b"0"]).then(Reply::ok),
            "INFO" => Some(Reply::Text(self.info())),
            "TIME" => Some(self.time()),
            "SCRIPT" => self.script(arguments),
            "EVALSHA" => self.evaluate(arguments),
            "GET" => self.get(arguments),
            "MGET" => self.get_many(arguments),
            "GETRANGE" => self.get_range(arguments),
            "SET" => self.set(arguments),
            "DEL" => self.delete(arguments),
            "EXISTS" | "TOUCH" => self.exist(arguments),
            "PTTL" => self.time_left(arguments),
            "PEXPIRE" => self.lasts(arguments),
            "SCAN" => self.scan(arguments),
            "DBSIZE" => Some(Reply::count(self.data.len())),
            "FLUSHALL" => {
                self.flush();
                Some(Reply::ok())
            }
            _ => None,
        };
        found.unwrap_or_else(|| self.does_not_know(command))
    }

    /// What is asked here is asked of real servers as well, so this has to know it.
    fn does_not_know(&mut self, command: &[Bytes]) -> Reply {
        let shown = command
            .iter()
            .take(2)
            .map(|part| String::from_utf8_lossy(part));
        let shown = shown.collect::<Vec<_>>().join(" ");
        let why = format!(
            "the stand-in for a server does not know `{shown}`, or not with these arguments"
        );
        self.complain(why.clone());
        Reply::error(why)
    }
}

fn name(command: &[Bytes]) -> String {
    let name = command.first().map(|name| String::from_utf8_lossy(name));
    name.unwrap_or_default().to_ascii_uppercase()
}
