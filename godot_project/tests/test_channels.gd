extends "res://tests/test_case.gd"
## Channels, whispers, history, presence, blocks and devices through the node: the same tests
## against the server inside the game and, in test_channels_online.gd, against the real one.

const PASSWORD: String = "correct horse"

var _server: LonghallFakeServer
## What nodes said, each as "name signal arguments".
var _news: Array[String] = []


func set_up() -> void:
	await super()
	_server = LonghallFakeServer.new()


func test_a_player_is_in_the_lobby_and_in_channels_joined_before() -> void:
	var ada := await _player("ada")
	check_equal(ada.lobby, "lobby", "the lobby")
	var name: String = unique("trade")
	var created: NetworkRequest = await (
		ada.create_channel(name.to_upper(), "open", "", "swords").completed
	)
	check(created.ok, "not created: " + created.code)
	var state: Dictionary = created.result
	check_equal(state["channel"], name, "the name")
	check_equal(state["role"], "owner", "the role")
	check_equal(ada.get_channel(name)["topic"], "swords", "the topic")
	var again := await _second(ada)
	check_equal(again.get_channels(), PackedStringArray(["lobby", name]), "the channels")


func test_a_line_is_heard_in_its_channel_only() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	var cleo := await _player("cleo")
	var name: String = unique("den")
	await ada.create_channel(name).completed
	await ben.join_channel(name).completed
	_listen("ben", ben)
	_listen("cleo", cleo)
	var said: NetworkRequest = await ada.send_chat("Hello den!", name).completed
	check_equal(said.result, 1, "the number")
	await ada.send_chat("Hello all!").completed
	await wait_until(func() -> bool: return _heard_by("ben").size() == 2, "both lines")
	await wait_until(func() -> bool: return _heard_by("cleo").size() == 1, "one line")
	check_equal(_heard_by("ben")[0], "%s %s: Hello den!" % [name, ada.username], "what ben heard")
	check_equal(_heard_by("cleo")[0], "lobby %s: Hello all!" % ada.username, "what cleo heard")


func test_who_may_not_join_is_told_why() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	var vault: String = unique("vault")
	var party: String = unique("party")
	await ada.create_channel(vault, "password", "sesame").completed
	await ada.create_channel(party, "invite").completed
	check_equal(await _code(ben.join_channel(unique("nowhere"))), "unknown_channel", "no channel")
	check_equal(await _code(ben.join_channel(vault)), "wrong_channel_password", "no password")
	check_equal(await _code(ben.join_channel(vault, "sesame")), "", "the password")
	check_equal(await _code(ben.join_channel(party)), "invite_only", "no invitation")
	var invitations: Array[String] = []
	ben.invited.connect(func(channel: String, by: String) -> void: invitations.append(channel + by))
	await ada.invite_player(party, ben.username).completed
	await wait_until(func() -> bool: return invitations.size() == 1, "the invitation")
	check_equal(invitations[0], party + ada.username, "the invitation")
	check_equal(ben.get_invitations().size(), 1, "invitations kept")
	check_equal(await _code(ben.join_channel(party)), "", "invited")
	check_equal(await _code(ben.set_topic(party, "mine")), "not_allowed", "no operator")
	check_equal(await _code(ada.create_channel(party)), "channel_taken", "taken")


func test_roles_are_given_and_used() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	var cleo := await _player("cleo")
	var name: String = unique("guild")
	await ada.create_channel(name).completed
	await ben.join_channel(name).completed
	await cleo.join_channel(name).completed
	await ada.set_role(name, ben.username, "operator").completed
	await wait_until(
		func() -> bool: return ben.get_channel(name)["role"] == "operator", "ben's promotion"
	)
	check_equal(await _code(ben.set_topic(name, "bears")), "", "the topic")
	await wait_until(
		func() -> bool: return cleo.get_channel(name)["topic"] == "bears", "the topic at cleo's"
	)
	var left: Array[String] = []
	cleo.channel_left.connect(
		func(channel: String, reason: String, by: String) -> void:
			left.append(" ".join([channel, reason, by]))
	)
	check_equal(await _code(ben.remove_member(name, cleo.username)), "", "the removal")
	await wait_until(func() -> bool: return left.size() == 1, "cleo's removal")
	check_equal(left[0], "%s removed %s" % [name, ben.username], "why")
	check_equal(cleo.get_channel(name), {}, "what cleo knows")
	check_equal(await _code(ben.leave_channel(name)), "", "leaving")
	check_equal(ben.get_channels(), PackedStringArray(["lobby"]), "ben's channels")
	check(not await _code(ben.leave_channel("lobby")) == "", "the lobby was left")


