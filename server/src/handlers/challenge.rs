//! A client wants to know what work an account costs.

use longhall_packet::{RequestId, ServerPacket};

use super::outcome::Outcome;
use crate::registration::Challenge;
use crate::session::Session;

/// Answers `challenge` with another one, in place of the one before.
pub(crate) fn challenge(session: &mut Session, id: RequestId) -> Outcome {
    session.challenge = Challenge::new(&session.server)?.map(Box::new);
    let packet: ServerPacket = Challenge::packet(session.challenge.as_deref(), id);
    session.reply(&packet);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{ClientPacket, DenyCode, ProofSearch, ServerPacket, is_proof};

    use crate::handlers::test_requests::{challenge, register};
    use crate::handlers::test_session::TestSession;

    /// Asks for a challenge and does the work.
    async fn work(visitor: &mut TestSession) -> u64 {
        visitor.ask(challenge()).await;
        let ServerPacket::Challenge {
            challenge, bits, ..
        } = visitor.next()
        else {
            panic!("no challenge")
        };
        assert_eq!(bits, 8);
        let mut search = ProofSearch::new(challenge.clone(), bits).unwrap();
        let proof = search.run(u32::MAX).unwrap();
        assert!(is_proof(&challenge, bits, proof));
        proof
    }

    fn paid(name: &str, proof: Option<u64>) -> ClientPacket {
        let mut packet = register(name);
        if let ClientPacket::Register { proof: shown, .. } = &mut packet {
            *shown = proof;
        }
        packet
    }

    fn costly() -> TestSession {
        TestSession::with(|config| config.gates.registration_proof = 8)
    }

    #[tokio::test]
    async fn an_account_costs_work_where_the_operator_wants_it_and_one_proof_makes_one() {
        let mut visitor = costly();
        visitor
            .refused(paid("ada", None), DenyCode::ProofNeeded)
            .await;
        let proof = work(&mut visitor).await;
        visitor.done(paid("ada", Some(proof))).await;
        visitor
            .refused(paid("bob", Some(proof)), DenyCode::ProofNeeded)
            .await;
        let proof = work(&mut visitor).await;
        visitor.done(paid("bob", Some(proof))).await;
    }

    #[tokio::test]
    async fn a_proof_is_worth_nothing_on_another_connection() {
        let mut visitor = costly();
        let mut friend = visitor.another();
        let proof = work(&mut friend).await;
        visitor
            .refused(paid("ada", Some(proof)), DenyCode::ProofNeeded)
            .await;
        // With a challenge of its own neither, but for a chance of one in 256.
        visitor.ask(challenge()).await;
        visitor.next();
        visitor.ask(paid("ada", Some(proof + 1_000_003))).await;
        let answer = visitor.next();
        let is_luck = matches!(answer, ServerPacket::Ok { .. });
        assert!(
            is_luck
                || matches!(
                    answer,
                    ServerPacket::Deny {
                        code: DenyCode::ProofNeeded,
                        ..
                    }
                )
        );
    }

    #[tokio::test]
    async fn a_proof_that_comes_too_late_is_worth_nothing() {
        let mut visitor = costly();
        let proof = work(&mut visitor).await;
        visitor.step_clock(Duration::from_secs(601));
        visitor
            .refused(paid("ada", Some(proof)), DenyCode::ProofNeeded)
            .await;
    }

    #[tokio::test]
    async fn a_try_uses_the_challenge_up_and_garbage_counts_as_no_registration() {
        let mut visitor = TestSession::with(|config| {
            config.gates.registration_proof = 8;
            config.rates.registrations_per_hour = 1;
        });
        for _ in 0..5 {
            visitor
                .refused(paid("ada", Some(1)), DenyCode::ProofNeeded)
                .await;
        }
        let proof = work(&mut visitor).await;
        visitor.done(paid("ada", Some(proof))).await;
    }

    #[tokio::test]
    async fn where_no_work_is_asked_for_there_is_no_challenge() {
        let mut visitor = TestSession::new();
        visitor.ask(challenge()).await;
        let ServerPacket::Challenge {
            challenge, bits, ..
        } = visitor.next()
        else {
            panic!("no answer")
        };
        assert_eq!((challenge.as_str(), bits), ("", 0));
        visitor.done(paid("ada", Some(7))).await;
    }
}
