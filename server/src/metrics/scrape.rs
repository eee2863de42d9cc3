//! All figures of a server as text: what was counted, and what is asked where it is known.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::process::Process;
use super::text::Text;
use crate::cluster::ClusterFigures;
use crate::health::Readiness;
use crate::log;
use crate::server::Server;
use crate::store::figures::{Engine, PoolFigures, PostgresFigures, SqliteFigures};

/// Everything there is to tell. Asks no database for more than whether it answers; waits
/// two seconds at most, where it does not.
pub(crate) async fn scrape(server: &Arc<Server>) -> String {
    let readiness = server.readiness().await;
    let store = Arc::clone(&server.store);
    // A disk may be slow to say how large a file is.
    let looked = tokio::task::spawn_blocking(move || (store.figures(), Process::look()));
    let mut text = Text::default();
    tell_server(&mut text, server, readiness);
    tell_connections(&mut text, server);
    tell_lines(&mut text, server);
    let passwords = &server.passwords;
    text.histogram(
        "longhall_hash_seconds",
        "Time to hash one password, without waiting for a thread.",
        &server.metrics.hash_time,
    );
    text.gauge(
        "longhall_hash_queue",
        "Passwords that wait to be hashed or are being hashed.",
        passwords.load() as f64,
    );
    if let Some(cluster) = &server.cluster {
        tell_cluster(&mut text, cluster.figures());
    }
    if let Ok((store, process)) = looked.await {
        match store.0 {
            Engine::Memory => {}
            Engine::Sqlite(figures) => tell_sqlite(&mut text, &figures),
            Engine::Postgres(figures) => tell_postgres(&mut text, &figures),
        }
        tell_process(&mut text, server, process);
    }
    text.finish()
}

fn tell_server(text: &mut Text, server: &Server, readiness: Readiness) {
    text.gauges(
        "longhall_build_info",
        "The version of the server; the value is always 1.",
        "version",
        &[(env!("CARGO_PKG_VERSION"), 1.0)],
    );
    text.gauges(
        "longhall_readiness",
        "1 for the state that the server is in, as /ready tells it.",
        "state",
        &Readiness::ALL.map(|state| (state.name(), f64::from(u8::from(state == readiness)))),
    );
    text.flag(
        "longhall_clock_doubted",
        "1 while the system's clock is not believed.",
        server.clock.is_doubted(),
    );
    text.flag(
        "longhall_locked_down",
        "1 while nobody registers and everybody speaks slowly.",
        server
            .sanctions
            .closed_for(|| server.clock.now_ms())
            .is_some(),
    );
    text.counter(
        "longhall_panics_total",
        "Faults of the program that would have ended it without a guard.",
        log::panics(),
    );
    text.counter(
        "longhall_log_lines_lost_total",
        "Lines of the log that could not be written.",
        log::lost_lines(),
    );
}

fn tell_connections(text: &mut Text, server: &Server) {
    let counts = server.hub.counts();
    let metrics = &server.metrics;
    text.gauge(
        "longhall_connections",
        "Connections of players that are open, those before their handshake among them.",
        server.connections.len() as f64,
    );
    text.gauge(
        "longhall_connections_max",
        "Connections that may be open at a time.",
        server.config.capacity.max_connections as f64,
    );
    text.counter(
        "longhall_connections_accepted_total",
        "Connections that came, those refused among them.",
        metrics.accepted.get(),
    );
    text.counters(
        "longhall_connections_refused_total",
        "Connections that were one too many, by what was full.",
        "reason",
        &metrics.refused,
    );
    text.counters(
        "longhall_handshakes_total",
        "Requests on the players' port, by the status of the answer or why there was none.",
        "status",
        &metrics.handshakes,
    );
    text.counters(
        "longhall_closes_total",
        "Connections that ended, by the reason told to the player or how the player went.",
        "reason",
        &metrics.closes,
    );
    text.counters(
        "longhall_denials_total",
        "Requests of players that were denied, by code.",
        "code",
        &metrics.denials,
    );
    text.gauge(
        "longhall_players",
        "Players who are online, on all servers of the hall.",
        counts.players as f64,
    );
    text.gauge(
        "longhall_sessions",
        "Sessions that are logged in on this server and connected.",
        counts.sessions as f64,
    );
    text.gauge(
        "longhall_channels_live",
        "Channels with somebody in it who is online, the lobby among them.",
        counts.channels as f64,
    );
    text.gauge(
        "longhall_halls",
        "Halls of the lobby with somebody in it who is online, and the first one.",
        counts.halls as f64,
    );
    text.counter(
        "longhall_deliveries_total",
        "Lines given to connections of this server, each as often as to one.",
        counts.delivered,
    );
}