func test_misuse_is_refused_without_asking() -> void:
	var ada := await _player("ada")
	Engine.print_error_messages = false
	check_equal(await _code(ada.create_channel("den", "opne")), "malformed_packet", "access")
	check_equal(await _code(ada.set_role("lobby", "ben", "king")), "malformed_packet", "role")
	check_equal(await _code(ada.set_presence("offline")), "malformed_packet", "presence")
	await frames(2)
	Engine.print_error_messages = true
	check_equal(await _code(ada.join_channel("two words")), "forbidden_character", "name")
	var short: NetworkRequest = await ada.join_channel("").completed
	check_equal(short.field, "channel", "the field")


func test_whispers_reach_one_player_now_or_at_the_next_login() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	var cleo := await _player("cleo")
	_listen("ada", ada)
	_listen("ben", ben)
	_listen("cleo", cleo)
	await ada.send_chat("psst", "@" + ben.username.to_upper()).completed
	await wait_until(func() -> bool: return not _heard_by("ben").is_empty(), "the whisper")
	check_equal(_heard_by("ben"), ["@%s %s: psst" % [ada.username, ada.username]], "at ben's")
	check_equal(_heard_by("ada"), ["@%s %s: psst" % [ben.username, ada.username]], "at ada's")
	check_equal(await _code(ada.send_chat("hm", "@" + ada.username)), "not_yourself", "to herself")
	check_equal(await _code(ada.send_chat("hm", "@" + unique("nobody"))), "unknown_user", "nobody")
	await ben.logout().completed
	var whisper := ada.send_chat("are you there?", "@" + _account_of(ben))
	check_equal(await _code(whisper), "", "a whisper to keep")
	var lines: Array[String] = []
	ben.history_received.connect(
		func(channel: String, page: Array[Dictionary], _more: bool) -> void:
			for line: Dictionary in page:
				lines.append("%s %s" % [channel, line["text"]])
	)
	await ben.login(_account_of(ben), PASSWORD).completed
	var expected: String = "@%s are you there?" % ada.username
	await wait_until(func() -> bool: return expected in lines, "the whisper that was kept")
	check_equal(ben.get_whispers()[0]["channel"], "@" + ada.username, "the conversation")
	check_equal(_heard_by("cleo"), [], "what cleo heard")


func test_history_comes_in_pages_while_scrolling_up() -> void:
	var ada := await _player("ada")
	for i: int in 120:
		ada.send_chat("line %d" % i)
		if i % 40 == 39:
			await ada.send_chat("mark").completed
	var ben := await _client()
	ben.history_lines = 30
	var pages: Array[int] = []
	var texts: Array[String] = []
	var state := {more = true}
	ben.history_received.connect(
		func(channel: String, page: Array[Dictionary], more: bool) -> void:
			if channel == "lobby":
				pages.append(page.size())
				for i: int in page.size():
					texts.insert(i, str(page[i]["text"]))
				state.more = more
	)
	await _log_in(ben, "ben")
	await wait_until(func() -> bool: return pages.size() == 1, "the first page")
	check_equal(pages[0], 30, "lines of the first page")
	check_equal(texts[-1], "mark", "the newest line")
	while state.more and texts.size() < 123 and failures.is_empty():
		var page: NetworkRequest = await ben.load_history("lobby").completed
		check(page.ok, "no page: " + page.code)
	check(texts.find("line 0") >= 0, "the oldest line never came")
	check_equal(texts.slice(texts.find("line 0")).size(), 123, "lines in all")


func test_own_lines_can_be_edited_and_deleted() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	var changes: Array[String] = []
	ben.chat_edited.connect(
		func(_channel: String, number: int, text: String) -> void:
			changes.append(str(number) + text)
	)
	ben.chat_deleted.connect(
		func(_channel: String, number: int) -> void: changes.append("%d deleted" % number)
	)
	var line: NetworkRequest = await ada.send_chat("Helo").completed
	var seq: int = line.result
	check_equal(await _code(ada.edit_line("lobby", seq, "Hello")), "", "the edit")
	check_equal(await _code(ben.edit_line("lobby", seq, "Bye")), "unknown_line", "another's line")
	check_equal(await _code(ada.delete_line("lobby", seq)), "", "the deletion")
	check_equal(await _code(ada.delete_line("lobby", seq)), "unknown_line", "deleted twice")
	await wait_until(func() -> bool: return changes.size() == 2, "both changes")
	check_equal(changes, ["%dHello" % seq, "%d deleted" % seq] as Array[String], "the changes")


