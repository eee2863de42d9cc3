extends LonghallWiring
## Joins the [Chatbox] to the [NetworkClient].

const ChatTab := preload("chat_tab.gd")
const CommandAnswers := preload("command_answers.gd")
const NextScene := preload("next_scene.gd")
const OrderAnswers := preload("order_answers.gd")
const ReportAnswers := preload("report_answers.gd")

## In channels with more players online, nobody is told who comes and goes.
const _TELL_MEMBERS_UP_TO: int = 30
## What a guest is told.
const _GUEST: String = "You are a guest. To keep your name, open your account at the top"
const _SET_BACK: String = "The server was set back to an earlier state. Newer lines are gone."
const _NEEDS_PASSWORD: String = "wrong_channel_password"

var _was_cut: bool = false
# Whether this chatbox has told the message of the day in this login.
var _has_welcomed: bool = false
# Whether it came in the midst of a cut, so that nobody gives it what was said before.
var _came_in_a_cut: bool = false
# For a chatbox that came when the player was in already, as that of the next scene
# is: the oldest line it shows in each channel, which it fetches for itself.
var _oldest: Dictionary[String, int] = {}
# Commands that may whisper and are not answered yet: the player wants to see it.
var _commands_under_way: int = 0
# Whether the player has chosen another hall of the lobby, and hears what came of it.
var _is_changing_hall: bool = false

@onready var _chatbox: Chatbox = get_parent()
@onready var _command_answers := CommandAnswers.new(
	_chatbox.show_notice, _chatbox.command_denied, _chatbox.open_tab.bind(true)
)
@onready var _order := OrderAnswers.new(_chatbox)
@onready var _reports := ReportAnswers.new(_chatbox)


func _handlers() -> Dictionary[StringName, Callable]:
	var handlers: Dictionary[StringName, Callable] = super()
	(
		handlers
		. merge(
			{
				&"chat_received": _on_client_chat_received,
				&"system_line_received": _chatbox.show_system_line,
				&"chat_edited": _chatbox.edit_line,
				&"chat_deleted": _chatbox.delete_line,
				&"history_received": _chatbox.show_history,
				&"history_reset": _on_client_history_reset,
				&"history_skipped": _on_client_history_skipped,
				&"unread_changed": _on_client_unread_changed,
				&"channel_joined": _show_channel,
				&"channel_left": _on_client_channel_left,
				&"hall_changed": _on_client_hall_changed,
				&"channel_changed": _show_channel,
				&"role_changed": _on_client_role_changed,
				&"server_role_changed": _on_client_server_role_changed,
				&"account_renamed": _on_client_account_renamed,
				&"player_renamed": _on_client_player_renamed,
				&"invited": _on_client_invited,
				&"members_changed": _on_client_members_changed,
				&"member_joined": _on_client_member_joined,
				&"member_left": _on_client_member_left,
				&"presence_changed": _chatbox.set_presence,
				&"remember_failed": _on_client_remember_failed,
				&"report_closed": _reports.tell_closed,
				&"reports_waiting_changed": _chatbox.set_reports_waiting,
				&"sanctioned": _on_client_sanctioned,
				&"sanction_lifted": _on_client_sanction_lifted,
			}
		)
	)
	return handlers


func _exit_tree() -> void:
	super()
	_keep_open_tabs()


func _join() -> void:
	var left_open: Dictionary = NextScene.left_open(client)
	super()
	_chatbox.offers_channels = true
	_chatbox.takes_commands = true
	_chatbox.offer_account(client)
	_has_welcomed = false
	_came_in_a_cut = client.is_resuming() and not client.is_logged_in()
	if client.is_logged_in():
		# A chatbox that comes late has missed nothing that another one has told.
		_has_welcomed = NextScene.was_welcomed(client)
		_go_on(client.username, left_open)


# Where another chatbox has left off, that of the last scene.
func _go_on(username: String, left_open: Dictionary) -> void:
	_welcome(username)
	_fetch_what_was_said()
	NextScene.open_again(left_open, _chatbox)


