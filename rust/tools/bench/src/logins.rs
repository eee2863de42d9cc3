//! `logins`: how many there can be, and what chat is like meanwhile.

use std::time::Duration;

use anyhow::{Context, Result};
use longhall_swarm::{Ending, Load, Plan, Span, Swarm, Visit, Visitors};

use crate::bench::Bench;
use crate::figure::{Figure, Reference, Summary, Target};

/// Logins under way at a time: enough for the pool never to wait, and fewer than
/// are refused as too many.
const VISITORS: usize = 16;
/// Players in the chat that goes on meanwhile.
const MEMBERS: usize = 100;
const SENDERS: usize = 4;
const LINES_PER_S: f64 = 20.0;

/// Logins, then registrations, as fast as the server takes them.
///
/// # Errors
/// When the server does not take them.
pub(crate) fn logins(bench: &mut Bench) -> Result<()> {
    let seconds = bench.pick("1.5", "4");
    let mut bare = Vec::new();
    let mut quiet = Vec::new();
    let mut visits = [Vec::new(), Vec::new()];
    let mut chat = [Vec::new(), Vec::new()];
    for _ in 0..bench.rounds {
        let arguments = ["hashes", "--seconds", seconds];
        bare.push(bench.setting.bare_figure(&arguments)?);
        bench.say(&format!(
            "logins       bare argon2 {:>34.1}/s",
            bare[bare.len() - 1]
        ));
        quiet.push(p99_ms(&chat_with(bench, 0, Visit::Login)?.1));
        for (number, doing) in [Visit::Login, Visit::Register].into_iter().enumerate() {
            let (span, _) = visits_alone(bench, doing)?;
            visits[number].push(span.visits_per_s());
            let (span, ending) = chat_with(bench, VISITORS, doing)?;
            chat[number].push(p99_ms(&ending));
            bench.say(&format!(
                "logins       {doing:?}: {:.1}/s alone, {:.1}/s beside chat with p99 {:.2} ms",
                visits[number][visits[number].len() - 1],
                span.visits_per_s(),
                p99_ms(&ending),
            ));
        }
    }
    let bare = Summary::of(bare).context("nothing was hashed")?;
    let quiet = Summary::of(quiet).context("nothing was said")?;
    for (number, name) in ["logins", "registrations"].into_iter().enumerate() {
        add(
            bench,
            &format!("{name}, alone"),
            "per s",
            &visits[number],
            ("bare argon2", bare),
            Target::ShareAtLeast(0.9),
        );
        add(
            bench,
            &format!("chat p99 while {name} saturate"),
            "ms",
            &chat[number],
            ("without", quiet),
            Target::AtMost(10.0),
        );
    }
    Ok(())
}

fn add(
    bench: &mut Bench,
    what: &str,
    unit: &str,
    values: &[f64],
    (name, reference): (&str, Summary),
    target: Target,
) {
    if let Some(value) = Summary::of(values.iter().copied()) {
        bench.figures.push(Figure {
            bench: "logins".to_owned(),
            what: what.to_owned(),
            unit: unit.to_owned(),
            value,
            references: vec![Reference {
                name: name.to_owned(),
                value: reference,
            }],
            target: Some(target),
        });
    }
}

/// Nobody chats.
fn visits_alone(bench: &Bench, doing: Visit) -> Result<(Span, Ending)> {
    let plan = Plan {
        players: 1,
        channels: 0,
        senders: 0,
        ..plan(VISITORS, doing)
    };
    measure(bench, &plan)
}

fn chat_with(bench: &Bench, visitors: usize, doing: Visit) -> Result<(Span, Ending)> {
    let plan = Plan {
        players: MEMBERS,
        senders: SENDERS,
        load: Load::Rate {
            lines_per_s: LINES_PER_S / SENDERS as f64,
        },
        ..plan(visitors, doing)
    };
    measure(bench, &plan)
}

fn plan(count: usize, doing: Visit) -> Plan {
    Plan {
        visitors: Visitors { count, doing },
        ..Plan::default()
    }
}

fn measure(bench: &Bench, plan: &Plan) -> Result<(Span, Ending)> {
    let (server, accounts) = bench.setting.start_longhall(plan.players)?;
    let plan = Plan {
        urls: vec![server.url.clone()],
        ..plan.clone()
    };
    let swarm = Swarm::start(plan, accounts)?;
    swarm.wait_until_in(|_| {})?;
    swarm.talk(true);
    let (warm_up, time) = bench.pick((0.3, 1.2), (0.5, 4.0));
    swarm.wait(Duration::from_secs_f64(warm_up), |_| {})?;
    let time = Duration::from_secs_f64(time);
    let span = swarm.measure(time, Some(server.process), |_| {})?;
    Ok((span, swarm.finish()?))
}

fn p99_ms(ending: &Ending) -> f64 {
    ending.latency.value_at_quantile(0.99) as f64 / 1e6
}
