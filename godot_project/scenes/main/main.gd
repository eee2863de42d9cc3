extends Control
## Brings the screens and the [NetworkClient] together.
##
## The only place that knows both. The login screen comes first, the chatbox
## takes its place after logging in. A lost connection leaves the chatbox where it
## is: [NetworkClient] reconnects and logs in again by itself.

## Environment variable that names another server.
const URL_VARIABLE: String = "LONGHALL_URL"
## Argument after [code]--[/code] that names another server.
const URL_ARGUMENT: String = "--url="

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")
const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")

## Smallest window that shows everything.
const MIN_WINDOW_SIZE := Vector2i(320, 480)
## Time a closing game gives the server to hear of it.
const GOODBYE_SECONDS: float = 0.5

## Ends of a connection that are nobody's wish, so that it is made anew at once:
## the player may log in again whenever they like.
const REOPENED: Array[String] = ["logged_in_elsewhere", "login_timeout", "idle"]

## Ends of a session that the player asked for.
const OWN_WISH: Array[String] = ["logout", "closed_by_client"]

var _login: LoginScreen
var _chatbox: Chatbox
var _was_cut: bool = false
var _cut_reason: String = ""
var _retry_at_ms: int = 0
var _kept_draft: String = ""
var _last_username: String = ""

@onready var _client: NetworkClient = %NetworkClient
@onready var _screens: Control = %Screens
@onready var _countdown: Timer = %Countdown


func _enter_tree() -> void:
	# Before the client connects, which it does when it is ready.
	var client: NetworkClient = %NetworkClient
	client.url = _chosen_url(client.url)


func _ready() -> void:
	get_tree().auto_accept_quit = false
	get_window().min_size = MIN_WINDOW_SIZE
	_client.connected.connect(_on_client_connected)
	_client.disconnected.connect(_on_client_disconnected)
	_client.reconnecting.connect(_on_client_reconnecting)
	_client.registered.connect(_on_client_registered)
	_client.register_denied.connect(_on_client_register_denied)
	_client.logged_in.connect(_on_client_logged_in)
	_client.login_denied.connect(_on_client_login_denied)
	_client.logged_out.connect(_on_client_logged_out)
	_client.chat_accepted.connect(_on_client_chat_accepted)
	_client.chat_denied.connect(_on_client_chat_denied)
	_client.chat_received.connect(_on_client_chat_received)
	set_process(DisplayServer.has_feature(DisplayServer.FEATURE_VIRTUAL_KEYBOARD))
	_show_login()


func _process(_delta: float) -> void:
	# A phone lays its keyboard over the window; what is typed must stay in sight.
	var pixels: float = DisplayServer.virtual_keyboard_get_height()
	_screens.offset_bottom = -pixels / get_viewport().get_final_transform().get_scale().y


func _notification(what: int) -> void:
	if what == NOTIFICATION_WM_CLOSE_REQUEST:
		_close()


func _chosen_url(usual: String) -> String:
	for argument: String in OS.get_cmdline_user_args():
		if argument.begins_with(URL_ARGUMENT):
			return argument.trim_prefix(URL_ARGUMENT)
	var from_environment: String = OS.get_environment(URL_VARIABLE)
	return usual if from_environment.is_empty() else from_environment


func _show_login() -> void:
	if _chatbox != null:
		_chatbox.queue_free()
		_chatbox = null
	if _login != null:
		return
	_login = LOGIN.instantiate()
	_login.login.connect(_client.login)
	_login.register.connect(_client.register)
	_login.retry_requested.connect(_connect)
	_screens.add_child(_login)
	_login.username = _last_username
	_login.set_limits(_client.username_max_length, _client.password_max_length)
	_show_connection()
	get_window().title = tr("Longhall")


func _show_chatbox(username: String) -> void:
	_login.queue_free()
	_login = null
	_chatbox = CHATBOX.instantiate()
	_chatbox.username = username
	_chatbox.line_max_length = _client.chat_max_length
	_chatbox.message_sent.connect(_client.send_chat)
	_chatbox.logout_requested.connect(_client.logout)
	_screens.add_child(_chatbox)
	if username == _last_username:
		_chatbox.draft = _kept_draft
	_kept_draft = ""
	_last_username = username
	if not _client.message_of_the_day.is_empty():
		_chatbox.show_notice(_client.message_of_the_day)
	get_window().title = tr("Longhall: %s") % username


func _leave_chatbox(reason: String) -> void:
	_was_cut = false
	if _chatbox == null:
		return
	if reason in OWN_WISH:
		_kept_draft = ""
	else:
		_kept_draft = _chatbox.unsent_text()
	_show_login()
	var tone: LoginScreen.Tone = LoginScreen.Tone.ERROR
	if reason in OWN_WISH:
		tone = LoginScreen.Tone.INFO
	_login.show_status(_sentence(reason), tone)


