class_name LoginScreen
extends LonghallScreen
## Asks for a name and a password, and says why they were refused.
##
## In a scene with a [NetworkClient] it works as it is: it finds the client, asks
## it, and shows itself while the player is logged out. All that touches the client
## is in its child [code]Wiring[/code]; without that ([member wire_to_client] off)
## the parent does it: the screen emits [signal login] or [signal register] and
## locks the form, the parent answers with [method show_denied] or
## [method show_registered], or takes the screen away. Without an answer the form
## unlocks by itself after [member answer_timeout].
## [br][br]
## It works on while the tree is paused; its [member Node.process_mode] is yours to
## change.
## [br][br]
## Its look is your game's: a [Theme] of the project, of a parent or of the screen
## itself is taken as far as it goes, and [code]longhall_theme.tres[/code] fills in
## the rest. What such a theme says of [code]Button[/code], [code]Label[/code] or
## [code]PanelContainer[/code] holds for our variations of them too, unless it names
## those: [code]PrimaryButton[/code], [code]SmallButton[/code],
## [code]MutedLabel[/code], [code]CardPanel[/code]. [code]StatusInfo[/code],
## [code]StatusSuccess[/code] and [code]StatusError[/code] keep their colours until
## they are named, because those mean something.

## The player asked to log in, with both fields filled.
signal login(username: String, password: String)
## The player asked to log in to an account that asks for a code as well: that of the
## player's app, or a recovery code.
signal login_with_code(username: String, password: String, code: String)
## The player lost the password and asked for a new one, by a recovery code. The parent
## answers with [method show_recovered] or [method show_recovery_denied].
signal recover(username: String, code: String, new_password: String)
## The player asked for a new account, with both fields filled.
signal register(username: String, password: String)
## The player asked to come in without an account, where that is possible.
signal guest_login(username: String)
## The player asked to try the server again.
signal retry_requested
## The player does not want the account of [method set_resuming].
signal other_account_requested
## The player ticked "Remember me", or unticked it.
signal remember_toggled(remember: bool)

## How the status line looks.
enum Tone { INFO, SUCCESS, ERROR }

const Layout := preload("res://addons/longhall/scenes/login/login_layout.gd")
const Entrance := preload("res://addons/longhall/scenes/login/login_entrance.gd")
const Look := preload("res://addons/longhall/scenes/longhall_look.gd")
const RecoveryCodes := preload("res://addons/longhall/scenes/recovery_codes.gd")
const RecoveryForm := preload("res://addons/longhall/scenes/login/recovery_form.gd")

const _TONE_LABELS: Array[StringName] = [&"StatusInfo", &"StatusSuccess", &"StatusError"]
const _TONE_ICONS: Array[Texture2D] = [
	preload("res://addons/longhall/themes/tone_info.svg"),
	preload("res://addons/longhall/themes/tone_success.svg"),
	preload("res://addons/longhall/themes/tone_error.svg"),
]
const _EYE_OPEN: Texture2D = preload("res://addons/longhall/themes/eye_open.svg")
const _EYE_CLOSED: Texture2D = preload("res://addons/longhall/themes/eye_closed.svg")

## Denials that are about the name, so that the cursor goes there.
const _NAME_CODES: Array[String] = ["username_taken"]
const _NAME_FIELD: String = "username"
## Denials after which the code of an app is asked for: the password was right.
const _CODE_CODES: Array[String] = ["code_needed", "wrong_code"]
## The denial that is about the invite.
const _INVITE_CODE: String = "invite_needed"
## Denials after which nothing is wrong: more is asked for, or the player has to wait.
const _MILD_CODES: Array[String] = ["code_needed", "approval_pending"]

@export_group("Look")

## The picture behind everything, instead of the glow of the hearth. Colours and sizes
## of the rest come from a [Theme].
@export var background: Texture2D:
	set(value):
		background = value
		_refresh_look()

## Your game's picture, instead of the hall.
@export var picture: Texture2D:
	set(value):
		picture = value
		_refresh_look()

## Your game's name, instead of ours.
@export var wordmark: Texture2D:
	set(value):
		wordmark = value
		_refresh_look()

## Whether picture and name are shown, where there is room for them.
@export var show_picture: bool = true:
	set(value):
		show_picture = value
		_refresh_look()