func test_unread_counts_go_down_on_all_devices() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	var tablet := await _second(ben)
	var before: int = tablet.get_channel("lobby")["unread"]
	var seq: int = (await ada.send_chat("one").completed).result
	await wait_until(
		func() -> bool: return tablet.get_channel("lobby")["unread"] == before + 1, "the count"
	)
	var counts: Array[int] = []
	tablet.unread_changed.connect(
		func(_channel: String, unread: int) -> void: counts.append(unread)
	)
	ben.mark_read("lobby", seq)
	await wait_until(func() -> bool: return 0 in counts, "the count of the other device")
	check_equal(ben.get_channel("lobby")["unread"], 0, "the own count")


func test_presence_tells_who_is_there() -> void:
	var ada := await _player("ada")
	var came: Array[String] = []
	ada.member_joined.connect(
		func(channel: String, username: String) -> void: came.append(channel + username)
	)
	var states: Array[String] = []
	ada.presence_changed.connect(
		func(_channel: String, username: String, state: String, text: String) -> void:
			states.append(" ".join([username, state, text]))
	)
	var ben := await _player("ben")
	var arrival: String = "lobby" + ben.username
	await wait_until(func() -> bool: return arrival in came, "ben's arrival")
	check_equal(await _code(ben.set_presence("away", "making tea")), "", "away")
	var tea: String = ben.username + " away making tea"
	await wait_until(func() -> bool: return tea in states, "ben's tea")
	var members: NetworkRequest = await ada.list_members("lobby").completed
	var rows: Array = members.result
	var row: Array = rows.filter(func(r: Dictionary) -> bool: return r["username"] == ben.username)
	check_equal(row.size(), 1, "rows for ben")
	if row.size() == 1:
		check_equal(row[0]["text"], "making tea", "his text")
	var gone: Array[String] = []
	ada.member_left.connect(
		func(channel: String, username: String) -> void: gone.append(channel + username)
	)
	await ben.logout().completed
	await wait_until(func() -> bool: return arrival in gone, "ben's departure")


func test_who_is_blocked_is_not_heard() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	_listen("ada", ada)
	check_equal(await _code(ada.block_player(ben.username)), "", "the block")
	var blocks: NetworkRequest = await ada.list_blocks().completed
	check_equal(blocks.result, PackedStringArray([ben.username]), "the list")
	check_equal(await _code(ben.send_chat("psst", "@" + ada.username)), "blocked", "a whisper")
	await ben.send_chat("can she hear me?").completed
	check_equal(await _code(ada.unblock_player(ben.username)), "", "the end of the block")
	await ben.send_chat("and now?").completed
	await wait_until(func() -> bool: return not _heard_by("ada").is_empty(), "a line")
	check_equal(_heard_by("ada"), ["lobby %s: and now?" % ben.username], "what ada heard")


func test_devices_are_listed_and_logged_out() -> void:
	var ada := await _player("ada")
	var tablet := await _client()
	tablet.device_name = "Tablet"
	await _log_in(tablet, "", ada)
	var listed: NetworkRequest = await ada.list_sessions().completed
	var sessions: Array = listed.result
	check_equal(sessions.size(), 2, "sessions")
	var other: Array = sessions.filter(func(s: Dictionary) -> bool: return not s["current"])
	check_equal(other[0]["device"], "Tablet", "the device")
	var ended: Array[String] = []
	tablet.logged_out.connect(func(reason: String) -> void: ended.append(reason))
	var number: int = other[0]["session"]
	check_equal(await _code(ada.close_session(number)), "", "closing")
	await wait_until(func() -> bool: return not ended.is_empty(), "the end of the tablet's")
	check_equal(ended, ["session_ended"] as Array[String], "why")
	check_equal(await _code(ada.close_session(number)), "unknown_session", "closing twice")


