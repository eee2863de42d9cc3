use longhall_packet::{Filter, Speech};

use super::*;

for_each_store! {
    a_channel_is_found_and_its_name_is_given_once
    a_channel_that_is_gone_leaves_its_numbers_to_the_next_of_its_name
    a_stale_channel_lets_nobody_in
    the_lobby_is_everybodys
    another_lobby_leaves_the_old_one_a_channel
    a_channel_of_players_becomes_the_lobby
    what_was_said_among_few_is_not_told_to_all_in_the_lobby
    joining_keeps_to_the_limits
    an_owner_is_followed_by_the_operator_of_longest_standing_or_else_the_member
    an_owner_who_makes_another_becomes_operator
    members_are_listed_by_name_and_page
    channels_are_listed_by_name_if_they_may_be_seen
    topic_and_access_are_replaced
    invitations_are_the_latest_few_and_end_by_joining
    who_is_blocked_invites_in_vain
    blocks_are_listed_by_name_and_bounded
    memberships_come_lobby_first_with_what_is_unread
    a_read_marker_moves_on_only
    what_the_blocked_said_is_not_unread
    unread_lines_are_counted_among_the_newest
    what_the_game_says_is_unread_also_for_who_blocks_its_account
}

async fn names(store: &dyn Store, user: UserId, after: Option<&str>, limit: usize) -> Vec<String> {
    let after = after.map(channel_name);
    let listed = store.channels(user, after.as_ref(), limit).await.unwrap();
    listed
        .into_iter()
        .map(|(channel, members)| format!("{} {members}", channel.name))
        .collect()
}

async fn a_channel_is_found_and_its_name_is_given_once(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let made = store
        .insert_channel(NewChannel {
            topic: "what to sell".to_owned(),
            access: Access::Password,
            password_hash: Some("hash".to_owned()),
            ..new_channel(ada, "trade")
        })
        .await
        .unwrap();
    let Created::Channel(made) = made else {
        panic!("{made:?}");
    };
    let found = store.channel_by_name(&channel_name("trade")).await.unwrap();
    assert_eq!(found.as_ref(), Some(&made));
    assert_eq!((made.first_seq, made.last_seq), (1, 0));
    assert_eq!(made.topic, "what to sell");
    assert_eq!(made.access, Access::Password);
    assert_eq!(made.password_hash.as_deref(), Some("hash"));
    assert!(!made.is_lobby());
    let again = store.insert_channel(new_channel(ada, "trade")).await;
    assert_eq!(again.unwrap(), Created::Taken);
    let none = store.channel_by_name(&channel_name("guild")).await.unwrap();
    assert_eq!(none, None);
    let one_more = NewChannel {
        channels_per_account: 1,
        ..new_channel(ada, "guild")
    };
    let one_more = store.insert_channel(one_more).await.unwrap();
    assert_eq!(one_more, Created::TooManyChannels);
}

async fn a_channel_that_is_gone_leaves_its_numbers_to_the_next_of_its_name(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let first = channel(store, ada, "trade").await;
    for line_id in 1..=3 {
        append_one(store, say(ada, first, line_id, "old")).await;
    }
    let removed = store.delete_member(first, ada).await.unwrap();
    assert_eq!(removed, Removed::ChannelGone);
    let name = channel_name("trade");
    assert_eq!(store.channel_by_name(&name).await.unwrap(), None);

    let second = channel(store, bob, "trade").await;
    assert_ne!(second, first);
    let made = store.channel_by_name(&name).await.unwrap().unwrap();
    assert_eq!((made.first_seq, made.last_seq), (4, 3));
    assert_eq!(told(store, Log::Channel(second)).await, []);
    // The old lines are forgotten, and with them that their ids were used.
    join(store, second, ada).await;
    match append_one(store, say(ada, second, 1, "new")).await {
        Appended::Line { line } => assert_eq!(line.seq, 4),
        other => panic!("{other:?}"),
    }
    let texts = told(store, Log::Channel(second)).await;
    assert_eq!(texts, [(4, LineKind::Said, "new".to_owned())]);
}