func _show_connection() -> void:
	var online: bool = client != null and client.is_logged_in()
	var lines_can_wait: bool = client != null and is_in and client.is_resuming()
	_chatbox.set_online(online, connection_text(), can_retry(), lines_can_wait)


func _show_in(player_is_in: bool) -> void:
	if _chatbox.show_by_itself:
		_chatbox.visible = player_is_in


func _welcome(username: String) -> void:
	if username != _chatbox.username:
		_chatbox.reset()
	_chatbox.username = username
	_chatbox.line_max_length = client.chat_max_length
	_show_channels()
	if not _has_welcomed and not client.message_of_the_day.is_empty():
		_chatbox.show_notice(client.message_of_the_day, _chatbox.lobby)
	if not _has_welcomed and not client.last_login.is_empty():
		_chatbox.show_aside(_last_login_text(), _chatbox.lobby)
	if not _has_welcomed and client.is_guest():
		_chatbox.show_notice(tr(_GUEST), _chatbox.lobby)
	_has_welcomed = true
	_chatbox.set_server_role(client.get_server_role())
	_reports.show_waiting(client)
	NextScene.keep_welcome(client)
	_refresh_roster(_chatbox.current_channel)


# For the player to see whether that was they.
func _last_login_text() -> String:
	var last: Dictionary = client.last_login
	var when: String = LonghallText.of_time(_number(last, "at_ms"))
	var from: PackedStringArray = []
	for part: String in [last["device"], last["network"]]:
		if not part.is_empty():
			from.append(part)
	return tr("Last login: %s (%s)") % [when, ", ".join(from)]


func _keep_open_tabs() -> void:
	if client != null and is_in:
		NextScene.keep_open(client, _chatbox)


# The player may have come or gone elsewhere.
func _show_channels() -> void:
	_follow_lobby()
	var joined: PackedStringArray = client.get_channels()
	for channel: String in _chatbox.channels():
		if not channel.begins_with(ChatTab.WHISPERS) and not channel in joined:
			_chatbox.close_tab(channel)
	for channel: String in joined:
		_show_channel(channel)
	for whispers: Dictionary in client.get_whispers():
		var channel: String = whispers["channel"]
		var unread: int = whispers["unread"]
		if unread > 0:
			_chatbox.open_tab(channel)
			_chatbox.set_unread(channel, unread, _number(whispers, "read_seq"))


# The lobby is the hall that the player is in.
func _follow_lobby() -> void:
	if client.lobby.is_empty():
		return
	if client.lobby != _chatbox.lobby:
		_oldest.erase(_chatbox.lobby)
	_chatbox.enter_hall(client.lobby, client.hall)


func _show_channel(channel: String) -> void:
	if channel == client.lobby:
		_follow_lobby()
	var state: Dictionary = client.get_channel(channel)
	if state.is_empty():
		return
	_chatbox.open_tab(channel)
	_chatbox.set_topic(channel, str(state["topic"]))
	_chatbox.set_code(channel, str(state.get("code", "")))
	_chatbox.set_role(channel, str(state["role"]))
	_chatbox.set_slow_mode(channel, _slow_mode(state))
	_chatbox.set_counts(channel, _number(state, "members"), _number(state, "online"))
	_chatbox.set_unread(channel, _number(state, "unread"), _number(state, "read_seq"))


# The seconds between two lines of this player; who keeps order is free of it.
func _slow_mode(state: Dictionary) -> int:
	var is_free: bool = state["role"] != "member" or client.get_server_role() != "player"
	return 0 if is_free else _number(state, "slow_mode_s")


func _refresh_roster(channel: String) -> void:
	if _chatbox.shows_roster_of(channel):
		_on_chatbox_members_requested(channel)


func _check_roster(channel: String) -> void:
	if client != null and not _chatbox.is_roster_complete(channel):
		_refresh_roster(channel)


