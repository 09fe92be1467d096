//! What an application writes: its caches, and what goes when something happens.

use crate::database::Database;
use crate::error::Refused;
use crate::model::{Auth, ListedTopic, Login, Message, Profile, Progress, Topic};
use crate::seed::PAGE;
use cache_domains::{
    ContentHash, Conversation, ConversationCache, ConversationList, ConversationListCache,
    ConversationStatus, MessagePage, MessagePageCache, Prompt, PromptCache, Report, ReportCache,
    Session, SessionCache, Transcription, TranscriptionCache, UserAuth, UserAuthCache, UserProfile,
    UserProfileCache, changes,
};
use cache_runtime::warm::RecentlyActive;
use cache_runtime::{Cache, cached};
use rusqlite::params;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Which model transcribes, in which version.
const MODEL: &str = "whisper-2";
/// How long it takes.
const TRANSCRIBING: Duration = Duration::from_millis(30);

pub(crate) struct Service {
    pub(crate) cache: Cache,
    pub(crate) database: Arc<Database>,
    /// Who was there lately, for the warmer.
    pub(crate) active: RecentlyActive,
    profiles: UserProfileCache<Profile>,
    auths: UserAuthCache<Auth>,
    sessions: SessionCache<Login>,
    conversations: ConversationCache<Topic>,
    lists: ConversationListCache<ListedTopic>,
    pages: MessagePageCache<Message>,
    reports: ReportCache<Progress>,
    transcriptions: TranscriptionCache<String>,
    prompts: PromptCache<String>,
    transcribed: AtomicU64,
}

impl Service {
    pub(crate) fn new(cache: &Cache, database: Arc<Database>) -> Self {
        Service {
            active: RecentlyActive::new(cache, "users"),
            profiles: UserProfileCache::new(cache),
            auths: UserAuthCache::new(cache),
            sessions: SessionCache::new(cache),
            conversations: ConversationCache::new(cache),
            lists: ConversationListCache::new(cache),
            pages: MessagePageCache::new(cache),
            reports: ReportCache::new(cache),
            transcriptions: TranscriptionCache::new(cache),
            prompts: PromptCache::new(cache),
            transcribed: AtomicU64::new(0),
            cache: cache.clone(),
            database,
        }
    }

    /// Whose session it is.
    pub(crate) async fn session(&self, id: &str) -> Result<Session<Login>, Refused> {
        let load = || {
            self.database.find(|database| {
                let query = "SELECT user_id, device, since FROM sessions WHERE id = ?";
                database.query_row(query, [id], |row| {
                    Ok(Session {
                        id: id.to_owned(),
                        user_id: row.get(0)?,
                        data: Login {
                            device: row.get(1)?,
                            since: row.get(2)?,
                        },
                    })
                })
            })
        };
        let session = self.sessions.get_or_load(id, load).await?;
        session.ok_or(Refused::NotLoggedIn)
    }

    pub(crate) async fn auth(&self, user: &str) -> Result<UserAuth<Auth>, Refused> {
        let load = || {
            self.database.find(|database| {
                let query = "SELECT email, role FROM users WHERE id = ?";
                database.query_row(query, [user], |row| {
                    Ok(UserAuth {
                        id: user.to_owned(),
                        email: row.get(0)?,
                        auth: Auth {
                            role: row.get(1)?,
                            consents: vec!["recording".to_owned()],
                        },
                    })
                })
            })
        };
        let auth = self.auths.get_or_load(user, load).await?;
        auth.ok_or(Refused::NotFound)
    }

    pub(crate) async fn profile(&self, user: &str) -> Result<UserProfile<Profile>, Refused> {
        let load = || {
            self.database.find(|database| {
                let query = "SELECT email, name, about, joined FROM users WHERE id = ?";
                database.query_row(query, [user], |row| {
                    Ok(UserProfile {
                        id: user.to_owned(),
                        email: row.get(0)?,
                        profile: Profile {
                            name: row.get(1)?,
                            about: row.get(2)?,
                            joined: row.get(3)?,
                        },
                    })
                })
            })
        };
        let profile = self.profiles.get_or_load(user, load).await?;
        profile.ok_or(Refused::NotFound)
    }

    /// Whatever is cached of this user goes.
    pub(crate) async fn rename(&self, user: &str, name: &str) -> Result<(), Refused> {
        let update = "UPDATE users SET name = ? WHERE id = ?";
        self.database
            .ask(|database| database.execute(update, [name, user]))
            .await?;
        changes::user(&self.cache, user).await;
        Ok(())
    }

