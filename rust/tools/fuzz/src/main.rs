//! Runs one target with libFuzzer, which has the program's `main`. `cargo xtask fuzz`
//! builds it, instrumented, and says which.

#![no_main]
#![allow(unsafe_code, reason = "libFuzzer calls a function by its plain name")]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use longhall_fuzz::Target;

static TARGET: OnceLock<&Target> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("LONGHALL_FUZZ_TARGET").unwrap_or_default();
        Target::by_name(&name).expect("LONGHALL_FUZZ_TARGET names no target")
    });
    (target.run)(bytes);
});
