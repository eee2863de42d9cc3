//! The load generator's program: arguments, progress, report.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use longhall_swarm::{
    Account, Counts, Ending, Load, Plan, Process, Span, Speaks, Spread, Swarm, SwarmError, Visit,
    Visitors, accounts,
};
use serde_json::json;

/// Loads a Longhall server with players and counts what comes of it.
///
/// Each player is a connection of an account of its own. Some talk, all listen, and
/// each checks that every line arrives once and in order. Point it at a server that
/// nobody plays on: it leaves accounts, channels and lines behind.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// The server: ws:// where a TLS proxy passes on to, or wss:// with --roots. Given more
    /// than once, the players are spread over the servers of a cluster
    #[arg(long, default_value = "ws://127.0.0.1:8081")]
    url: Vec<String>,
    /// For wss://: the certificates to trust, in PEM; the server's own will do
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// Connections, each of an account of its own
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    players: usize,
    /// Channels they are spread over; 0: all are in the lobby alone
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    channels: usize,
    /// How many of the players talk; spread over the channels as well
    #[arg(long, default_value_t = 4, value_name = "COUNT")]
    senders: usize,
    /// Lines each sender says per second, whatever the answers take
    #[arg(long, default_value_t = 1.0, value_name = "LINES")]
    rate: f64,
    /// Have senders talk as fast as the server acknowledges, instead of at a rate
    #[arg(long, conflicts_with = "rate")]
    push: bool,
    /// With --push: lines of each sender without an answer at a time
    #[arg(long, default_value_t = 256, value_name = "LINES")]
    window: usize,
    /// How long to measure
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    seconds: f64,
    /// How long to talk before that
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    warm_up: f64,
    /// Others, who log in with a password and out again, over and over meanwhile
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    logins: usize,
    /// Others, who create one account after the other meanwhile
    #[arg(
        long,
        default_value_t = 0,
        value_name = "COUNT",
        conflicts_with = "logins"
    )]
    registrations: usize,
    /// Players whose connection ends come back, each within so many seconds;
    /// otherwise the run ends. For trying what a restart of the server is like
    #[arg(long, value_name = "SECONDS")]
    comeback: Option<f64>,
    /// Characters of a line, 32 to 500
    #[arg(long, default_value_t = 64, value_name = "COUNT")]
    text_bytes: usize,
    /// Threads of this program; more when it, not the server, is what is slow
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    threads: usize,
    /// Look at one delivery in so many for its latency [default: 1, with --push 32]
    #[arg(long, value_name = "COUNT")]
    sample: Option<u64>,
    /// Connections that are being opened at a time
    #[arg(long, default_value_t = 32, value_name = "COUNT")]
    at_once: usize,
    /// The server is a reference (`longhall-bench bare each`): no handshake, no accounts
    #[arg(long)]
    bare_frames: bool,
    /// Keeps what logs the accounts in again, so that later runs need not register.
    /// Readable by you alone: what is in it is as good as passwords
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// The server's process on this machine, to measure what it costs (Linux)
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Writes the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

const EXAMPLES: &str =
    "A server allows one address 64 connections, 30 registrations an hour, 30 logins a
minute and 10 packets a second unless told otherwise. Start the one to be loaded with

  longhall-server --database /tmp/swarm.db --log warn --max-connections 20000 \\
      --connections-per-address 20000 --registrations-per-hour 1000000 \\
      --logins-per-minute 1000000 --packets-per-second 1000000 \\
      --max-repeats 0 --new-account-time 0