func _connect() -> void:
	_client.connect_to_server()
	_show_connection()


func _show_connection() -> void:
	var text: String = ""
	var can_retry: bool = false
	match _client.state:
		NetworkClient.STATE_CONNECTING:
			text = tr("Connecting to the server…")
		NetworkClient.STATE_RECONNECTING:
			text = _reconnecting_text()
		NetworkClient.STATE_CONNECTED, NetworkClient.STATE_LOGGED_IN:
			text = tr("Connected")
		_:
			text = tr("Not connected")
			can_retry = true
	if _chatbox != null:
		_chatbox.set_online(_client.is_logged_in(), text)
	if _login != null:
		var online: bool = _client.state >= NetworkClient.STATE_CONNECTED
		_login.set_online(online, text, can_retry)


func _reconnecting_text() -> String:
	var seconds: int = ceili((_retry_at_ms - Time.get_ticks_msec()) / 1000.0)
	if seconds <= 0:
		return tr("%s. Trying again…") % _sentence(_cut_reason)
	var text: String = tr_n("%s. Next try in %d second.", "%s. Next try in %d seconds.", seconds)
	return text % [_sentence(_cut_reason), seconds]


# English for the reasons of a disconnect or of the end of a session.
func _sentence(reason: String) -> String:
	var translated: String = tr(reason)
	if translated != reason:
		return translated
	var text: String = tr("The connection ended (%s)") % reason
	match reason:
		"logout", "closed_by_client":
			text = tr("You are logged out")
		"logged_in_elsewhere":
			text = tr("You have logged in somewhere else, so you are logged out here")
		"session_expired":
			text = tr("Your session has expired, log in again")
		"server_unreachable":
			text = tr("The server cannot be reached")
		"connection_lost":
			text = tr("The connection was lost")
		"restarting":
			text = tr("The server is restarting")
		"update_required":
			text = tr("This version of the game is too old for the server")
		"invalid_address":
			text = tr("The address of the server is not valid")
		"wrong_server":
			text = tr("There is no Longhall server at this address")
		"idle", "login_timeout":
			text = tr("You were away for too long")
		"too_slow":
			text = tr("Your connection is too slow")
		"flooding":
			text = tr("You sent too much at once")
		"too_many_connections":
			text = tr("There are too many connections from your address")
	return text


func _close() -> void:
	_client.disconnect_from_server()
	await get_tree().create_timer(GOODBYE_SECONDS).timeout
	get_tree().quit()


func _on_client_connected() -> void:
	_countdown.stop()
	if _login != null:
		_login.set_limits(_client.username_max_length, _client.password_max_length)
	_show_connection()


func _on_client_disconnected(reason: String, will_retry: bool, _seconds: float) -> void:
	_cut_reason = reason
	_show_connection()
	if will_retry:
		_was_cut = _chatbox != null
		return
	_countdown.stop()
	_leave_chatbox(reason)
	if reason in REOPENED:
		_connect()
	elif _login != null and reason not in OWN_WISH:
		_login.show_status(_sentence(reason), LoginScreen.Tone.ERROR)


func _on_client_reconnecting(attempt: int, seconds: float) -> void:
	if attempt > 1:
		_cut_reason = "server_unreachable"
	_retry_at_ms = Time.get_ticks_msec() + int(seconds * 1000.0)
	_countdown.start()
	_show_connection()


func _on_countdown_timeout() -> void:
	_show_connection()


func _on_client_registered(_username: String) -> void:
	if _login != null:
		_login.show_registered()


func _on_client_register_denied(code: String, reason: String) -> void:
	if _login != null:
		_login.show_denied(code, reason)


func _on_client_logged_in(username: String) -> void:
	if _chatbox == null:
		_show_chatbox(username)
	elif _was_cut:
		_chatbox.show_notice(tr("Reconnected"))
	_was_cut = false
	_show_connection()


func _on_client_login_denied(code: String, reason: String) -> void:
	if _login != null:
		_login.show_denied(code, reason)


func _on_client_logged_out(reason: String) -> void:
	_leave_chatbox(reason)
	_show_connection()


func _on_client_chat_accepted() -> void:
	if _chatbox != null:
		_chatbox.line_accepted()


func _on_client_chat_denied(code: String, reason: String) -> void:
	if _chatbox != null:
		_chatbox.line_denied(code, reason)


func _on_client_chat_received(sender: String, text: String, sent_at_ms: int) -> void:
	if _chatbox != null:
		_chatbox.show_line(sender, text, sent_at_ms)