@export_group("")

## Whether a player who has registered is logged in at once, with what they have typed.
## Without it, they are told to log in, and type the password once more.
@export var log_in_after_registering: bool = true

## Whether the player can choose to stay logged in on this device. What they choose
## goes to [member NetworkClient.remember_login].
@export var offer_to_remember: bool = true:
	set(value):
		offer_to_remember = value
		if is_node_ready():
			_refresh()

## Whether a player who has lost the password can set a new one by a recovery code.
@export var offer_recovery: bool = true:
	set(value):
		offer_recovery = value
		if is_node_ready():
			_refresh()

## Seconds without an answer after which the form unlocks. While a [NetworkClient] is
## asked, its [member NetworkClient.request_timeout] counts instead.
@export_range(1.0, 120.0, 0.5, "or_greater", "suffix:s") var answer_timeout: float = 20.0:
	set(value):
		answer_timeout = maxf(value, 0.1)

## The name in the form, without what cannot be seen at its ends, as
## [method NetworkClient.trimmed_name] has it. Set it once the screen is ready.
var username: String:
	get:
		return NetworkClient.trimmed_name(_username.text)
	set(value):
		_username.text = value
		_focus()

## Whether "Remember me" is ticked.
var remember: bool:
	get:
		return _remember.button_pressed
	set(value):
		_remember.set_pressed_no_signal(value)

var _busy: bool = false
var _online: bool = true
var _connection_text: String = ""
var _resuming_name: String = ""
# The password that was typed, while the answer to it is awaited.
var _asked_password: String = ""
# The account was made by what was typed, and is being logged in to.
var _is_new_account: bool = false
# It was made, and its recovery codes are still on the screen.
var _is_waiting_for_codes: bool = false
var _tone: Tone = Tone.INFO
# The status says no more than that there is no connection.
var _is_hint_about_being_offline: bool = false
# Says in the present language what the status line is about.
var _status_text: Callable = func() -> String: return ""

@onready var _background: TextureRect = %Background
@onready var _picture: TextureRect = %Hall
@onready var _wordmark: TextureRect = %Wordmark
@onready var _form: VBoxContainer = %VBoxContainer
@onready var _grid: GridContainer = %GridContainer
@onready var _username: LineEdit = %LineEdit_Username
@onready var _password: LineEdit = %LineEdit_Password
@onready var _code_label: Label = %Label_Code
@onready var _code: LineEdit = %LineEdit_Code
@onready var _reveal: Button = %Button_Reveal
@onready var _remember_row: HFlowContainer = %Row_Remember
@onready var _remember: CheckBox = %CheckBox_Remember
@onready var _status_row: HBoxContainer = %Status
@onready var _status: Label = %Label_Status
@onready var _status_icon: TextureRect = %Icon_Status
@onready var _buttons: CenterContainer = %CenterContainer
@onready var _login: Button = %Button_Login
@onready var _register: Button = %Button_Register
@onready var _forgot: Button = %Button_Forgot
@onready var _recovery_form: RecoveryForm = %RecoveryForm
@onready var _recovery_codes: RecoveryCodes = %RecoveryCodes
@onready var _resuming: VBoxContainer = %Resuming
@onready var _resuming_text: Label = %Label_Resuming
@onready var _other_account: Button = %Button_OtherAccount
@onready var _connection_row: HFlowContainer = %Connection
@onready var _connection: Label = %Label_Connection
@onready var _connection_dot: TextureRect = %Icon_Connection
@onready var _retry: Button = %Button_Retry
@onready var _layout: Layout = %Layout
@onready var _entrance: Entrance = %Entrance
@onready var _answer_timer: Timer = %AnswerTimer


func _enter_tree() -> void:
	LonghallText.refresh()
	get_viewport().gui_focus_changed.connect(_on_focus_changed)


func _exit_tree() -> void:
	get_viewport().gui_focus_changed.disconnect(_on_focus_changed)


func _ready() -> void:
	_refresh_look()
	show_status("")
	_refresh()
	_start()
	_on_visibility_changed()


func _gui_input(event: InputEvent) -> void:
	if _layout.scroll(event):
		accept_event()


