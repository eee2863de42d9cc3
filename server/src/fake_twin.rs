//! The same conversations with a server over SQLite and with the fake one that games
//! are tested against: every packet that a client sees is the same.

mod twins;

use std::collections::BTreeSet;

use longhall_packet::{
    Access, Audience, ClientPacket, Filter, PROTOCOL_VERSION, PresenceState, RegistrationMode,
    Role, SanctionKind, ServerRole, Topic,
};

use crate::store::UserId;
use twins::{Twins, channel, password, user};

async fn accounts(twins: &mut Twins) {
    let ada = 0;
    let hello = |protocol| {
        move |id| ClientPacket::Hello {
            id,
            protocol,
            client: "twin".to_owned(),
        }
    };
    twins.ask(ada, hello(PROTOCOL_VERSION)).await;
    twins.ask(ada, |id| ClientPacket::Ping { id }).await;
    twins.logout(ada).await;
    twins.say(ada, "lobby", "let me in").await;
    twins.login(ada, "ada").await;
    twins.register(ada, "ada").await;
    twins.register(ada, "ADA").await;
    twins.login(ada, "Ada").await;
    twins.login(ada, "ada").await;
    twins.register(ada, "eve").await;
    let bob = twins.player("bob").await;
    let wrong = twins.connect();
    twins
        .ask(wrong, |id| ClientPacket::Login {
            id,
            username: user("bob"),
            password: password("battery staple"),
            device: String::new(),
            code: None,
        })
        .await;
    twins.ask(wrong, hello(PROTOCOL_VERSION + 1)).await;
    twins.ask(bob, |id| ClientPacket::Ping { id }).await;
}

async fn sessions(twins: &mut Twins) {
    let [ada, bob] = twins.players(["ada", "bob"]).await;
    let (desk, phone, deck) = (twins.connect(), twins.connect(), twins.connect());
    for device in [desk, phone, deck] {
        twins.login(device, "ada").await;
    }
    twins.sessions(ada).await;
    // Its own number is 1, and 2 is bob's.
    twins.close_session(ada, Some(1)).await;
    twins.close_session(ada, Some(2)).await;
    twins.close_session(ada, Some(99)).await;
    twins.close_session(ada, Some(4)).await;
    twins.sessions(ada).await;
    twins
        .change_password(ada, "battery staple", "correct pony")
        .await;
    twins
        .change_password(ada, "correct horse", "correct pony")
        .await;
    twins.sessions(ada).await;
    let late = twins.connect();
    twins.login(late, "ada").await;
    // Those that may be too many.
    let mut last = bob;
    for _ in 0..8 {
        last = twins.connect();
        twins.login(last, "bob").await;
    }
    twins.sessions(last).await;
    twins.close_session(last, None).await;
    twins.sessions(last).await;
    twins.say(ada, "lobby", "still here").await;
}

async fn recovery(twins: &mut Twins) {
    let ada = twins.player("ada").await;
    let lost = twins.connect();
    let codes = twins.register_with_codes(lost, "bob").await;
    let none = twins.codes_of_nobody();
    for (name, which) in [("nobody", &codes[0]), ("bob", &none), ("ada", &codes[0])] {
        twins.recover(lost, name, which).await;
    }
    twins.login(lost, "bob").await;
    let back = twins.connect();
    twins.recover(back, "BOB", &codes[0]).await;
    twins.recover(back, "bob", &codes[0]).await;
    twins.login(back, "bob").await;
    twins.login_with(back, "bob", "correct pony", None).await;
    // As `bob` is there, neither of these is legal.
    twins.recover(back, "bob", &codes[1]).await;
    twins.renew_codes(back, "battery staple", None).await;
    let newer = twins.renew_codes(back, "correct pony", None).await;
    let elsewhere = twins.connect();
    twins.recover(elsewhere, "bob", &codes[1]).await;
    twins.recover(elsewhere, "bob", &newer[7]).await;
    twins.say(ada, "lobby", "still here").await;
}

async fn second_factor(twins: &mut Twins) {
    let ada = twins.connect();
    let codes = twins.register_with_codes(ada, "ada").await;
    twins.login(ada, "ada").await;
    let phone = twins.connect();
    twins.login(phone, "ada").await;
    let nonsense = twins.app("000000");
    twins.confirm_factor(ada, &nonsense).await;
    twins.begin_factor(ada, "battery staple").await;
    let keys = twins.begin_factor(ada, "correct horse").await;
    twins.confirm_factor(ada, &nonsense).await;
    let code = twins.app_code(&keys);
    twins.confirm_factor(ada, &code).await;
    twins.confirm_factor(ada, &code).await;
    twins.begin_factor(ada, "correct horse").await;
    let tablet = twins.connect();
    twins
        .login_with(tablet, "ada", "battery staple", None)
        .await;
    twins.login_with(tablet, "ada", "correct horse", None).await;
    for wrong in [nonsense.clone(), twins.app("starlit")] {
        twins
            .login_with(tablet, "ada", "correct horse", Some(&wrong))
            .await;
    }
    twins.renew_codes(ada, "correct horse", None).await;
    twins
        .renew_codes(ada, "correct horse", Some(&nonsense))
        .await;
    for code in [None, Some(&nonsense), Some(&codes[5])] {
        let proof = ("correct horse", code);
        twins.rename_with(ada, proof, "Grace").await;
    }
    twins
        .login_with(tablet, "grace", "correct horse", Some(&codes[0]))
        .await;
    // The code replaces one thing.
    let lost = twins.connect();
    twins.recover(lost, "grace", &codes[1]).await;
    twins.login_with(lost, "grace", "correct pony", None).await;
    twins
        .login_with(lost, "grace", "correct pony", Some(&codes[2]))
        .await;
    for code in [None, Some(&nonsense), Some(&codes[6])] {
        twins.delete_account_with(lost, "correct pony", code).await;
    }
    let lost = twins.connect();
    twins
        .login_with(lost, "grace", "correct pony", Some(&codes[7]))
        .await;
    twins.end_factor(lost, "correct horse", &codes[3]).await;
    twins.end_factor(lost, "correct pony", &nonsense).await;
    twins.end_factor(lost, "correct pony", &codes[3]).await;
    twins.end_factor(lost, "correct pony", &codes[4]).await;
    let last = twins.connect();
    twins.login_with(last, "grace", "correct pony", None).await;
}