func _tells_members(channel: String) -> bool:
	var state: Dictionary = client.get_channel(channel)
	var online: int = state.get("online", 0)
	return online <= _TELL_MEMBERS_UP_TO


func _number(row: Dictionary, key: String) -> int:
	return row[key]


func _rows(request: NetworkRequest) -> Array[Dictionary]:
	var rows: Array[Dictionary] = request.result
	return rows


# Calls back with the request, when it has ended, and with more. The callback must
# not hold the request: that would hold itself.
func _when_done(request: NetworkRequest, callback: Callable) -> void:
	request.completed.connect(callback, CONNECT_ONE_SHOT)


# The client.


func _on_client_disconnected(reason: String, will_retry: bool, seconds: float) -> void:
	_was_cut = will_retry and is_in
	_commands_under_way = 0
	_is_changing_hall = false
	if not will_retry:
		_has_welcomed = false
		_chatbox.settle_accepted()
	super(reason, will_retry, seconds)


func _on_client_logged_in(username: String) -> void:
	if _was_cut and username == _chatbox.username:
		_show_channels()
		_chatbox.show_notice("Reconnected")
	elif _came_in_a_cut:
		var left_open: Dictionary = NextScene.left_open(client)
		_go_on(username, left_open)
	else:
		_oldest.clear()
		_welcome(username)
	_was_cut = false
	_came_in_a_cut = false
	super(username)


func _on_client_logged_out(reason: String) -> void:
	_was_cut = false
	_came_in_a_cut = false
	_has_welcomed = false
	_oldest.clear()
	if reason in OWN_WISH:
		_chatbox.reset()
	super(reason)


func _on_client_chat_received(
	channel: String, sender: String, text: String, sent_at_ms: int, seq: int
) -> void:
	_chatbox.show_line(channel, sender, text, sent_at_ms, seq)
	var is_own: bool = sender == _chatbox.username
	if is_own and _commands_under_way > 0 and channel.begins_with(ChatTab.WHISPERS):
		_chatbox.open_tab(channel, true)


func _on_client_history_reset() -> void:
	# What follows comes as after a first login.
	_was_cut = false
	_came_in_a_cut = false
	_oldest.clear()
	_commands_under_way = 0
	_chatbox.begin_anew()
	_chatbox.show_notice(_SET_BACK, _chatbox.lobby)


func _on_client_history_skipped(channel: String, first_seq: int, last_seq: int) -> void:
	if channel != ChatTab.WHISPERS:
		_chatbox.show_skipped(channel, first_seq, last_seq)
		return
	for tab: String in _chatbox.channels(true):
		if tab.begins_with(ChatTab.WHISPERS):
			# How many of them are with this player is not known.
			_chatbox.show_skipped(tab, 0, 0)


func _on_client_unread_changed(channel: String, unread: int) -> void:
	_chatbox.set_unread(channel, unread)


func _on_client_channel_left(channel: String, reason: String, by: String) -> void:
	_chatbox.close_tab(channel)
	if reason == "removed":
		_chatbox.show_notice(tr("%s has taken you out of the channel %s.") % [by, channel])
	elif reason == "ended":
		_chatbox.show_notice(tr("The channel %s is over.") % channel)


func _on_client_hall_changed(_from: String, to: String) -> void:
	# There may have been another change since.
	if to != client.lobby:
		return
	_follow_lobby()
	# Whoever asked for it gets an answer. Otherwise it comes from another device, or the
	# player has come back to another hall.
	if _commands_under_way == 0 and not _is_changing_hall:
		_chatbox.show_aside(_command_answers.hall_text(client.get_channel(to)), to)


func _on_client_remember_failed(_reason: String) -> void:
	if is_in:
		_chatbox.show_aside(tr(FORGETFUL), client.lobby)


