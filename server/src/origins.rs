//! Which pages' games may connect from a browser.
//!
//! A browser names the page in `Origin`, which no script can change. Programs that are no
//! browsers name none, or what they like: this protects players from pages, nobody else.

use tokio_tungstenite::tungstenite::http::{HeaderMap, header};

/// Whether the request comes from a page that may have sent it, or from none; otherwise
/// the page that it comes from.
pub(crate) fn check<'a>(headers: &'a HeaderMap, allowed: &[String]) -> Result<(), &'a [u8]> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    for origin in headers.get_all(header::ORIGIN) {
        let is_welcome = origin.to_str().is_ok_and(|origin| {
            let is_named =
                |allowed: &String| allowed == "*" || allowed.eq_ignore_ascii_case(origin);
            allowed.iter().any(is_named) || host.is_some_and(|host| is_of_host(origin, host))
        });
        if !is_welcome {
            return Err(origin.as_bytes());
        }
    }
    Ok(())
}

/// Whether the page is of this host, on whatever port: one person's, most likely.
fn is_of_host(origin: &str, host: &str) -> bool {
    let Some((_, page)) = origin.split_once("://") else {
        return false;
    };
    let (page, host) = (without_port(page), without_port(host));
    page.eq_ignore_ascii_case(host) || (is_here(page) && is_here(host))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Names of the machine that the browser runs on: the editor's page and the game's url may
/// have different ones.
fn is_here(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|here| host.eq_ignore_ascii_case(here))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_let_in(origins: &[&str], host: &str, allowed: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, host.parse().unwrap());
        for origin in origins {
            headers.append(header::ORIGIN, origin.parse().unwrap());
        }
        let allowed: Vec<_> = allowed.iter().map(|&origin| origin.to_owned()).collect();
        check(&headers, &allowed).is_ok()
    }

    #[test]
    fn pages_of_the_own_host_and_named_ones_are_let_in() {
        for (origin, host) in [
            ("https://chat.example.org", "chat.example.org"),
            ("https://Chat.Example.org", "chat.example.ORG:8081"),
            ("http://chat.example.org:8060", "chat.example.org:8081"),
            ("http://localhost:8060", "127.0.0.1:8081"),
            ("http://[::1]:8060", "[::1]:8081"),
            ("http://[2001:db8::1]", "[2001:db8::1]:8081"),
        ] {
            assert!(is_let_in(&[origin], host, &[]), "{origin} {host}");
        }
        assert!(is_let_in(&[], "chat.example.org", &[]), "no browser");
        let named = "https://game.example.org";
        assert!(is_let_in(
            &[named],
            "chat.example.org",
            &["https://a.b", named]
        ));
        assert!(is_let_in(&["null"], "chat.example.org", &["*"]));
    }

    #[test]
    fn foreign_pages_are_not() {
        for (origin, host) in [
            ("https://evil.example", "chat.example.org"),
            ("https://chat.example.org.evil.example", "chat.example.org"),
            ("https://evil.example/chat.example.org", "chat.example.org"),
            ("https://chat.example.org@evil.example", "chat.example.org"),
            ("http://localhost:8060", "chat.example.org"),
            ("http://localhost.evil.example", "127.0.0.1:8081"),
            ("null", "null"),
            ("", ""),
            ("chat.example.org", "chat.example.org"),
            ("https://[2001:db8::2]", "[2001:db8::1]"),
        ] {
            assert!(!is_let_in(&[origin], host, &[]), "{origin} {host}");
            assert!(!is_let_in(&[origin], host, &["https://game.example.org"]));
        }
        let both = ["https://chat.example.org", "https://evil.example"];
        assert!(!is_let_in(&both, "chat.example.org", &[]));
    }
}