async fn resuming(twins: &mut Twins) {
    let [ada, bob] = twins.players(["ada", "bob"]).await;
    twins.create(bob, "den", Access::Open).await;
    twins.join(ada, "den", None).await;
    twins.set_presence(ada, PresenceState::Away, "tea").await;
    // In place of the connection that is there.
    let first = twins.tokens[&ada].clone();
    let again = twins.connect();
    twins.resume(again, first.clone()).await;
    twins.members(bob, "den", None).await;
    // After a cut; and once more, as if the answer had been lost.
    twins.cut(again).await;
    twins.say(bob, "den", "where are you?").await;
    let second = twins.tokens[&again].clone();
    let back = twins.connect();
    twins.resume(back, second.clone()).await;
    let once_more = twins.connect();
    twins.resume(once_more, second.clone()).await;
    let third = twins.tokens[&once_more].clone();
    let newest = twins.connect();
    twins.resume(newest, third).await;
    let thief = twins.connect();
    twins.resume(thief, first).await;
    twins.resume(thief, second).await;
    twins.logout(newest).await;
    let last = twins.tokens[&newest].clone();
    twins.resume(newest, last).await;
    twins.members(bob, "lobby", None).await;
}

async fn channels(twins: &mut Twins) {
    let [ada, bob, eve] = twins.players(["ada", "bob", "eve"]).await;
    let tablet = twins.connect();
    twins.login(tablet, "bob").await;
    for (name, access) in [
        ("den", Access::Open),
        ("vault", Access::Password),
        ("secret", Access::Invite),
    ] {
        twins.create(ada, name, access).await;
        twins.create(bob, name, access).await;
        twins.join(bob, name, None).await;
        twins.join(bob, name, Some("wrong")).await;
        twins.join(bob, name, Some("sesame")).await;
        twins.join(bob, name, None).await;
        // A player who is not in it asks for everything.
        twins.say(eve, name, "hello?").await;
        twins.edit(eve, name, 1, "hello!").await;
        twins.history(eve, name, (None, None), 5).await;
        twins.read(eve, name, 1).await;
        twins.members(eve, name, None).await;
        twins.leave(eve, name).await;
        twins.set_topic(eve, name, "mine").await;
        twins.set_access(eve, name, Access::Open, None).await;
        twins.set_role(eve, name, "ada", Role::Member).await;
        twins.invite(eve, name, "bob").await;
        twins.remove(eve, name, "ada").await;
        twins.channels(eve, None).await;
        twins.members(ada, name, None).await;
    }
    twins.create(ada, "lobby", Access::Open).await;
    let no_key = |id| ClientPacket::Create {
        id,
        channel: channel("cellar"),
        topic: Topic::default(),
        access: Access::Password,
        channel_password: None,
    };
    twins.ask(ada, no_key).await;
    twins.join(ada, "nowhere", None).await;
    twins.join(ada, "lobby", None).await;
    twins.leave(ada, "lobby").await;
    twins.set_topic(ada, "lobby", "mine").await;
    twins.invite(ada, "lobby", "bob").await;
    twins.remove(ada, "lobby", "bob").await;
    twins.members(ada, "lobby", None).await;
    twins.members(ada, "lobby", Some("bob")).await;
    twins.members(ada, "den", Some("ada")).await;
    twins.channels(ada, Some("lobby")).await;
    for number in 0..20 {
        twins
            .create(eve, &format!("room-{number}"), Access::Open)
            .await;
    }
    twins.create(eve, "one-more", Access::Open).await;
    twins.join(eve, "den", None).await;
}