func _notification(what: int) -> void:
	if what == NOTIFICATION_TRANSLATION_CHANGED and is_node_ready():
		LonghallText.refresh()
		_status.text = _status_text.call()
		_refresh()
	elif what == NOTIFICATION_THEME_CHANGED and is_node_ready():
		_dress()
	elif what == NOTIFICATION_LAYOUT_DIRECTION_CHANGED and is_node_ready():
		_layout.make_room_for_eye()


## Puts the cursor where the player has to type next.
func focus_first_empty() -> void:
	if not _resuming_name.is_empty():
		_other_account.grab_focus()
	elif _username.text.is_empty():
		_username.edit()
	else:
		_password.edit()


## Tells how many characters the fields may take.
func set_limits(username_max: int, password_max: int) -> void:
	# Only a change is set: setting it moves the caret to the start.
	if _username.max_length != maxi(username_max, 0):
		_username.max_length = maxi(username_max, 0)
	if _password.max_length != maxi(password_max, 0):
		_password.max_length = maxi(password_max, 0)


## Shows what an account takes here: [param mode] is one of
## [member NetworkClient.registration_mode].
func set_registration(mode: String, takes_guests: bool) -> void:
	_entrance.show_what_it_takes(mode, takes_guests)
	_refresh()


## The invite code that was typed, where one is asked for.
func get_invite() -> String:
	return _entrance.invite


## Shows [param text] in the status line, in the language of the game if that has
## it; an empty one clears the line.
func show_status(text: String, tone: Tone = Tone.INFO) -> void:
	_show_status(func() -> String: return "" if text.is_empty() else tr(text), tone)


## Unlocks the form and says why the request was refused, as
## [method LonghallText.of_denial] does. The name stays, and so does the password
## when only the name was to blame, or when there was nothing wrong with either.
func show_denied(
	code: String, reason: String, field: String = "", limit: int = 0, retry_after: float = 0.0
) -> void:
	var is_about_name: bool = code in _NAME_CODES or field == _NAME_FIELD
	var is_about_code: bool = code in _CODE_CODES
	var is_about_invite: bool = code == _INVITE_CODE
	var is_about_else: bool = is_about_name or is_about_code or is_about_invite or _is_new_account
	if is_about_else and _password.text.is_empty():
		_password.text = _asked_password
		_password.caret_column = _password.text.length()
	set_busy(false)
	_show_status(
		func() -> String: return LonghallText.of_denial(code, reason, field, limit, retry_after),
		Tone.INFO if code in _MILD_CODES else Tone.ERROR
	)
	if is_about_code:
		_ask_for_code(true)
	if not is_visible_in_tree():
		return
	if is_about_code:
		_code.edit()
	elif is_about_name:
		_username.edit()
		_username.select_all()
	elif is_about_invite:
		_entrance.edit_invite()
	else:
		_password.edit()


## Tells that the account exists now, and logs in to it by [signal login], with what was
## typed. Without [member log_in_after_registering] the form unlocks instead: the name
## stays, and the password is asked for once more.
func show_registered() -> void:
	if _recovery_codes.visible:
		# What is shown only once comes first.
		_is_waiting_for_codes = true
		_is_new_account = true
		return
	var password: String = _asked_password
	if _busy and log_in_after_registering and not password.is_empty():
		show_status("Registration successful. Logging in…", Tone.SUCCESS)
		set_busy(true)
		_is_new_account = true
		login.emit(username, password)
		return
	set_busy(false)
	_show_new_account()
	_password.edit()


## Shows the recovery codes of a new account, until the player says that they are kept.
## Call it ahead of [method show_registered], which waits for that.
func show_recovery_codes(codes: PackedStringArray) -> void:
	_answer_timer.stop()
	_recovery_codes.open(codes, username)


## Tells that the new password of [signal recover] is set, and logs in with it by
## [signal login].
func show_recovered() -> void:
	var password: String = _recovery_form.asked_password
	_recovery_form.close()
	show_status("The new password is set. Logging in…", Tone.SUCCESS)
	set_busy(true)
	_asked_password = password
	login.emit(username, password)


## Says why the new password of [signal recover] is not set.
func show_recovery_denied(text: String) -> void:
	_recovery_form.show_denied(text)


