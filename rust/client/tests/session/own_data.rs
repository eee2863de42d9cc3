//! An account deleted, kept, exported and renamed.

use longhall_client::{Answer, CallErrorCode, State};
use longhall_packet::{
    ClientPacket, CloseReason, DenyCode, ExportedAccount, ExportedLine, ExportedReport,
    ReportCategory, ServerPacket,
};

use crate::support::{PASSWORD, Rig, logged_in};

fn line(seq: u64) -> ExportedLine {
    ExportedLine {
        channel: "lobby".to_owned(),
        seq,
        sender: "ada".to_owned(),
        recipient: None,
        text: "hi".to_owned(),
        sent_at_ms: 1,
        edited_at_ms: None,
    }
}

fn account() -> ExportedAccount {
    ExportedAccount {
        profile: longhall_packet::Profile::default(),
        profile_version: 0,
        username: "ada".to_owned(),
        created_at_ms: 1,
        deleted_at_ms: None,
        last_login: None,
        sessions: Vec::new(),
        channels: Vec::new(),
        blocked: vec!["eve".to_owned()],
        invitations: Vec::new(),
        sanctions: Vec::new(),
    }
}

fn report() -> ExportedReport {
    ExportedReport {
        report: 7,
        username: "mallory".to_owned(),
        channel: None,
        seq: None,
        category: ReportCategory::Spam,
        text: String::new(),
        created_at_ms: 1,
        closed: None,
    }
}

#[test]
fn an_account_that_is_deleted_is_out_for_good_and_one_that_is_kept_is_not_told_of_it() {
    let mut rig = Rig::logged_in();
    rig.session.delete_account(rig.now, PASSWORD, "");
    let id = rig.expect_sent("delete_account");
    rig.ok(id);
    assert_eq!(rig.outcomes(), ["Done"]);
    rig.close(CloseReason::AccountDeleted);
    assert_eq!(rig.session.state(), State::Offline);
    assert_eq!(rig.session.username(), None);

    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    let mut packet = logged_in(id, "ada", 1);
    if let ServerPacket::LoggedIn { deleted_at_ms, .. } = &mut packet {
        *deleted_at_ms = Some(77);
    }
    rig.receive(&packet);
    assert_eq!(rig.session.deletion_at_ms(), Some(77));
    rig.outcomes();
    rig.session.keep_account(rig.now);
    let id = rig.expect_sent("keep_account");
    rig.deny(id, DenyCode::TooLate);
    assert_eq!(rig.session.deletion_at_ms(), Some(77));
    rig.session.keep_account(rig.now);
    let id = rig.expect_sent("keep_account");
    rig.ok(id);
    assert_eq!(rig.session.deletion_at_ms(), None);
}

#[test]
fn an_export_is_asked_for_page_after_page_and_is_one_answer() {
    let mut rig = Rig::logged_in();
    rig.session.export_account(rig.now);
    let mut after = None;
    for page in 0..3 {
        let sent = rig.sent();
        let [ClientPacket::Export { id, after: asked }] = &sent[..] else {
            panic!("{sent:?}")
        };
        assert_eq!(*asked, after);
        after = (page < 2).then(|| format!("page {page}"));
        rig.receive(&ServerPacket::Export {
            id: *id,
            account: (page == 0).then(|| Box::new(account())),
            lines: if page == 0 {
                Vec::new()
            } else {
                vec![line(page)]
            },
            reports: if page == 2 {
                vec![report()]
            } else {
                Vec::new()
            },
            next: after.clone(),
        });
    }
    let (_, answer) = rig.session.poll_outcome().unwrap();
    let Ok(Answer::Export(export)) = answer else {
        panic!("{answer:?}")
    };
    assert!(export.is_whole);
    assert_eq!(export.account.as_deref(), Some(&account()));
    assert_eq!(export.lines, [line(1), line(2)]);
    assert_eq!(export.reports, [report()]);
    let json = export.to_json();
    assert!(
        json.contains("\"blocked\"") && json.contains("\"is_whole\": true"),
        "{json}"
    );
}

#[test]
fn another_name_is_the_players_or_that_of_one_they_whisper_with() {
    let mut rig = Rig::logged_in();
    rig.session.rename_account(rig.now, PASSWORD, "x", "");
    let (_, refused) = rig.session.poll_outcome().unwrap();
    assert_eq!(
        refused.unwrap_err().code,
        CallErrorCode::Server(DenyCode::TooShort)
    );
    rig.session.rename_account(rig.now, PASSWORD, "Grace", "");
    let id = rig.expect_sent("rename");
    let renamed = |username: &str, new_username: &str| ServerPacket::Renamed {
        username: username.to_owned(),
        new_username: new_username.to_owned(),
    };
    rig.receive(&renamed("ada", "Grace"));
    rig.ok(id);
    rig.expect(["account ada is Grace"]);
    assert_eq!(rig.outcomes(), ["Done"]);
    assert_eq!(rig.session.username(), Some("Grace"));
    assert_eq!(rig.session.ticket().unwrap().0, "Grace");

    rig.receive(&ServerPacket::Invited {
        channel: "den".to_owned(),
        by: "bob".to_owned(),
    });
    rig.receive(&renamed("bob", "Ben"));
    rig.expect(["invited to den by bob", "player bob is Ben"]);
    assert_eq!(rig.session.invitations()[0].by, "Ben");
}