async fn roles(twins: &mut Twins) {
    let [ada, bob, eve, dan] = twins.players(["ada", "bob", "eve", "dan"]).await;
    twins.create(ada, "den", Access::Open).await;
    for (player, name) in [(eve, "eve"), (bob, "bob"), (dan, "dan")] {
        twins.join(player, "den", None).await;
        twins.set_topic(player, "den", name).await;
        twins.set_access(player, "den", Access::Invite, None).await;
        twins.set_role(player, "den", "ada", Role::Member).await;
        twins.remove(player, "den", "ada").await;
    }
    twins.set_topic(ada, "den", "cake").await;
    twins.set_access(ada, "den", Access::Password, None).await;
    twins
        .set_access(ada, "den", Access::Password, Some("x"))
        .await;
    for player in [ada, bob] {
        twins.set_slow_mode(player, "den", 3600).await;
        for filter in [Some(Filter::Refuse), Some(Filter::Off), None] {
            twins.set_filter(player, "den", filter).await;
        }
    }
    twins.set_slow_mode(bob, "nowhere", 3600).await;
    twins.set_filter(bob, "lobby", None).await;
    twins.set_slow_mode(bob, "lobby", 3600).await;
    for player in [ada, bob] {
        twins.say(player, "den", "one").await;
        twins.edit(player, "den", 1, "one, I mean").await;
    }
    twins.say(ada, "den", "two").await;
    twins.set_slow_mode(ada, "den", 0).await;
    twins.say(bob, "den", "two").await;
    twins.set_role(ada, "den", "ada", Role::Member).await;
    twins.set_role(ada, "den", "nobody", Role::Member).await;
    twins.set_role(ada, "den", "bob", Role::Operator).await;
    twins.set_role(ada, "den", "dan", Role::Operator).await;
    twins.set_topic(bob, "den", "more cake").await;
    // Only those below.
    twins.remove(bob, "den", "ada").await;
    twins.remove(bob, "den", "dan").await;
    twins.remove(bob, "den", "bob").await;
    twins.remove(bob, "den", "nobody").await;
    twins.remove(bob, "den", "eve").await;
    twins.remove(bob, "den", "eve").await;
    twins.join(eve, "den", Some("x")).await;
    // Of the operators the one of longest standing inherits.
    twins.leave(ada, "den").await;
    twins.members(bob, "den", None).await;
    twins.join(ada, "den", Some("x")).await;
    twins.set_role(bob, "den", "dan", Role::Owner).await;
    twins.set_role(bob, "den", "dan", Role::Member).await;
    twins.set_role(dan, "den", "bob", Role::Member).await;
    // No operator is left: the member of longest standing, not the first by name.
    twins.leave(dan, "den").await;
    twins.members(bob, "den", None).await;
    twins.leave(bob, "den").await;
    twins.members(eve, "den", None).await;
    twins.say(eve, "den", "one").await;
    twins.leave(eve, "den").await;
    twins.say(ada, "den", "two").await;
    // With the last member the channel is gone, and its name free; not its numbers.
    twins.leave(ada, "den").await;
    twins.channels(bob, None).await;
    twins.join(bob, "den", None).await;
    twins.create(bob, "den", Access::Open).await;
    twins.say(bob, "den", "three").await;
    twins.history(bob, "den", (None, None), 9).await;
}

async fn invitations(twins: &mut Twins) {
    let [ada, bob, eve] = twins.players(["ada", "bob", "eve"]).await;
    twins.create(ada, "den", Access::Open).await;
    twins.create(ada, "secret", Access::Invite).await;
    twins.join(bob, "den", None).await;
    twins.invite(bob, "den", "eve").await;
    twins.invite(ada, "secret", "bob").await;
    twins.channels(bob, None).await;
    twins.join(bob, "secret", None).await;
    // Into one that is not open, operators only.
    twins.invite(bob, "secret", "eve").await;
    twins.set_role(ada, "secret", "bob", Role::Operator).await;
    twins.invite(bob, "secret", "eve").await;
    twins.invite(bob, "secret", "eve").await;
    twins.invite(bob, "secret", "ada").await;
    twins.invite(bob, "secret", "bob").await;
    twins.invite(bob, "secret", "nobody").await;
    let phone = twins.connect();
    twins.login(phone, "eve").await;
    // A blocked player invites nobody, and is not told.
    twins.block(eve, "ada").await;
    twins.invite(ada, "den", "eve").await;
    let tablet = twins.connect();
    twins.login(tablet, "eve").await;
    twins.block(eve, "bob").await;
    let deck = twins.connect();
    twins.login(deck, "eve").await;
    twins.join(eve, "secret", None).await;
    twins.remove(bob, "secret", "eve").await;
    twins.join(eve, "secret", None).await;
}