func _on_client_role_changed(channel: String, player: String, role: String, by: String) -> void:
	var sentences: Dictionary[String, String] = {
		"owner": tr("%s owns the channel now."),
		"operator": tr("%s is an operator now."),
		"member": tr("%s is no operator any more."),
	}
	if player != by or role == "owner":
		_chatbox.show_aside(sentences[role] % player, channel)
	_refresh_roster(channel)


func _on_client_server_role_changed(role: String) -> void:
	_chatbox.set_server_role(role)
	for channel: String in client.get_channels():
		_chatbox.set_slow_mode(channel, _slow_mode(client.get_channel(channel)))
	_reports.show_waiting(client)
	_refresh_roster(_chatbox.current_channel)


func _on_client_sanctioned(sanction: Dictionary) -> void:
	# Of a kick or a ban from the server the login tells, where the player is then.
	var channel: String = sanction["channel"]
	if sanction["sanction"] == "mute" or not channel.is_empty():
		var place: String = channel if channel in _chatbox.channels() else _chatbox.lobby
		_chatbox.show_aside(LonghallText.of_sanction(sanction), place)


func _on_client_sanction_lifted(sanction: String, channel: String) -> void:
	var place: String = channel if channel in _chatbox.channels() else _chatbox.lobby
	var sentence: String = tr("You may speak again")
	if sanction == "ban":
		sentence = tr("You may join %s again") % channel
	_chatbox.show_aside(sentence, place)


func _on_client_account_renamed(old_name: String, new_name: String) -> void:
	_chatbox.username = new_name
	_take_name_off(old_name)


func _on_client_player_renamed(old_name: String, new_name: String) -> void:
	var whispers: String = "@" + old_name
	if whispers in _chatbox.channels(true):
		var sentence: String = tr("%s is called %s now.") % [old_name, new_name]
		_chatbox.show_aside(sentence, whispers)
		_chatbox.show_aside(sentence, "@" + new_name)
	_take_name_off(old_name)


# Rosters that are on view are asked for anew, the others when they come to be.
func _take_name_off(old_name: String) -> void:
	for channel: String in _chatbox.channels():
		if not channel.begins_with("@"):
			_chatbox.remove_member(channel, old_name)
			_refresh_roster(channel)


func _on_client_invited(channel: String, by: String) -> void:
	_chatbox.show_notice(
		tr("%s invites you into the channel %s. To join, enter /join %s") % [by, channel, channel]
	)


func _on_client_members_changed(channel: String, members: int, online: int) -> void:
	_chatbox.set_counts(channel, members, online)
	# Their names follow at once, unless they are too many.
	_check_roster.call_deferred(channel)


func _on_client_member_joined(channel: String, player: String) -> void:
	_chatbox.add_member(channel, player)
	if player != _chatbox.username and _tells_members(channel):
		_chatbox.show_member_notice(channel, "joined", player)


func _on_client_member_left(channel: String, player: String) -> void:
	_chatbox.remove_member(channel, player)
	if player != _chatbox.username and _tells_members(channel):
		_chatbox.show_member_notice(channel, "left", player)


# The chatbox.


func _on_chatbox_message_sent(text: String, channel: String) -> void:
	if client == null:
		return
	# Two slashes stand for one that begins no command.
	var said: String = text.trim_prefix("/") if text.begins_with("//") else text
	_when_done(client.send_chat(said, channel), _on_line_answered.bind(_chatbox.sent_id, channel))


func _on_line_answered(request: NetworkRequest, id: int, channel: String) -> void:
	if request.ok and client != null and _is_left_hall(channel):
		_chatbox.line_left_behind(id)
		return
	if request.ok:
		var seq: int = request.result
		_chatbox.line_accepted(id, seq)
		return
	_chatbox.line_denied(
		request.code, request.reason, id, request.field, request.limit, request.retry_after
	)


# The channel of the first tab when a line was said there, which is another one's by now.
func _is_left_hall(channel: String) -> bool:
	return not channel.begins_with(ChatTab.WHISPERS) and not channel in _chatbox.channels(true)