## Tells how a session or the connection came to its end, as
## [method LonghallText.of_disconnect] does.
func show_ended(reason: String, was_asked_for: bool = false) -> void:
	set_busy(false)
	_show_status(
		func() -> String: return LonghallText.of_disconnect(reason),
		Tone.INFO if was_asked_for else Tone.ERROR
	)


## Empties the password field. Call it after a login that the screen did not ask for.
func forget_password() -> void:
	_asked_password = ""
	_password.text = ""
	_ask_for_code(false)


## Locks the form while a request is under way, and unlocks it afterwards.
func set_busy(busy: bool) -> void:
	_busy = busy
	_is_new_account = false
	if not busy:
		_asked_password = ""
	_answer_timer.stop()
	if busy and _wiring.client == null:
		_answer_timer.start(answer_timeout)
	_refresh()


## Whether requests can be made now, with a [param text] that says so: "Connected",
## or why not. A lost connection also unlocks a waiting form. With
## [param can_retry] a button offers to try again.
func set_online(online: bool, text: String, can_retry: bool = false) -> void:
	_online = online
	_connection_text = text
	_retry.visible = can_retry and not online
	if _busy and not online:
		var has_account: bool = _is_new_account
		set_busy(false)
		if has_account:
			_show_new_account()
		else:
			show_status("The connection was lost before the answer came", Tone.ERROR)
	if online and _is_hint_about_being_offline:
		show_status("")
	_refresh()


## Tells that [param player] is being logged in by itself, in place of the form;
## an empty name brings the form back, with the name in it.
func set_resuming(player: String) -> void:
	if _resuming_name == player:
		return
	_resuming_name = player
	if not player.is_empty():
		_username.text = player
	_refresh()
	_focus()


func _refresh() -> void:
	_connection.text = _connection_text
	_refresh_tones()
	_username.editable = not _busy
	_password.editable = not _busy
	_code.editable = not _busy
	_login.disabled = _busy or not _online
	_register.disabled = _busy or not _online
	_forgot.disabled = _busy or not _online
	var why: String = "" if _online else _connection_text
	_login.tooltip_text = why
	_register.tooltip_text = why
	var resuming: bool = not _resuming_name.is_empty()
	var has_status: bool = not _status.text.is_empty() and not resuming
	for part: Control in [_grid, _buttons]:
		part.visible = not resuming
	_status_row.visible = has_status
	# That all is well is no news beside a message.
	_connection_row.visible = not (_online and has_status)
	_remember.visible = offer_to_remember
	_forgot.visible = offer_recovery
	_remember_row.visible = offer_to_remember or offer_recovery
	_entrance.set_locked(_busy or not _online, not resuming)
	_resuming.visible = resuming
	_resuming_text.text = tr("Logging in as %s…") % _resuming_name
	_layout.arrange()


func _refresh_tones() -> void:
	var connection: Tone = Tone.SUCCESS if _online else Tone.ERROR
	_connection_dot.self_modulate = _form.get_theme_color(&"font_color", _TONE_LABELS[connection])
	_status_icon.self_modulate = _form.get_theme_color(&"font_color", _TONE_LABELS[_tone])


func _refresh_look() -> void:
	if _background == null:
		return
	if background != null:
		_background.texture = background
	if picture != null:
		_picture.texture = picture
	if wordmark != null:
		_wordmark.texture = wordmark
	if is_node_ready():
		_dress()


func _dress() -> void:
	var behind: Color = RenderingServer.get_default_clear_color()
	if _background.texture != null:
		behind = behind.blend(Look.Colors.of_picture(_background.texture))
	Look.dress(self, behind, &"CardPanel")
	_refresh_tones()
	_layout.make_room_for_eye()
	_layout.arrange()


func _show_status(text: Callable, tone: Tone) -> void:
	_status_text = text
	_is_hint_about_being_offline = false
	_tone = tone
	_status.text = text.call()
	_status.theme_type_variation = _TONE_LABELS[tone]
	_status_icon.texture = _TONE_ICONS[tone]
	_refresh()


func _show_new_account() -> void:
	show_status("Registration successful. Log in with your new account.", Tone.SUCCESS)


func _focus() -> void:
	if focus_when_shown and is_visible_in_tree():
		focus_first_empty()