async fn lines(twins: &mut Twins) {
    let [ada, bob] = twins.players(["ada", "bob"]).await;
    let tablet = twins.connect();
    twins.login(tablet, "ada").await;
    twins.say(ada, "lobby", "hi").await;
    twins.say_again(ada, "lobby", "hi", twins.last_line).await;
    twins.say_again(tablet, "@bob", "hi", twins.last_line).await;
    twins.say(ada, "nowhere", "hi").await;
    twins.say(ada, "@", "hi").await;
    twins.say(bob, "lobby", "ho").await;
    twins.edit(ada, "lobby", 1, "hello").await;
    twins.edit(ada, "lobby", 2, "not mine").await;
    twins.edit(ada, "lobby", 77, "nothing").await;
    twins.edit(ada, "lobby", 3, "an edit").await;
    twins.delete(bob, "lobby", 1).await;
    twins.delete(bob, "lobby", 2).await;
    twins.edit(bob, "lobby", 2, "again").await;
    for number in 0..9 {
        twins.say(bob, "lobby", &format!("line {number}")).await;
    }
    for cursor in [
        (None, None),
        (Some(0), None),
        (Some(5), None),
        (None, Some(5)),
        (Some(99), None),
    ] {
        for limit in [0, 1, 4, 50] {
            twins.history(ada, "lobby", cursor, limit).await;
        }
    }
    twins.history(ada, "nowhere", (None, None), 5).await;
    twins.read(ada, "lobby", 6).await;
    twins.read(tablet, "lobby", 3).await;
    twins.read(ada, "@", 3).await;
    twins.read(ada, "lobby", 999).await;
    let phone = twins.connect();
    twins.login(phone, "ada").await;
    // Said on a quiet day, an hour ago.
    twins.long_ago(ada, "lobby", UserId(1), "ada").await;
    twins.edit(ada, "lobby", 14, "too late").await;
    twins.delete(ada, "lobby", 14).await;
}

async fn whispers(twins: &mut Twins) {
    let [ada, bob, eve] = twins.players(["ada", "bob", "eve"]).await;
    let tablet = twins.connect();
    twins.login(tablet, "ada").await;
    for other in ["Bob", "ada", "nobody"] {
        let target = format!("@{other}");
        twins.say(ada, &target, "psst").await;
        twins.history(ada, &target, (None, None), 5).await;
        twins.read(ada, &target, 1).await;
    }
    // The same words in the same millisecond are two whispers, with other numbers for
    // the other one.
    twins.say(eve, "@bob", "hello").await;
    twins.say(ada, "@bob", "psst").await;
    twins.say(ada, "@bob", "psst").await;
    twins.edit(ada, "@bob", 3, "second").await;
    twins.delete(ada, "@", 2).await;
    twins.edit(bob, "@ada", 1, "not mine").await;
    for client in [ada, bob] {
        for target in ["@", "@ada", "@bob", "@eve"] {
            twins.history(client, target, (None, None), 50).await;
            twins.history(client, target, (Some(1), None), 2).await;
        }
    }
    twins.read(bob, "@ADA", 2).await;
    let phone = twins.connect();
    twins.login(phone, "bob").await;
    twins.logout(phone).await;
    twins.logout(bob).await;
    // So many of one sender may wait.
    for number in 0..51 {
        twins.say(eve, "@bob", &format!("{number}")).await;
    }
    twins.edit(eve, "@bob", 2, "edited").await;
    twins.login(bob, "bob").await;
    twins.history(bob, "@", (None, None), 9).await;
    twins.say(eve, "@bob", "there you are").await;
}

async fn blocks(twins: &mut Twins) {
    let [ada, bob, eve] = twins.players(["ada", "bob", "eve"]).await;
    twins.create(ada, "den", Access::Open).await;
    twins.join(bob, "den", None).await;
    twins.say(bob, "den", "one").await;
    twins.say(bob, "@ada", "psst").await;
    twins.say(eve, "lobby", "two").await;
    for other in ["bob", "ada", "nobody"] {
        twins.block(ada, other).await;
        twins.unblock(eve, other).await;
        twins.ask(ada, |id| ClientPacket::Blocks { id }).await;
    }
    twins.block(ada, "eve").await;
    twins.ask(ada, |id| ClientPacket::Blocks { id }).await;
    twins.say(bob, "den", "three").await;
    twins.edit(bob, "den", 1, "edited").await;
    twins.say(bob, "@ada", "psst").await;
    twins.edit(bob, "@ada", 1, "hey").await;
    twins.delete(bob, "@ada", 1).await;
    twins
        .set_presence(bob, PresenceState::Away, "cooking")
        .await;
    twins.members(ada, "den", None).await;
    twins.members(ada, "lobby", None).await;
    twins.members(bob, "lobby", None).await;
    for target in ["den", "lobby", "@", "@bob"] {
        twins.history(ada, target, (None, None), 9).await;
    }
    // What the blocked say is not counted.
    let tablet = twins.connect();
    twins.login(tablet, "ada").await;
    twins.read(ada, "lobby", 0).await;
    twins.read(ada, "den", 0).await;
    twins.unblock(ada, "bob").await;
    twins.read(ada, "den", 0).await;
    twins.say(bob, "den", "four").await;
    twins.logout(bob).await;
    twins.members(ada, "den", None).await;
}

async fn presence(twins: &mut Twins) {
    let [ada, bob] = twins.players(["ada", "bob"]).await;
    twins.create(ada, "den", Access::Open).await;
    twins.join(bob, "den", None).await;
    let tablet = twins.connect();
    twins.login(tablet, "bob").await;
    twins.set_presence(bob, PresenceState::Away, "tea").await;
    twins
        .set_presence(tablet, PresenceState::Away, "cake")
        .await;
    twins
        .set_presence(tablet, PresenceState::Away, "cake")
        .await;
    twins.members(ada, "den", None).await;
    twins.logout(bob).await;
    twins.members(ada, "den", None).await;
    twins.cut(tablet).await;
    twins.members(ada, "den", None).await;
    twins.members(ada, "lobby", None).await;
    twins.login(bob, "bob").await;
    twins.members(ada, "den", None).await;
    twins.leave(bob, "den").await;
    twins.logout(ada).await;
    twins.login(ada, "ada").await;
}