func _on_chatbox_command_entered(text: String, channel: String) -> void:
	if client == null:
		return
	_commands_under_way += 1
	_when_done(client.execute(text, channel), _on_command_answered.bind(text, channel))


func _on_command_answered(request: NetworkRequest, text: String, channel: String) -> void:
	_commands_under_way = maxi(_commands_under_way - 1, 0)
	_command_answers.tell(request, text, channel)


func _open_joined(request: NetworkRequest) -> void:
	var state: Dictionary = request.result
	_chatbox.open_tab(str(state["channel"]), true)


func _on_chatbox_completion_requested(text: String) -> void:
	if client == null:
		return
	var options: Array[Dictionary] = []
	for found: Dictionary in client.complete(text, PackedStringArray(_chatbox.known_names())):
		var description: String = found["description"]
		if not description.is_empty():
			description = tr(description)
		options.append({text = found["input"], label = found["word"], hint = description})
	_chatbox.set_completions(options)


func _on_chatbox_history_requested(channel: String) -> void:
	if client == null:
		return
	if channel in _oldest:
		_fetch_page(channel)
	else:
		_when_done(client.load_history(channel), _on_history_answered.bind(channel))


func _on_history_answered(_request: NetworkRequest, channel: String) -> void:
	_chatbox.history_denied(channel)


func _fetch_what_was_said() -> void:
	for channel: String in client.get_channels():
		_oldest[channel] = _number(client.get_channel(channel), "last_seq") + 1
	for whispers: Dictionary in client.get_whispers():
		_oldest[str(whispers["channel"])] = _number(whispers, "last_seq") + 1
	for channel: String in _oldest:
		_fetch_page(channel)


func _fetch_page(channel: String) -> void:
	var request: NetworkRequest = client.load_history(channel, _oldest[channel])
	_when_done(request, _on_page_fetched.bind(channel))


func _on_page_fetched(request: NetworkRequest, channel: String) -> void:
	if request.ok and channel in _oldest:
		var lines: Array[Dictionary] = _rows(request)
		if not lines.is_empty():
			_oldest[channel] = _number(lines[0], "seq")
		_chatbox.show_history(channel, lines, request.more)
	else:
		_chatbox.history_denied(channel)


func _on_chatbox_read(channel: String, seq: int) -> void:
	if client != null and client.is_logged_in():
		client.mark_read(channel, seq)


func _on_chatbox_channels_requested() -> void:
	if client == null:
		return
	if client.hall > 0:
		_when_done(client.list_halls(), _on_halls_answered)
	_when_done(client.list_channels(), _on_channels_answered)


func _on_halls_answered(request: NetworkRequest) -> void:
	if request.ok:
		_chatbox.set_halls(_rows(request))


func _on_chatbox_hall_requested(hall: int) -> void:
	if client != null:
		_is_changing_hall = true
		_when_done(client.change_hall(hall), _on_hall_answered)


func _on_hall_answered(request: NetworkRequest) -> void:
	_is_changing_hall = false
	if request.ok:
		var lobby: Dictionary = request.result
		_chatbox.show_notice(_command_answers.hall_text(lobby), _chatbox.lobby)
	else:
		_chatbox.show_channel_denied(LonghallText.of_request(request))


func _on_channels_answered(request: NetworkRequest) -> void:
	var channels: Array[Dictionary] = []
	for invitation: Dictionary in client.get_invitations():
		var by: String = tr("Invited by %s") % invitation["by"]
		channels.append({channel = invitation["channel"], topic = by, access = "open"})
	if request.ok:
		channels.append_array(_rows(request))
	else:
		_chatbox.show_channel_denied(LonghallText.of_request(request))
	_chatbox.set_channels(channels)


func _on_chatbox_members_requested(channel: String) -> void:
	if client != null and not channel.begins_with(ChatTab.WHISPERS):
		_when_done(client.list_members(channel), _on_members_answered.bind(channel))