    pub(crate) async fn conversation(&self, id: &str) -> Result<Conversation<Topic>, Refused> {
        let load = || {
            self.database.find(|database| {
                let query = "SELECT user_id, title, mood, is_active,
                                    (SELECT count(*) FROM messages WHERE conversation_id = conversations.id)
                             FROM conversations WHERE id = ?";
                database.query_row(query, [id], |row| {
                    Ok(Conversation {
                        id: id.to_owned(),
                        user_id: row.get(0)?,
                        status: match row.get(3)? {
                            true => ConversationStatus::Active,
                            false => ConversationStatus::Completed,
                        },
                        content: Topic {
                            title: row.get(1)?,
                            mood: row.get(2)?,
                            messages: row.get(4)?,
                        },
                    })
                })
            })
        };
        let conversation = self.conversations.get_or_load(id, load).await?;
        conversation.ok_or(Refused::NotFound)
    }

    /// A user's conversations, those with the latest messages first.
    pub(crate) async fn conversations(
        &self,
        user: &str,
    ) -> Result<ConversationList<ListedTopic>, Refused> {
        const RECENT: &str = "recent";
        let load = || async {
            let query = "SELECT id, title, (SELECT max(at) FROM messages WHERE conversation_id = conversations.id) AS last
                         FROM conversations WHERE user_id = ? ORDER BY last DESC";
            let conversations = self.database.ask(|database| {
                let mut query = database.prepare_cached(query)?;
                let rows = query.query_map([user], |row| {
                    Ok(ListedTopic {
                        id: row.get(0)?,
                        title: row.get(1)?,
                        last_message: row.get(2)?,
                    })
                })?;
                rows.collect::<Result<_, _>>()
            });
            Ok::<_, Refused>(Some(ConversationList {
                user_id: user.to_owned(),
                selection: RECENT.to_owned(),
                conversations: conversations.await?,
            }))
        };
        let list = self.lists.get_or_load(user, RECENT, load).await?;
        list.ok_or(Refused::NotFound)
    }

    /// A page of the messages of a conversation of this user's.
    pub(crate) async fn messages(
        &self,
        user: &str,
        conversation: &str,
        page: u32,
    ) -> Result<MessagePage<Message>, Refused> {
        let load = || async {
            let query = "SELECT number, from_user, text FROM messages
                         WHERE conversation_id = ? ORDER BY number LIMIT ? OFFSET ?";
            let messages = self.database.ask(|database| {
                let mut query = database.prepare_cached(query)?;
                let rows = query.query_map(params![conversation, PAGE, page * PAGE], |row| {
                    Ok(Message {
                        number: row.get(0)?,
                        from_user: row.get(1)?,
                        text: row.get(2)?,
                    })
                })?;
                rows.collect::<Result<_, _>>()
            });
            Ok::<_, Refused>(Some(MessagePage {
                conversation_id: conversation.to_owned(),
                page,
                user_id: user.to_owned(),
                messages: messages.await?,
            }))
        };
        let messages = self.pages.get_or_load(conversation, &page, load).await?;
        messages.ok_or(Refused::NotFound)
    }

    /// Its conversation, the pages of that and the lists of its user go.
    pub(crate) async fn say(
        &self,
        user: &str,
        conversation: &str,
        text: &str,
    ) -> Result<(), Refused> {
        let insert = "INSERT INTO messages
                      SELECT ?1, coalesce(max(number), -1) + 1, 1, ?2, coalesce(max(at), 0) + 60
                      FROM messages WHERE conversation_id = ?1";
        self.database
            .ask(|database| database.execute(insert, [conversation, text]))
            .await?;
        changes::conversation(&self.cache, conversation, user).await;
        Ok(())
    }