async fn a_stale_channel_lets_nobody_in(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let stale = channel(store, ada, "trade").await;
    store.delete_member(stale, ada).await.unwrap();
    channel(store, ada, "trade").await;
    let added = store.insert_member(stale, bob, LIMITS, 1000).await;
    assert_eq!(added.unwrap(), Added::NoChannel);
    let said = append_one(store, say(ada, stale, 1, "hello?")).await;
    assert_eq!(said, Appended::NotAMember);
    assert_eq!(store.membership(stale, ada).await.unwrap(), None);
    assert!(
        !store
            .insert_invitation(stale, bob, ada, 9, 0)
            .await
            .unwrap()
    );
    let page = store.lines(Log::Channel(stale), Cursor::Newest, 9, 999);
    let page = page.await.unwrap();
    assert_eq!((page.first_seq, page.last_seq, page.lines.len()), (1, 0, 0));
}

async fn the_lobby_is_everybodys(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let lobby = store.open_lobby(&channel_name("lobby"), 0).await.unwrap();
    assert!(lobby.is_lobby());
    let again = store.open_lobby(&channel_name("lobby"), 0).await.unwrap();
    assert_eq!(again, lobby);
    let membership = store.membership(lobby.id, ada).await.unwrap().unwrap();
    assert_eq!((membership.role, membership.members), (Role::Member, 0));
    assert_eq!(membership.channel, lobby);
    let added = store.insert_member(lobby.id, ada, LIMITS, 0).await;
    assert_eq!(added.unwrap(), Added::Already);
    let removed = store.delete_member(lobby.id, ada).await.unwrap();
    assert_eq!(removed, Removed::NotAMember);
    let said = append_one(store, say(ada, lobby.id, 1, "hello")).await;
    assert!(matches!(said, Appended::Line { .. }), "{said:?}");
    // A player who comes later has not missed what was said before.
    let bob = user(store, "bob").await;
    let membership = store.membership(lobby.id, bob).await.unwrap().unwrap();
    assert_eq!((membership.read_seq, membership.unread), (1, 0));
}

async fn another_lobby_leaves_the_old_one_a_channel(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let old = store.open_lobby(&channel_name("lobby"), 0).await.unwrap();
    append_one(store, say(ada, old.id, 1, "hello")).await;
    let new = store.open_lobby(&channel_name("hall"), 0).await.unwrap();
    assert_ne!(new.id, old.id);
    let old = store.channel_by_name(&old.name).await.unwrap().unwrap();
    assert!(!old.is_lobby());
    assert_eq!(store.membership(old.id, ada).await.unwrap(), None);
    assert_eq!(store.memberships(ada).await.unwrap().len(), 1);
    // It may be joined as any other, and its lines are there.
    join(store, old.id, ada).await;
    assert_eq!(told(store, Log::Channel(old.id)).await.len(), 1);
    let back = store.open_lobby(&old.name, 0).await.unwrap();
    assert_eq!((back.id, back.last_seq), (old.id, 1));
}

async fn a_channel_of_players_becomes_the_lobby(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let made = store
        .insert_channel(NewChannel {
            access: Access::Password,
            password_hash: Some("hash".to_owned()),
            ..new_channel(ada, "hall")
        })
        .await
        .unwrap();
    let Created::Channel(made) = made else {
        panic!("{made:?}");
    };
    append_one(store, say(ada, made.id, 1, "hello")).await;
    let invited = store.insert_invitation(made.id, bob, ada, 9, 0).await;
    assert!(invited.unwrap());
    let lobby = store.open_lobby(&made.name, 0).await.unwrap();
    assert_eq!((lobby.id, lobby.last_seq), (made.id, 1));
    assert_eq!((lobby.access, lobby.password_hash), (Access::Open, None));
    let membership = store.membership(lobby.id, ada).await.unwrap().unwrap();
    assert_eq!((membership.role, membership.members), (Role::Member, 0));
    assert_eq!(store.invitations(bob).await.unwrap(), []);
    assert!(store.membership(lobby.id, bob).await.unwrap().is_some());
}

