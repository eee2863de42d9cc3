//! What stands between players and this server, and where games run.

use std::net::IpAddr;

use clap::{ArgAction, Args, builder::BoolishValueParser};
use ipnet::IpNet;

/// Proxies in front, and the pages that games in browsers come from.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Proxies and browsers")]
pub struct Proxy {
    /// Proxies that are believed whose connection they pass on, as in Forwarded,
    /// X-Forwarded-For or the PROXY protocol: addresses or ranges like 10.0.0.0/24,
    /// with commas between them. Everything that counts by address then counts by the
    /// player's own.
    ///
    /// Set it behind a proxy, to the addresses that it connects from; otherwise all
    /// players share its limits. Never name one that players can connect from.
    #[arg(long = "trusted-proxy", env = "LONGHALL_TRUSTED_PROXY")]
    #[arg(value_name = "CIDR", value_delimiter = ',', value_parser = range)]
    pub trusted_proxy: Vec<IpNet>,

    /// The trusted proxies begin each connection by the PROXY protocol, version 1 or 2.
    ///
    /// true for a proxy that does not read HTTP, as HAProxy in mode tcp with
    /// send-proxy-v2.
    #[arg(long, env = "LONGHALL_PROXY_PROTOCOL")]
    #[arg(action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub proxy_protocol: bool,

    /// Pages whose games may connect from a browser, as https://game.example.org, with
    /// commas between them; * for all. Those of the server's own host always may, and
    /// games outside of browsers.
    ///
    /// Set it to where your game's web export is played, as on itch.io.
    #[allow(rustdoc::bare_urls, reason = "it is the text of the help")]
    #[arg(long, env = "LONGHALL_ALLOWED_ORIGINS")]
    #[arg(value_name = "ORIGIN", value_delimiter = ',', value_parser = origin)]
    pub allowed_origins: Vec<String>,
}

fn range(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_canonical().into()),
        Err(_) => text
            .parse()
            .map_err(|_| "it is neither an address nor a range like 10.0.0.0/24".to_owned()),
    }
}

/// As a browser writes it.
fn origin(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
    let is_origin = text.split_once("://").is_some_and(|(scheme, host)| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".:-_[]".contains(c);
        matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(is_plain)
    });
    if text == "*" || text == "null" || is_origin {
        return Ok(text);
    }
    Err("it is no origin like https://game.example.org, nor *".to_owned())
}
