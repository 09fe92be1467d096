//! Examples of all records.

use cache_domains::*;
use cache_runtime::{Cache, Ttl};
use std::time::Duration;

pub(crate) fn profile(id: &str) -> UserProfile<String> {
    UserProfile {
        id: id.to_owned(),
        email: Some(format!("{id}@example.org")),
        profile: format!("profile of {id}"),
    }
}

pub(crate) fn auth(id: &str) -> UserAuth<String> {
    UserAuth {
        id: id.to_owned(),
        email: Some(format!("{id}@example.org")),
        auth: format!("roles of {id}"),
    }
}

pub(crate) fn session(id: &str, user_id: &str) -> Session<String> {
    Session {
        id: id.to_owned(),
        user_id: user_id.to_owned(),
        data: "data".to_owned(),
    }
}

pub(crate) fn user_sessions(user_id: &str) -> UserSessions<String> {
    UserSessions {
        user_id: user_id.to_owned(),
        sessions: vec!["a session".to_owned()],
    }
}

pub(crate) fn conversation(
    id: &str,
    user_id: &str,
    status: ConversationStatus,
) -> Conversation<String> {
    Conversation {
        id: id.to_owned(),
        user_id: user_id.to_owned(),
        status,
        content: "content".to_owned(),
    }
}

pub(crate) fn conversations(user_id: &str, selection: &str) -> ConversationList<String> {
    ConversationList {
        user_id: user_id.to_owned(),
        selection: selection.to_owned(),
        conversations: vec!["a conversation".to_owned()],
    }
}

pub(crate) fn messages(conversation_id: &str, page: u32, user_id: &str) -> MessagePage<String> {
    MessagePage {
        conversation_id: conversation_id.to_owned(),
        page,
        user_id: user_id.to_owned(),
        messages: vec!["hello".to_owned()],
    }
}

pub(crate) fn transcription(recording: &str, model: &str) -> Transcription<String> {
    Transcription {
        hash: ContentHash::of(recording),
        model: model.to_owned(),
        transcription: "hello".to_owned(),
    }
}

pub(crate) fn analysis(text: &str, model: &str, prompt: &str) -> Analysis<String> {
    Analysis {
        hash: ContentHash::of(text),
        model: model.to_owned(),
        prompt: prompt.to_owned(),
        findings: "cheerful".to_owned(),
    }
}

pub(crate) fn form(session_id: &str, user_id: &str) -> CbtForm<String> {
    CbtForm {
        session_id: session_id.to_owned(),
        user_id: user_id.to_owned(),
        form: "a thought".to_owned(),
    }
}

pub(crate) fn report(session_id: &str, id: &str, user_id: &str) -> Report<String> {
    Report {
        session_id: session_id.to_owned(),
        id: id.to_owned(),
        user_id: user_id.to_owned(),
        report: "all is well".to_owned(),
    }
}

pub(crate) fn auth_config(key: &str) -> AuthConfig<String> {
    AuthConfig {
        key: key.to_owned(),
        settings: "settings".to_owned(),
    }
}

pub(crate) fn device(id: &str, user_id: &str) -> Device<String> {
    Device {
        id: id.to_owned(),
        user_id: user_id.to_owned(),
        info: "a phone".to_owned(),
    }
}

pub(crate) fn prompt(name: &str, version: u32) -> Prompt<String> {
    Prompt {
        name: name.to_owned(),
        version,
        prompt: "How do you feel?".to_owned(),
    }
}

pub(crate) fn response(user: Option<&str>, tags: &[&str]) -> ApiResponse<String> {
    ApiResponse {
        method: "GET".to_owned(),
        route: "/me".to_owned(),
        user: user.map(str::to_owned),
        query: "page=1".to_owned(),
        status: 200,
        body: "{}".to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

/// That what stands under `key` stays fresh for so long, but for what the test has taken. What ends when nobody reads it may be kept
/// for a quarter longer on a server, so that not every read has to write there.
pub(crate) async fn assert_lives(cache: &Cache, key: &str, expected: Ttl) {
    const TAKEN: Duration = Duration::from_secs(30);
    let ttl = cache.ttl(key).await;
    let is_as_expected = match (ttl, expected) {
        (Some(Ttl::For(left)), Ttl::For(all)) => {
            let longest = match key.strip_prefix("session:") {
                Some(_) => all + all / 4,
                None => all,
            };
            left <= longest + Duration::from_millis(64) && left + TAKEN > all
        }
        (ttl, expected) => ttl == Some(expected),
    };
    assert!(is_as_expected, "`{key}`: {ttl:?}, and not {expected:?}");
}