func _on_members_answered(request: NetworkRequest, channel: String) -> void:
	if request.ok:
		_chatbox.set_members(channel, _rows(request))


func _on_chatbox_join_requested(channel: String, password: String) -> void:
	if client != null:
		_when_done(client.join_channel(channel, password), _on_join_answered)


func _on_chatbox_create_requested(
	channel: String, access: String, password: String, topic: String
) -> void:
	if client != null:
		_when_done(client.create_channel(channel, access, password, topic), _on_join_answered)


func _on_join_answered(request: NetworkRequest) -> void:
	if request.ok:
		_open_joined(request)
	else:
		var needs_password: bool = request.code == _NEEDS_PASSWORD
		_chatbox.show_channel_denied(LonghallText.of_request(request), needs_password)


func _on_chatbox_code_entered(code: String) -> void:
	if client != null:
		_when_done(client.join_by_code(code), _on_join_answered)


func _on_chatbox_party_requested() -> void:
	if client != null:
		_when_done(client.create_temporary_channel(), _on_party_answered)


func _on_party_answered(request: NetworkRequest) -> void:
	if request.ok:
		_command_answers.open_party(request)
	else:
		_chatbox.show_channel_denied(LonghallText.of_request(request))


func _on_chatbox_end_requested(channel: String) -> void:
	if client != null:
		_when_done(client.end_channel(channel), _on_wish_answered)


func _on_chatbox_leave_requested(channel: String) -> void:
	if client != null:
		_when_done(client.leave_channel(channel), _on_wish_answered)


func _on_chatbox_edit_requested(channel: String, seq: int, text: String) -> void:
	if client != null:
		_when_done(client.edit_line(channel, seq, text), _on_edit_answered.bind(channel, text))


func _on_edit_answered(request: NetworkRequest, channel: String, text: String) -> void:
	if not request.ok:
		_chatbox.command_denied(channel, text, LonghallText.of_request(request))


func _on_chatbox_delete_requested(channel: String, seq: int) -> void:
	if client != null:
		_when_done(client.delete_line(channel, seq), _on_wish_answered)


func _on_chatbox_block_requested(player: String) -> void:
	if client != null:
		_when_done(client.block_player(player), _on_block_answered.bind(player))


func _on_block_answered(request: NetworkRequest, player: String) -> void:
	_on_wish_answered(request)
	if request.ok:
		_chatbox.show_notice(
			tr("You hear nothing more of %s. To end that, enter /unblock %s") % [player, player]
		)


func _on_wish_answered(request: NetworkRequest) -> void:
	if not request.ok:
		_chatbox.show_hint(LonghallText.of_request(request))


func _on_chatbox_report_requested(
	channel: String, seq: int, player: String, category: String, note: String
) -> void:
	if client != null:
		_reports.report(client, channel, seq, player, category, note)


func _on_chatbox_reports_requested(is_open: bool, before: int) -> void:
	if client != null:
		_reports.list(client, is_open, before)


func _on_chatbox_report_lines_requested(report: int) -> void:
	if client != null:
		_reports.read(client, report)


func _on_chatbox_report_close_requested(report: int, outcome: String, note: String) -> void:
	if client != null:
		_reports.close(client, report, outcome, note)


func _on_chatbox_sanction_requested(
	player: String, sanction: String, channel: String, seconds: int, reason: String
) -> void:
	if client != null:
		_order.sanction(client, player, sanction, channel, seconds, reason)


func _on_chatbox_lift_requested(player: String, sanction: String, channel: String) -> void:
	if client != null:
		_order.lift(client, player, sanction, channel)


func _on_chatbox_lines_deletion_requested(player: String, channel: String, seconds: int) -> void:
	if client != null:
		_order.delete_lines(client, player, channel, seconds)


func _on_chatbox_sanctions_requested(player: String) -> void:
	if client != null:
		_order.list(client, player)


func _on_chatbox_logout_requested() -> void:
	if client != null:
		client.logout()