    /// What takes the database long, once in two hours or until the session changes.
    pub(crate) async fn progress(
        &self,
        session: &str,
        user: &str,
    ) -> Result<Report<Progress>, Refused> {
        const PROGRESS: &str = "progress";
        let load = || async {
            let totals = self.database.ask(|database| {
                let query = "SELECT count(DISTINCT conversations.id), count(*), sum(length(text)) / 6
                             FROM conversations JOIN messages ON conversation_id = id WHERE user_id = ?";
                database.query_row(query, [user], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            });
            let (conversations, messages, words) = totals.await?;
            let moods = self.database.ask(|database| {
                let mut query = database.prepare_cached(
                    "SELECT mood, count(*) FROM conversations WHERE user_id = ? GROUP BY mood",
                )?;
                let rows = query.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect::<Result<_, _>>()
            });
            Ok::<_, Refused>(Some(Report {
                session_id: session.to_owned(),
                id: PROGRESS.to_owned(),
                user_id: user.to_owned(),
                report: Progress {
                    conversations,
                    messages,
                    words,
                    moods: moods.await?,
                },
            }))
        };
        let report = self.reports.get_or_load(session, PROGRESS, load).await?;
        report.ok_or(Refused::NotFound)
    }

    /// What a recording says. One recording is transcribed once, whoever sends it.
    pub(crate) async fn transcription(&self, recording: &[u8]) -> Result<String, Refused> {
        let hash = ContentHash::of_all([recording, MODEL.as_bytes()]);
        let load = || async {
            self.transcribed.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(TRANSCRIBING).await;
            Ok::<_, Refused>(Some(Transcription {
                hash: hash.clone(),
                model: MODEL.to_owned(),
                transcription: format!("{} bytes of what somebody said", recording.len()),
            }))
        };
        let transcription = self.transcriptions.get_or_load(&hash, load).await?;
        transcription
            .map(|it| it.transcription)
            .ok_or(Refused::NotFound)
    }

    /// How often the model was asked.
    pub(crate) fn transcribed(&self) -> u64 {
        self.transcribed.load(Ordering::Relaxed)
    }

    /// A prompt as it was published last.
    pub(crate) async fn prompt(&self, name: &str) -> Result<Prompt<String>, Refused> {
        let version = published(&self.cache, &self.database, name).await?;
        let load = || {
            self.database.find(|database| {
                let query = "SELECT prompt FROM prompts WHERE name = ? AND version = ?";
                database.query_row(query, params![name, version], |row| {
                    Ok(Prompt {
                        name: name.to_owned(),
                        version,
                        prompt: row.get(0)?,
                    })
                })
            })
        };
        let prompt = self.prompts.get_or_load(name, &version, load).await?;
        prompt.ok_or(Refused::NotFound)
    }

    /// All prompts as they were published last.
    pub(crate) async fn library(&self) -> Result<Vec<Prompt<String>>, Refused> {
        let query = "SELECT name, max(version), prompt FROM prompts GROUP BY name ORDER BY name";
        let library = self.database.ask(|database| {
            let mut query = database.prepare_cached(query)?;
            let prompts = query.query_map([], |row| {
                Ok(Prompt {
                    name: row.get(0)?,
                    version: row.get(1)?,
                    prompt: row.get(2)?,
                })
            })?;
            prompts.collect::<Result<_, _>>()
        });
        library.await
    }

    /// What is cached of the old versions goes, and which was the last.
    pub(crate) async fn publish(&self, name: &str, text: &str) -> Result<(), Refused> {
        let insert =
            "INSERT INTO prompts SELECT ?1, max(version) + 1, ?2 FROM prompts WHERE name = ?1";
        self.database
            .ask(|database| database.execute(insert, [name, text]))
            .await?;
        changes::prompt(&self.cache, name).await;
        Ok(())
    }

    /// The session goes, with its forms and reports.
    pub(crate) async fn log_out(&self, session: &str, user: &str) -> Result<(), Refused> {
        self.database
            .ask(|database| database.execute("DELETE FROM sessions WHERE id = ?", [session]))
            .await?;
        changes::session(&self.cache, session, user).await;
        Ok(())
    }

    /// The sessions that were seen last, with their users: whom to expect after a restart.
    pub(crate) async fn expected(&self, number: u32) -> Result<Vec<(String, String)>, Refused> {
        let query = "SELECT id, user_id FROM sessions ORDER BY seen DESC LIMIT ?";
        let expected = self.database.ask(|database| {
            let mut query = database.prepare_cached(query)?;
            let rows = query.query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()
        });
        expected.await
    }
}

/// The last version of a prompt.
#[cached(ttl = "24h", key = "prompt-version:{name}", tags = ["prompt:{name}"], cache = cache, skip(cache, database))]
async fn published(cache: &Cache, database: &Database, name: &str) -> Result<u32, Refused> {
    let query = "SELECT max(version) FROM prompts WHERE name = ?";
    let version: Option<u32> = database
        .ask(|database| database.query_row(query, [name], |row| row.get(0)))
        .await?;
    version.ok_or(Refused::NotFound)
}