async fn what_was_said_among_few_is_not_told_to_all_in_the_lobby(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let made = channel(store, ada, "hall").await;
    append_one(store, say(ada, made, 1, "a secret")).await;
    let invite = store.set_access(made, Access::Invite, None);
    invite.await.unwrap();
    let lobby = store.open_lobby(&channel_name("hall"), 0).await.unwrap();
    // The numbers go on.
    assert_eq!((lobby.first_seq, lobby.last_seq), (2, 1));
    assert_eq!(told(store, Log::Channel(lobby.id)).await, []);
}

async fn joining_keeps_to_the_limits(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let trade = channel(store, ada, "trade").await;
    let guild = channel(store, bob, "guild").await;
    let added = async |members_per_channel, channels_per_account| {
        let limits = MemberLimits {
            members_per_channel,
            channels_per_account,
        };
        let added = store.insert_member(trade, bob, limits, 1000);
        added.await.unwrap()
    };
    assert_eq!(added(1, 9).await, Added::ChannelFull);
    assert_eq!(added(9, 1).await, Added::TooManyChannels);
    assert_eq!(added(2, 2).await, Added::Member);
    assert_eq!(added(1, 1).await, Added::Already);
    store.delete_member(guild, bob).await.unwrap();
    assert_eq!(store.memberships(bob).await.unwrap().len(), 1);
}

async fn an_owner_is_followed_by_the_operator_of_longest_standing_or_else_the_member(
    store: &dyn Store,
) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let cem = user(store, "cem").await;
    let dan = user(store, "dan").await;
    let trade = channel(store, ada, "trade").await;
    for member in [bob, dan, cem] {
        join(store, trade, member).await;
    }
    for operator in [cem, dan] {
        assert!(
            store
                .set_role(trade, operator, Role::Operator)
                .await
                .unwrap()
        );
    }
    let out = |heir, name: &str| Removed::Out {
        heir: Some((heir, name.to_owned())),
    };
    let leave = async |user| store.delete_member(trade, user).await.unwrap();
    assert_eq!(leave(ada).await, out(dan, "dan"));
    assert_eq!(leave(ada).await, Removed::NotAMember);
    assert_eq!(leave(cem).await, Removed::Out { heir: None });
    assert_eq!(leave(dan).await, out(bob, "bob"));
    assert_eq!(leave(bob).await, Removed::ChannelGone);
}

async fn an_owner_who_makes_another_becomes_operator(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let trade = channel(store, ada, "trade").await;
    assert!(!store.set_role(trade, bob, Role::Owner).await.unwrap());
    join(store, trade, bob).await;
    assert!(store.set_role(trade, bob, Role::Owner).await.unwrap());
    let role = async |user| store.membership(trade, user).await.unwrap().unwrap().role;
    assert_eq!(role(ada).await, Role::Operator);
    assert_eq!(role(bob).await, Role::Owner);
}

