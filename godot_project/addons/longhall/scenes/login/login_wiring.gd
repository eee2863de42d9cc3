extends LonghallWiring
## Joins the [LoginScreen] to the [NetworkClient].

## Ends of a connection that are nobody's wish, so that it is made anew at once:
## the player may log in again whenever they like.
const REOPENED: Array[String] = [
	"logged_in_elsewhere",
	"session_ended",
	"account_deleted",
	"login_timeout",
	"idle",
]

## Reasons that lie in the way to the server: over as soon as it is tried again.
const ABOUT_THE_WAY: Array[String] = [
	"server_unreachable",
	"unknown_host",
	"not_secure",
	"wrong_server",
	"server_outdated",
	"invalid_address",
	"connection_lost",
]

# The status line says what was wrong with the way to the server.
var _tells_of_the_way: bool = false

@onready var _screen: LoginScreen = get_parent()


func _handlers() -> Dictionary[StringName, Callable]:
	var handlers: Dictionary[StringName, Callable] = super()
	handlers[&"remember_failed"] = _on_client_remember_failed
	handlers[&"sanctioned"] = _on_client_sanctioned
	handlers[&"recovery_codes_received"] = _on_client_recovery_codes_received
	handlers[&"proof_progress"] = _on_client_proof_progress
	return handlers


func _join() -> void:
	if _screen.offer_to_remember:
		# What the player chose last time, also before the client has looked.
		var is_wanted: bool = client.remember_login or client.has_remembered_login()
		_screen.remember = is_wanted and client.can_remember_login()
	_set_limits()
	super()


func _show_connection() -> void:
	var online: bool = client != null and client.state >= NetworkClient.STATE_CONNECTED
	_screen.set_online(online, connection_text(), can_retry())
	_screen.set_resuming(client.username if _is_coming_back() else "")


func _show_in(player_is_in: bool) -> void:
	if _screen.show_by_itself:
		_screen.visible = not player_is_in


# With a login of an earlier run of the game.
func _is_coming_back() -> bool:
	return client != null and client.is_resuming() and not is_in


func _set_limits() -> void:
	_screen.set_limits(client.username_max_length, client.password_max_length)
	_screen.set_registration(client.registration_mode, client.takes_guests)


func _on_client_state_changed(state: int) -> void:
	if state == NetworkClient.STATE_CONNECTING and _tells_of_the_way:
		_tells_of_the_way = false
		_screen.show_status("")
	super(state)


func _on_client_connected() -> void:
	_set_limits()
	super()


func _on_client_disconnected(reason: String, will_retry: bool, seconds: float) -> void:
	super(reason, will_retry, seconds)
	if will_retry:
		return
	# A player who was in and wished to leave has been told so.
	# A player who was not in is not logged out.
	if reason not in OWN_WISH:
		_screen.show_ended(reason)
		_tells_of_the_way = reason in ABOUT_THE_WAY
	if reason in REOPENED and client.state == NetworkClient.STATE_OFFLINE:
		client.connect_to_server()
		_show_connection()


# It comes ahead of the refusal or the end that it is behind, and says more.
func _on_client_sanctioned(sanction: Dictionary) -> void:
	var channel: String = sanction["channel"]
	var until_ms: int = sanction["until_ms"]
	var says_more: bool = until_ms > 0 or not str(sanction["reason"]).is_empty()
	if says_more and sanction["sanction"] != "mute" and channel.is_empty():
		_screen.show_status.call_deferred(
			LonghallText.of_sanction(sanction), LoginScreen.Tone.ERROR
		)


func _on_client_logged_in(username: String) -> void:
	super(username)
	_screen.set_busy(false)
	_screen.forget_password()
	_screen.show_status("")
	_screen.username = username


func _on_client_logged_out(reason: String) -> void:
	var was_in: bool = is_in
	super(reason)
	_show_ended(reason, was_in)


func _show_ended(reason: String, was_in: bool) -> void:
	if reason == "logout" and not was_in:
		# Nobody was logged in who could be logged out.
		_screen.set_busy(false)
		_screen.show_status("")
	else:
		# However they wished it: they are logged out.
		var is_wish: bool = reason in OWN_WISH
		_screen.show_ended("logout" if is_wish else reason, is_wish)


func _on_screen_login(username: String, password: String) -> void:
	if client != null:
		var request: NetworkRequest = client.login(username, password)
		request.completed.connect(_on_login_answered, CONNECT_ONE_SHOT)


func _on_screen_login_with_code(username: String, password: String, code: String) -> void:
	if client != null:
		var request: NetworkRequest = client.login(username, password, code)
		request.completed.connect(_on_login_answered, CONNECT_ONE_SHOT)


func _on_screen_recover(username: String, code: String, new_password: String) -> void:
	if client != null:
		var request: NetworkRequest = client.recover(username, code, new_password)
		request.completed.connect(_on_recover_answered, CONNECT_ONE_SHOT)


func _on_recover_answered(request: NetworkRequest) -> void:
	if request.ok:
		_screen.show_recovered()
	elif request.code == "bad_credentials":
		_screen.show_recovery_denied(tr("There is no such account, or this is none of its codes"))
	else:
		_screen.show_recovery_denied(LonghallText.of_request(request))


# New codes of a player who is in are the account screen's.
func _on_client_recovery_codes_received(codes: PackedStringArray) -> void:
	if not is_in:
		_screen.show_recovery_codes(codes)


func _on_login_answered(request: NetworkRequest) -> void:
	if not request.ok:
		_show_denied(request)


func _on_screen_guest_login(username: String) -> void:
	if client != null:
		var request: NetworkRequest = client.login_as_guest(username)
		request.completed.connect(_on_login_answered, CONNECT_ONE_SHOT)


# The server wants some work for an account: two seconds or so.
func _on_client_proof_progress(progress: float) -> void:
	if not is_in:
		_screen.show_status(tr("Making sure you are no robot… %d %%") % roundi(progress * 100.0))


func _on_screen_register(username: String, password: String) -> void:
	if client != null:
		var request: NetworkRequest = client.register(username, password, _screen.get_invite())
		request.completed.connect(_on_register_answered, CONNECT_ONE_SHOT)


func _on_register_answered(request: NetworkRequest) -> void:
	if request.ok:
		_screen.show_registered()
	else:
		_show_denied(request)


func _show_denied(request: NetworkRequest) -> void:
	_screen.show_denied(
		request.code, request.reason, request.field, request.limit, request.retry_after
	)


func _on_screen_other_account_requested() -> void:
	if client != null:
		client.logout()


func _on_screen_remember_toggled(remember: bool) -> void:
	if client == null:
		return
	client.remember_login = remember
	if remember and not client.can_remember_login():
		_on_client_remember_failed("")


# While the player is in, the chatbox says so.
func _on_client_remember_failed(_reason: String) -> void:
	_screen.remember = false
	if not is_in:
		_screen.show_status(FORGETFUL, LoginScreen.Tone.ERROR)
