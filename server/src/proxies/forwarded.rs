//! The headers by which a proxy tells whose request it passes on: `Forwarded` (RFC 7239) and
//! `X-Forwarded-For`.
//!
//! Each proxy adds a line or an entry at the end; what stands before may be the player's own
//! invention. So the last entry counts that is not a trusted proxy's.

use std::net::{IpAddr, Ipv6Addr};

use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the player, as the trusted proxies tell it. `None` if they do not, or not
/// in a way that can be understood.
pub(crate) fn player(headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let has = |name: &HeaderName| headers.contains_key(name);
    let forwarded = || last_untrusted(entries(headers, &header::FORWARDED, elements), &is_trusted);
    let x_forwarded = || last_untrusted(entries(headers, &X_FORWARDED_FOR, list), &is_trusted);
    match (has(&header::FORWARDED), has(&X_FORWARDED_FOR)) {
        (false, false) => None,
        (true, false) => forwarded(),
        (false, true) => x_forwarded(),
        // A proxy that knows one of the two passes the other on as the player wrote it.
        (true, true) => forwarded().filter(|address| x_forwarded() == Some(*address)),
    }
}

/// The last address that is no trusted proxy's; the first if all are. The entries come last
/// first.
fn last_untrusted(
    entries: impl Iterator<Item = Option<IpAddr>>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let mut nearest = None;
    for entry in entries {
        let address = entry?;
        if !is_trusted(address) {
            return Some(address);
        }
        nearest = Some(address);
    }
    nearest
}

/// The entries of all lines of a header, the last one first; `None` for each that names no
/// address.
fn entries<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    split: fn(&str) -> Vec<Option<IpAddr>>,
) -> impl Iterator<Item = Option<IpAddr>> + 'a {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    lines.into_iter().rev().flat_map(move |line| {
        let entries = line.to_str().map_or_else(|_| vec![None], split);
        entries.into_iter().rev()
    })
}

/// The entries of a line of `X-Forwarded-For`.
fn list(line: &str) -> Vec<Option<IpAddr>> {
    line.split(',').map(node).collect()
}

/// The elements of a line of `Forwarded`: the address behind each one's `for`.
fn elements(line: &str) -> Vec<Option<IpAddr>> {
    let Some(elements) = split_unquoted(line, ',') else {
        // Whoever opened the quotes may have swallowed what others have added.
        return vec![None];
    };
    elements.into_iter().map(forwarded_for).collect()
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in split_unquoted(element, ';')? {
        let (name, value) = pair.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("for") {
            if found.is_some() {
                return None;
            }
            let value = value.trim();
            let unquoted = value
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            found = Some(node(unquoted.unwrap_or(value))?);
        }
    }
    found
}

/// The parts between separators that are not in quotes. `None` if quotes stay open.
fn split_unquoted(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if c == separator && !is_quoted => {
                parts.push(&text[begin..at]);
                begin = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    (!is_quoted).then_some(parts)
}

/// An address with or without a port, and in brackets or not. `unknown` and the names that
/// proxies make up to hide somebody are none.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
                return None;
            }
            IpAddr::V6(v6(address)?)
        }
        None => match text.split_once(':') {
            // One colon: a port. More of them: an address of IPv6.
            Some((address, port)) if is_port(port) => IpAddr::V4(address.parse().ok()?),
            Some(_) => IpAddr::V6(v6(text)?),
            None => IpAddr::V4(text.parse().ok()?),
        },
    };
    Some(address.to_canonical())
}

/// Behind a `%` is a zone, which means something on the proxy alone.
fn v6(text: &str) -> Option<Ipv6Addr> {
    text.split('%').next()?.parse().ok()
}

