//! argon2 alone.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use longhall_server::config::HashCost;

/// Hashes per second, with a thread on every processor.
///
/// # Errors
/// When argon2 refuses the cost.
pub(crate) fn per_second(time: Duration) -> Result<f64> {
    let threads = thread::available_parallelism()?.get();
    let hashing: Vec<_> = (0..threads)
        .map(|_| thread::spawn(move || hash_for(time)))
        .collect();
    let mut sum = 0.0;
    for thread in hashing {
        let rate = thread.join().map_err(|_| anyhow!("a thread panicked"))??;
        sum += rate;
    }
    Ok(sum)
}

fn hash_for(time: Duration) -> Result<f64> {
    let HashCost {
        memory_kib,
        passes,
        lanes,
    } = HashCost::OWASP;
    let params =
        Params::new(memory_kib, passes, lanes, None).map_err(|cause| anyhow!("{cause}"))?;
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut out = [0; 32];
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < time {
        let salt = u128::from(count).to_be_bytes();
        argon2
            .hash_password_into_with_memory(b"correct horse", &salt, &mut out, &mut memory)
            .map_err(|cause| anyhow!("{cause}"))?;
        count += 1;
    }
    Ok(f64::from(count) / began.elapsed().as_secs_f64())
}