func test_a_new_password_logs_other_devices_out() -> void:
	var ada := await _player("ada")
	var tablet := await _second(ada)
	var ended: Array[String] = []
	tablet.logged_out.connect(func(reason: String) -> void: ended.append(reason))
	var wrong := ada.change_password("battery staple", "a better horse")
	check_equal(await _code(wrong), "bad_credentials", "a wrong password")
	check_equal(await _code(ada.change_password(PASSWORD, "short")), "too_short", "a bad one")
	check_equal(await _code(ada.change_password(PASSWORD, "a better horse")), "", "the change")
	await wait_until(func() -> bool: return not ended.is_empty(), "the end of the tablet's")
	check(ada.is_logged_in(), "the device that changed it is out, too")
	await ada.logout().completed
	check_equal(await _code(ada.login(_account_of(ada), PASSWORD)), "bad_credentials", "the old")
	check_equal(await _code(ada.login(_account_of(ada), "a better horse")), "", "the new")


func test_commands_do_what_their_methods_do() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	_listen("ben", ben)
	var name: String = unique("den")
	await ada.execute("/create %s" % name).completed
	check_equal(await _code(ben.execute("/join " + name)), "", "/join")
	var who: NetworkRequest = await ada.execute("/who", name).completed
	check_equal(who.command, "who", "the command")
	var rows: Array = who.result
	check_equal(rows.size(), 2, "members")
	await ada.execute("/w %s psst" % ben.username).completed
	await ben.execute("/r what?").completed
	await ada.execute("//help is a command", name).completed
	await wait_until(func() -> bool: return _heard_by("ben").size() == 3, "three lines")
	check_equal(_heard_by("ben")[2], "%s %s: /help is a command" % [name, ada.username], "a slash")
	var unknown: NetworkRequest = await ada.execute("/dance").completed
	check_equal(unknown.code, "unknown_command", "an unknown command")
	check("/help" in unknown.reason, "no way out of: " + unknown.reason)
	check_equal(await _code(ada.execute("/topic", name)), "missing_argument", "no argument")
	var help: NetworkRequest = await ada.execute("/help").completed
	check("/join" in str(help.result), "no help")
	var words: Array[Dictionary] = ada.complete("/jo", PackedStringArray())
	check_equal(words[0]["input"], "/join ", "the completion")


func test_what_was_typed_in_a_cut_is_said_after_it() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	_listen("ben", ben)
	_listen("ada", ada)
	ada.disconnected.connect(
		func(_reason: String, _will_retry: bool, _seconds: float) -> void: ada.send_chat("still me")
	)
	await _cut()
	await wait_until(func() -> bool: return _heard_by("ben").size() == 1, "the line at ben's")
	await wait_until(func() -> bool: return _heard_by("ada").size() == 1, "the line at ada's")
	await frames(10)
	check_equal(_heard_by("ben"), ["lobby %s: still me" % ada.username], "what ben heard")
	check_equal(_heard_by("ada"), ["lobby %s: still me" % ada.username], "what ada heard")


# Ends every connection, without a word.
func _cut() -> void:
	_server.close_in(0.0, "connection_lost")
	await frames(1)


func _address(client: NetworkClient) -> void:
	client.fake_server = _server


func _client() -> NetworkClient:
	var client := NetworkClient.new()
	_address(client)
	client.connect_automatically = false
	await add(client)
	var connecting: NetworkRequest = await client.connect_to_server().completed
	check(connecting.ok, "not connected: " + connecting.code)
	return client


# A player with a new account.
func _player(name: String) -> NetworkClient:
	var client := await _client()
	await _log_in(client, name)
	return client


# The same player on another device.
func _second(first: NetworkClient) -> NetworkClient:
	var client := await _client()
	await _log_in(client, "", first)
	return client


func _log_in(client: NetworkClient, name: String, as_player: NetworkClient = null) -> void:
	if as_player == null:
		name = unique(name)
		await client.register(name, PASSWORD).completed
	else:
		name = _account_of(as_player)
	client.set_meta("account", name)
	check_equal(await _code(client.login(name, PASSWORD)), "", "the login of " + name)


func _account_of(client: NetworkClient) -> String:
	return client.get_meta("account")


func _code(request: NetworkRequest) -> String:
	await request.completed
	return request.code


func _listen(who: String, client: NetworkClient) -> void:
	client.chat_received.connect(
		func(channel: String, sender: String, text: String, _at: int, _seq: int) -> void:
			_news.append("%s %s %s: %s" % [who, channel, sender, text])
	)


func _heard_by(who: String) -> Array[String]:
	var own: Array[String] = []
	for line: String in _news:
		if line.begins_with(who + " "):
			own.append(line.trim_prefix(who + " "))
	return own