/// A number, or the name of one that is hidden.
fn is_port(text: &str) -> bool {
    let hidden = text.strip_prefix('_');
    !text.is_empty()
        && match hidden {
            Some(name) => name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
            None => text.len() <= 5 && text.chars().all(|c| c.is_ascii_digit()),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[(&'static str, &str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let is_trusted = |address: IpAddr| address.to_string().starts_with("10.");
        player(&headers, is_trusted).map(|address| address.to_string())
    }

    #[track_caller]
    fn check(lines: &[(&'static str, &str)], expected: &str) {
        assert_eq!(found(lines).as_deref(), Some(expected), "{lines:?}");
    }

    #[test]
    fn the_last_that_is_no_trusted_proxy_counts() {
        for (line, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("1.2.3.4, 203.0.113.9", "203.0.113.9"),
            ("1.2.3.4, 203.0.113.9, 10.0.0.7 , 10.0.0.8", "203.0.113.9"),
            ("10.0.0.1, 203.0.113.9", "203.0.113.9"),
            ("unknown, 203.0.113.9", "203.0.113.9"),
            ("\"<script>, 203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("10.0.0.7, 10.0.0.8", "10.0.0.7"),
        ] {
            check(&[("x-forwarded-for", line)], expected);
        }
        for (line, expected) in [
            ("for=203.0.113.9", "203.0.113.9"),
            (
                "For=\"203.0.113.9:4711\";proto=https;by=10.0.0.1",
                "203.0.113.9",
            ),
            (
                "proto=https; for=\"[2001:db8::1%2]:_hidden\"",
                "2001:db8::1",
            ),
            (
                "for=1.2.3.4, for=203.0.113.9;host=\"a,b;c\", for=10.0.0.7",
                "203.0.113.9",
            ),
            ("for=_secret, for=unknown, for=203.0.113.9", "203.0.113.9"),
        ] {
            check(&[("forwarded", line)], expected);
        }
        let x = |line| ("x-forwarded-for", line);
        check(
            &[x("1.2.3.4"), x("203.0.113.9"), x("10.0.0.7")],
            "203.0.113.9",
        );
        // The player's quotes stay open, but in a line of their own.
        check(
            &[("forwarded", "for=\""), ("forwarded", "for=203.0.113.9")],
            "203.0.113.9",
        );
    }

    #[test]
    fn what_names_no_address_names_nobody() {
        for line in [
            "",
            ",",
            "unknown",
            "203.0.113.9, unknown",
            "203.0.113.9,",
            "203.0.113.999",
            "203.0.113.9:port",
            "203.0.113.9:123456",
            "[2001:db8::1",
            "[2001:db8::1]x",
            "2001:db8::1]:80",
            "[203.0.113.9]",
            "localhost",
            "\u{7f}",
            "1.2.3.4 5.6.7.8",
            "[]:",
            "%",
            "[%eth0]",
            ":",
            "::1::",
        ] {
            if let Ok(value) = line.parse() {
                let mut headers = HeaderMap::new();
                headers.append(X_FORWARDED_FOR, value);
                assert_eq!(player(&headers, |_| false), None, "{line}");
            }
        }
        for line in [
            "",
            "for",
            "for=",
            "for=unknown",
            "for=_hidden",
            "proto=https",
            "203.0.113.9",
            "for=1.1.1.1;for=2.2.2.2",
            "for=1.1.1.1, for=\"2.2.2.2",
            "for=\"1.1.1.1, for=2.2.2.2",
            "for=\"\\\"",
            "for=[2001:db8::1",
            ";;;",
            "for==1.1.1.1",
        ] {
            assert_eq!(found(&[("forwarded", line)]), None, "{line}");
        }
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn headers_that_say_different_things_are_both_not_believed() {
        let x = ("x-forwarded-for", "203.0.113.9");
        check(&[x, ("forwarded", "for=203.0.113.9")], "203.0.113.9");
        assert_eq!(found(&[x, ("forwarded", "for=1.2.3.4")]), None);
        assert_eq!(found(&[x, ("forwarded", "rubbish")]), None);
    }
}