async fn own_data(twins: &mut Twins) {
    let [ada, bob] = twins.players(["ada", "bob"]).await;
    twins.create(ada, "den", Access::Open).await;
    twins.join(bob, "den", None).await;
    twins.say(ada, "den", "one").await;
    twins.say(bob, "den", "two").await;
    twins.say(bob, "@ada", "psst").await;
    twins.block(ada, "bob").await;
    twins.export(ada, Some("lines 0")).await;
    twins.export(ada, None).await;
    twins.export(ada, Some("whispers 0")).await;
    twins.export(ada, None).await;
    twins.export(ada, Some("lines 0")).await;
    twins.unblock(ada, "bob").await;
    twins.report(ada, "den", 2).await;
    twins.export(ada, None).await;
    for place in ["lines 0", "whispers 0", "reports 0"] {
        twins.export(ada, Some(place)).await;
    }

    let tablet = twins.connect();
    twins.login(tablet, "ada").await;
    twins.rename(ada, "battery staple", "Grace").await;
    for taken in ["bob", "BOB", "lobby"] {
        twins.rename(ada, "correct horse", taken).await;
    }
    twins.rename(ada, "correct horse", "Grace").await;
    twins.rename(tablet, "correct horse", "Hopper").await;
    let visitor = twins.connect();
    twins.register(visitor, "ada").await;
    twins.rename(bob, "correct horse", "ADA").await;
    twins.say(tablet, "den", "three").await;
    twins.say(bob, "@ada", "who?").await;
    twins.say(bob, "@grace", "you").await;
    twins.members(bob, "den", None).await;
    twins.history(bob, "den", (None, None), 9).await;
    twins.history(bob, "@", (None, None), 9).await;
    twins.block(bob, "grace").await;

    twins.keep_account(ada).await;
    twins.delete_account(ada, "battery staple").await;
    twins.delete_account(ada, "correct horse").await;
    twins.members(bob, "den", None).await;
    let back = twins.connect();
    twins.login(back, "ada").await;
    twins.login(back, "grace").await;
    twins.keep_account(back).await;
    twins.logout(back).await;
    twins.login(back, "grace").await;
}

async fn reports(twins: &mut Twins) {
    let [ada, bob, eve] = twins.players(["ada", "bob", "eve"]).await;
    twins.create(ada, "den", Access::Open).await;
    twins.join(bob, "den", None).await;
    for number in 0..18 {
        let speaker = [ada, bob][number % 2];
        twins.say(speaker, "den", &format!("line {number}")).await;
    }
    twins.edit(bob, "den", 10, "worse").await;
    twins.delete(bob, "den", 12).await;
    // One's own, none, an edit, one that is deleted, and the same again.
    for seq in [9, 0, 99, 19, 12, 10, 10, 2] {
        twins.report(ada, "den", seq).await;
    }
    twins.report(eve, "den", 2).await;
    twins.report(eve, "nowhere", 2).await;
    twins.say(eve, "@ada", "psst").await;
    twins.say(bob, "@ada", "hi").await;
    twins.say(ada, "@eve", "go away").await;
    for seq in [1, 2, 3, 4] {
        twins.report(ada, "@", seq).await;
        twins.report(ada, "@eve", seq).await;
    }
    for other in ["ada", "nobody", "bob", "BOB"] {
        twins.report_player(ada, other).await;
    }
    twins.block(ada, "bob").await;
    twins.report(ada, "den", 4).await;
    for seq in [6, 8, 14, 16, 18] {
        twins.report(ada, "den", seq).await;
    }
    twins.reports(ada, 1).await;
    twins.close_report(ada, 1).await;
    // Reported is eve, too, who hears of all but that.
    twins.appoint("eve", ServerRole::Moderator).await;
    twins.report_player(bob, "eve").await;
    twins.report_player(eve, "ada").await;
    for report in [1, 4, 11, 99] {
        twins.reports(eve, report).await;
        twins.close_report(eve, report).await;
        twins.close_report(eve, report).await;
    }
    twins.logout(ada).await;
    for report in [2, 3] {
        twins.close_report(eve, report).await;
    }
    twins.login(ada, "ada").await;
    let tablet = twins.connect();
    twins.login(tablet, "eve").await;
    twins.report(ada, "den", 16).await;
    twins.appoint("eve", ServerRole::Player).await;
    twins.report(ada, "den", 14).await;
    twins.reports(eve, 2).await;
}