fn tell_lines(text: &mut Text, server: &Server) {
    let metrics = &server.metrics;
    text.counters(
        "longhall_lines_accepted_total",
        "Lines and whispers of players that are kept, and changes of lines.",
        "kind",
        &metrics.entries,
    );
    text.counter(
        "longhall_sent_bytes_total",
        "Bytes that the sockets of players took, without handshakes.",
        metrics.bytes_out.get(),
    );
    text.counter(
        "longhall_flagged_texts_total",
        "Texts with a blocked word that were said all the same.",
        metrics.flagged.get(),
    );
    let (_, dropped) = server.webhooks.counts();
    text.counter(
        "longhall_webhooks_dropped_total",
        "Events that the back end was not told of: it did not take them for an hour, or too \
         many waited.",
        dropped,
    );
    text.counter(
        "longhall_gaps_total",
        "Times that a connection was told to ask for lines it was too slow for.",
        metrics.gaps.get(),
    );
    text.counter(
        "longhall_lines_left_out_total",
        "Deliveries that were left out, for the connection was too slow.",
        metrics.left_out.get(),
    );
    text.histogram(
        "longhall_flush_seconds",
        "Time that the store took to keep a batch of lines.",
        &metrics.flush_time,
    );
    text.histogram(
        "longhall_batch_lines",
        "Lines, whispers and changes kept in one go.",
        &metrics.batch,
    );
    text.counter(
        "longhall_batches_failed_total",
        "Batches that the store did not take.",
        metrics.failed_batches.get(),
    );
    text.gauge(
        "longhall_chat_queue",
        "Lines that wait for the store; when 8000 do, sessions wait as well.",
        server.chat_log.waiting() as f64,
    );
}

fn tell_cluster(text: &mut Text, figures: ClusterFigures) {
    text.flag(
        "longhall_bus_up",
        "1 while messages to and from other servers flow.",
        figures.is_bus_up,
    );
    text.gauge(
        "longhall_bus_servers",
        "Other servers that are heard.",
        figures.servers as f64,
    );
    for (name, help, value) in [
        (
            "longhall_bus_sent_messages_total",
            "Messages given to the bus, those that it dropped among them.",
            figures.told,
        ),
        (
            "longhall_bus_received_messages_total",
            "Messages of other servers.",
            figures.heard,
        ),
        (
            "longhall_bus_doubts_total",
            "Times that something of other servers may have been missed.",
            figures.doubts,
        ),
        (
            "longhall_bus_losses_total",
            "Times that others may have missed something of this server.",
            figures.losses,
        ),
        (
            "longhall_bus_holes_total",
            "Holes between lines for which the store was asked.",
            figures.holes,
        ),
        (
            "longhall_bus_lines_found_total",
            "Lines found in the store that had not come over the bus.",
            figures.found,
        ),
    ] {
        text.counter(name, help, value);
    }
}

const STORE_INFO: &str = "The engine that keeps everything; the value is always 1.";
const STORE_QUEUE: &str = "What waits for the store, by what it is.";

fn tell_sqlite(text: &mut Text, figures: &SqliteFigures) {
    let info = [("sqlite", 1.0)];
    text.gauges("longhall_store_info", STORE_INFO, "engine", &info);
    let waiting = [
        ("changes", figures.waiting_changes as f64),
        ("questions", figures.waiting_questions as f64),
    ];
    text.gauges("longhall_store_queue", STORE_QUEUE, "kind", &waiting);
    let sizes = [
        ("database", figures.database_bytes as f64),
        ("log", figures.log_bytes as f64),
    ];
    text.gauges(
        "longhall_store_file_bytes",
        "Sizes of the database file and of the log of changes beside it.",
        "file",
        &sizes,
    );
}

fn tell_postgres(text: &mut Text, figures: &PostgresFigures) {
    let info = [("postgresql", 1.0)];
    text.gauges("longhall_store_info", STORE_INFO, "engine", &info);
    let of = |what: fn(&PoolFigures) -> usize| {
        figures
            .pools
            .each_ref()
            .map(|pool| (pool.name, what(pool) as f64))
    };
    let waiting = of(|pool| pool.waiting);
    text.gauges("longhall_store_queue", STORE_QUEUE, "kind", &waiting);
    text.gauges(
        "longhall_store_connections",
        "Connections to PostgreSQL, by what they are for.",
        "kind",
        &of(|pool| pool.connections),
    );
    text.gauges(
        "longhall_store_connections_busy",
        "Connections to PostgreSQL that do something now.",
        "kind",
        &of(|pool| pool.busy),
    );
    text.histogram(
        "longhall_store_wait_seconds",
        "Time that what is to be done waits for a connection to PostgreSQL.",
        &figures.waits,
    );
    text.counter(
        "longhall_store_retries_total",
        "Transactions that were begun anew, for others came between.",
        figures.retries,
    );
    text.flag(
        "longhall_store_away",
        "1 while PostgreSQL cannot be reached.",
        figures.is_away,
    );
    text.counter(
        "longhall_store_losses_total",
        "Times that PostgreSQL went away.",
        figures.losses,
    );
}

/// Called as every program that Prometheus watches calls them.
fn tell_process(text: &mut Text, server: &Server, process: Process) {
    let started = server.started.duration_since(UNIX_EPOCH);
    text.gauge(
        "process_start_time_seconds",
        "When the server started, in seconds since 1970.",
        started.unwrap_or_default().as_secs_f64(),
    );
    if let Some(seconds) = process.cpu_seconds {
        text.counter_of(
            "process_cpu_seconds_total",
            "Time of processors that the program took.",
            seconds,
        );
    }
    for (name, help, value) in [
        (
            "process_resident_memory_bytes",
            "Memory of the program that is in RAM.",
            process.resident_bytes,
        ),
        (
            "process_open_fds",
            "Files and sockets that are open.",
            process.open_files,
        ),
        (
            "process_max_fds",
            "Files and sockets that may be open.",
            process.max_open_files,
        ),
    ] {
        if let Some(value) = value {
            text.gauge(name, help, value);
        }
    }
}