Examples:
  longhall-swarm --players 100 --senders 4 --push --server-pid $(pgrep longhall-server)
      what a line costs when the server is pushed to its limit
  longhall-swarm --players 1000 --channels 100 --senders 1000 --rate 1
      a thousand players in a hundred channels, each saying a line a second";

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nlonghall-swarm: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every line arrived once.
fn run(args: &Args) -> Result<bool, SwarmError> {
    let (warm_up, span) = (seconds(args.warm_up)?, seconds(args.seconds)?);
    let server = args.server_pid.map(Process::find).transpose()?;
    let plan = Plan {
        urls: args.url.clone(),
        roots: args.roots.clone(),
        spread: Spread::Turns,
        speaks: if args.bare_frames {
            Speaks::BareFrames
        } else {
            Speaks::Longhall
        },
        players: args.players,
        channels: args.channels,
        senders: args.senders,
        load: if args.push {
            Load::Push {
                window: args.window,
            }
        } else {
            Load::Rate {
                lines_per_s: args.rate,
            }
        },
        comeback: args.comeback.map(seconds).transpose()?,
        visitors: Visitors {
            count: args.logins.max(args.registrations),
            doing: if args.registrations > 0 {
                Visit::Register
            } else {
                Visit::Login
            },
        },
        text_bytes: args.text_bytes,
        at_once: args.at_once,
        threads: args.threads,
        sample: args.sample.unwrap_or(if args.push { 32 } else { 1 }),
    };
    let mut kept = match &args.accounts {
        Some(file) => accounts::read(file)?,
        None => Vec::new(),
    };
    let missing = args.players.saturating_sub(kept.len());
    kept.extend(Account::new_ones(missing));
    let unused = kept.split_off(args.players);
    let swarm = Swarm::start(plan, kept)?;
    let interrupt = swarm.interrupter();
    ctrlc::set_handler(interrupt).map_err(|cause| SwarmError::System {
        doing: "cannot listen for Ctrl-C",
        cause: std::io::Error::other(cause),
    })?;
    let measured = measure(&swarm, args, server, (warm_up, span));
    // Whatever happened: the accounts were expensive.
    let keep = |mut accounts: Vec<Account>| match &args.accounts {
        Some(file) => {
            accounts.extend(unused);
            accounts::write(file, &accounts)
        }
        None => Ok(()),
    };
    let span = match measured {
        Ok(span) => span,
        Err(error) => {
            keep(swarm.leave())?;
            return Err(error);
        }
    };
    let ending = swarm.finish()?;
    report(&span, &ending);
    if let Some(file) = &args.json {
        let text = format!("{:#}\n", as_json(&span, &ending));
        std::fs::write(file, text).map_err(|cause| SwarmError::System {
            doing: "cannot write the JSON file",
            cause,
        })?;
    }
    let wrong = ending.counts.lost + ending.counts.doubled + ending.missing;
    keep(ending.accounts)?;
    Ok(wrong == 0)
}

fn measure(
    swarm: &Swarm,
    args: &Args,
    server: Option<Process>,
    (warm_up, span): (Duration, Duration),
) -> Result<Span, SwarmError> {
    let mut progress = Progress::new();
    swarm.wait_until_in(|counts| {
        progress.show(|| format!("{} of {} players are in", counts.present(), args.players));
    })?;
    progress.end(&format!("{} players are in", args.players));
    swarm.talk(true);
    swarm.wait(warm_up, |_| progress.show(|| "warming up".to_owned()))?;
    let mut last = (Instant::now(), swarm.counts());
    let span = swarm.measure(span, server, |counts| {
        progress.show(|| {
            let (seconds, delivered) = since(&mut last, counts);
            format!("{:.0} deliveries/s", delivered / seconds)
        });
    })?;
    progress.end("measured; waiting for the last lines");
    Ok(span)
}

fn seconds(count: f64) -> Result<Duration, SwarmError> {
    Duration::try_from_secs_f64(count)
        .map_err(|_| SwarmError::Plan(format!("{count} seconds are no time")))
}

fn since(last: &mut (Instant, Counts), counts: Counts) -> (f64, f64) {
    let seconds = last.0.elapsed().as_secs_f64();
    let delivered = counts.delivered - last.1.delivered;
    *last = (Instant::now(), counts);
    (seconds, delivered as f64)
}