async fn moderation(twins: &mut Twins) {
    use SanctionKind::{Ban, Kick, Mute};
    let [ada, bob, eve, dan] = twins.players(["ada", "bob", "eve", "dan"]).await;
    twins.sanction(ada, "bob", Mute, None, None).await;
    twins.sanctions(ada, "bob").await;
    twins.delete_lines(ada, None, "bob", None).await;
    twins.appoint("ada", ServerRole::Moderator).await;
    twins.members(bob, "lobby", None).await;
    for other in ["ada", "nobody", "BOB"] {
        twins.sanction(ada, other, Mute, None, Some(60)).await;
    }
    twins.say(bob, "lobby", "hey").await;
    twins.say(bob, "@eve", "psst").await;
    twins.set_presence(bob, PresenceState::Away, "angry").await;
    twins.set_presence(bob, PresenceState::Away, "").await;
    twins.create(bob, "den", Access::Open).await;
    let tablet = twins.connect();
    twins.login(tablet, "bob").await;
    twins.logout(tablet).await;
    for _ in 0..2 {
        twins.lift(ada, "bob", Mute, None).await;
        twins.sanctions(ada, "bob").await;
    }
    twins.sanctions(bob, "ada").await;
    twins.sanctions(ada, "nobody").await;
    // In a channel, by its operators as well.
    twins.create(bob, "den", Access::Open).await;
    for player in [eve, dan] {
        twins.join(player, "den", None).await;
        twins.say(player, "den", "spam").await;
        twins.say(player, "lobby", "spam").await;
    }
    twins.sanction(dan, "eve", Mute, Some("den"), None).await;
    twins.sanction(bob, "eve", Mute, Some("den"), Some(0)).await;
    twins
        .sanction(bob, "eve", Mute, Some("nowhere"), None)
        .await;
    twins
        .sanction(ada, "eve", Mute, Some("nowhere"), None)
        .await;
    twins.sanction(bob, "ada", Kick, Some("den"), None).await;
    twins.sanction(bob, "eve", Kick, Some("lobby"), None).await;
    twins.sanction(ada, "eve", Kick, Some("lobby"), None).await;
    twins.say(eve, "den", "hey").await;
    twins.edit(eve, "den", 1, "hey").await;
    twins.say(eve, "lobby", "hey").await;
    twins
        .sanction(ada, "eve", Mute, Some("lobby"), Some(5))
        .await;
    twins.say(eve, "lobby", "hey").await;
    twins.lift(ada, "eve", Mute, Some("lobby")).await;
    twins.delete(bob, "den", 1).await;
    twins.delete(dan, "den", 1).await;
    twins
        .delete_lines(bob, Some("den"), "dan", Some(3600))
        .await;
    twins.delete_lines(bob, None, "dan", None).await;
    twins.sanction(bob, "eve", Kick, Some("den"), None).await;
    twins.join(eve, "den", None).await;
    twins.sanction(bob, "eve", Ban, Some("den"), Some(60)).await;
    twins.join(eve, "den", None).await;
    twins.lift(bob, "eve", Ban, Some("den")).await;
    twins.join(eve, "den", None).await;
    twins.delete_lines(ada, None, "eve", None).await;
    twins.history(bob, "den", (None, None), 50).await;
    twins.history(bob, "lobby", (None, None), 50).await;
    twins.members(bob, "den", None).await;
    // From the whole server.
    twins.sanction(ada, "dan", Kick, None, None).await;
    let back = twins.connect();
    twins.login(back, "dan").await;
    twins.sanction(ada, "dan", Ban, None, Some(3600)).await;
    let again = twins.connect();
    twins.login(again, "dan").await;
    twins.lift(ada, "dan", Ban, None).await;
    twins.login(again, "dan").await;
    twins.appoint("dan", ServerRole::Admin).await;
    twins.sanction(ada, "dan", Kick, None, None).await;
    twins.sanction(again, "ada", Mute, None, None).await;
    twins.sanctions(ada, "dan").await;
}

async fn temporary(twins: &mut Twins) {
    let [ada, bob] = twins.players(["ada", "bob"]).await;
    twins.create_temporary(ada, "finals", Some(2)).await;
    twins.create_temporary(ada, "finals", None).await;
    twins.channels(bob, None).await;
    twins.join(bob, "finals", None).await;
    twins.join_by_nonsense(bob).await;
    twins.join_by_code(bob).await;
    twins.join_by_code(bob).await;
    let eve = twins.player("eve").await;
    twins.join_by_code(eve).await;
    twins.say(bob, "finals", "gl hf").await;
    twins.end_channel(bob, "finals").await;
    twins.end_channel(ada, "lobby").await;
    twins.end_channel(ada, "nowhere").await;
    twins.leave(bob, "finals").await;
    twins.invite(ada, "finals", "eve").await;
    twins.join(eve, "finals", None).await;
    twins.end_channel(ada, "finals").await;
    twins.join_by_code(bob).await;
    let zoe = twins.connect();
    twins.guest(zoe, "zoe").await;
    twins.create_temporary(zoe, "party", None).await;
}

