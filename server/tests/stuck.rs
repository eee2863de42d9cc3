//! A stop whose workers are all stuck. The program runs itself: the child asks for a
//! stop by SIGTERM and never lets a worker go; the parent sees it end all the same.

#[cfg(unix)]
fn main() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    const CHILD: &str = "LONGHALL_TEST_STUCK_CHILD";
    const PATIENCE: Duration = Duration::from_secs(60);

    if std::env::var_os(CHILD).is_some() {
        be_stuck();
    }
    let program = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(program)
        .env(CHILD, "1")
        .stdout(Stdio::null())
        .spawn()
        .expect("the child starts");
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().expect("the child is ours") {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                child.kill().expect("the child is ours");
                panic!("a stop was asked for, and the process goes on");
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    // Not by the signal, which the process handles.
    assert_eq!(status.code(), Some(1), "{status}");
    println!("test a_stop_does_not_depend_on_the_workers ... ok");
    println!("1 passed, 0 failed");
}

#[cfg(unix)]
fn be_stuck() -> ! {
    use std::time::Duration;

    use rustix::process::{Signal, getpid, kill_process};
    use tokio_util::sync::CancellationToken;

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the runtime starts");
    runtime.block_on(async {
        let patience = Duration::from_millis(100);
        longhall_server::shutdown::on_signals(CancellationToken::new(), patience, None::<fn()>)
            .expect("signals can be listened for");
        for _ in 0..2 {
            tokio::spawn(async {
                loop {
                    std::hint::spin_loop();
                }
            });
        }
        kill_process(getpid(), Signal::TERM).expect("a process may signal itself");
        std::future::pending().await
    })
}

#[cfg(not(unix))]
fn main() {
    println!("0 passed, 0 failed, 1 skipped");
}
