extends LonghallWiring
## Joins the [Chatbox] to the [NetworkClient].

var _was_cut: bool = false

@onready var _chatbox: Chatbox = get_parent()


func _handlers() -> Dictionary[StringName, Callable]:
	var handlers: Dictionary[StringName, Callable] = super()
	handlers[&"chat_received"] = _on_client_chat_received
	return handlers


func _join() -> void:
	super()
	if client.is_logged_in():
		_welcome(client.username)


func _show_connection() -> void:
	var online: bool = client != null and client.is_logged_in()
	_chatbox.set_online(online, connection_text(), can_retry())


func _show_in(player_is_in: bool) -> void:
	if _chatbox.show_by_itself:
		_chatbox.visible = player_is_in


func _welcome(username: String) -> void:
	if username != _chatbox.username:
		_chatbox.reset()
	_chatbox.username = username
	_chatbox.line_max_length = client.chat_max_length
	if not client.message_of_the_day.is_empty():
		_chatbox.show_notice(client.message_of_the_day)


func _on_client_disconnected(reason: String, will_retry: bool, seconds: float) -> void:
	_chatbox.settle_accepted()
	_was_cut = will_retry and is_in
	super(reason, will_retry, seconds)


func _on_client_logged_in(username: String) -> void:
	if _was_cut and username == _chatbox.username:
		_chatbox.show_notice("Reconnected")
	else:
		_welcome(username)
	_was_cut = false
	super(username)


func _on_client_logged_out(reason: String) -> void:
	_was_cut = false
	if reason in OWN_WISH:
		_chatbox.reset()
	super(reason)


func _on_client_chat_received(sender: String, text: String, sent_at_ms: int) -> void:
	_chatbox.show_line(_chatbox.lobby, sender, text, sent_at_ms)


func _on_chatbox_message_sent(text: String, _channel: String) -> void:
	if client == null:
		return
	var request: NetworkRequest = client.send_chat(text)
	request.completed.connect(_on_line_answered.bind(_chatbox.sent_id), CONNECT_ONE_SHOT)


func _on_line_answered(request: NetworkRequest, id: int) -> void:
	if request.ok:
		_chatbox.line_accepted(id)
		return
	_chatbox.line_denied(
		request.code, request.reason, id, request.field, request.limit, request.retry_after
	)


func _on_chatbox_logout_requested() -> void:
	if client != null:
		client.logout()