async fn profiles(twins: &mut Twins) {
    twins.set_game_keys_named(&["level"]);
    let [ada, bob] = twins.players(["ada", "bob"]).await;
    twins.create(ada, "den", Access::Open).await;
    twins.join(bob, "den", None).await;
    twins
        .set_profile(bob, r#"{"hat":" big ","deep":{"er":[1,2.5]}}"#, None)
        .await;
    twins.set_profile(bob, r#"{"hat":2}"#, Some(0)).await;
    twins.set_profile(bob, r#"{"hat":2}"#, Some(1)).await;
    twins.set_profile(bob, r#"{"hat":2}"#, None).await;
    twins.set_profile(bob, r#"{"level":2}"#, None).await;
    twins.set_game_keys("bob", r#"{"level":3}"#).await;
    twins.set_profile(bob, r#"{"hat":3,"level":3}"#, None).await;
    twins.members(ada, "den", None).await;
    twins.members(ada, "lobby", None).await;
    for name in ["bob", "BOB", "ada", "nobody"] {
        twins.player_info(ada, name).await;
    }
    twins.block(ada, "bob").await;
    twins.player_info(ada, "bob").await;
    twins.set_profile(bob, "{}", None).await;
    twins.members(ada, "den", None).await;
    twins.export(bob, None).await;
    let phone = twins.connect();
    twins.login(phone, "bob").await;
    twins.rename(bob, "correct horse", "Robert").await;
    twins.player_info(ada, "Robert").await;
    let zoe = twins.connect();
    twins.guest(zoe, "zoe").await;
    twins.set_profile(zoe, r#"{"hat":"big"}"#, None).await;
    twins.set_profile(zoe, r#"{"hat":1}"#, None).await;
    twins.upgrade(zoe, None, "").await;
    twins.player_info(bob, "zoe").await;
}

async fn guests(twins: &mut Twins) {
    let ada = twins.player("ada").await;
    twins.create(ada, "den", Access::Open).await;
    let (zoe, yan) = (twins.connect(), twins.connect());
    twins.guest(zoe, "ada").await;
    twins.guest(zoe, "zoe").await;
    twins.guest(zoe, "zoe").await;
    twins.guest(yan, "ZOE").await;
    twins.login(yan, "zoe").await;
    twins.register(yan, "zoe").await;
    twins.members(ada, "lobby", None).await;
    twins.join(zoe, "den", None).await;
    twins.members(ada, "den", None).await;
    // What takes an account.
    twins.create(zoe, "cave", Access::Open).await;
    twins.invite(zoe, "den", "ada").await;
    twins.set_presence(zoe, PresenceState::Away, "tea").await;
    twins.set_presence(zoe, PresenceState::Away, "").await;
    twins
        .change_password(zoe, "correct horse", "correct pony")
        .await;
    twins.rename(zoe, "correct horse", "Grace").await;
    twins.delete_account(zoe, "correct horse").await;
    twins.say(zoe, "@ada", "who are you?").await;
    twins.say(ada, "@zoe", "hello").await;
    twins.say(zoe, "@ada", "hello").await;
    twins.say(zoe, "den", "nice here").await;
    // After a cut it is the same guest.
    let token = twins.tokens[&zoe].clone();
    twins.cut(zoe).await;
    let back = twins.connect();
    twins.resume(back, token).await;
    twins.members(ada, "den", None).await;
    // Who logs out is forgotten.
    twins.guest(yan, "yan").await;
    twins.join(yan, "den", None).await;
    twins.say(yan, "den", "bye").await;
    twins.logout(yan).await;
    twins.guest(yan, "yan").await;
    twins.members(ada, "den", None).await;
    twins.history(ada, "den", (None, None), 50).await;
    // And who keeps the name keeps all.
    twins.upgrade(ada, None, "").await;
    twins.upgrade(back, Some("ada"), "").await;
    twins.upgrade(back, Some("zoe2"), "").await;
    let token = twins.tokens[&back].clone();
    let account = twins.connect();
    twins.resume(account, token).await;
    twins.members(ada, "den", None).await;
    twins.create(account, "cave", Access::Open).await;
    twins.logout(account).await;
    twins.login(account, "zoe2").await;
    let other = twins.connect();
    twins.guest(other, "zoe").await;
    twins.ask(ada, |id| ClientPacket::Challenge { id }).await;
}

async fn halls(twins: &mut Twins) {
    twins.set_hall_size(2);
    let [ada, bob, eve, dan, zoe] = twins.players(["ada", "bob", "eve", "dan", "zoe"]).await;
    twins.halls(ada).await;
    twins.say(ada, "lobby", "in one").await;
    twins.say(eve, "lobby-2", "in two").await;
    twins.say(eve, "lobby", "let me in").await;
    twins.history(ada, "lobby-2", (None, None), 5).await;
    for client in [ada, eve] {
        twins.members(client, "lobby", None).await;
        twins.members(client, "lobby-2", None).await;
        twins.channels(client, None).await;
    }
    twins.leave(eve, "lobby-2").await;
    twins.set_topic(eve, "lobby-2", "mine").await;
    twins.set_presence(dan, PresenceState::Away, "tea").await;
    for name in ["nowhere", "lobby-9", "lobby", "lobby-2"] {
        twins.change_hall(eve, name).await;
    }
    // On all devices, and it counts when they come back.
    let tablet = twins.connect();
    twins.login(tablet, "bob").await;
    twins.change_hall(bob, "lobby-3").await;
    twins.say(zoe, "lobby-3", "welcome").await;
    twins.read(bob, "lobby-3", 1).await;
    twins.join(bob, "lobby", None).await;
    twins.change_hall(tablet, "lobby-3").await;
    twins.cut(bob).await;
    twins.cut(tablet).await;
    let token = twins.tokens[&tablet].clone();
    let back = twins.connect();
    twins.resume(back, token).await;
    twins.logout(back).await;
    twins.login(back, "bob").await;
    twins.say_as_system("lobby", "Maintenance at nine").await;
    twins.rename(ada, "correct horse", "Grace").await;
    // Nobody is left there.
    twins.logout(back).await;
    twins.logout(zoe).await;
    twins.halls(ada).await;
    twins.login(back, "bob").await;
    // Friends: ada's den.
    twins.create(eve, "den", Access::Open).await;
    twins.join(back, "den", None).await;
    twins.logout(eve).await;
    twins.login(zoe, "zoe").await;
    twins.login(eve, "eve").await;
    twins.halls(eve).await;
    twins.set_hall_size(0);
    twins.logout(back).await;
    twins.login(back, "bob").await;
    twins.change_hall(back, "lobby-2").await;
    twins.halls(back).await;
}

async fn tickets(twins: &mut Twins) {
    let (ada, zoe, nobody) = (twins.player("ada").await, twins.connect(), twins.connect());
    twins.guest(zoe, "zoe").await;
    for client in [ada, zoe, nobody] {
        let audience = Audience::parse("arena:eu-1").unwrap();
        twins
            .ask(client, |id| ClientPacket::RequestTicket {
                id,
                audience: audience.clone(),
            })
            .await;
    }
}

#[tokio::test]
async fn a_fake_server_takes_invites_as_a_real_one_does() {
    let twins = &mut Twins::start_with(RegistrationMode::Invite, 0).await;
    twins.add_invite("open-sesame", 2).await;
    twins.register(0, "ada").await;
    twins.register_with(0, "ada", "open").await;
    twins.register_with(0, "ada", "OPEN sesame").await;
    twins.register_with(0, "ada", "open sesame").await;
    let zoe = twins.connect();
    twins.guest(zoe, "zoe").await;
    twins.upgrade(zoe, None, "").await;
    twins.upgrade(zoe, None, "opensesame").await;
    twins.register_with(0, "eve", "open sesame").await;
}

#[tokio::test]
async fn a_fake_server_has_accounts_wait_as_a_real_one_does() {
    let twins = &mut Twins::start_with(RegistrationMode::Approval, 0).await;
    twins.register(0, "ada").await;
    twins.login(0, "ada").await;
    twins.approve("ada").await;
    twins.login(0, "ada").await;
    let zoe = twins.connect();
    twins.guest(zoe, "zoe").await;
    twins.upgrade(zoe, None, "").await;
    let token = twins.tokens[&zoe].clone();
    let back = twins.connect();
    twins.resume(back, token).await;
    twins.upgrade(back, None, "").await;
    twins.create(back, "den", Access::Open).await;
    twins.members(0, "lobby", None).await;
}

#[tokio::test]
async fn a_fake_server_closes_registration_as_a_real_one_does() {
    let twins = &mut Twins::start_with(RegistrationMode::Closed, 0).await;
    twins.register(0, "ada").await;
    twins.guest(0, "zoe").await;
    twins.upgrade(0, None, "").await;
    let twins = &mut Twins::start_with(RegistrationMode::Open, 4).await;
    twins.register(0, "ada").await;
    twins.ask(0, |id| ClientPacket::Challenge { id }).await;
    twins.guest(0, "zoe").await;
}

/// Makes a test of each conversation, and one that all packets are sent in them.
macro_rules! conversations {
    ($($name:ident: $test:ident)*) => {
        $(#[tokio::test]
        async fn $test() {
            $name(&mut Twins::start().await).await;
        })*

        #[tokio::test]
        async fn every_packet_is_sent_in_a_conversation() {
            let mut asked = BTreeSet::new();
            $({
                let mut twins = Twins::start().await;
                $name(&mut twins).await;
                asked.extend(twins.asked);
            })*
            assert_eq!(asked, ClientPacket::NAMES.iter().copied().collect());
        }
    };
}

conversations! {
    accounts: a_fake_server_keeps_accounts_as_a_real_one_does
    sessions: a_fake_server_ends_sessions_as_a_real_one_does
    recovery: a_fake_server_takes_recovery_codes_as_a_real_one_does
    second_factor: a_fake_server_asks_for_codes_as_a_real_one_does
    resuming: a_fake_server_resumes_as_a_real_one_does
    channels: a_fake_server_keeps_channels_as_a_real_one_does
    roles: a_fake_server_obeys_roles_as_a_real_one_does
    invitations: a_fake_server_invites_as_a_real_one_does
    lines: a_fake_server_takes_lines_as_a_real_one_does
    whispers: a_fake_server_whispers_as_a_real_one_does
    moderation: a_fake_server_keeps_order_as_a_real_one_does
    blocks: a_fake_server_hides_as_a_real_one_does
    own_data: a_fake_server_deletes_exports_and_renames_as_a_real_one_does
    reports: a_fake_server_takes_reports_as_a_real_one_does
    presence: a_fake_server_tells_who_is_there_as_a_real_one_does
    temporary: a_fake_server_makes_temporary_channels_as_a_real_one_does
    profiles: a_fake_server_shows_profiles_as_a_real_one_does
    guests: a_fake_server_takes_guests_as_a_real_one_does
    halls: a_fake_server_has_halls_as_a_real_one_does
    tickets: a_fake_server_signs_tickets_as_a_real_one_does
}