# An app's code may be typed, or not any more.
func _ask_for_code(is_wanted: bool) -> void:
	_code.text = ""
	_code.visible = is_wanted
	_code_label.visible = is_wanted
	_layout.arrange()


func _submit(request: Signal, doing: String) -> void:
	if _busy:
		return
	if not _online:
		show_status("Not connected to the server yet", Tone.ERROR)
		_is_hint_about_being_offline = true
		return
	if username.is_empty():
		show_status("Enter a username", Tone.ERROR)
		_username.edit()
		return
	if _password.text.is_empty():
		show_status("Enter a password", Tone.ERROR)
		_password.edit()
		return
	var code: String = _code.text.strip_edges()
	if _code.visible and request == login and code.is_empty():
		_code.edit()
		return
	var password: String = _password.text
	# Not clear(): undo would bring the password back.
	_password.text = ""
	_reveal.button_pressed = false
	show_status(doing)
	set_busy(true)
	_asked_password = password
	if _code.visible and request == login:
		_code.text = ""
		login_with_code.emit(username, password, code)
	else:
		request.emit(username, password)


# What cannot be seen takes no room from what can.
func _make_room_for(rejected: String) -> void:
	var most: int = _username.max_length
	var whole: String = _username.text.insert(_username.caret_column, rejected)
	var seen: String = NetworkClient.trimmed_name(whole)
	var is_at_end: bool = _username.caret_column == _username.text.length()
	if seen.length() <= most or is_at_end:
		var caret: int = _username.caret_column + rejected.length() - whole.find(seen)
		_username.text = seen.left(most)
		_username.caret_column = caret
	if seen.length() > most:
		_show_too_long(_username)


func _show_too_long(field: LineEdit) -> void:
	_show_status(
		func() -> String: return tr("At most %d characters fit here") % field.max_length, Tone.ERROR
	)


func _make_room() -> void:
	_layout.arrange()
	var focused: Control = get_viewport().gui_get_focus_owner()
	if focused != null:
		_layout.show_focused(focused)


func _on_focus_changed(control: Control) -> void:
	if is_node_ready():
		_layout.show_focused(control)


func _on_visibility_changed() -> void:
	if is_node_ready():
		_focus()


func _on_line_edit_username_text_submitted(_text: String) -> void:
	_password.edit()


func _on_line_edit_password_text_submitted(_text: String) -> void:
	_on_button_login_pressed()


func _on_line_edit_username_text_change_rejected(rejected: String) -> void:
	# The rest of the text is inserted only now.
	_make_room_for.call_deferred(rejected)


func _on_line_edit_password_text_change_rejected(_rejected: String) -> void:
	_show_too_long(_password)


func _on_button_reveal_toggled(revealed: bool) -> void:
	_password.secret = not revealed
	_reveal.icon = _EYE_OPEN if revealed else _EYE_CLOSED
	_reveal.tooltip_text = "Hide the password" if revealed else "Show the password"


func _on_check_box_remember_toggled(on: bool) -> void:
	remember_toggled.emit(on)


func _on_button_login_pressed() -> void:
	_submit(login, "Logging in…")


func _on_button_register_pressed() -> void:
	_submit(register, "Registering…")


func _on_line_edit_username_text_changed(_text: String) -> void:
	# Another account may have no such thing.
	_ask_for_code(false)


func _on_button_forgot_pressed() -> void:
	_recovery_form.open(username)


func _on_recovery_form_recover_requested(player: String, code: String, password: String) -> void:
	_username.text = player
	_ask_for_code(false)
	recover.emit(player, code, password)


func _on_recovery_codes_kept() -> void:
	if _is_waiting_for_codes:
		_is_waiting_for_codes = false
		show_registered()


func _on_entrance_guest_requested() -> void:
	if username.is_empty():
		show_status("Enter a username", Tone.ERROR)
		_username.edit()
		return
	show_status("Logging in…")
	set_busy(true)
	guest_login.emit(username)


func _on_button_other_account_pressed() -> void:
	_username.text = ""
	other_account_requested.emit()


func _on_button_retry_pressed() -> void:
	retry_requested.emit()


func _on_answer_timer_timeout() -> void:
	set_busy(false)
	show_status("The server did not answer, try again", Tone.ERROR)
	_password.edit()