fn report(span: &Span, ending: &Ending) {
    let row = |what: &str, value: f64, digits: usize, unit: &str| {
        let row = format!("{what:<20}{value:>12.digits$} {unit}");
        println!("{}", row.trim_end());
    };
    let Counts {
        gaps,
        left_out,
        lost,
        doubled,
        left,
        ..
    } = ending.counts;
    row("deliveries/s", span.deliveries_per_s(), 0, "");
    row("lines/s", span.lines_per_s(), 0, "");
    if !ending.latency.is_empty() {
        let latency = |quantile| ending.latency.value_at_quantile(quantile) as f64 / 1e6;
        row("latency p50", latency(0.5), 3, "ms");
        row("latency p99", latency(0.99), 3, "ms");
        row("latency p99.9", latency(0.999), 3, "ms");
        row("latency worst", latency(1.0), 3, "ms");
    }
    if !ending.crossed.is_empty() {
        let latency = |quantile| ending.crossed.value_at_quantile(quantile) as f64 / 1e6;
        row("crossing, p50", latency(0.5), 3, "ms");
        row("crossing, p99", latency(0.99), 3, "ms");
    }
    if span.counts.visits > 0 {
        let took = |quantile| ending.visits.value_at_quantile(quantile) as f64 / 1e6;
        row("logins/s", span.visits_per_s(), 1, "(or registrations)");
        row("one of them, p50", took(0.5), 1, "ms");
        row("one of them, p99", took(0.99), 1, "ms");
    }
    if let Some(cost) = span.cpu_us_per_delivery() {
        row("server CPU", cost, 3, "µs per delivered line");
    }
    if let Some(cores) = span.cores() {
        row("server CPU", cores * 100.0, 1, "% of one core");
    }
    if let Some(bytes) = span.memory_bytes {
        row("server memory", bytes as f64 / 1024.0 / 1024.0, 1, "MiB");
    }
    if left > 0 {
        row("cut off", left as f64, 0, "");
    }
    row("lost", lost as f64, 0, "");
    row("doubled", doubled as f64, 0, "");
    row("missing at the end", ending.missing as f64, 0, "");
    let by = format!("announced by {gaps} gap packets");
    row("left out", left_out as f64, 0, &by);
}

fn as_json(span: &Span, ending: &Ending) -> serde_json::Value {
    let latency = |quantile| ending.latency.value_at_quantile(quantile) as f64 / 1e3;
    json!({
        "deliveries_per_s": span.deliveries_per_s(),
        "lines_per_s": span.lines_per_s(),
        "cpu_us_per_delivery": span.cpu_us_per_delivery(),
        "cores": span.cores(),
        "latency_us": {
            "samples": ending.latency.len(),
            "p50": latency(0.5),
            "p90": latency(0.9),
            "p99": latency(0.99),
            "p999": latency(0.999),
            "max": ending.latency.max() as f64 / 1e3,
        },
        "visits_per_s": span.visits_per_s(),
        "missing": ending.missing,
        "span": span,
        "all": ending.counts,
    })
}

/// One line that is written over, where there is a terminal.
struct Progress {
    is_terminal: bool,
    shown: Option<Instant>,
}

impl Progress {
    fn new() -> Self {
        Self {
            is_terminal: std::io::stderr().is_terminal(),
            shown: None,
        }
    }

    fn show(&mut self, text: impl FnOnce() -> String) {
        let period = Duration::from_secs(if self.is_terminal { 1 } else { 10 });
        match self.shown {
            Some(shown) if shown.elapsed() < period => return,
            None if !self.is_terminal => {
                self.shown = Some(Instant::now());
                return;
            }
            _ => self.shown = Some(Instant::now()),
        }
        if self.is_terminal {
            eprint!("\r\x1b[K{}", text());
            std::io::stderr().flush().ok();
        } else {
            eprintln!("{}", text());
        }
    }

    fn end(&mut self, text: &str) {
        if self.is_terminal {
            eprintln!("\r\x1b[K{text}");
        } else {
            eprintln!("{text}");
        }
        self.shown = None;
    }
}
