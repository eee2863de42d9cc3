extends LonghallWiring
## Joins the [ChatOverlay] to the [NetworkClient].

const CommandAnswers := preload("res://addons/longhall/scenes/chatbox/command_answers.gd")
const NextScene := preload("res://addons/longhall/scenes/chatbox/next_scene.gd")

var _was_cut: bool = false
# Whether this overlay has told the message of the day in this login.
var _has_welcomed: bool = false

@onready var _overlay: ChatOverlay = get_parent()
@onready var _command_answers := CommandAnswers.new(
	_overlay.show_notice, _on_command_denied, _on_channel_entered
)


func _handlers() -> Dictionary[StringName, Callable]:
	var handlers: Dictionary[StringName, Callable] = super()
	(
		handlers
		. merge(
			{
				&"chat_received": _overlay.show_line,
				&"system_line_received": _overlay.show_system_line,
				&"chat_edited": _overlay.edit_line,
				&"chat_deleted": _overlay.delete_line,
				&"history_received": _on_client_history_received,
				&"history_reset": _on_client_history_reset,
				&"channel_left": _on_client_channel_left,
				&"hall_changed": _overlay.enter_hall,
				&"invited": _on_client_invited,
				&"account_renamed": _on_client_account_renamed,
				&"sanctioned": _on_client_sanctioned,
				&"sanction_lifted": _on_client_sanction_lifted,
			}
		)
	)
	return handlers


func _join() -> void:
	super()
	_was_cut = false
	_has_welcomed = false
	if client.is_logged_in():
		_has_welcomed = NextScene.was_welcomed(client)
		_welcome(client.username)
		_fetch_what_was_said()


func _show_connection() -> void:
	_overlay.set_online(client != null and is_in)


func _show_in(player_is_in: bool) -> void:
	if _overlay.show_by_itself:
		_overlay.visible = player_is_in


func _welcome(username: String) -> void:
	if username != _overlay.username:
		_overlay.reset()
	_overlay.username = username
	_overlay.line_max_length = client.chat_max_length
	if not client.lobby.is_empty():
		_overlay.lobby = client.lobby
	if not _has_welcomed and not client.message_of_the_day.is_empty():
		_overlay.show_notice(client.message_of_the_day)
	_has_welcomed = true
	NextScene.keep_welcome(client)


# An overlay that comes late: nobody gives it what was said before.
func _fetch_what_was_said() -> void:
	var channel: String = _overlay.target()
	var state: Dictionary = client.get_channel(channel)
	if state.is_empty() or not _overlay.show_earlier_lines:
		return
	var last: int = state["last_seq"]
	_when_done(client.load_history(channel, last + 1), _on_page_fetched.bind(channel))


func _on_page_fetched(request: NetworkRequest, channel: String) -> void:
	if request.ok:
		var lines: Array[Dictionary] = request.result
		_overlay.show_earlier(channel, lines)


# Calls back with the request, when it has ended, and with more. The callback must
# not hold the request: that would hold itself.
func _when_done(request: NetworkRequest, callback: Callable) -> void:
	request.completed.connect(callback, CONNECT_ONE_SHOT)


# The client.


func _on_client_disconnected(reason: String, will_retry: bool, seconds: float) -> void:
	_was_cut = will_retry and is_in
	if _was_cut:
		_overlay.show_notice(LonghallText.of_disconnect(reason))
	if not will_retry:
		_has_welcomed = false
	super(reason, will_retry, seconds)


func _on_client_logged_in(username: String) -> void:
	if _was_cut and username == _overlay.username:
		_overlay.show_notice("Reconnected")
	else:
		_welcome(username)
	_was_cut = false
	super(username)


func _on_client_logged_out(reason: String) -> void:
	_was_cut = false
	_has_welcomed = false
	if reason in OWN_WISH:
		_overlay.reset()
	super(reason)


func _on_client_history_received(channel: String, lines: Array[Dictionary], _more: bool) -> void:
	_overlay.show_earlier(channel, lines)


func _on_client_history_reset() -> void:
	_was_cut = false
	_overlay.begin_anew()


func _on_client_channel_left(channel: String, reason: String, by: String) -> void:
	if reason == "removed":
		_overlay.show_notice(tr("%s has taken you out of the channel %s.") % [by, channel])


func _on_client_invited(channel: String, by: String) -> void:
	_overlay.show_notice(
		tr("%s invites you into the channel %s. To join, enter /join %s") % [by, channel, channel]
	)


func _on_client_account_renamed(_old_name: String, new_name: String) -> void:
	_overlay.username = new_name


func _on_client_sanctioned(sanction: Dictionary) -> void:
	var channel: String = sanction["channel"]
	if sanction["sanction"] == "mute" or not channel.is_empty():
		_overlay.show_notice(LonghallText.of_sanction(sanction))


func _on_client_sanction_lifted(sanction: String, channel: String) -> void:
	var sentence: String = tr("You may speak again")
	if sanction == "ban":
		sentence = tr("You may join %s again") % channel
	_overlay.show_notice(sentence)


# The overlay.


func _on_overlay_message_sent(text: String, channel: String) -> void:
	if client == null:
		return
	# Two slashes stand for one that begins no command.
	var said: String = text.trim_prefix("/") if text.begins_with("//") else text
	_when_done(client.send_chat(said, channel), _on_line_answered.bind(_overlay.sent_id))


func _on_line_answered(request: NetworkRequest, id: int) -> void:
	if request.ok:
		var seq: int = request.result
		_overlay.line_accepted(id, seq)
	else:
		_overlay.line_denied(id, request.code, LonghallText.of_request(request))


func _on_overlay_command_entered(text: String, channel: String) -> void:
	if client != null:
		_when_done(client.execute(text, channel), _on_command_answered.bind(text, channel))


func _on_command_answered(request: NetworkRequest, text: String, channel: String) -> void:
	_command_answers.tell(request, text, channel)


func _on_command_denied(_channel: String, text: String, why: String) -> void:
	_overlay.command_denied(text, why)


func _on_channel_entered(channel: String) -> void:
	_overlay.channel = channel


func _on_overlay_completion_requested(text: String) -> void:
	if client == null:
		return
	var options: Array[Dictionary] = []
	for found: Dictionary in client.complete(text, PackedStringArray(_overlay.known_names())):
		var description: String = found["description"]
		if not description.is_empty():
			description = tr(description)
		options.append({text = found["input"], label = found["word"], hint = description})
	_overlay.set_completions(options)


func _on_overlay_read(channel: String, seq: int) -> void:
	if client != null and client.is_logged_in():
		client.mark_read(channel, seq)