async fn members_are_listed_by_name_and_page(store: &dyn Store) {
    let ada = user(store, "Zoe").await;
    let trade = channel(store, ada, "trade").await;
    for name in ["bob", "Cem", "ada"] {
        let member = user(store, name).await;
        join(store, trade, member).await;
    }
    let listed = async |after: Option<&str>, limit| {
        let listed = store.members(trade, after, limit).await.unwrap();
        let names = listed.into_iter().map(|member| member.username);
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(listed(None, 9).await, "ada bob Cem Zoe");
    assert_eq!(listed(None, 2).await, "ada bob");
    assert_eq!(listed(Some("bob"), 9).await, "Cem Zoe");
}

async fn channels_are_listed_by_name_if_they_may_be_seen(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    store.open_lobby(&channel_name("lobby"), 0).await.unwrap();
    channel(store, ada, "trade").await;
    for (name, access) in [("hidden", Access::Invite), ("arena", Access::Password)] {
        let new = NewChannel {
            access,
            ..new_channel(ada, name)
        };
        store.insert_channel(new).await.unwrap();
    }
    let of_ada = ["arena 1", "hidden 1", "lobby 0", "trade 1"];
    assert_eq!(names(store, ada, None, 9).await, of_ada);
    assert_eq!(
        names(store, bob, None, 9).await,
        ["arena 1", "lobby 0", "trade 1"]
    );
    assert_eq!(names(store, ada, Some("hidden"), 1).await, ["lobby 0"]);
    let hidden = store.channel_by_name(&channel_name("hidden")).await;
    let hidden = hidden.unwrap().unwrap().id;
    assert!(
        store
            .insert_invitation(hidden, bob, ada, 9, 0)
            .await
            .unwrap()
    );
    assert_eq!(names(store, bob, None, 9).await, of_ada);
}

async fn topic_and_access_are_replaced(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let trade = channel(store, ada, "trade").await;
    store.set_topic(trade, "fish".to_owned()).await.unwrap();
    let hash = Some("hash".to_owned());
    store
        .set_access(trade, Access::Password, hash.clone())
        .await
        .unwrap();
    let speech = Speech {
        slow_mode_s: 21_600,
        filter: Some(Filter::Refuse),
    };
    store.set_speech(trade, speech).await.unwrap();
    let found = store.channel_by_name(&channel_name("trade")).await;
    let found = found.unwrap().unwrap();
    assert_eq!((found.topic.as_str(), found.speech), ("fish", speech));
    assert_eq!(
        (found.access, found.password_hash),
        (Access::Password, hash)
    );
}

async fn invitations_are_the_latest_few_and_end_by_joining(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let mut channels = Vec::new();
    for name in ["one", "two", "three"] {
        channels.push(channel(store, ada, name).await);
    }
    for channel in &channels {
        let noted = store.insert_invitation(*channel, bob, ada, 2, 0).await;
        assert!(noted.unwrap());
    }
    let listed = async || {
        let invitations = store.invitations(bob).await.unwrap();
        assert!(invitations.iter().all(|one| one.by == "ada"));
        let names = invitations.into_iter().map(|one| one.channel);
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(listed().await, "three two");
    // Once more, which makes it the latest.
    let again = store.insert_invitation(channels[1], bob, ada, 2, 0).await;
    assert!(again.unwrap());
    assert_eq!(listed().await, "two three");
    assert!(store.is_invited(channels[1], bob).await.unwrap());
    join(store, channels[1], bob).await;
    assert!(!store.is_invited(channels[1], bob).await.unwrap());
    store.delete_member(channels[2], ada).await.unwrap();
    assert_eq!(listed().await, "");
}

async fn who_is_blocked_invites_in_vain(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let trade = channel(store, ada, "trade").await;
    assert!(store.insert_block(bob, ada, 9).await.unwrap());
    assert!(
        !store
            .insert_invitation(trade, bob, ada, 9, 0)
            .await
            .unwrap()
    );
    assert!(!store.is_invited(trade, bob).await.unwrap());
    store.delete_block(bob, ada).await.unwrap();
    assert!(
        store
            .insert_invitation(trade, bob, ada, 9, 0)
            .await
            .unwrap()
    );
}

async fn blocks_are_listed_by_name_and_bounded(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let zoe = user(store, "Zoe").await;
    let bob = user(store, "bob").await;
    let cem = user(store, "cem").await;
    assert!(store.insert_block(ada, zoe, 2).await.unwrap());
    assert!(store.insert_block(ada, bob, 2).await.unwrap());
    assert!(!store.insert_block(ada, cem, 2).await.unwrap());
    assert!(store.insert_block(ada, bob, 2).await.unwrap());
    let both = [(bob, "bob".to_owned()), (zoe, "Zoe".to_owned())];
    assert_eq!(store.blocks(ada).await.unwrap(), both);
    assert_eq!(store.blocks(bob).await.unwrap(), []);
    store.delete_block(ada, zoe).await.unwrap();
    assert!(store.insert_block(ada, cem, 2).await.unwrap());
}

async fn memberships_come_lobby_first_with_what_is_unread(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let arena = channel(store, ada, "arena").await;
    let zoo = channel(store, ada, "zoo").await;
    let lobby = store.open_lobby(&channel_name("lobby"), 0).await.unwrap();
    append_one(store, say(ada, arena, 1, "before bob")).await;
    join(store, arena, bob).await;
    join(store, zoo, bob).await;
    append_one(store, say(ada, arena, 2, "after")).await;
    append_one(store, say(bob, arena, 3, "my own")).await;
    append_one(store, say(ada, arena, 4, "gone again")).await;
    append_one(store, edit(ada, Some(arena), 2, "edited")).await;
    append_one(store, delete(ada, Some(arena), 4)).await;
    append_one(store, say(ada, lobby.id, 5, "hello")).await;
    let all = store.memberships(bob).await.unwrap();
    let short: Vec<_> = all
        .iter()
        .map(|m| (m.channel.name.as_str(), m.read_seq, m.unread, m.members))
        .collect();
    assert_eq!(
        short,
        [("lobby", 0, 1, 0), ("arena", 1, 1, 2), ("zoo", 0, 0, 2)]
    );
    assert_eq!(all[1].channel.last_seq, 6);
}

async fn a_read_marker_moves_on_only(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let trade = channel(store, ada, "trade").await;
    join(store, trade, bob).await;
    let lines = (1..=1100).map(|line_id| say(ada, trade, line_id, "hello"));
    store.append(lines.collect()).await.unwrap();
    let unread = store.membership(trade, bob).await.unwrap().unwrap().unread;
    assert_eq!(unread, 1000);
    let log = Log::Channel(trade);
    let read = async |seq| store.set_read(bob, log, seq).await.unwrap();
    assert_eq!(read(1090).await, (1090, 10));
    assert_eq!(read(5).await, (1090, 10));
    assert_eq!(read(9999).await, (1100, 0));
    // Only of what one is in.
    store.delete_member(trade, bob).await.unwrap();
    assert_eq!(read(1100).await, (0, 0));
    assert_eq!(store.set_read(ada, log, 7).await.unwrap(), (7, 0));
}

async fn what_the_blocked_said_is_not_unread(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let cem = user(store, "cem").await;
    let hall = channel(store, ada, "hall").await;
    for user in [bob, cem] {
        join(store, hall, user).await;
    }
    append_one(store, say(bob, hall, 1, "a")).await;
    append_one(store, say(cem, hall, 1, "b")).await;
    append_one(store, whisper(bob, ada, 2, "c")).await;
    store.insert_block(ada, bob, 9).await.unwrap();
    let membership = store.membership(hall, ada).await.unwrap().unwrap();
    assert_eq!(membership.unread, 1);
    let inbox = store.open_inbox(ada).await.unwrap();
    assert_eq!(inbox.conversations[0].unread, 0);
}

async fn unread_lines_are_counted_among_the_newest(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let hall = channel(store, ada, "hall").await;
    join(store, hall, bob).await;
    append_one(store, say(bob, hall, 1, "long ago")).await;
    let own = (0..UNREAD_SEEN - 1).map(|id| say(ada, hall, id, "me again"));
    store.append(own.collect()).await.unwrap();
    let unread = async || {
        let membership = store.membership(hall, ada).await;
        membership.unwrap().unwrap().unread
    };
    assert_eq!(unread().await, 1);
    append_one(store, say(ada, hall, UNREAD_SEEN, "and again")).await;
    assert_eq!(unread().await, 0);
    append_one(store, say(bob, hall, 2, "just now")).await;
    assert_eq!(unread().await, 1);
}

async fn what_the_game_says_is_unread_also_for_who_blocks_its_account(store: &dyn Store) {
    let game = user(store, "server").await;
    let bob = user(store, "bob").await;
    let hall = channel(store, bob, "hall").await;
    store.insert_block(bob, game, 10).await.unwrap();
    let text = "round 3".to_owned();
    let system = LogAction::System {
        channel: hall,
        text,
    };
    let again = system.clone();
    append_one(store, entry(game, system)).await;
    let unread = async || {
        let membership = store.membership(hall, bob).await;
        membership.unwrap().unwrap().unread
    };
    assert_eq!(unread().await, 1);
    let read = store.set_read(bob, Log::Channel(hall), 1).await.unwrap();
    assert_eq!(read, (1, 0));
    assert_eq!(unread().await, 0);
    append_one(store, entry(game, again)).await;
    assert_eq!(unread().await, 1);
    let deletion = LogAction::Delete {
        channel: Some(hall),
        of: 2,
        not_before_ms: BY_OPERATOR,
    };
    append_one(store, entry(game, deletion)).await;
    assert_eq!(unread().await, 0);
}
