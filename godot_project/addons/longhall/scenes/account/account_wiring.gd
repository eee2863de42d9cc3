extends LonghallWiring
## Joins the [AccountScreen] to the [NetworkClient].

@onready var _screen: AccountScreen = get_parent()


func _handlers() -> Dictionary[StringName, Callable]:
	var handlers: Dictionary[StringName, Callable] = super()
	handlers[&"recovery_codes_received"] = _on_client_recovery_codes_received
	return handlers


func _show_in(player_is_in: bool) -> void:
	if not player_is_in:
		_screen.close()


func _show_account() -> void:
	if client != null:
		_screen.show_account(client.recovery_codes_left, client.has_second_factor)
		_screen.show_deletion(client.deletion_at_ms)
		_screen.show_guest(client.is_guest(), client.registration_mode)


func _on_client_logged_in(username: String) -> void:
	super(username)
	_show_account()


func _on_screen_opened() -> void:
	_show_account()
	if client != null:
		_screen.refresh()


func _on_screen_asked(method: StringName, arguments: Array, answered: Callable) -> void:
	if client == null:
		return
	var request: NetworkRequest = client.callv(method, arguments)
	request.completed.connect(_on_answered.bind(answered), CONNECT_ONE_SHOT)


func _on_answered(request: NetworkRequest, answered: Callable) -> void:
	if answered.is_valid():
		answered.call(request)
	_show_account()


func _on_client_recovery_codes_received(codes: PackedStringArray) -> void:
	if is_in and _screen.visible:
		_screen.show_recovery_codes(codes, client.username)
