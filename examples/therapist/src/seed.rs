//! Thousands of rows, the same in every run.

use rusqlite::{Connection, params};

pub(crate) const USERS: u32 = 2_000;
/// Of each user.
pub(crate) const CONVERSATIONS: u32 = 5;
/// Of each conversation, at first.
pub(crate) const MESSAGES: u32 = 12;
/// On a page.
pub(crate) const PAGE: u32 = 10;
pub(crate) const PROMPTS: [&str; 8] = [
    "greeting",
    "mood",
    "sleep",
    "worries",
    "goals",
    "breathing",
    "diary",
    "farewell",
];

const SCHEMA: &str = "
    CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT UNIQUE, name TEXT, about TEXT, joined INTEGER, role TEXT);
    CREATE TABLE sessions (id TEXT PRIMARY KEY, user_id TEXT, device TEXT, since INTEGER, seen INTEGER);
    CREATE INDEX sessions_of_users ON sessions (user_id);
    CREATE TABLE conversations (id TEXT PRIMARY KEY, user_id TEXT, title TEXT, mood TEXT, is_active INTEGER);
    CREATE INDEX conversations_of_users ON conversations (user_id);
    CREATE TABLE messages (conversation_id TEXT, number INTEGER, from_user INTEGER, text TEXT, at INTEGER,
                           PRIMARY KEY (conversation_id, number));
    CREATE TABLE prompts (name TEXT, version INTEGER, prompt TEXT, PRIMARY KEY (name, version));
";

const NAMES: [&str; 12] = [
    "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Tony", "Radia", "Leslie",
    "Karen", "John",
];
const MOODS: [&str; 5] = ["calm", "tired", "worried", "cheerful", "restless"];
const TITLES: [&str; 6] = [
    "A bad night",
    "Before the exam",
    "The new job",
    "Too many meetings",
    "My sister",
    "What went well",
];
const SAID: [&str; 6] = [
    "I could not sleep, and then I was late for everything that I had promised to do.",
    "It is better than last week, I think, though the evenings are long.",
    "What would you tell a friend who feels like that?",
    "I wrote it down as you said, and it looked smaller on paper.",
    "Try to notice when it begins, and what was just before it.",
    "Thank you. I will try that tomorrow, and tell you how it went.",
];
/// The first of January 2026.
const BEGAN: i64 = 1_767_225_600;

pub(crate) fn fill(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    {
        let mut users = transaction.prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)")?;
        let mut sessions = transaction.prepare("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)")?;
        let mut conversations =
            transaction.prepare("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)")?;
        let mut messages = transaction.prepare("INSERT INTO messages VALUES (?, ?, ?, ?, ?)")?;
        for n in 0..USERS {
            let (id, name) = (format!("u{n}"), pick(&NAMES, n));
            let about = format!(
                "{name} has been here since {}, and writes mostly in the evening.",
                2020 + n % 6
            );
            let mail = format!("{}.{n}@example.org", name.to_lowercase());
            users.execute(params![
                id,
                mail,
                name,
                about,
                BEGAN - i64::from(n) * 3_600,
                "client"
            ])?;
            // Those with low numbers are there more often.
            let seen = BEGAN - i64::from(n) * 60;
            sessions.execute(params![format!("s{n}"), id, "phone", BEGAN, seen])?;
            for c in 0..CONVERSATIONS {
                let conversation = format!("c{n}-{c}");
                let title = pick(&TITLES, n + c);
                conversations.execute(params![
                    conversation,
                    id,
                    title,
                    pick(&MOODS, n + c),
                    c == 0
                ])?;
                for m in 0..MESSAGES {
                    let text = pick(&SAID, n + c + m);
                    let at = BEGAN + i64::from(c * 86_400 + m * 60);
                    messages.execute(params![conversation, m, m % 2 == 0, text, at])?;
                }
            }
        }
        let mut prompts = transaction.prepare("INSERT INTO prompts VALUES (?, 1, ?)")?;
        for name in PROMPTS {
            prompts.execute(params![
                name,
                format!("Talk with the user about {name}. Ask, and listen. ").repeat(20)
            ])?;
        }
    }
    transaction.commit()
}

fn pick(from: &[&'static str], n: u32) -> &'static str {
    from[n as usize % from.len()]
}
