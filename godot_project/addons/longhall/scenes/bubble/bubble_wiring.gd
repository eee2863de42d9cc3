extends LonghallWiring
## Joins a [LonghallBubble] to the [NetworkClient].

@onready var _bubble: LonghallBubble = get_parent()


func _handlers() -> Dictionary[StringName, Callable]:
	var handlers: Dictionary[StringName, Callable] = super()
	handlers[&"chat_received"] = _on_client_chat_received
	handlers[&"player_renamed"] = _on_client_renamed
	handlers[&"account_renamed"] = _on_client_renamed
	return handlers


func _is_wanted() -> bool:
	return _bubble.wire_to_client


func _named_client() -> NetworkClient:
	return _bubble.client if is_instance_valid(_bubble.client) else null


func _show_in(player_is_in: bool) -> void:
	if not player_is_in:
		_bubble.clear()


func _on_client_chat_received(
	channel: String, sender: String, text: String, _sent_at_ms: int, _seq: int
) -> void:
	_bubble.show_line(channel, sender, text)


func _on_client_renamed(old_name: String, new_name: String) -> void:
	if _bubble.username == old_name:
		_bubble.username = new_name
