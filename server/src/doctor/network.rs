//! What a server reaches over the network: PostgreSQL and NATS.

use std::time::Instant;

use super::Finding;
use crate::bus::ping;
use crate::config::{Bus, Secret};
use crate::store::{MOST_CONNECTIONS, PostgresHealth};

/// Whether PostgreSQL can be reached, and keeps what it has acknowledged.
pub(super) fn postgres(url: &Secret) -> Vec<Finding> {
    let began = Instant::now();
    let health = match PostgresHealth::ask(url) {
        Ok(health) => health,
        Err(cause) => return vec![Finding::fail("postgres", cause.to_string())],
    };
    let took = began.elapsed().as_millis();
    let PostgresHealth {
        place,
        version,
        layout,
        newest_layout,
        off,
        max_connections,
        connections,
    } = health;
    let mut found = vec![Finding::ok(
        "postgres",
        format!("{place} is PostgreSQL {version}, asked within {took} ms"),
    )];
    found.push(if layout > newest_layout {
        Finding::warn(
            "layout",
            format!("a newer server has brought its layout to {layout}; update this one, too"),
        )
    } else {
        Finding::ok(
            "layout",
            format!("its layout is version {layout} of {newest_layout}"),
        )
    });
    found.push(if off.is_empty() {
        Finding::ok("durability", "it keeps what it has acknowledged")
    } else {
        let said = format!(
            "{} is off: a crash may lose lines; turn it on",
            off.join(" and ")
        );
        Finding::fail("durability", said)
    });
    found.push(if usize::try_from(max_connections - connections).unwrap_or(0) <= MOST_CONNECTIONS {
        Finding::warn(
            "connections",
            format!(
                "{connections} of {max_connections} connections are taken, and a server takes up \
                 to {MOST_CONNECTIONS}, and one for a backup; raise max_connections"
            ),
        )
    } else {
        Finding::ok(
            "connections",
            format!("{connections} of {max_connections} are taken"),
        )
    });
    found
}

/// Whether NATS can be reached with what the settings say.
pub(super) fn bus(options: &Bus) -> Option<Finding> {
    let url = match options.read() {
        Ok(url) => url?,
        Err(cause) => return Some(Finding::fail("bus", cause.to_string())),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let reached = match runtime {
        Ok(runtime) => runtime.block_on(ping(&url)),
        Err(cause) => Err(cause.to_string()),
    };
    Some(match reached {
        Ok(()) => Finding::ok("bus", format!("{url} answers")),
        Err(cause) => Finding::fail("bus", cause),
    })
}
